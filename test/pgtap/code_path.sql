-- Defaults, checks and other code of tables' owners that needs the application's search_path.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE ROLE cb_app;
CREATE SCHEMA app AUTHORIZATION cb_app;
CREATE SCHEMA open;
GRANT ALL ON SCHEMA open TO PUBLIC;
SET ROLE cb_app;
SET search_path = app;
CREATE TABLE app.counter (last int);
INSERT INTO app.counter VALUES (0);
CREATE FUNCTION app.next_number() RETURNS text LANGUAGE plpgsql AS
  $$ DECLARE n int; BEGIN UPDATE counter SET last = last + 1 RETURNING last INTO n; RETURN 'N-' || n; END $$;
CREATE FUNCTION app.length_of(word text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length(word) $$;
CREATE FUNCTION app.is_known(word text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT length_of(word) > 0 $$;
CREATE FUNCTION app.shout(word text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN upper(word) || length_of(word); END $$;
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE plain (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, number text UNIQUE DEFAULT next_number());
CREATE TABLE checked (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, word text,
  loud text GENERATED ALWAYS AS (shout(word)) STORED, CHECK (is_known(word)));
-- Since 17 indexes are made and used without the path: there are none whose code needs it.
SELECT current_setting('server_version_num')::int < 170000 AS has_path \gset
\if :has_path
CREATE INDEX ON checked (shout(word)) WHERE is_known(word);
\endif
INSERT INTO company VALUES (1, 'One');
INSERT INTO plain (id, company_id) VALUES (1, 1), (2, 1);
INSERT INTO checked VALUES (1, 1, 'a'), (2, 1, 'bb');
RESET ROLE;
RESET search_path;
SELECT no_plan();

CREATE FUNCTION public.failure(call text, OUT state text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call;
  state := 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
END $$;

-- Without the path: who knows what to do? The hint does.
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT cb.set_table_rule('app.counter', 'shared');
SELECT cb.set_table_rule('app.checked', 'excluded');
SELECT is(state, '42P01', 'a default that needs the path fails') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
SELECT matches(hint, 'default of column "number" of table "app.plain".*SELECT cb.set_company_table\(''app.company''.*search_path => ''app''', 'its hint names the column and the statement')
  FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
SELECT substring(hint from 'SELECT cb\..*;') AS statement FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$) \gset
:statement
SELECT is(state, 'done', 'which settles it') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 2}')$$);
SELECT results_eq('SELECT number FROM app.plain WHERE company_id = 2 ORDER BY 1', $$VALUES ('N-3'), ('N-4')$$, 'and the values are what the default gives');
SELECT is(current_setting('search_path'), '"$user", public', 'the session keeps its own path');

-- Checks, generated columns, index expressions
SELECT cb.set_table_rule('app.checked', 'auto');
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT matches(hint, 'search_path => ''app''', 'a check that needs the path') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 3}')$$);
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'app, public');
SELECT is(state, 'done', 'checks, generated columns and index expressions have it, too') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 3}')$$);
SELECT results_eq('SELECT word, loud FROM app.checked WHERE company_id = 3 ORDER BY 1', $$VALUES ('a', 'A1'), ('bb', 'BB2')$$, 'with the right values');
SELECT cb.backup_company('1') AS backup \gset
DELETE FROM app.checked WHERE company_id = 1;
SELECT is(state, 'done', 'a restore') FROM public.failure(format($$SELECT cb.restore_company('1', %s)$$, :backup));
SELECT is(count(*)::int, 2, 'brings the rows back') FROM app.checked WHERE company_id = 1;

-- What is set
SELECT is((SELECT search_path FROM company_backup.settings), '{app,public}', 'it is stored');
SELECT throws_ok($$SELECT cb.set_company_table('app.company', search_path => 'nowhere')$$, 'KB009', 'schema "nowhere" does not exist');
SELECT throws_ok($$SELECT cb.set_company_table('app.company', search_path => '')$$, 'KB009', '"" is not a search_path');
SELECT throws_ok($$SELECT cb.set_company_table('app.company', search_path => 'a,,b')$$, 'KB009');

-- Code of superusers does not look where others may put things.
ALTER TABLE app.plain OWNER TO CURRENT_USER;
ALTER FUNCTION app.next_number() OWNER TO CURRENT_USER;
SET ROLE cb_app;
CREATE TABLE open.counter (last int);
RESET ROLE;
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'open, app');
SELECT matches(hint, 'nobody else may create', 'a schema of somebody else is not for a superuser''s code')
  FROM public.failure($$SELECT cb.clone_company('1', '{"id": 4}')$$);
ALTER SCHEMA app OWNER TO CURRENT_USER;
GRANT USAGE ON SCHEMA app TO cb_app;
SELECT is(state, 'done', 'his own is') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 4}')$$);

-- Nor does code of an owner look where others than he may: what stands there is not his.
ALTER SCHEMA app OWNER TO cb_app;
ALTER TABLE app.plain OWNER TO cb_app;
ALTER FUNCTION app.next_number() OWNER TO cb_app;
CREATE ROLE cb_other;
CREATE ROLE cb_group;
CREATE SCHEMA own AUTHORIZATION cb_other;
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => 'open, own, app');
CREATE TABLE own.counter AS SELECT 100 AS last;
GRANT ALL ON SCHEMA own TO cb_app;
GRANT ALL ON own.counter TO cb_app;
SELECT is(state, 'done', 'an application that needs its own schema works') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 5}')$$);
SELECT results_eq('SELECT last FROM own.counter', 'VALUES (100)', '... with what stands there, not in one of somebody else');
SELECT ok(bool_and(number ~ '^N-\d\d?$'), '... its values') FROM app.plain WHERE company_id = 5;
-- How somebody else may create there
CREATE FUNCTION public.path_state(grant_it text, undo text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE grant_it;
  SELECT state INTO result FROM public.failure($q$SELECT cb.clone_company('1', '{"id": 6}')$q$);
  DELETE FROM app.plain WHERE company_id = 6;
  DELETE FROM app.checked WHERE company_id = 6;
  DELETE FROM app.company WHERE id = 6;
  EXECUTE undo;
  RETURN result;
END $$;
SELECT is(public.path_state(how, undo), expected, how) FROM (VALUES
  ('SELECT', 'SELECT', 'done'),
  ('GRANT CREATE ON SCHEMA app TO PUBLIC', 'REVOKE CREATE ON SCHEMA app FROM PUBLIC', '42883'),
  ('GRANT CREATE ON SCHEMA app TO cb_other', 'REVOKE CREATE ON SCHEMA app FROM cb_other', '42883'),
  ('GRANT CREATE ON SCHEMA app TO cb_group', 'REVOKE CREATE ON SCHEMA app FROM cb_group', '42883'),
  ('GRANT CREATE ON SCHEMA app TO cb_group; GRANT cb_group TO cb_other', 'REVOKE CREATE ON SCHEMA app FROM cb_group; REVOKE cb_group FROM cb_other', '42883'),
  ('ALTER SCHEMA app OWNER TO cb_other; GRANT USAGE ON SCHEMA app TO cb_app', 'ALTER SCHEMA app OWNER TO cb_app', '42883'),
  ('ALTER SCHEMA app OWNER TO cb_group; GRANT USAGE ON SCHEMA app TO cb_app; GRANT cb_group TO cb_app, cb_other', 'ALTER SCHEMA app OWNER TO cb_app; REVOKE cb_group FROM cb_app, cb_other', '42883'),
  -- who may act as the owner is no other
  ('GRANT cb_app TO cb_other', 'REVOKE cb_app FROM cb_other', 'done'),
  ('GRANT cb_app TO cb_group; GRANT cb_group TO cb_other', 'REVOKE cb_app FROM cb_group; REVOKE cb_group FROM cb_other', 'done'),
  ('GRANT cb_app TO cb_other; GRANT CREATE ON SCHEMA app TO cb_other', 'REVOKE cb_app FROM cb_other; REVOKE CREATE ON SCHEMA app FROM cb_other', 'done'),
  ('GRANT USAGE ON SCHEMA app TO PUBLIC', 'REVOKE USAGE ON SCHEMA app FROM PUBLIC', 'done')
) AS c (how, undo, expected);
-- "$user" is the schema of the code's owner
SELECT cb.set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => '"$user", public');
SELECT is(public.path_state('SELECT', 'SELECT'), '42883', 'the schema has not his name');
ALTER SCHEMA app RENAME TO cb_app;
SELECT cb.set_company_table('cb_app.company', identity_columns => '{}', scope_columns => '{company_id}', search_path => '"$user", public');
SELECT cb.forget_stale_rules();
SELECT cb.set_table_rule('cb_app.counter', 'shared');
SELECT is(state, 'done', 'now it has') FROM public.failure($$SELECT cb.clone_company('1', '{"id": 7}')$$);
ALTER SCHEMA cb_app RENAME TO app;
SELECT * FROM finish();

DROP EXTENSION company_backup;
DROP SCHEMA cb, app, open, own CASCADE;
DROP FUNCTION public.failure, public.path_state;
DROP OWNED BY cb_app;
DROP ROLE cb_app, cb_other, cb_group;
