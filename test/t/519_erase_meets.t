# Rows are erased, and companies frozen, while other sessions work on them: no backup holds what was erased before it,
# and no write of a frozen company slips through.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql failure session faulty_session wait_for);
use TwoSessions qw(@LEVELS ask in_level is_blocked pause resume state_of);

new_database('erase_meets');

sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE patient (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, name text);
CREATE TABLE visit (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, person_id bigint NOT NULL REFERENCES patient ON DELETE CASCADE);
SELECT set_company_table('company', identity_columns => '{}');
SELECT set_table_rule('visit', 'company', route => '{visit_company_id_fkey}');
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON patient FOR EACH ROW EXECUTE FUNCTION refuse_frozen_writes('company_id');
CREATE PROCEDURE begin_anew() LANGUAGE sql AS $$
    TRUNCATE company_backup.restore, company_backup.undo, company_backup.undo_chunk, company_backup.restore_problem, company_backup.tombstone;
    DELETE FROM company_backup.backup; DELETE FROM company_backup.backup_chunk; DELETE FROM company_backup.frozen;
    DELETE FROM visit; DELETE FROM patient; DELETE FROM company;
    INSERT INTO company VALUES (1, 'one'), (2, 'two');
    INSERT INTO patient SELECT c * 10 + n, c, 'p' || n FROM generate_series(1, 2) c, generate_series(1, 3) n;
    INSERT INTO visit SELECT id, company_id, id FROM patient $$;
SQL

my ($second, $app) = map { session() } 1 .. 2;
my $first = faulty_session();

# Of a company that was seen before: whoever sees it first has it to himself until his transaction ends.
sub anew {
	sql('CALL begin_anew()');
	return sql('SELECT delete_backup(backup_company(1))');
}

my $ERASE = q(SELECT erase_record('patient', '11'));
my $HOLD  = q(SELECT count(*) FROM find_in_backups('patient', '11'));

# A backup and an erasure -----------------------------------------------------------------------------------

anew();
pause($first, 'statement SELECT t."id", t."company_id"*', 'SELECT backup_company(1)');
is $app->run($ERASE), 't', 'a backup reads: the row is erased meanwhile';
my $backup = resume($first);
like $backup, qr/\A\d+\z/, '... the backup is made';
is ask($HOLD), 1, '... and has the row';
ask("SELECT keep_restore(restore_company(1, $backup))");
is ask('SELECT string_agg(id::text, \',\' ORDER BY id) FROM patient WHERE company_id = 1'), '12,13', '... but is older than the erasure';

anew();
pause($first, 'statement *server_encoding*', 'SELECT backup_company(1)');
is $app->run($ERASE), 't', 'the backup has its snapshot, and not yet its time';
is state_of(resume($first)), '40001', '... it is not made';

for my $end (['COMMIT', 0], ['ROLLBACK', 1]) {
	anew();
	$app->run('BEGIN');
	is $app->run($ERASE), 't', 'a row is erased, and the transaction is open';
	$second->start('SELECT backup_company(1)');
	is_blocked($second);
	$app->run($end->[0]);
	like $second->finish, qr/\A\d+\z/, "... the backup waits for its $end->[0]";
	is ask($HOLD), $end->[1], '... and has the row only if it is still there';
}

for my $level (grep { $_ ne 'read committed' } @LEVELS) {
	anew();
	in_level($first, $level);
	$first->run('BEGIN');
	$first->run('SELECT count(*) FROM patient');
	is $app->run($ERASE), 't', "$level: a row is erased after a snapshot was taken";
	is state_of($first->run('SELECT backup_company(1)')), '40001', '... a backup of what was there then is not made';
	$first->run('ROLLBACK');
}
in_level($first, 'read committed');

# Two acts at once -------------------------------------------------------------------------------

anew();
$backup = ask('SELECT backup_company(1)');
pause($first, 'statement INSERT INTO company_backup.restore *', "SELECT restore_company(1, $backup)");
$second->start($ERASE);
is_blocked($second);
like resume($first), qr/\A\d+\z/, 'a restore is at work: it works';
is state_of($second->finish), 'KB040', '... and the erasure says that it is in review';

anew();
$app->run('BEGIN');
$app->run('INSERT INTO visit VALUES (99, 1, 11)');
$second->start($ERASE);
is_blocked($second);
$app->run('COMMIT');
is $second->finish, 't', 'a row is added that refers to the row: the erasure waits';
is ask('SELECT count(*) FROM visit WHERE person_id = 11'), 0, '... and it goes along';

anew();
$backup = ask('SELECT backup_company(1)');
ask('DELETE FROM patient WHERE id = 11');
$first->run('BEGIN');
like $first->run("SELECT restore_company(1, $backup)"), qr/\A\d+\z/, 'a restore brings a row back, and is not committed';
is state_of($second->run($ERASE)), '40001', '... whoever erases it as one that is gone is refused';
$first->run('ROLLBACK');
$first->run('BEGIN');
is $second->run($ERASE), 'f', '... without it the row is erased';
for my $level (grep { $_ ne 'read committed' } @LEVELS) {
	anew();
	$backup = ask('SELECT backup_company(1)');
	in_level($first, $level);
	$first->run('BEGIN');
	$first->run('SELECT count(*) FROM patient');
	is $second->run($ERASE), 't', "$level: a row is erased after a snapshot was taken";
	my $restore = $first->run("SELECT restore_company(1, $backup)");
	my $end     = $restore =~ /\A\d+\z/ ? 'COMMIT' : 'ROLLBACK';
	is state_of($first->run($end)), '', "... a restore of what was there then ends with $end";
	is ask('SELECT count(*) FROM patient WHERE id = 11'), 0, '... and does not bring it back';
}
in_level($first, 'read committed');

# Frozen companies ---------------------------------------------------------------------------------------------

for my $level (@LEVELS) {
	anew();
	in_level($app, $level);
	$app->run('BEGIN');
	is $app->run(q(UPDATE patient SET name = 'x' WHERE id = 11)), '', "$level: a row is written";
	$second->start('SELECT freeze_company(1)');
	is_blocked($second);
	is $app->run(q(UPDATE patient SET name = 'y' WHERE id = 12)), '', '... whoever has begun may go on';
	$app->run('COMMIT');
	is $second->finish, 't', '... and is waited for';
	is state_of($app->run(q(UPDATE patient SET name = 'z' WHERE id = 13))), '57KB1', '... nobody else may write';
	is $app->run(q(UPDATE patient SET name = 'z' WHERE id = 21)), '', '... but other companies\' rows';
	$second->run('SELECT unfreeze_company(1)');
	$app->run('BEGIN');
	$app->run('SELECT count(*) FROM patient');
	$second->run('SELECT freeze_company(1)');
	is state_of($app->run(q(UPDATE patient SET name = 'z' WHERE id = 13))), '57KB1', '... whatever the transaction sees';
	$app->run('ROLLBACK');
	$second->run('SELECT unfreeze_company(1)');
}
in_level($app, 'read committed');
anew();
$app->run('BEGIN');
$app->run('SAVEPOINT s');
is $app->run(q(UPDATE patient SET name = 'x' WHERE id = 11)), '', 'a row is written in a subtransaction';
$app->run('ROLLBACK TO s');
is $second->run('SELECT freeze_company(1)'), 't', '... which is rolled back: nobody waits for it';
is state_of($app->run(q(UPDATE patient SET name = 'x' WHERE id = 11))), '57KB1', '... and the next write is refused';
$app->run('ROLLBACK');

anew();
$second->run('SELECT pg_advisory_lock(78)');
$app->start("BEGIN\\; UPDATE patient SET name = 'x' WHERE id = 11\\; COMMIT\\; BEGIN\\; SELECT pg_advisory_xact_lock_shared(78)\\; UPDATE patient SET name = 'z' WHERE id = 11\\; COMMIT");
wait_for('the second transaction', sub { sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'") eq '1' });
$second->run('SELECT freeze_company(1)');
$second->run('SELECT pg_advisory_unlock(78)');
is state_of($app->finish), '57KB1', 'the second transaction of a message looks anew';
$app->run('ROLLBACK');
$second->run('SELECT unfreeze_company(1)');

# The server goes down with it; sessions that look are gone, too.
for my $at ('delete patient', 'insert tombstone') {
	anew();
	my $there  = sql('SELECT string_agg(p::text, \',\' ORDER BY p) FROM patient p');
	my $victim = faulty_session();
	$victim->run("SET faults.action = kill; SET faults.at = '$at'");
	unlike $victim->run($ERASE), qr/ERROR|\At\z/, "killed at '$at'";
	wait_for('recovery', sub { failure('SELECT 1') eq '' });
	is sql('SELECT string_agg(p::text, \',\' ORDER BY p) FROM patient p'), $there, '... nothing has happened';
	is sql('SELECT count(*) FROM company_backup.tombstone'), 0, '... and is not said to have';
}

done_testing;
