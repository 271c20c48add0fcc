# Rules are tried out beside those who write: a rehearsal does not lock the company table, and is never committed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_on_terminal work_dir);
use ServerTest qw(new_database session sql);

chdir work_dir() or die $!;
new_database('rehearsal');
sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, made_by_id int);
INSERT INTO company VALUES (1, 'a'), (2, 'b');
INSERT INTO item SELECT n, 1 + n % 2, n FROM generate_series(1, 50) n;
SQL
my $set = q(SELECT set_company_table('company', identity_columns => '{}'));

my $writer = session();
$writer->run("BEGIN; UPDATE company SET name = 'c' WHERE id = 1");

my $trial = session();
$trial->run("SET lock_timeout = '5s'; BEGIN; SET LOCAL company_backup.rehearsal = on");
is $trial->run($set), '', 'the company table is set for a trial while somebody writes to it';
like $trial->run('SELECT count(*) FROM company_scope()'), qr/^2$/, '... there is a scope';
is $trial->run("SELECT object, problem FROM check_company_scope() WHERE object LIKE '%company'"), '', '... nothing is wrong with it for being a trial';
is $trial->run(q(SELECT DISTINCT mode FROM pg_locks WHERE relation = 'company'::regclass AND pid = pg_backend_pid())), 'AccessShareLock', '... nobody waits for it';
like $trial->run('COMMIT'), qr/^ERROR:  KB086: a rehearsal cannot be committed\nDETAIL:  .*\nHINT:  /, 'it cannot be committed';
is $trial->run('SELECT count(*) FROM company_backup.settings'), '0', '... and leaves nothing behind';
is $trial->run("BEGIN; SET LOCAL company_backup.rehearsal = on; SAVEPOINT s; $set; RELEASE s; SAVEPOINT s; $set; ROLLBACK TO s; COMMIT") =~ /KB086/ ? 1 : 0, 1, '... nor if it was taken back in part';
like $trial->run("BEGIN; SET LOCAL company_backup.rehearsal = on; SAVEPOINT s; $set; SAVEPOINT t; $set; RELEASE t; ROLLBACK TO s; CREATE TABLE kept (id int); COMMIT; DROP TABLE kept"), qr/^\s*$/, '... but if all of it was';
is $trial->run(qq(DO \$\$ BEGIN BEGIN SET LOCAL company_backup.rehearsal = on; PERFORM set_company_table('company', identity_columns => '{}'); RAISE 'no'; EXCEPTION WHEN raise_exception THEN END; END \$\$)), '', '... also by an exception block';
is $trial->run('SELECT count(*) FROM company_backup.settings'), '0', '... which leave nothing behind, either';
like $trial->run("BEGIN; SET LOCAL company_backup.rehearsal = on; $set; PREPARE TRANSACTION 'rehearsed'"), qr/^\n?ERROR:  KB086/, '... nor prepared';
is $trial->run("BEGIN; SET LOCAL company_backup.rehearsal = on; $set; ROLLBACK; BEGIN; CREATE TABLE more (id int); COMMIT"), '', 'the next transaction is like any other';
like $trial->run('SELECT count(*) FROM company_scope()'), qr/^ERROR:  KB001/, '... in which no company table is set';

my ($code, undef, $err, $shown) = do {
	local $ENV{PGOPTIONS} = "$ENV{PGOPTIONS} -c lock_timeout=5s";
	run_on_terminal("1\nq\nno\n", 'init');
};
like $shown, qr/3 tables: 2 travel with their company.*Left open: 1 error/s, '"init" asks on while somebody writes' or diag $err;
unlike $err, qr/lock/, '... and waits for nobody';

$writer->run('COMMIT');
sql("BEGIN; $set; COMMIT");
is sql("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'company'::regclass AND tgname LIKE '%company_backup_follow%'"), '2', 'set for good, the table is followed';

$_->close for $writer, $trial;
chdir '/';
done_testing;
