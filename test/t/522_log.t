# The log over several transactions: what looks, is refused or fails is in it whatever is rolled back; what waits is seen
# at once, written once, and counted when there is too much of it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql session wait_for);
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

# The server's own log has refusals at once: told by the message that goes there.
is state_of($session->run("SET client_min_messages = log; SELECT backup_company('a', actor => 'eve')")), 'KB008', 'clients do not see that message';
unlike $session->run("SELECT backup_company('a', actor => 'eve')"), qr/company_backup refused/, '... at any level';

done_testing;
