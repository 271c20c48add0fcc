# A session keeps what it has compiled: index expressions, partition keys, CHECKs of domains, casts, PL/pgSQL
# functions. What a caller has had compiled under a search_path of his own must not run as the tables' owner.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database session sql);

new_database('compiled_before');
END { eval { sql('DROP OWNED BY cb_deployer, cb_caller, cb_library CASCADE; DROP ROLE cb_deployer, cb_caller, cb_library') } }
sql(<<'SQL');
CREATE ROLE cb_deployer;
CREATE ROLE cb_caller;
CREATE ROLE cb_library;
CREATE SCHEMA app AUTHORIZATION cb_deployer;
CREATE SCHEMA evil AUTHORIZATION cb_caller;
CREATE TABLE ran (who name, what text);
GRANT INSERT, SELECT ON ran TO PUBLIC;
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;

SET ROLE cb_deployer;
SET search_path = app, public;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE FUNCTION by_index(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(v)';
CREATE FUNCTION by_predicate(v text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT starts_with(v, ''X'')';
CREATE FUNCTION by_root(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(v)';
CREATE FUNCTION by_part(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT reverse(v)';
CREATE FUNCTION by_domain(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT btrim(v)';
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE INDEX ON item (by_index(name));
CREATE TABLE picked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE INDEX ON picked (name) WHERE by_predicate(name);
CREATE DOMAIN word AS text CHECK (by_domain(VALUE) <> '');
CREATE TABLE worded (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name word);
CREATE TABLE parted (id int, company_id int NOT NULL REFERENCES company, name text) PARTITION BY LIST (by_root(name));
CREATE TABLE parted_x PARTITION OF parted FOR VALUES IN ('XY') PARTITION BY LIST (by_part(name));
CREATE TABLE parted_xx PARTITION OF parted_x FOR VALUES IN ('yx');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
CREATE INDEX ON parted_xx (by_index(name));
CREATE TABLE alone (id int, company_id int NOT NULL REFERENCES company, name text);
CREATE TABLE counter (last int);
CREATE FUNCTION row_ok(v int) RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE c counter%ROWTYPE; BEGIN c.last := v; RETURN true; END $$;
CREATE FUNCTION column_ok(v int) RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE c counter.last%TYPE; BEGIN c := v; RETURN true; END $$;
CREATE FUNCTION array_ok(v int) RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE c counter[]; BEGIN c[1] := row(v); RETURN true; END $$;
CREATE TABLE rows_checked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, n int CHECK (row_ok(n)));
CREATE TABLE columns_checked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, n int CHECK (column_ok(n)));
CREATE TABLE arrays_checked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, n int CHECK (array_ok(n)));
INSERT INTO company VALUES (1, 'One');
INSERT INTO item VALUES (1, 1, 'X');
INSERT INTO picked VALUES (1, 1, 'X');
INSERT INTO worded VALUES (1, 1, 'X');
INSERT INTO parted VALUES (1, 1, 'xy'), (2, 1, 'z');
RESET ROLE;

GRANT USAGE ON SCHEMA app, public TO cb_caller;
GRANT ALL ON ALL TABLES IN SCHEMA app TO cb_caller;
SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'app');
SELECT set_table_rule('app.counter', 'shared');
SELECT set_company_guard('public.yes');
SELECT grant_company_backup('cb_caller');

-- What the names of the functions and tables above lead to under the caller's path
SET ROLE cb_caller;
CREATE FUNCTION evil.note(v text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'cb_caller' THEN INSERT INTO public.ran VALUES (current_user, v); END IF;
  RETURN v;
END $$;
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY '{lower,upper,reverse,btrim}'::text[] LOOP
    EXECUTE format('CREATE FUNCTION evil.%I(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
      $f$ BEGIN PERFORM evil.note(%L); RETURN pg_catalog.%I(v); END $f$', name, name, name);
  END LOOP;
END $$;
CREATE FUNCTION evil.starts_with(v text, w text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.note('starts_with'); RETURN true; END $$;
CREATE DOMAIN evil.checked AS int CHECK (evil.note('domain') IS NOT NULL);
CREATE TABLE evil.counter (last evil.checked);
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SQL

my $clone_id = 100;

# A session of the caller's in which `$compile` was run under his own path and temporary objects.
sub caller_after {
	my ($compile) = @_;
	my $caller = session();
	$caller->run('SET SESSION AUTHORIZATION cb_caller');
	$caller->run("SET search_path = evil, pg_catalog; $compile; RESET search_path");
	return $caller;
}

sub clone { return shift->run(sprintf(q(SELECT clone_company('1', '{"id": %d}')), ++$clone_id)) }

sub nothing_ran {
	my ($name) = @_;
	is(sql('SELECT string_agg(DISTINCT who || $$ $$ || what, $$, $$) FROM ran'), '', "$name: nothing of the caller's has run");
	sql('TRUNCATE ran');
}

my %kept = (
	'an index expression'            => 'SELECT FROM app.item WHERE name = $$x$$',
	'the predicate of an index'      => 'SELECT FROM app.picked WHERE name = $$x$$',
	'a domain'                       => 'SELECT $$x$$::app.word',
	'the index of a partition'       => 'SELECT FROM app.parted_xx WHERE name = $$x$$',
	'an index that is held open'     => 'BEGIN; DECLARE c CURSOR FOR SELECT FROM app.item; FETCH c',
);
for my $what (sort keys %kept) {
	my $caller = caller_after($kept{$what});
	like(clone($caller), qr/^\d+$/, "$what: the clone is made");
	like($caller->run(q(SELECT backup_company('1'))), qr/^\d+$/, "$what: and a backup");
	$caller->run('COMMIT') if $what =~ /held/;
	nothing_ran($what);
}

for my $table ('parted', 'parted_x') {
	my $caller = caller_after("SELECT FROM app.$table WHERE name = \$\$x\$\$");
	like(clone($caller), qr/the partition key of table "parted(_x)?" was compiled under another search_path.*Begin a new session/s, "the partition key of $table: the clone is refused");
	nothing_ran("the partition key of $table");
	like(clone(caller_after('SELECT')), qr/^\d+$/, 'a new session makes it');
}

for my $kind ('row', 'column', 'array') {
	sql("SET search_path = app; INSERT INTO app.${kind}s_checked VALUES (1, 1, 5)");
	my $caller = caller_after("SELECT app.${kind}_ok(1)");
	like(clone($caller), qr/function app\.${kind}_ok\(integer\) has a variable of type evil\.\w+(\[\])?, which belongs to role "cb_caller"/, "PL/pgSQL, a $kind of a table: the clone is refused");
	nothing_ran("PL/pgSQL, a $kind");
	$caller = session();
	$caller->run('SET SESSION AUTHORIZATION cb_caller');
	$caller->run('CREATE TEMP TABLE counter (last evil.checked); GRANT ALL ON counter TO PUBLIC');
	$caller->run("SELECT app.${kind}_ok(1)");
	like(clone($caller), qr/has a variable of type pg_temp\.?\w*\.\w+|has a variable of type (counter|evil\.checked)/, "PL/pgSQL, a $kind of a temporary table: refused");
	nothing_ran("PL/pgSQL, a $kind of a temporary table");
	like(clone(caller_after('SELECT')), qr/^\d+$/, 'a new session makes it');
	sql("DELETE FROM app.${kind}s_checked");
}

# Whoever wrote the function chose what it takes and gives.
sql(<<'SQL');
CREATE DOMAIN public.money_of_library AS int CHECK (VALUE > 0);
ALTER DOMAIN public.money_of_library OWNER TO cb_library;
SET ROLE cb_deployer;
CREATE FUNCTION app.signed(v public.money_of_library, OUT w public.money_of_library) LANGUAGE plpgsql AS $$ BEGIN w := v; END $$;
CREATE TABLE app.signs (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, n int CHECK (app.signed(n) IS NOT NULL));
INSERT INTO app.signs VALUES (1, 1, 5);
GRANT ALL ON app.signs TO cb_caller;
SQL
like(clone(caller_after('SELECT')), qr/^\d+$/, 'types of a signature are the function\'s own choice');

done_testing();
