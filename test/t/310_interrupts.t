# A backup can be stopped at any time: by a timeout, a cancel, the end of its session, the death of
# its process. Nothing of it is stored then, and the session, if it still is there, goes on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

use ServerTest qw(new_database drop_database sql failure session digests wait_for process_status stopwatch);

use constant ROUNDS => 20;

my $database = new_database('interrupts');

# Company 1 is small, company 2 takes seconds to read although it needs little room on disk.
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE page (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, words text);
CREATE INDEX ON page (company_id);
INSERT INTO company VALUES (1, 'small'), (2, 'big');
INSERT INTO page SELECT n, 1, 'page ' || n FROM generate_series(1, 100) n;
INSERT INTO page SELECT 1000 + n, 2, repeat(string, 300) FROM generate_series(1, 3300) n,
    LATERAL (SELECT string_agg(md5(n || '.' || i), ' ') AS string FROM generate_series(1, 30) i) s;
SELECT set_company_table('company');
SQL

my $small = sql(q(SELECT backup_company('1')));
my $expected = digests($small);

sub stored {
	return sql('SELECT (SELECT count(*) FROM company_backup.backup), '
		  . "(SELECT count(*) FROM company_backup.backup_chunk WHERE backup <> $small)");
}

# Waits until the backend is inside the work, and a little more.
sub let_it_work {
	my ($session, $seconds) = @_;
	my $pid = $session->pid;
	wait_for('a statement to begin',
		sub { sql("SELECT state FROM pg_stat_activity WHERE pid = $pid") eq 'active' });
	sleep $seconds;
	return;
}

sub threads { return scalar @{ [glob "/proc/$_[0]/task/*"] } }

my $session = session();
my $pid     = $session->pid;
my $local   = -d "/proc/$pid/task";

$session->run('SET statement_timeout = 300');
my $took = stopwatch($pid);
my $text = $session->run(q(SELECT backup_company('2')));
like $text, qr/ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout ends a backup';
cmp_ok $took->(), '<', 1.3, '... within a second';
$took = stopwatch($pid);
$text = $session->run(q(SELECT count(*) FROM stream_backup('2')));
like $text, qr/ERROR:  57014: /, 'statement_timeout ends a stream';
cmp_ok $took->(), '<', 1.3, '... within a second';
$session->run('SET statement_timeout = 0');

my ($threads, $memory) = (threads($pid), process_status($pid)->{RssAnon});
my (@slow, @other, $most_threads);
for my $round (1 .. ROUNDS) {
	my $work = $round % 2 ? q(backup_company('2')) : q(count(*) FROM stream_backup('2'));
	$session->start("SELECT $work");
	let_it_work($session, 0.1 + $round / 50);
	$most_threads = max($most_threads // 0, threads($pid));
	my $took = stopwatch($pid);
	sql("SELECT pg_cancel_backend($pid)");
	my $answer = $session->finish;
	my $seconds = $took->();
	push @slow,  $seconds if $seconds > 1;
	push @other, $answer       if $answer !~ /^ERROR:  57014: canceling statement due to user request/;
}
is_deeply \@other, [], 'a cancel ends a backup, ' . ROUNDS . ' times';
cmp_ok scalar(@slow), '<=', 1, '... within a second' or diag "@slow";
SKIP: {
	skip 'the server is not on this machine', 3 if !$local;
	cmp_ok $most_threads, '>', $threads, 'a backup compresses in a thread of its own';
	is threads($pid), $threads, 'no thread is left';
	cmp_ok process_status($pid)->{RssAnon} - $memory, '<', 8 * 1024, 'no memory is left';
}
is stored(), '1|0', 'nothing is stored';
is digests($session->run(q(SELECT backup_company('1')))), $expected, 'the session makes a right backup then';
sql("SELECT delete_backup(max(id)) FROM company_backups()");

# The session ends.
$session->start(q(SELECT backup_company('2')));
let_it_work($session, 0.5);
sql("SELECT pg_terminate_backend($pid)");
like $session->finish, qr/57P01: terminating connection/, 'pg_terminate_backend ends a backup';
cmp_ok $session->seconds, '<', 10, '... soon';
is stored(), '1|0', 'nothing is stored';

# The process dies, and the server recovers.
sub kill_and_wait {
	my ($victim) = @_;
	let_it_work($victim, 0.5);
	kill 'KILL', $victim->pid or die "kill: $!";
	$victim->finish;
	return wait_for('recovery', sub { failure('SELECT 1') eq '' });
}

SKIP: {
	$session = session();
	skip 'the server is not on this machine or not ours', 6 if !$local || !kill 0, $session->pid;

	$session->start(q(SELECT backup_company('2')));
	kill_and_wait($session);
	is stored(), '1|0', 'killed during a backup: nothing is stored';
	is digests(sql(q(SELECT backup_company('1')))), $expected, '... and the next backup is right';
	sql("SELECT delete_backup(max(id)) FROM company_backups()");

	my $big = sql(q(SELECT backup_company('2')));
	my $right = digests($big);
	my $upload = sql(q(SELECT begin_upload('2')));
	sql("SELECT append_upload($upload, seq, data) FROM read_backup($big)");
	sql("SELECT delete_backup($big)");
	$session = session();
	$session->start("SELECT finish_upload($upload)");
	kill_and_wait($session);
	is stored(), '1|0', 'killed while an upload is finished: nothing is stored';
	my $finished = sql("SELECT finish_upload($upload)");
	is digests($finished), $right, '... and it can be finished again';

	$session = session();
	$session->start(q(SELECT count(*) FROM stream_backup('2')));
	kill_and_wait($session);
	is digests(sql(q(SELECT backup_company('1')))), $expected, 'killed during a stream: the next backup is right';

	my $before = time;
	drop_database($database);
	cmp_ok time - $before, '<', 20, 'the database can be dropped';
}

done_testing();
