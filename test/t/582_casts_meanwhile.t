# What a table's owner, or somebody with a schema of the search_path, changes after the snapshot of whoever works on a
# company: the parser goes by the catalog of today, so what is trusted does, too.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database session sql);
use TwoSessions qw(ask in_level is_blocked);

new_database('casts_meanwhile');
END { eval { sql('DROP OWNED BY cb_mallory, cb_guest CASCADE; DROP ROLE cb_mallory, cb_guest') } }
sql(<<'SQL');
CREATE ROLE cb_mallory;
CREATE ROLE cb_guest;
CREATE TABLE company (id int PRIMARY KEY, name text);
INSERT INTO company VALUES (1, 'One');
CREATE SCHEMA evil AUTHORIZATION cb_mallory;
GRANT SELECT, REFERENCES ON company TO cb_mallory;
CREATE TABLE ran (who name);
GRANT INSERT ON ran TO PUBLIC;
SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}');
SET ROLE cb_mallory;
CREATE TYPE evil.num AS ENUM ('1');
CREATE FUNCTION evil.spring() RETURNS int LANGUAGE sql AS $$ INSERT INTO public.ran VALUES (current_user) RETURNING 1 $$;
CREATE FUNCTION evil.toint(evil.num) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'called by %', current_user; END $$;
CREATE CAST (evil.num AS int) WITH INOUT AS IMPLICIT;
CREATE TABLE evil.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company);
CREATE TABLE evil.sub (id int PRIMARY KEY, item_id evil.num NOT NULL REFERENCES evil.item, kind text, ref int);
INSERT INTO evil.item VALUES (1, 1);
INSERT INTO evil.sub VALUES (1, '1', 'k', 1);
RESET ROLE;
SELECT set_reference('evil.sub', '{ref}', 'evil.item', '{id}', when_column => 'kind', when_value => 'k');
SQL

my $mallory = session();
$mallory->run('SET ROLE cb_mallory');
my $harmless = 'DROP CAST (evil.num AS int); CREATE CAST (evil.num AS int) WITH INOUT AS IMPLICIT';
my $harmful  = 'DROP CAST (evil.num AS int); CREATE CAST (evil.num AS int) WITH FUNCTION evil.toint(evil.num) AS IMPLICIT';
my $refusal  = qr/function evil\.toint\(evil\.num\) of role "cb_mallory" would run with the rights of role/;

for my $call ("SELECT backup_company('1')", "SELECT count(*) FROM company_contents('1')", "SELECT count(*) FROM check_company_data('1')", q(SELECT clone_company('1', '{"id": 2}'))) {
	$mallory->run($harmless);
	$mallory->run('BEGIN; LOCK TABLE evil.item IN ACCESS EXCLUSIVE MODE');
	my $caller = session();
	$caller->start($call);
	is_blocked($caller);
	$mallory->run("$harmful; COMMIT");
	like($caller->finish, $refusal, "$call: a cast that is replaced while it waits");

	$mallory->run($harmless);
	$caller = in_level(session(), 'repeatable read');
	$caller->run('BEGIN; SELECT count(*) FROM company');
	$mallory->run($harmful);
	like($caller->run($call), $refusal, "$call: one that is replaced after the snapshot");
	$caller->run('ROLLBACK');
}
$mallory->run($harmless);
like(ask("SELECT backup_company('1')"), qr/^\d+$/, 'a harmless one is in nobody\'s way');

sql(<<'SQL');
DROP SCHEMA evil CASCADE;
SELECT forget_stale_rules();
CREATE SCHEMA before;
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA before, app TO cb_guest;
CREATE TABLE app.counter (last int);
INSERT INTO app.counter VALUES (0);
CREATE FUNCTION app.next_number() RETURNS text LANGUAGE plpgsql AS
  $$ DECLARE n int; BEGIN UPDATE counter SET last = last + 1 RETURNING last INTO n; RETURN 'N-' || n; END $$;
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company, number text NOT NULL UNIQUE DEFAULT app.next_number());
INSERT INTO app.invoice VALUES (1, 1, 'x');
SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'before, app');
SELECT set_table_rule('app.counter', 'shared');
SELECT set_column_rule('app.invoice', 'number', 'identity');
SQL
my $caller = in_level(session(), 'repeatable read');
$caller->run('BEGIN; SELECT count(*) FROM company');
sql('GRANT CREATE ON SCHEMA before TO cb_guest');
sql(<<'SQL');
SET ROLE cb_guest;
CREATE TABLE before.counter (last int);
INSERT INTO before.counter VALUES (41);
SQL
like($caller->run(q(SELECT clone_company('1', '{"id": 9}'))), qr/^9$/, 'a schema that others may use since the snapshot');
is($caller->run('SELECT number FROM app.invoice WHERE company_id = 9'), 'N-1', 'is none for a superuser\'s code');
$caller->run('ROLLBACK');

done_testing();
