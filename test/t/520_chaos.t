# Everything at once: companies that keep books, with writers that keep them right, while backups are
# made, previewed, restored, kept and reverted, cancelled, and while tables are altered; in all
# isolation levels. At every moment the books are right and no foreign key is broken; a restore gives
# exactly what was backed up, a revert exactly what was there, and tells of every edit it discards;
# other companies have what their own writers wrote.
#
# CHAOS_SECONDS says how long. Then nothing is altered or cancelled any more, and it goes on until
# everything has happened in every isolation level. CHAOS_SEED repeats the choices (not the timing).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use POSIX qw(_exit);
use Test::More;
use Time::HiRes qw(sleep time);

use Books qw(books_schema);
use ServerTest qw(new_database sql session wait_for);

my $SECONDS = $ENV{CHAOS_SECONDS} // 20;
my $SEED    = $ENV{CHAOS_SEED}    // time % 100_000;
my @LEVELS  = ('read committed', 'repeatable read', 'serializable');

local $SIG{PIPE} = 'IGNORE';    # sessions are ended under their users

new_database('chaos');
sql(books_schema() . <<'SQL');
-- What the company was when it was restored: snapshots before and after the restore, and, if that was
-- one snapshot, a backup of what was there before. In what isolation levels that and the revert ran.
CREATE TABLE mark (restore bigint PRIMARY KEY, whose bigint, before pg_snapshot, after pg_snapshot, was bigint,
    restored_in text DEFAULT current_setting('transaction_isolation'), reverted_in text, discarded bigint);

CREATE FUNCTION not_seen_yet() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT what || ' in ' || level FROM unnest('{read committed,repeatable read,serializable}'::text[]) level,
    LATERAL (VALUES ('a restore', (SELECT count(*) FROM mark WHERE restored_in = level)),
        ('a revert that discards edits', (SELECT count(*) FROM mark WHERE reverted_in = level AND discarded > 0))) w (what, times)
    WHERE times = 0 $$;

-- In what two backups of tables of the same structure differ.
CREATE FUNCTION difference(one bigint, other bigint, except_for text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(table_name || ': ' || concat_ws(' and ', a.row_count, b.row_count) || ' rows', ', ' ORDER BY table_name)
    FROM backup_contents(one) a FULL JOIN backup_contents(other) b USING (table_name)
    WHERE table_name <> except_for AND a.sha256 IS DISTINCT FROM b.sha256
    AND backup_manifest(one) ->> 'schema_fingerprint' = backup_manifest(other) ->> 'schema_fingerprint' $$;

CREATE FUNCTION refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF what IS NOT NULL THEN RAISE EXCEPTION 'wrong: %', what; END IF;
    END $$;

CREATE FUNCTION do_restore(company bigint, backup bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        before pg_snapshot := pg_current_snapshot();
        one_snapshot boolean := current_setting('transaction_isolation') <> 'read committed';
        restored bigint;
        was bigint;
        now bigint;
        expected text;
    BEGIN
        IF one_snapshot THEN
            was := backup_company(company);
            IF random() < 0.3 THEN
                expected := (SELECT (sum(p.added), sum(p.changed), sum(p.removed))::text FROM preview_restore(company, backup) p);
            END IF;
        END IF;
        restored := restore_company(company, backup);
        IF one_snapshot THEN
            PERFORM refuse('restore ' || restored || ' did ' || done || ' instead of ' || expected)
                FROM (SELECT (r.added, r.changed, r.removed)::text FROM company_restores(company) r WHERE r.id = restored) r (done)
                WHERE done <> expected;
            now := backup_company(company);
            PERFORM refuse('restore ' || restored || ' is not backup ' || backup || ': ' || difference(now, backup, 'public.company'));
            PERFORM delete_backup(now);
        END IF;
        INSERT INTO mark (restore, whose, before, after, was) VALUES (restored, company, before, pg_current_snapshot(), was);
        RETURN restored;
    END $$;

-- When a partition was attached: with it come rows that nobody has written just then.
CREATE TABLE attached (writer xid8 DEFAULT pg_current_xact_id());
CREATE FUNCTION has_moved(area text, key text, since pg_snapshot) RETURNS boolean LANGUAGE sql AS $$
    SELECT area = 'public.event' AND key LIKE '%, 2025-%' AND (EXISTS (SELECT FROM attached WHERE NOT pg_visible_in_snapshot(writer, since))
        OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = 'event_two'::regclass AND NOT inhdetachpending)) $$;

-- Edits after the restore, the last of each row, that the revert undid and did not tell of; and what it
-- told of rows that nobody had edited.
CREATE FUNCTION not_told(m mark, reverted pg_snapshot) RETURNS text LANGUAGE sql AS $$
    WITH edit AS (
        SELECT area, key, (array_agg(before ORDER BY seq))[1] AS first, (array_agg(after ORDER BY seq DESC))[1] AS last
        FROM journal WHERE whose = m.whose AND writer >= pg_snapshot_xmin(m.after)
        AND NOT pg_visible_in_snapshot(writer, m.after) AND pg_visible_in_snapshot(writer, reverted)
        GROUP BY area, key),
    later AS (SELECT area, key FROM journal WHERE writer >= pg_snapshot_xmin(reverted) AND NOT pg_visible_in_snapshot(writer, reverted))
    SELECT string_agg('discarded: ' || e, ', ') FROM edit e LEFT JOIN (SELECT * FROM all_rows WHERE whose = m.whose) r USING (area, key)
    WHERE e.first IS DISTINCT FROM e.last AND r.data IS DISTINCT FROM e.last AND (area, key) NOT IN (SELECT area, key FROM later)
    AND (area, key) NOT IN (SELECT area, key FROM listed WHERE restore = m.restore) AND NOT has_moved(area, key, m.before) $$;

CREATE FUNCTION told_wrongly(m mark) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg('told: ' || l, ', ') FROM listed l
    WHERE restore = m.restore AND sqlstate = 'KB042' AND NOT EXISTS (SELECT FROM journal j WHERE j.area = l.area
        AND j.key = l.key AND whose = m.whose AND NOT pg_visible_in_snapshot(writer, m.before)) AND NOT has_moved(area, key, m.before) $$;

CREATE FUNCTION do_revert(id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        m mark := (SELECT mark FROM mark WHERE restore = id);
        before pg_snapshot := pg_current_snapshot();
        now bigint;
    BEGIN
        PERFORM revert_restore(id);
        PERFORM refuse('revert ' || id || ', ' || not_told(m, before));
        PERFORM refuse('revert ' || id || ', ' || told_wrongly(m));
        UPDATE mark SET reverted_in = current_setting('transaction_isolation'), discarded = (SELECT count(*) FROM listed WHERE restore = id AND sqlstate = 'KB042')
            WHERE restore = id;
        IF current_setting('transaction_isolation') = 'read committed' OR m.was IS NULL THEN RETURN id; END IF;
        now := backup_company(m.whose);
        PERFORM refuse('revert ' || id || ' is not what was there: ' || difference(now, m.was, ''));
        PERFORM delete_backup(now);
        RETURN id;
    END $$;
SQL

# The SQLSTATEs that each may meet.
my $BUSY     = '40001|40P01|55P03';
my %EXPECTED = (
	writer    => qr/\A(?:$BUSY|23503|23514)\z/,    # a parent that is gone; a detached partition
	operator  => qr/\A(?:$BUSY|23514|57014|57P01|KB010|KB013|KB014|KB031|KB040|KB041)\z/,
	alterer   => qr/\A(?:$BUSY)\z/,
	checker   => qr/\A(?:40001|55P03)\z/,
	canceller => qr/\A(?:$BUSY)\z/);

my $dir = tempdir(CLEANUP => 1);
my @workers;

# Does `act` in a session of a process of its own until the end, again and again; counts what came of
# it, by act and SQLSTATE. Anything not expected is a fault.
sub begin {
	my ($role, $name, $act) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid > 0) {
		push @workers, { pid => $pid, role => $role, name => $name };
		return;
	}
	srand $SEED + @workers;
	my %count;
	my $ok = eval {
		work($role, $act, \%count);
		open my $report, '>', "$dir/$name" or die "$name: $!";
		print {$report} map { "$_\t$count{$_}\n" } sort keys %count;
		close $report;
	};
	print STDERR "$name: $@" if !$ok;
	_exit($ok ? 0 : 1);
}

sub new_session {
	my ($role) = @_;
	my $session = session();
	my $random  = rand;
	$session->run("SET lock_timeout = 3000; SET application_name = '$role'; SELECT setseed($random)");
	return $session;
}

sub work {
	my ($role, $act, $count) = @_;
	my $session = new_session($role);
	while (!-e "$dir/$role" && !-e "$dir/everybody") {
		my ($what, $statement) = $act->($session) or next;
		my $answer = $session->run($statement);
		my ($sqlstate) = $answer =~ /^(?:ERROR|FATAL|PANIC):  (\w{5}):/m;
		$sqlstate //= $session->is_lost ? '57P01' : $answer =~ /WARNING|wrong: / ? 'wrong' : 'done';
		$session = new_session($role) if $session->is_lost;
		++$count->{"$what\t$sqlstate"};
		$count->{"fault\t" . ($answer =~ s/\s+/ /gr)} = 1 if $sqlstate ne 'done' && $sqlstate !~ $EXPECTED{$role};
	}
	$session->close;
	return 1;
}

sub one_of { return $_[rand @_] }

sub in_level { return 'BEGIN ISOLATION LEVEL ' . one_of(@LEVELS) . "; $_[0]; COMMIT" }

# Waits up to so many seconds between two changes.
sub writer {
	my ($company, $pause) = @_;
	return sub {
		sleep rand $pause;
		return ('change', in_level("SELECT change($company)"));
	};
}

sub operator {
	my (@companies) = @_;
	return sub {
		my ($session) = @_;
		my $company = one_of(@companies);
		my $review  = $session->run("SELECT max(id) FROM company_restores('$company') WHERE status = 'review'");
		my $backup  = $session->run("SELECT id FROM (SELECT id FROM company_backups('$company') WHERE id NOT IN "
			  . '(SELECT was FROM mark WHERE was IS NOT NULL) ORDER BY id DESC LIMIT 8) b ORDER BY random() LIMIT 1');
		sleep rand 0.3;
		my $dice = rand;
		if ($review =~ /^\d+$/ && $dice < 0.7) {
			return ('revert', in_level("SELECT do_revert($review)")) if $dice < 0.6;
			return ('keep', in_level("SELECT keep_restore($review)"));
		}
		return ('backup', in_level("SELECT backup_company('$company')")) if $backup !~ /^\d+$/ || $dice > 0.88;
		return ('delete', in_level("SELECT delete_backup($backup)")) if $dice > 0.85;
		return ('preview', in_level("SELECT sum(changed) FROM preview_restore('$company', $backup)")) if $dice > 0.75;
		return ('restore', in_level("SELECT do_restore($company, $backup)"));
	};
}

# Alters tables, and puts them back as they were.
my @ALTERATIONS = (
	[ 'column', 'ALTER TABLE customer ADD COLUMN IF NOT EXISTS extra integer DEFAULT 7', 'ALTER TABLE customer DROP COLUMN IF EXISTS extra' ],
	[ 'table', 'CREATE TABLE IF NOT EXISTS added (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company)', 'DROP TABLE IF EXISTS added' ],
	[ 'index', 'CREATE INDEX IF NOT EXISTS added_index ON invoice (stamp)', 'DROP INDEX IF EXISTS added_index' ],
	[ 'concurrent index', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS added_later ON line (amount)', 'DROP INDEX CONCURRENTLY IF EXISTS added_later' ],
	[ 'partition', 'ALTER TABLE event DETACH PARTITION event_two', '' ],
	[ 'concurrent partition', 'ALTER TABLE event DETACH PARTITION event_two CONCURRENTLY', '' ],
	[ 'rewrite', 'VACUUM FULL line', 'CLUSTER entry USING entry_pkey' ]);

sub attach {
	my ($session) = @_;
	my $state = $session->run(q(SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'event_two'::regclass));
	return if $state eq 'f';
	return ('finalize', 'ALTER TABLE event DETACH PARTITION event_two FINALIZE') if $state eq 't';
	return ('attach', q(BEGIN; ALTER TABLE event ATTACH PARTITION event_two FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); )
		  . 'INSERT INTO attached DEFAULT VALUES; COMMIT');
}

my $undo;

sub alterer {
	my ($session) = @_;
	sleep 0.2;
	my @attach = attach($session);
	return @attach if @attach;
	sleep rand 1.5 if !$undo;
	if (!$undo) {
		my $alteration = one_of(@ALTERATIONS);
		$undo = $alteration->[2];
		return @{$alteration}[0, 1];
	}
	my $statement = $undo;
	$undo = '';
	return ('undo', $statement);
}

sub canceller {
	sleep 0.5 + rand 2;
	my $how = rand() < 0.8 ? 'cancel' : 'terminate';
	return ($how, "SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE application_name = 'operator' "
		  . q(AND datname = current_database() AND state = 'active' ORDER BY random() LIMIT 1));
}

sub checker {
	sleep 0.2;
	return ('check', q(BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 'wrong: ' || f FROM faults() f; COMMIT));
}

# Company 1 is in a hurry, company 3 is never restored, in company 4 most things succeed.
begin('writer', "writer_$_->[0]", writer($_->[1], $_->[2])) for [ 1, 1, 0.6 ], [ 2, 1, 2 ], [ 3, 2, 2 ], [ 4, 3, 0.1 ], [ 5, 4, 4 ];
begin('operator', 'operator_1', operator(1));
begin('operator', 'operator_2', operator(1, 2));
begin('operator', 'operator_3', operator(4));
begin('alterer', 'alterer',   \&alterer);
begin('canceller', 'canceller', \&canceller);
begin('checker', 'checker',   \&checker);

sub end_of {
	my ($role) = @_;
	open my $file, '>', "$dir/$role" or die "$dir: $!";
	close $file;
	return map { waitpid($_->{pid}, 0) > 0 && $? ? "$_->{name}: $?" : () } grep { $role =~ /^(?:everybody|$_->{role})$/ } @workers;
}

sleep $SECONDS;
my $session = session();
my @failed  = map { end_of($_) } qw(alterer canceller);
while (my (undef, $statement) = attach($session)) { $session->run($statement) }
sql('DROP TABLE IF EXISTS added; ALTER TABLE customer DROP COLUMN IF EXISTS extra');
sub not_seen_yet { return $session->run('SELECT * FROM not_seen_yet()') }
eval { wait_for('everything to happen', sub { not_seen_yet() eq '' }, 60) };
push @failed, end_of('everybody');

# What a busy machine has not let happen happens now, one thing after the other.
for my $level (grep { not_seen_yet() =~ / in $_$/m } @LEVELS) {
	sql(q(SELECT keep_restore(id) FROM company_restores('4') WHERE status = 'review'));
	my $backup = sql(q(SELECT backup_company('4')));
	sql('SELECT change(4)') for 1 .. 5;
	my ($restore) = $session->run("BEGIN ISOLATION LEVEL $level; SELECT do_restore(4, $backup); COMMIT") =~ /^(\d+)$/m;
	sql('SELECT change(4)') for 1 .. 5;
	$session->run("BEGIN ISOLATION LEVEL $level; SELECT do_revert($restore); COMMIT");
}
is not_seen_yet(), '', 'everything has happened';
is_deeply \@failed, [], "seed $SEED: every process came to its end";

my %count;
for my $worker (@workers) {
	open my $report, '<', "$dir/$worker->{name}" or next;
	while (my $line = readline $report) {
		chomp $line;
		my ($act, $what, $times) = split /\t/, $line;
		if ($act eq 'fault') {
			fail("$worker->{name}: $what");
		} else {
			$count{"$act $what"} += $times;
		}
	}
}
note join "\n", map { "$_: $count{$_}" } sort keys %count;

# A run that did nothing would prove nothing.
cmp_ok $count{"$_ done"} // 0, '>', 0, "$_: it was done" for qw(change backup restore revert keep check);

# The end: reviews are reverted.
is sql('SELECT * FROM faults()'), '', 'the books are right, and no foreign key is broken';
is sql('SELECT not_in_journal(3)'), '', 'the company that was never restored has what was written to it';
for my $review (split /\n/, sql(q(SELECT id FROM company_restores() WHERE status = 'review'))) {
	# ... or kept, if it was made while there was another structure.
	my $answer = $session->run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT do_revert($review); COMMIT");
	sql("SELECT keep_restore($review)") if $answer =~ /ERROR:  KB031:/;
	like $answer, qr/^$review$|ERROR:  KB031:/m, "restore $review can still be reverted, or does not fit";
}
is sql('SELECT * FROM faults()'), '', '... and the books are right';
is sql('SELECT count(*) FROM company_backup.undo') . sql('SELECT count(*) FROM company_backup.undo_chunk'), '00',
  '... and no undo record is left';
is sql(q(SELECT string_agg(company_busy(id::text)::text, '') FROM company)), 'false' x 4, 'no company is busy';
$session->close;

done_testing();
