# The log over several transactions: what looks, is refused or fails is in it whatever is rolled back; what waits is seen
# at once, written once, and counted when there is too much of it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(slurp);
use ServerPrograms qw(program run_program server_dir);
use ServerTest qw(new_database sql failure session wait_for);
use TwoSessions qw(@LEVELS in_level state_of);

new_database('log');
my $role     = "log_role_$$";
sql(<<"SQL");
CREATE TABLE company (id text PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id text NOT NULL REFERENCES company);
INSERT INTO company VALUES ('a', 'one'), ('b', 'two');
INSERT INTO item SELECT n, 'a' FROM generate_series(1, 100) AS n;
SELECT set_company_table('company', identity_columns => '{}');
SELECT backup_company('a');
CREATE ROLE $role;
GRANT SELECT ON company, item TO $role;
SELECT grant_company_backup('$role');
CREATE FUNCTION guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql
  AS \$\$ SELECT actor IS NULL OR actor <> 'eve' AND (actor <> 'slow' OR pg_sleep(60) IS NULL) \$\$;
SELECT set_company_guard('public.guard');
SQL
END { local $?; sql("DROP OWNED BY $role; DROP ROLE $role") if $role }
my $session = session();

sub lines {
	my ($where) = @_;
	return sql("SELECT concat_ws(' ', action, coalesce(company, '-'), coalesce(backup::text, '-'), coalesce(actor, '-'), role = '$role', outcome, sqlstate)
		FROM company_backup_log() WHERE $where ORDER BY logged_at");
}
sub written { return sql("SELECT count(*) FROM company_backup.log_entry WHERE $_[0]") }
# Rolled back, and seen by others at once
$session->run("BEGIN; SET LOCAL ROLE $role");
is state_of($session->run("SELECT backup_company('a', actor => 'eve')")), 'KB008', 'a refusal';
$session->run('ROLLBACK');
is lines("actor = 'eve'"), 'backup a - eve t refused KB008', '... is in the log';
$session->run('BEGIN; SELECT count(*) FROM read_backup(1); ROLLBACK');
is lines("action = 'export'"), 'export a 1 - f done', 'whoever reads a backup and rolls back has read it';
$session->run("BEGIN; SELECT backup_company('a', 'undone'); ROLLBACK");
is lines("action = 'backup' AND outcome = 'done'"), 'backup a 1 - f done', 'whoever makes one and rolls back has made none';
is state_of($session->run("SELECT backup_company('nobody', actor => 'ann')")), 'KB002', 'a failure';
is lines("actor = 'ann'"), 'backup nobody - ann f failed KB002', '... is in the log';
is state_of($session->run("BEGIN READ ONLY; SELECT delete_backup(1)")), '25006', 'what cannot be done in a transaction that only reads';
$session->run("ROLLBACK; BEGIN READ ONLY; SELECT count(*) FROM read_backup(1); COMMIT");
is lines("action = 'export'"), "export a 1 - f done\nexport a 1 - f done", '... what can be done is logged';
is state_of($session->run("SELECT redeem_download('no such token')")), 'KB093', 'a wrong token';
is lines("action = 'redeem_download'"), 'redeem_download - - - f refused KB093', '... is in the log, without the token';
$session->run("SET statement_timeout = '200ms'; SELECT backup_company('a', actor => 'slow'); RESET statement_timeout");
is lines("actor = 'slow'"), 'backup a - slow f failed 57014', 'a cancel is logged';

# A worker writes it, and goes.
wait_for('the log to be written', sub { written("actor = 'eve'") == 1 && written("sqlstate = 'KB093'") == 1 });
is lines("actor = 'eve'"), 'backup a - eve t refused KB008', 'what is written is shown once';
wait_for('the worker to go', sub { sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'company_backup log writer'") eq '0' });

# Refusals of each isolation level, with a worker and without one
for my $level (@LEVELS) {
	in_level($session, $level);
	$session->run("BEGIN; SELECT backup_company('b', actor => 'eve'); ROLLBACK; BEGIN; SELECT backup_company('b', '$level'); COMMIT");
}
is sql("SELECT count(*) FROM company_backup_log() WHERE company = 'b' AND outcome = 'refused'"), 3, 'each isolation level: refusals';
is sql("SELECT count(*) FROM company_backup_log() WHERE company = 'b' AND outcome = 'done'"), 3, '... and backups';

# More than there is room for, while the worker cannot write
my $holder = session();
$holder->run('BEGIN; LOCK TABLE company_backup.log_entry IN SHARE MODE');
$session->run("DO \$\$ BEGIN FOR i IN 1 .. 200 LOOP BEGIN PERFORM backup_company('a', actor => 'eve'); EXCEPTION WHEN OTHERS THEN END; END LOOP; END \$\$");
$holder->run('ROLLBACK');
wait_for('the lost lines', sub { written("action = 'lost'") > 0 });
is sql("SELECT count(*) FILTER (WHERE actor = 'eve' AND company = 'a') + sum(row_count) FILTER (WHERE action = 'lost') FROM company_backup_log()"), 201, 'those that were lost are counted';

# No line says that somebody has looked at a list, one says who was not allowed to.
my $lists = sql("SELECT count(*) FROM company_backup_log() WHERE action = 'list'");
sql("SELECT count(*), company_busy('a') FROM company_backups('a')");
is sql("SELECT count(*) FROM company_backup_log() WHERE action = 'list'"), $lists, 'lists leave no line';
sql("CREATE OR REPLACE FUNCTION guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS \$\$ SELECT action <> 'list' OR company IS NULL \$\$");
is state_of($session->run("SELECT company_busy('a')")), 'KB008', 'whoever may not list';
is sql("SELECT count(*) - $lists FROM company_backup_log() WHERE action = 'list' AND outcome = 'refused'"), 1, '... leaves one';
is sql('SELECT archive_key() IS NOT NULL'), 't', 'the key of archives';
$session->run('BEGIN; SELECT archive_key(); ROLLBACK');
is sql("SELECT count(*) FROM company_backup_log() WHERE action = 'archive_key' AND outcome = 'done'"), 2, '... is not read in secret';

# All workers are at work: what waits is shown, and written with the next line.
sql("CREATE OR REPLACE FUNCTION guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql
	AS \$\$ SELECT actor IS NULL OR CASE WHEN actor = 'eve' THEN false WHEN pid IS NOT NULL THEN pg_advisory_xact_lock_shared(1) IS NOT NULL ELSE true END
		FROM (SELECT max(pid) FROM pg_stat_activity WHERE pid = pg_backend_pid() AND backend_type = 'company_backup job') AS worker (pid) \$\$");
my $gate = session();
$gate->run('SELECT pg_advisory_lock(1)');
wait_for('the worker to go', sub { sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'company_backup log writer'") eq '0' });
my $workers = 0;
sql("ALTER DATABASE $ENV{PGDATABASE} SET company_backup.max_jobs = 100");
++$workers while failure(q(SELECT start_job('backup', 'a', actor => 'held'))) eq '';
cmp_ok $workers, '>', 0, 'every worker has a job';
is state_of($session->run("SELECT backup_company('b', actor => 'eve')")), 'KB008', 'a refusal then';
my $seen = q(actor = 'eve' AND company = 'b' AND logged_at > (SELECT max(logged_at) FROM company_backup_log() WHERE action = 'archive_key'));
is sql("SELECT count(*) FROM company_backup_log() WHERE $seen"), 1, '... is seen';
is written("$seen"), 0, '... and waits';
$gate->run('SELECT pg_advisory_unlock(1)');
wait_for('the jobs', sub { sql("SELECT count(*) FROM company_jobs() WHERE state = 'running'") eq '0' });
is state_of($session->run("SELECT backup_company('b', actor => 'eve')")), 'KB008', 'the next one';
wait_for('both to be written', sub { written($seen) == 2 });

SKIP: {
	my $data = sql('SHOW data_directory');
	skip 'the server is not on this machine or not ours', 4 if !-d "/proc/" . session()->pid || !kill 0, session()->pid;
	my $dir = server_dir();
	$_->close for $session, $gate, $holder;
	run_program('/dev/null', program('pg_ctl'), '-s', '-w', '-D', $data, '-m', 'fast', '-l', "$dir/log", 'restart') or die 'pg_ctl';

	# The server's own log has refusals at once, and tells clients nothing.
	$session = session();
	my $answer = $session->run("SET client_min_messages = log; SET log_min_messages = log; SELECT backup_company('b', actor => 'eve')");
	is state_of($answer), 'KB008', 'a refusal after a restart';
	unlike $answer, qr/company_backup refused/, '... does not tell what the log has';
	like slurp("$dir/log"), qr/LOG:  company_backup refused action "backup": SQLSTATE KB008, role \S+, company b, actor eve\n/, '... which the server has in its own log';

	# The worker is killed while it writes.
	$holder = session();
	$holder->run('BEGIN; LOCK TABLE company_backup.log_entry IN SHARE MODE');
	my $worker = q(SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE backend_type = 'company_backup log writer' AND wait_event_type = 'Lock');
	$session->run("SELECT backup_company('b', actor => 'eve')");
	wait_for('the worker', sub { sql($worker) });
	kill 'KILL', sql($worker) or die "kill: $!";
	$_->close for $session, $holder;
	wait_for('recovery', sub { failure('SELECT 1') eq '' });
	my $before = written($seen);
	is failure("SELECT backup_company('b', actor => 'eve')") =~ /KB008/ ? 'KB008' : '', 'KB008', 'a refusal after a crash';
	wait_for('it to be written', sub { written($seen) > $before });
}

done_testing;
