# Partitions that are detached while rows are read or written: at once, and CONCURRENTLY, which first
# marks the partition and then waits for whoever uses the table.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql failure session faulty_session);
use TwoSessions qw(@LEVELS is_waiting_for pause resume);


new_database('partitions');

# Table event, a partition of a partition of which comes and goes, and table job, which does not travel.
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE SEQUENCE ids START 1000;
CREATE TABLE customer (id bigint DEFAULT nextval($$ids$$) PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, name text);
CREATE TABLE event (id bigint DEFAULT nextval($$ids$$), company_id bigint NOT NULL REFERENCES company, happened date, what text, PRIMARY KEY (id, happened))
    PARTITION BY RANGE (happened);
CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY RANGE (happened);
CREATE TABLE "event_new A" PARTITION OF event_new FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE event_new_b PARTITION OF event_new FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
CREATE TABLE job (company_id bigint NOT NULL REFERENCES company, place integer) PARTITION BY RANGE (place);
CREATE TABLE job_one PARTITION OF job FOR VALUES FROM (1) TO (100);
SELECT set_company_table('company');
SELECT set_table_rule('job', 'excluded', 'of another program');
INSERT INTO company VALUES (1, 'one'), (2, 'two');
INSERT INTO customer SELECT n, 1 + n % 2, 'customer' FROM generate_series(1, 10) n;
INSERT INTO event SELECT n, 1 + n % 2, date '2024-01-01' + n * 7, 'happened' FROM generate_series(1, 100) n;
SQL

my ($backup, $other) = map { sql("SELECT backup_company('$_')") } 1, 2;
sql("SELECT publish_template($backup, 'shop')");
my $review = sql("UPDATE event SET what = 'edited' WHERE company_id = 1; SELECT restore_company('1', $backup)");
sql(q(UPDATE event SET what = 'edited again'; UPDATE customer SET name = 'edited'));
my $new_key = 100;

# What a partition that is missing would spoil, NEW is the key of a new company.
my %ACTS = (
	backup           => q(backup_company('1')),
	stream           => q((SELECT sum(length(data)) FROM stream_backup('1'))),
	contents         => q((SELECT sum(row_count) FROM company_contents('1'))),
	check            => q((SELECT count(*) FROM check_company_data('1'))),
	preview          => "(SELECT sum(changed) FROM preview_restore('1', $backup))",
	restore          => "restore_company('2', $other)",
	revert           => "revert_restore($review)",
	clone            => q(clone_company('1', '{"id": NEW}')),
	create           => "create_company_from_backup($backup, '{\"id\": NEW}')",
	'from a template' => q(create_company_from_template('shop', '{"id": NEW}')));

my ($holder, $detacher) = map { session() } 1 .. 2;
my $caller = faulty_session();
my ($PARENT, $PARTITION) = ('event_new', '"event_new A"');

sub is_marked { return sql("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = '$PARTITION'::regclass") }

# Begins to detach the partition; it is marked then, and waits for whoever uses the table.
sub begin_detach {
	my ($parent, $partition) = @_;
	$detacher->start('ALTER TABLE ' . ($parent // $PARENT) . ' DETACH PARTITION ' . ($partition // $PARTITION) . ' CONCURRENTLY');
	is_waiting_for($detacher, 'virtualxid|relation');
	return;
}

sub attach {
	sql("ALTER TABLE $PARENT ATTACH PARTITION $PARTITION FOR VALUES FROM ('2025-01-01') TO ('2025-07-01')");
	return;
}

sub statement {
	my ($act) = @_;
	++$new_key;
	return 'SELECT ' . $ACTS{$act} =~ s/NEW/$new_key/r;
}

# All rows, also those of the partition when it is none.
sub rows { return sql("SELECT e FROM (TABLE event_old UNION TABLE event_new_b UNION TABLE $PARTITION) e ORDER BY id; TABLE customer; TABLE company") }

my $REFUSED = qr/ERROR:  KB014: partition public."event_new A" of table public.event is being detached/;
my $before  = rows();

# Marked before

$holder->run('BEGIN ISOLATION LEVEL REPEATABLE READ');
$holder->run('SELECT count(*) FROM event');
begin_detach();
is is_marked(), 't', 'a partition is to be detached, and whoever reads the table is waited for';
for my $level (@LEVELS) {
	for my $act (sort keys %ACTS) {
		like failure("BEGIN ISOLATION LEVEL $level; " . statement($act) . '; COMMIT'), $REFUSED, "$level, $act: refused";
	}
}
like $holder->run(statement('backup')), $REFUSED, '... also to a transaction that is older';
is rows(), $before, '... and nothing has changed';
$holder->run('ROLLBACK');
is $detacher->finish, '', 'the partition is detached';
like sql(statement('backup')), qr/^\d+$/, '... a backup is made';
attach();

# Interrupted

$holder->run('BEGIN; LOCK event_new IN ACCESS SHARE MODE');
begin_detach();
sql('SELECT pg_cancel_backend(' . $detacher->pid . ')');
like $detacher->finish, qr/57014/, 'the detaching is cancelled';
$holder->run('ROLLBACK');
my $answer = failure(statement('backup'));
like $answer, $REFUSED, '... the mark stays';
my ($finish) = $answer =~ /^HINT:.* (ALTER TABLE public.event_new DETACH .*;)$/m;
sql($finish);
like sql(statement('backup')), qr/^\d+$/, '... until the statement of the hint is run';
attach();

# Of a table that does not travel

$holder->run('BEGIN; LOCK job IN ACCESS SHARE MODE');
begin_detach('job', 'job_one');
like sql(statement('backup')), qr/^\d+$/, 'a table that does not travel is of no interest';
$holder->run('ROLLBACK');
$detacher->finish;

# Marked meanwhile

sub paused {
	my ($level, $statement, $at) = @_;
	$caller->run("BEGIN ISOLATION LEVEL $level");
	return pause($caller, $at, $statement);
}

my $READ_CUSTOMERS = 'statement SELECT t."id", t."company_id", t."name"*';
my $READ_EVENTS    = 'statement SELECT t."id", t."company_id", t."happened"*';
my $LOOK_AGAIN     = 'statement SELECT t.tableoid, t.ctid, t.xmin, t.cmin*';

for my $level (@LEVELS) {
	# Only its root is locked before the rows are read: PostgreSQL does not wait for that.
	paused($level, statement('backup'), $READ_CUSTOMERS);
	begin_detach();
	is is_marked(), 't', "$level: marked before the table is read";
	my $made = resume($caller);
	is $caller->run("SELECT row_count FROM backup_contents($made) WHERE table_name = 'public.event'"), 50, '... every row is in the backup';
	is is_marked(), 't', '... for which the detaching waits';
	like $caller->run(statement('backup')), $REFUSED, '... the next one is refused';
	$caller->run('ROLLBACK');
	is $detacher->finish, '', '... and the partition is detached';
	attach();

	for my $case (
		[ 'restore', $READ_EVENTS,    'it is marked before a restore reads it' ],
		[ 'restore', $LOOK_AGAIN,     '... when a restore has written' ],
		[ 'revert',  $READ_EVENTS,    '... before a revert reads it' ],
		[ 'revert',  $LOOK_AGAIN,     '... when a revert has written' ],
		[ 'clone',   $READ_EVENTS,    '... before a clone reads it' ],
		[ 'clone',   'insert event*', '... before a clone writes to it' ])
	{
		my ($act, $at, $name) = @{$case};
		paused($level, statement($act), $at);
		begin_detach();
		like resume($caller), $REFUSED, "$level: $name: refused";
		$caller->run('ROLLBACK');
		is $detacher->finish, '', '... and the partition is detached';
		is rows(), $before, '... nothing else has changed';
		attach();
	}
}

# Detached at once

for my $level (@LEVELS) {
	$caller->run("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM company");
	sql("ALTER TABLE $PARENT DETACH PARTITION $PARTITION");
	like $caller->run(statement('backup')), $level eq 'read committed' ? qr/^\d+$/
	  : qr/ERROR:  KB013: partition public."event_new A" of table public.event was detached after this transaction's snapshot/,
	  "$level: a transaction older than the detaching";
	$caller->run('ROLLBACK');
	attach();
}

$_->close for $holder, $detacher, $caller;

done_testing();
