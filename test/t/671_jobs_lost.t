# The worker of a job dies, wherever it is, or the server is restarted: the job has failed, nothing of it is there, and
# it can be started again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerPrograms qw(program run_program);
use ServerTest qw(new_database sql failure session wait_for);

new_database('jobs_lost');
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, words text);
INSERT INTO company VALUES (1, 'one');
INSERT INTO item SELECT n, 1, md5(n::text) FROM generate_series(1, 500) AS n;
SELECT set_company_table('company', identity_columns => '{name}');
CREATE FUNCTION guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        IF action = 'restore' THEN PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1); END IF;
        RETURN true;
    END $$;
SELECT set_company_guard('public.guard');
CREATE FUNCTION at_the_end(text, text, jsonb) RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_xact_lock_shared(2)';
SELECT set_company_hook('restored', 'public.at_the_end');
SQL
my $backup = sql('SELECT backup_company(1)');
sql('DELETE FROM item WHERE id % 2 = 0');

sub worker {
	return sql(q(SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'company_backup job'));
}

# Where a job is held: the statement that holds it there, and whether it is told before the job is committed.
my @PLACES = (
	['before its transaction is committed', ''],
	['at its guard', 'SELECT pg_advisory_lock(1)'],
	['at the locks of its tables', 'BEGIN; LOCK TABLE item'],
	['at its end', 'SELECT pg_advisory_lock(2)'],
);

sub start_at {
	my ($hold)  = @_;
	my $starter = session();
	my $gate    = session();
	my $id      = $starter->run(qq(BEGIN; SELECT start_job('restore', 1, '{"backup": $backup}')));
	$gate->run($hold) if $hold;
	$starter->run('COMMIT') if $hold;
	wait_for('the worker to wait', sub {
			return sql(q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'company_backup job' AND wait_event_type = 'Lock'));
		});
	return ($id, $starter, $gate);
}

sub is_lost {
	my ($id, $what) = @_;
	wait_for('recovery', sub { failure('SELECT 1') eq '' });
	is sql("SELECT wait_for_job($id, '30 s')"), 'failed', "$what: the job has failed";
	is sql("SELECT state, sqlstate, detail IS NOT NULL, hint IS NOT NULL FROM company_jobs() WHERE id = $id"), 'failed|KB055|t|t', '... and says so';
	is nothing_done(), '250|0', '... and nothing of it is there';
	return;
}
sub nothing_done { return sql('SELECT (SELECT count(*) FROM item), (SELECT count(*) FROM company_restores())') }

# The worker is told to end: no other session is disturbed.
for my $place (@PLACES[1 .. 3]) {
	my ($what, $hold) = @$place;
	my ($id, @sessions) = start_at($hold);
	sql('SELECT pg_terminate_backend(' . worker() . ')');
	wait_for('its end', sub { !worker() });
	$_->close for @sessions;
	is_lost($id, "terminated $what");
}

SKIP: {
	my $data = sql('SHOW data_directory');
	skip 'the server is not on this machine or not ours', 20 if !-d "/proc/" . session()->pid || !kill 0, session()->pid;
	for my $place (@PLACES) {
		my ($what, $hold) = @$place;
		my ($id, @sessions) = start_at($hold);
		kill 'KILL', worker() or die "kill: $!";
		$_->close for @sessions;
		if ($hold) {
			is_lost($id, "killed $what");
		} else {
			wait_for('recovery', sub { failure('SELECT 1') eq '' });
			is sql("SELECT count(*) FROM company_jobs() WHERE id = $id"), 0, "killed $what: there is no job";
			is nothing_done(), '250|0', '... and nothing of it is there';
		}
	}

	# The server is stopped at once, and started again. A job that waits for a worker is still there, and gets one.
	my $pg_ctl = program('pg_ctl');
	my ($id, @sessions) = start_at('SELECT pg_advisory_lock(2)');
	sql("ALTER DATABASE $ENV{PGDATABASE} SET company_backup.max_jobs = 1");
	my $queued = sql(q(SELECT start_job('export', 1, queue => true)));
	run_program('/dev/null', $pg_ctl, '-s', '-w', '-D', $data, '-m', 'immediate', '-l', '/dev/null', 'restart') or die 'pg_ctl';
	$_->close for @sessions;
	is_lost($id, 'the server restarted');
	sql("ALTER DATABASE $ENV{PGDATABASE} RESET company_backup.max_jobs");
	is sql("SELECT wait_for_job($queued, '60 s')"), 'done', 'a job that was queued begins after it';
}

my $again = sql(qq(SELECT start_job('restore', 1, '{"backup": $backup}')));
is sql("SELECT wait_for_job($again, '60 s')"), 'done', 'a job can be started again';
is sql('SELECT count(*) FROM item'), 500, '... and does it';
wait_for('lost jobs to be noted', sub { !sql(q(SELECT count(*) FROM company_backup.job WHERE state IN ('queued', 'running'))) });
pass 'jobs that were lost are marked so';

done_testing;
