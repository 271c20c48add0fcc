-- Foreign tables, and partitions of them, among the tables whose rows are looked at; and what cannot be looked at.
\ir app.psql
CREATE EXTENSION file_fdw;
CREATE EXTENSION postgres_fdw;
SELECT * FROM no_plan();

\ir told.psql
CREATE FUNCTION pg_temp.told_of(wanted text, severities text[] = '{error,warning,notice}') RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(severity || ' ' || problem, E'\n' ORDER BY severity, problem) FROM check_company_scope() WHERE object = wanted AND severity = ANY (severities) $$;
CREATE FUNCTION pg_temp.proposed(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(confidence || ' ' || statement, E'\n' ORDER BY statement COLLATE "C") FROM propose_company_rules() WHERE statement LIKE '%' || wanted || '%' $$;
CREATE FUNCTION pg_temp.shown(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(concat_ws(', ', treatment, decided_by), E'\n') FROM company_scope() WHERE table_name = wanted $$;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || n)::uuid $$;

CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.person SELECT pg_temp.id('person', n), 1 + n % 2 FROM generate_series(1, 3000) n;

CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
\set rows 'perl -MDigest::MD5=md5_hex -le ''print md5_hex(q(person) . $_) . q(,) . $_ for 1 .. 3000'''
CREATE FOREIGN TABLE app.visit (who uuid, n int) SERVER files OPTIONS (program :'rows', format 'csv');
CREATE FOREIGN TABLE app.weather (at int) SERVER files OPTIONS (program 'seq 1 10');
CREATE FOREIGN TABLE app.gone (who uuid) SERVER files OPTIONS (filename '/nowhere/at/all');
-- A partition elsewhere.
CREATE TABLE app.call (who uuid, n int NOT NULL) PARTITION BY RANGE (n);
CREATE TABLE app.call_new PARTITION OF app.call FOR VALUES FROM (1000) TO (100000);
INSERT INTO app.call SELECT pg_temp.id('person', n), 1000 + n FROM generate_series(1, 100) n;
\set rows 'perl -MDigest::MD5=md5_hex -le ''print md5_hex(q(person) . $_) . q(,) . $_ for 1 .. 500'''
CREATE FOREIGN TABLE app.call_old PARTITION OF app.call FOR VALUES FROM (0) TO (1000) SERVER files OPTIONS (program :'rows', format 'csv');
-- Nobody listens there.
CREATE SERVER down FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
CREATE USER MAPPING FOR PUBLIC SERVER down;
CREATE FOREIGN TABLE app.lost (who uuid) SERVER down;
CREATE FOREIGN TABLE app.lost_too (who uuid) SERVER down;
SELECT set_company_table('app.company', identity_columns => '{}');

SELECT is(pg_temp.shown('app.weather'), 'global, no reference', 'a foreign table is in the scope');
SELECT is(pg_temp.shown('app.call_old'), NULL, 'a foreign partition is part of its table');
SELECT alike(pg_temp.proposed('app.visit'), 'confident SELECT public.set_reference(''app.visit'', ''{who}'', ''app.person'');%', 'its values prove');
SELECT alike((SELECT evidence FROM propose_company_rules() WHERE statement LIKE '%app.visit%set_reference%' OR statement LIKE '%set_reference%app.visit%'), '1,000 of 1,000 sampled values%', 'so many are read, and no more');
SELECT alike(pg_temp.proposed('app.call'), 'confident SELECT public.set_reference(''app.call'', ''{who}'', ''app.person'');%', 'so do those of a partition elsewhere');
SELECT alike(pg_temp.told_of('app.gone'), '%notice its rows could not be looked at: could not open file "/nowhere/at/all"%', 'what cannot be read is said');
SELECT alike(pg_temp.told_of('app.lost'), '%notice its rows could not be looked at: could not connect to server "down"%', 'and a server that is down');
SELECT alike(pg_temp.told_of('app.lost_too'), '%notice its rows could not be looked at: its server "down" has just not answered%', '... which is asked once');
SELECT is(pg_temp.told_of('app.person', '{notice}'), NULL, 'the others were looked at');

-- A partition that cannot be read hides its table's rows, which is said.
ALTER FOREIGN TABLE app.call_old OPTIONS (SET program 'false');
SELECT alike(pg_temp.told_of('app.call'), '%notice its rows could not be looked at: %', 'a partition that fails');

-- A foreign table that cannot be read, with a column that looks like an ID: the proposals lead to an end.
CREATE FOREIGN TABLE app.far (id uuid, person_id uuid) SERVER down;
SELECT is(pg_temp.proposed('app.far'), 'guess SELECT public.set_reference(''app.far'', ''{person_id}'', ''app.person'');' || E'\n' ||
  'guess SELECT public.set_table_rule(''app.far'', ''excluded'', ''the rows live on another server'', route => ''{person_id}'');', 'first what it refers to, then that it stays');
DO $$ DECLARE proposal text; BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() WHERE statement LIKE '%app.far%' LOOP EXECUTE proposal; END LOOP; END $$;
SELECT is(pg_temp.told_of('app.far', '{error,warning}'), NULL, '... which settles it');
SELECT is(pg_temp.proposed('app.far'), NULL, '... and nothing more is proposed');
SELECT set_reference('app.far', '{person_id}', NULL), set_table_rule('app.far', 'global', 'the rows live on another server');
SELECT is(pg_temp.told_of('app.far', '{error,warning}'), NULL, 'or that it belongs to nobody');
DROP FOREIGN TABLE app.far;

-- A type whose output is not PostgreSQL's own is not read.
CREATE EXTENSION citext;
CREATE TYPE app.colour AS ENUM ('red');
CREATE DOMAIN app.key AS uuid;
CREATE TABLE app.paint (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, person_id app.key, spot point, words xml, tint app.colour, shop_id citext);
INSERT INTO app.paint SELECT n, 1, pg_temp.id('person', n), '(1,2)', '<a/>', 'red', 's' || n FROM generate_series(1, 20) n;
SELECT alike(pg_temp.proposed('{person_id}'), 'confident SELECT public.set_reference(''app.paint'', ''{person_id}'', ''app.person'');', 'types without equality are no IDs, domains are what they are over');
SELECT alike(pg_temp.told_of('app.paint.shop_id', '{notice}'), 'notice its values could not be looked at: its type, %citext, is not one of PostgreSQL''s own', 'what others'' types print is not looked at, which is said');
SELECT set_column_rule('app.paint', 'shop_id', 'data');
SELECT is(pg_temp.told_of('app.paint.shop_id'), NULL, '... once');
SELECT * FROM finish();
ROLLBACK;
