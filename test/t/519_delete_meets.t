# Deletions while other sessions work on the same company, and deletions that fail, at whatever moment: the company is
# there as it was, or it is gone altogether.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql failure session faulty_session wait_for);
use TwoSessions qw(@LEVELS ask in_level is_blocked pause resume state_of);

new_database('delete_meets');

sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE customer (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, name text);
CREATE TABLE invoice (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, customer_id bigint NOT NULL REFERENCES customer);
CREATE TABLE line (invoice_id bigint NOT NULL REFERENCES invoice, place integer, PRIMARY KEY (invoice_id, place));
CREATE TABLE token (company_id bigint NOT NULL REFERENCES company, secret text);
CREATE TABLE remark (kind text NOT NULL, about bigint NOT NULL, words text);
CREATE TABLE link (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, customer_id bigint REFERENCES customer ON DELETE SET NULL);
SELECT set_company_table('company', identity_columns => '{}');
SELECT set_table_rule('token', 'excluded', 'secrets');
SELECT set_table_rule('link', 'company', route => '{link_company_id_fkey}');
SELECT set_reference('remark', '{about}', 'customer', when_column => 'kind', when_value => 'customer');
CREATE PROCEDURE begin_anew() LANGUAGE sql AS $$
    TRUNCATE company_backup.restore, company_backup.undo, company_backup.undo_chunk, company_backup.restore_problem;
    DELETE FROM company_backup.backup; DELETE FROM company_backup.backup_chunk; DELETE FROM company_backup.deletion;
    DELETE FROM link; DELETE FROM remark; DELETE FROM token; DELETE FROM line; DELETE FROM invoice; DELETE FROM customer; DELETE FROM company;
    INSERT INTO company VALUES (1, 'one'), (2, 'two');
    INSERT INTO customer SELECT c * 100 + n, c, 'c' || n FROM generate_series(1, 2) c, generate_series(1, 5) n;
    INSERT INTO invoice SELECT c * 100 + n, c, c * 100 + 1 + n % 5 FROM generate_series(1, 2) c, generate_series(1, 20) n;
    INSERT INTO line SELECT id, p FROM invoice, generate_series(1, 3) p;
    INSERT INTO token SELECT c, 's' FROM generate_series(1, 2) c, generate_series(1, 3);
    INSERT INTO remark SELECT 'customer', id, 'r' FROM customer;
    INSERT INTO link VALUES (1, 2, 101), (2, 2, 202), (3, 1, 101) $$;
-- Rows of both companies, what is stored, what leads nowhere.
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ',
        (SELECT md5(string_agg(t, ',' ORDER BY t)) FROM (SELECT 'c' || t FROM company t UNION ALL SELECT 'u' || t FROM customer t UNION ALL SELECT 'i' || t FROM invoice t
            UNION ALL SELECT 'l' || t FROM line t UNION ALL SELECT 't' || t FROM token t UNION ALL SELECT 'r' || t FROM remark t UNION ALL SELECT 'k' || t FROM link t) rows (t)),
        (SELECT count(*) || ' backups' FROM company_backup.backup), (SELECT count(*) || ' deletions' FROM company_backup.deletion),
        (SELECT 'parts without backup' FROM company_backup.backup_chunk WHERE backup NOT IN (SELECT id FROM company_backup.backup) LIMIT 1),
        (SELECT 'invoice without customer' FROM invoice WHERE customer_id NOT IN (SELECT id FROM customer) LIMIT 1),
        (SELECT 'line without invoice' FROM line WHERE invoice_id NOT IN (SELECT id FROM invoice) LIMIT 1),
        (SELECT 'link without customer' FROM link WHERE customer_id NOT IN (SELECT id FROM customer) LIMIT 1),
        (SELECT 'remark on nothing' FROM remark WHERE about NOT IN (SELECT id FROM customer) LIMIT 1),
        CASE WHEN company_busy('1') THEN 'busy' END) $$;
SQL

my $DELETE = q(delete_company(1, 'one'));
my ($second, $app) = map { session() } 1 .. 2;
my $first = faulty_session();

sub anew {
	ask('CALL begin_anew()');
	return ask('SELECT backup_company(1)');
}

anew();
my $there = ask('SELECT state()');
like ask("SELECT $DELETE"), qr/\A\d+\z/, 'alone, it works';
my $gone = ask('SELECT state()');
like $gone, qr/\A\w+ 0 backups 1 deletions\z/, '... all is gone';

# Points of a deletion, in their order.
my $READ    = 'statement SELECT s.*';
my $REMOVED = 'delete company';
my $ENDED   = 'statement UPDATE company_backup.company SET gone_at*';

# Others change rows while it has read them -------------------------------------------------------------

for my $level (@LEVELS) {
	for my $case (
		['a row is changed', q(UPDATE customer SET name = 'x' WHERE id = 105)],
		['a row is deleted', 'DELETE FROM remark WHERE about = 105'],
		['a row is added', q(INSERT INTO token VALUES (1, 'new'))],
		['a row is added below a row', 'INSERT INTO line VALUES (101, 99)'],
		['a row is added that a rule leads to a row', q(INSERT INTO remark VALUES ('customer', 101, 'new'))])
	{
		my ($name, $statement) = @$case;
		anew();
		in_level($first, $level);
		pause($first, $READ, "SELECT $DELETE");
		my $answer = $app->run($statement);
		is $answer, '', "$level: $name meanwhile";
		if ($level eq 'read committed') {
			like resume($first), qr/\A\d+\z/, '... it goes, too';
			is ask('SELECT state()'), $gone, '... all is gone';
			anew();
			pause($first, $READ, q(SELECT delete_company(1, 'one', final_backup => true)));
			$app->run($statement);
		}
		my $changed = ask('SELECT state()') =~ s/ busy//r;
		like state_of(resume($first)), qr/\A40001\z/, '... where it is to be as of one snapshot, the deletion fails';
		is ask('SELECT state()'), $changed, '... and nothing of it has happened';
	}
	anew();
	pause(in_level($first, $level), 'delete customer', "SELECT $DELETE");
	$app->run(q(UPDATE customer SET name = 'x' WHERE id = 105));
	is state_of(resume($first)), '40001', "$level: a row is changed that it has just read";
	anew();
	pause($first, $READ, "SELECT $DELETE");
	$app->run('INSERT INTO link VALUES (9, 2, 102)');
	my $answer = resume($first);
	if ($level eq 'read committed') {
		like $answer, qr/\A\d+\z/, "$level: a row of another company that begins to refer to it follows";
		is ask('SELECT count(*) FROM link WHERE customer_id IS NULL'), 2, '... its foreign key';
	} else {
		is state_of($answer), '40001', "$level: a row of another company that begins to refer to it cannot be seen";
	}
	$app->run('INSERT INTO company VALUES (3, \'three\')');
	pause(in_level($first, $level), $READ, q(SELECT delete_company(2, 'two')));
	is $app->run(q(UPDATE company SET name = 'drei' WHERE id = 3)), '', "$level: other companies' rows are not blocked";
	like resume($first), qr/\A\d+\z/, '... it works';
}
in_level($first, 'read committed');

# Rows are removed; others wait ---------------------------------------------------------------------------

anew();
pause($first, $ENDED, "SELECT $DELETE");
$app->start(q(INSERT INTO token VALUES (1, 'late')));
is_blocked($app);
like resume($first), qr/\A\d+\z/, 'a row is added late: the deletion works';
is state_of($app->finish), '23503', '... and the row has no company any more';
is ask('SELECT state()'), $gone, '... all is gone';

# Two acts at once ----------------------------------------------------------------------------------------

for my $act (
	['a second deletion', "SELECT $DELETE", 'KB002'],
	['a restore', 'SELECT restore_company(1, {backup})', '40001'],
	['a merge of another backup', 'SELECT restore_company(1, {other}, mode => \'merge\')', '40001'])
{
	my ($name, $statement, $sqlstate) = @$act;
	my $backup = anew();
	my $other  = ask(q(SELECT backup_company(2, on_error => 'record')));
	$statement =~ s/\{backup\}/$backup/;
	$statement =~ s/\{other\}/$other/;
	pause($first, $REMOVED, "SELECT $DELETE");
	$second->start($statement);
	is_blocked($second);
	like resume($first), qr/\A\d+\z/, "$name meanwhile: the deletion works";
	is state_of($second->finish), $sqlstate, '... the other one waits, and is told that the company is gone';
	like ask('SELECT state()'), qr/\A\w+ 1 backups 1 deletions\z/, '... all is gone';
	ask('SELECT delete_backup(max(id)) FROM company_backups()');
	is ask('SELECT state()'), $gone, '... all is gone but the other company and its backup';
}

anew();
pause($first, 'statement INSERT INTO company_backup.restore *', 'SELECT restore_company(1, (SELECT max(id) FROM company_backups()))');
$second->start("SELECT $DELETE");
is_blocked($second);
like resume($first), qr/\A\d+\z/, 'a restore is at work: it works';
is state_of($second->finish), 'KB040', '... and the deletion says that it is in review';

# A backup reads while the company is deleted: it goes, or is never made.
anew();
pause($first, 'statement INSERT INTO company_backup.backup *', 'SELECT backup_company(1)');
$second->start("SELECT $DELETE");
is_blocked($second);
like resume($first), qr/\A\d+\z/, 'a backup is just made: it is made';
like $second->finish, qr/\A\d+\z/, '... the deletion waits for it';
is ask('SELECT state()'), $gone, '... and takes it along';
anew();
pause($first, 'statement SELECT t."id", t."company_id", t."name"*', 'SELECT backup_company(1)');
like $second->run("SELECT $DELETE"), qr/\A\d+\z/, 'a backup still reads: the deletion does not wait';
is state_of(resume($first)), '40001', '... and the backup is not made';
is ask('SELECT state()'), $gone, '... all is gone';

# Failures ------------------------------------------------------------------------------------------------

sub fails_at {
	my ($action, $at, $expected) = @_;
	anew();
	$first = faulty_session() if $first->is_over;
	$first->run("SET faults.action = $action; SET faults.skip = 0; SET faults.at = '$at'");
	my $answer = $first->run("SELECT $DELETE");
	unlike $answer, qr/\A\d+\z/, "$action at '$at'";
	wait_for('the server', sub { failure('SELECT 1') eq '' });
	$first->run('RESET faults.at') if $action =~ /error|cancel/;
	is sql('SELECT state()'), $expected, '... ' . ($expected eq $gone ? 'it was committed' : 'nothing has happened');
	return;
}

fails_at('error', $_, $there) for $READ, 'delete line', 'delete company', $ENDED, 'delete backup_chunk', 'insert deletion', 'commit SELECT*';
fails_at('cancel', $_, $there) for $READ, $ENDED;

# The server goes down with it; sessions that look are gone, too.
for my $point (['delete invoice', $there], ['insert deletion', $there], ['committed SELECT*', $gone]) {
	my ($at, $expected) = @$point;
	sql('CALL begin_anew()');
	sql('SELECT backup_company(1)');
	my $victim = faulty_session();
	$victim->run("SET faults.action = kill; SET faults.at = '$at'");
	unlike $victim->run("SELECT $DELETE"), qr/ERROR|\A\d+\z/, "killed at '$at'";
	wait_for('recovery', sub { failure('SELECT 1') eq '' });
	is sql('SELECT state()'), $expected, '... ' . ($expected eq $gone ? 'it was committed' : 'nothing has happened');
}

done_testing;
