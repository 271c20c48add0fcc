-- What the caller has in his temporary schema is not there for code of tables' owners: it would stand
-- for what that code names without a schema, and run with the owner's rights.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE ROLE cb_deployer;
CREATE ROLE cb_weak;
CREATE SCHEMA app AUTHORIZATION cb_deployer;
CREATE TABLE public.ran (who name, what text);
GRANT INSERT, SELECT ON public.ran TO PUBLIC;
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION public.failure(call text, OUT state text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call;
  state := 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
END $$;

-- A default of a superuser's table, a check, an index and an implicit cast of a plain owner's.
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.counter (last int);
CREATE FUNCTION app.next_number() RETURNS text LANGUAGE plpgsql AS
  $$ DECLARE n int; BEGIN UPDATE counter SET last = last + 1 RETURNING last INTO n; RETURN 'N-' || n; END $$;
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, number text UNIQUE DEFAULT app.next_number());
GRANT REFERENCES, SELECT ON app.company TO cb_deployer;
SET ROLE cb_deployer;
CREATE TABLE app.limits (n int);
CREATE FUNCTION app.ok(v int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN v < (SELECT min(n) FROM limits); END $$;
CREATE FUNCTION app.rank(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN IF to_regclass('ranks') IS NOT NULL THEN EXECUTE 'SELECT n FROM ranks' INTO v; END IF; RETURN v; END $$;
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, amount int CHECK (app.ok(amount)));
CREATE TABLE app.ranked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, n int);
CREATE INDEX ON app.ranked ((app.rank(3)));
CREATE INDEX ON app.ranked ((app.rank(n)));
INSERT INTO app.limits VALUES (100);
RESET ROLE;
INSERT INTO app.counter VALUES (0);
INSERT INTO app.company VALUES (1, 'One');
INSERT INTO app.invoice VALUES (1, 1, 'N-x');
SET search_path = app;
INSERT INTO app.item VALUES (1, 1, 5);
INSERT INTO app.ranked VALUES (1, 1, 5);
RESET search_path;
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT cb.set_table_rule('app.counter', 'shared');
SELECT cb.set_table_rule('app.limits', 'shared');
SELECT cb.set_column_rule('app.invoice', 'number', 'identity');
SELECT cb.set_company_guard('public.yes');
GRANT USAGE ON SCHEMA app, cb TO cb_weak;
GRANT ALL ON ALL TABLES IN SCHEMA app TO cb_weak;
SELECT cb.grant_company_backup('cb_weak');
SELECT no_plan();
GRANT ALL ON ALL TABLES IN SCHEMA pg_temp TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA pg_temp TO PUBLIC;

SET ROLE cb_weak;
CREATE FUNCTION pg_temp.spring() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user, 'view'); RETURN 1000; END $$;
CREATE FUNCTION pg_temp.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user, 'trigger'); RETURN NEW; END $$;
CREATE TEMP TABLE counter (last int);
INSERT INTO counter VALUES (0);
CREATE TRIGGER t BEFORE UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION pg_temp.fire();
CREATE TEMP VIEW limits AS SELECT pg_temp.spring() AS n;
CREATE TEMP VIEW ranks AS SELECT pg_temp.spring() AS n;
GRANT ALL ON counter, limits, ranks TO PUBLIC;
GRANT EXECUTE ON FUNCTION pg_temp.spring() TO PUBLIC;

SELECT is(state || ' ' || message, '42P01 relation "counter" does not exist', 'no default sees them')
  FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
RESET ROLE;
DELETE FROM app.invoice;
SET ROLE cb_weak;
SELECT is(state || ' ' || message, '42P01 relation "limits" does not exist', 'no check does')
  FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
RESET ROLE;
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'app');
SET ROLE cb_weak;
SELECT is(state, 'done', 'with the search_path the check finds its own table') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
SELECT is(state, 'done', 'in a backup') FROM public.failure($$SELECT cb.backup_company('1')$$);
RESET ROLE;
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'pg_temp, app');
SET ROLE cb_weak;
SELECT is(state, 'done', 'whatever the path says') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 3}')$$);
SELECT is_empty('SELECT * FROM public.ran', 'nothing of the caller has run');
UPDATE counter SET last = 7;
SELECT is((SELECT n FROM limits), 1000, 'he himself has them as before');
SELECT is(last, 7, 'also to write') FROM counter;
RESET ROLE;
TRUNCATE public.ran;

-- Code that wants temporary objects itself takes nothing away from him.
CREATE FUNCTION public.wants(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    EXECUTE what;
  EXCEPTION WHEN OTHERS THEN
    INSERT INTO public.ran VALUES (current_user, SQLERRM);
  END;
  RETURN true;
END $$;
CREATE TABLE app.wanted (what text);
GRANT SELECT ON app.wanted TO PUBLIC;
SELECT cb.set_table_rule('app.wanted', 'shared');
SET ROLE cb_deployer;
CREATE FUNCTION app.wants() RETURNS boolean LANGUAGE sql AS $$ SELECT bool_and(public.wants(what)) FROM app.wanted $$;
ALTER TABLE app.item ADD CHECK (coalesce(app.wants(), true));
RESET ROLE;
CREATE FUNCTION public.after(statement text, id int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  DELETE FROM app.wanted;
  INSERT INTO app.wanted VALUES (statement);
  SET ROLE cb_weak;
  SELECT concat(f.state, f.message) INTO result FROM public.failure(format($f$SELECT cb.clone_company('1', '{"id": %s}')$f$, id)) AS f;
  RESET ROLE;
  RETURN concat(result, ' ', (SELECT max(last) FROM pg_temp.counter));
END $$;
SELECT is(public.after(statement, id), 'done 7', statement) FROM (VALUES
  ('CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS ''SELECT 1''', 11),
  ('CREATE TYPE pg_temp.t AS ENUM (''a'')', 12),
  ('CREATE DOMAIN pg_temp.d AS int', 13),
  ('CREATE TEMP TABLE t (n int)', 14),
  ('CREATE TEMP VIEW v AS SELECT 1', 15),
  ('CREATE TEMP SEQUENCE s', 16),
  ('SET search_path = pg_temp; SELECT current_schema()', 17),
  ('DISCARD TEMP', 18),
  ('SELECT * FROM pg_temp.counter', 19)) AS v (statement, id);
SELECT set_eq('SELECT DISTINCT who FROM public.ran', ARRAY['cb_deployer'], 'each was tried, as the owner');
SELECT set_eq('SELECT DISTINCT what FROM public.ran', ARRAY['code on a table cannot create temporary objects while company_backup runs it', 'cannot execute DISCARD within security-restricted operation', 'relation "pg_temp.counter" does not exist'], 'and refused');

-- What cannot be searched
SELECT is(state || ' ' || message, '22023 schema "' || path || '" cannot be searched', path) FROM (VALUES ('pg_temp_3'), ('pg_toast'), ('pg_toast_temp_3')) AS v (path),
  public.failure(format('SELECT cb.set_company_table(''app.company'', search_path => ''%s,app'')', path));
SELECT nspname AS mine FROM pg_namespace WHERE oid = pg_my_temp_schema() \gset
SELECT is(state, '22023', 'one''s own by its name') FROM public.failure(format('SELECT cb.set_company_table(''app.company'', search_path => ''app,%s'')', :'mine'));
TRUNCATE public.ran;
DELETE FROM app.wanted;
UPDATE company_backup.settings SET search_path = ARRAY[:'mine', 'app'];
SET ROLE cb_weak;
SELECT is(state, 'done', 'one that is stored is left out') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 21}')$$);
RESET ROLE;
SELECT is_empty('SELECT * FROM public.ran', 'nothing of it has run');

-- Its schema is there again after errors, with all that is in it.
SELECT lives_ok('CREATE TEMP TABLE afterwards (n int)', 'new tables can be made');
SELECT is(count(*)::int, 0, 'and read') FROM afterwards;
SELECT * FROM finish();

DROP EXTENSION company_backup;
DROP VIEW pg_temp.limits, pg_temp.ranks;
DROP TABLE pg_temp.counter;
DROP SCHEMA cb, app CASCADE;
DROP FUNCTION public.failure, public.after, public.wants, public.yes;
DROP TABLE public.ran;
DROP OWNED BY cb_deployer, cb_weak;
DROP ROLE cb_deployer, cb_weak;
