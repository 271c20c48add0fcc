-- A table owner who plants code everywhere gains nothing when a superuser works on the tables:
-- nothing of it runs with the superuser's rights, neither in queries nor while they are planned,
-- nor as the extension's owner. Sessions are begun anew, for what a session has cached hides traps.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE ROLE cb_mallory;
CREATE ROLE cb_trent;
CREATE SCHEMA evil AUTHORIZATION cb_mallory;
CREATE SCHEMA trent AUTHORIZATION cb_trent;
CREATE TABLE public.ran (who name, super boolean, what text);
GRANT INSERT, SELECT ON public.ran TO PUBLIC;
GRANT USAGE ON SCHEMA evil TO PUBLIC;

SET ROLE cb_mallory;
-- Declared immutable, so that it may stand everywhere; a function it calls writes all the same.
CREATE FUNCTION evil.spring(what text) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO public.ran SELECT rolname, rolsuper, what FROM pg_catalog.pg_roles WHERE rolname = current_user;
  RETURN 1;
END $$;
CREATE FUNCTION evil.trap(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN evil.spring(what); END $$;
CREATE FUNCTION evil.inlined(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT evil.trap('inlined function') + n $$;
CREATE FUNCTION evil.each(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN evil.spring('each row') + n; END $$;
CREATE FUNCTION evil.fine(t text, what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring(what); RETURN true; END $$;

-- Types -----------------------------------------------------------------------------------------
CREATE DOMAIN evil.key AS text CHECK (evil.fine(VALUE, 'domain of the company key'));
CREATE DOMAIN evil.sum AS numeric CHECK (evil.trap('domain') > 0 AND VALUE >= 0);
CREATE TYPE evil.mood AS ENUM ('good', 'bad', 'a');
CREATE TYPE evil.pair AS (a int, b text);
CREATE FUNCTION evil.mood_text(evil.mood) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('cast of an enum'); RETURN 'a'; END $$;
CREATE FUNCTION evil.pair_text(evil.pair) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('cast of a composite'); RETURN 'a'; END $$;
CREATE FUNCTION evil.moods_text(evil.mood[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('cast of an array'); RETURN '{a}'; END $$;
CREATE CAST (evil.mood AS text) WITH FUNCTION evil.mood_text(evil.mood) AS ASSIGNMENT;
CREATE CAST (evil.pair AS text) WITH FUNCTION evil.pair_text(evil.pair) AS ASSIGNMENT;
CREATE FUNCTION evil.text_mood(text) RETURNS evil.mood LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('cast to an enum'); RETURN 'a'; END $$;
CREATE FUNCTION evil.text_moods(text) RETURNS evil.mood[] LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('cast to an array'); RETURN '{a}'; END $$;
CREATE CAST (text AS evil.mood) WITH FUNCTION evil.text_mood(text) AS ASSIGNMENT;
CREATE CAST (text AS evil.mood[]) WITH FUNCTION evil.text_moods(text) AS ASSIGNMENT;
CREATE CAST (evil.mood[] AS text[]) WITH FUNCTION evil.moods_text(evil.mood[]) AS ASSIGNMENT;
CREATE FUNCTION evil.same_mood(evil.mood, evil.mood) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM evil.spring('operator of an enum'); RETURN true; END $$;
CREATE OPERATOR evil.= (LEFTARG = evil.mood, RIGHTARG = evil.mood, FUNCTION = evil.same_mood);
CREATE OPERATOR evil.< (LEFTARG = evil.mood, RIGHTARG = evil.mood, FUNCTION = evil.same_mood);
CREATE COLLATION evil."C" (PROVIDER = icu, LOCALE = 'sv');

-- Tables --------------------------------------------------------------------------------------------
CREATE TABLE evil.company (
    id evil.key PRIMARY KEY DEFAULT evil.trap('default')::text,
    name text NOT NULL CHECK (evil.fine(name, 'check')),
    extra int GENERATED ALWAYS AS (evil.trap('generated column')) STORED);
CREATE INDEX ON evil.company ((evil.trap('index expression')));
CREATE INDEX ON evil.company (id) WHERE evil.trap('index predicate') > 0;
CREATE INDEX ON evil.company (evil.inlined(length(name)));
CREATE INDEX ON evil.company (evil.each(length(name)));
CREATE STATISTICS evil.company_statistics ON (length(name) + evil.trap('statistics')), name FROM evil.company;
CREATE TABLE evil.document (
    id evil.mood, company_id evil.key NOT NULL REFERENCES evil.company, part int,
    total evil.sum DEFAULT evil.trap('default'), pair evil.pair, tags evil.mood[], kind evil.mood,
    code text, refs text[], doc jsonb,
    PRIMARY KEY (id, part)) PARTITION BY RANGE (part);
CREATE TABLE evil.document_1 PARTITION OF evil.document FOR VALUES FROM (0) TO (10);
CREATE INDEX ON evil.document ((evil.trap('index of a partitioned table') + part));
CREATE TABLE evil.spread (id int NOT NULL, company_id evil.key NOT NULL REFERENCES evil.company)
    PARTITION BY RANGE ((evil.trap('partition key') + id));
CREATE TABLE evil.spread_1 PARTITION OF evil.spread FOR VALUES FROM (0) TO (1000);
CREATE TABLE evil.code (mood evil.mood NOT NULL UNIQUE, pair evil.pair NOT NULL UNIQUE, label text,
    company_id evil.key NOT NULL REFERENCES evil.company);
CREATE TABLE evil.keyless (company_id evil.key NOT NULL REFERENCES evil.company, what evil.pair);
CREATE TABLE evil.parent (id int PRIMARY KEY CHECK (evil.trap('check of a parent') > 0),
    company_id evil.key NOT NULL REFERENCES evil.company);
CREATE TABLE evil.child (CHECK (evil.trap('check of a child') > 0)) INHERITS (evil.parent);
INSERT INTO evil.company (id, name) VALUES ('a', 'Ant'), ('b', 'Bee');
INSERT INTO evil.document (id, company_id, part, total, pair, tags, kind, code, refs, doc) VALUES
  ('good', 'a', 1, 1, '(1,a)', '{good}', 'good', 'good', '{good}', '{"mood": "good"}'),
  ('a', 'a', 2, 1, '(1,a)', '{a}', 'a', 'a', '{a}', '{"mood": "a"}');
INSERT INTO evil.spread VALUES (1, 'a');
INSERT INTO evil.code VALUES ('good', '(1,a)', 'G', 'a'), ('a', '(1,b)', 'A', 'a');
INSERT INTO evil.keyless VALUES ('a', '(1,x)');
INSERT INTO evil.parent VALUES (1, 'a');

-- Triggers, rules, policies, views
CREATE FUNCTION evil.fire() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.spring('trigger'); RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON evil.company FOR EACH ROW EXECUTE FUNCTION evil.fire();
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON evil.document FOR EACH ROW EXECUTE FUNCTION evil.fire();
CREATE RULE r AS ON UPDATE TO evil.company DO ALSO SELECT evil.spring('rule');
ALTER TABLE evil.company ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON evil.company USING (evil.fine(name, 'policy'));
GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;

-- Namesakes of what the extension calls, first in the search path
CREATE FUNCTION evil.concat(anyelement) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('concat'); RETURN ''; END $$;
CREATE FUNCTION evil.concat(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('concat'); RETURN ''; END $$;
CREATE FUNCTION evil.concat_ws(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('concat_ws'); RETURN ''; END $$;
CREATE FUNCTION evil.encode(bytea, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('encode'); RETURN ''; END $$;
CREATE FUNCTION evil.convert_to(text, name) RETURNS bytea LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('convert_to'); RETURN ''; END $$;
CREATE FUNCTION evil.translate(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('translate'); RETURN ''; END $$;
CREATE FUNCTION evil.to_regprocedure(text) RETURNS regprocedure LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('to_regprocedure'); RETURN NULL; END $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('current_setting'); RETURN ''; END $$;
CREATE FUNCTION evil.nextval(text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('nextval'); RETURN 1; END $$;
CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('nextval'); RETURN 1; END $$;
CREATE FUNCTION evil.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('unnest'); END $$;
CREATE FUNCTION evil.format_type(oid, integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('format_type'); RETURN ''; END $$;
CREATE FUNCTION evil.int8_in_state(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('aggregate'); RETURN $1; END $$;
CREATE AGGREGATE evil.count(*) (SFUNC = evil.int8_in_state, STYPE = bigint);
CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('=(text)'); RETURN true; END $$;
CREATE FUNCTION evil.eq(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('=(oid)'); RETURN true; END $$;
CREATE FUNCTION evil.eq(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('=(bigint)'); RETURN true; END $$;
CREATE FUNCTION evil.eq(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring('=(name)'); RETURN true; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.eq);
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.eq);
CREATE VIEW evil.backup AS SELECT evil.spring('view backup')::bigint AS id, ''::text AS company;
CREATE VIEW evil.settings AS SELECT evil.spring('view settings') AS guard_schema;
CREATE VIEW evil.pg_class AS SELECT evil.spring('view pg_class')::oid AS oid;
CREATE VIEW evil.pg_namespace AS SELECT evil.spring('view pg_namespace')::oid AS oid;
RESET ROLE;

-- A second owner: neither's code runs as the other.
SET ROLE cb_trent;
CREATE TABLE trent.diary (id int PRIMARY KEY, company_id text NOT NULL, secret text);
INSERT INTO trent.diary VALUES (1, 'a', 's');
RESET ROLE;

SELECT cb.set_company_table('evil.company', scope_columns => '{company_id}', identity_columns => '{}');
SELECT cb.set_column_rule('trent.diary', 'secret', 'secret');
-- References that can only be compared as text, from and to types with casts of their own
SELECT cb.set_reference('evil.document', '{code}', 'evil.code', '{mood}');
SELECT cb.set_reference('evil.document', '{refs}', 'evil.code', '{mood}');
SELECT cb.set_reference('evil.document', '{tags}', 'evil.code', '{mood}');
SELECT cb.set_reference('evil.document', '{pair}', 'evil.code', '{pair}', when_column => 'kind', when_value => 'good');
SELECT cb.set_column_rule('evil.document', 'pair', 'data');
SELECT cb.set_reference('evil.document', '{doc}', 'evil.code', '{mood}', json_path => '$.mood');

-- The traps work: a superuser who merely looks at the tables springs them ------------------------
\connect -
SET client_min_messages = warning;
TRUNCATE public.ran;
SELECT count(*) >= 0 FROM evil.company, evil.spread;
SELECT kind::text, pair::text, tags::text[] FROM evil.document;
SELECT 'c'::evil.key;
CREATE TABLE public.sprung AS SELECT DISTINCT what FROM public.ran WHERE super;

-- A superuser at work, in a path full of decoys ------------------------------------------------------
\connect -
SET client_min_messages = warning;
TRUNCATE public.ran;
CREATE TABLE public.done (who name, what text, answer text);
GRANT INSERT ON public.done TO PUBLIC;
CREATE FUNCTION public.attempt(what text, call text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE answer text := 'done';
BEGIN
  BEGIN
    PERFORM pg_catalog.set_config('search_path', 'evil, pg_catalog, cb, public', true);
    EXECUTE call;
  EXCEPTION WHEN OTHERS THEN
    answer := SQLSTATE OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) SQLERRM;
  END;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  INSERT INTO public.done VALUES (current_user, what, answer);
END $$;
SELECT public.attempt('company_scope', 'SELECT cb.company_scope()');
SELECT public.attempt('check_company_scope', 'SELECT cb.check_company_scope()');
SELECT public.attempt('propose_company_rules', 'SELECT cb.propose_company_rules()');
-- No reference is made of elements of somebody's type.
SELECT hint FROM cb.check_company_scope() WHERE object = 'evil.document.tags' AND severity = 'error' \gexec
SELECT public.attempt('company_contents', $$SELECT cb.company_contents('a')$$);
SELECT public.attempt('check_company_data', $$SELECT cb.check_company_data('a')$$);
SELECT public.attempt('unknown company', $$SELECT cb.company_contents('nobody')$$);
SELECT public.attempt('backup_company', $$SELECT cb.backup_company('a', on_error => 'record')$$);
SELECT public.attempt('stream_backup', $$SELECT cb.stream_backup('b')$$);
SELECT max(id) AS backup FROM cb.company_backups() \gset
SELECT public.attempt('read_backup', format('SELECT cb.read_backup(%s)', :backup));
SELECT public.attempt('backup_contents', format('SELECT cb.backup_contents(%s)', :backup));
SELECT public.attempt('backup_manifest', format('SELECT cb.backup_manifest(%s)', :backup));
SELECT public.attempt('company_backups', $$SELECT cb.company_backups('a')$$);
SELECT cb.backup_company('b') AS other \gset
SELECT public.attempt('create_company_from_backup', format($$SELECT cb.create_company_from_backup(%s, '{"id": "c"}')$$, :other));
SELECT public.attempt('clone_company', $$SELECT cb.clone_company('b', '{"id": "d"}')$$);
SELECT public.attempt('plan_ids', format('SELECT cb.plan_ids(NULL::text, %s)', :other));
SELECT public.attempt('publish_template', format($$SELECT cb.publish_template(%s, 'base')$$, :other));
SELECT public.attempt('create_company_from_template', $$SELECT cb.create_company_from_template('base', '{"id": "e"}')$$);
SET ROLE cb_mallory;
TRUNCATE evil.document, evil.spread, evil.code, evil.keyless, evil.parent, evil.child;
SET ROLE cb_trent;
TRUNCATE trent.diary;
RESET ROLE;
SELECT public.attempt('restore_company', format($$SELECT cb.restore_company('a', %s)$$, :backup));
SELECT public.attempt('company_restores', $$SELECT cb.company_restores('a')$$);
SELECT cb.begin_upload('a') AS upload \gset
SELECT cb.append_upload(:upload, seq, data) FROM cb.read_backup(:backup);
SELECT public.attempt('finish_upload', format('SELECT cb.finish_upload(%s)', :upload));
SELECT public.attempt('delete_backup', format('SELECT cb.delete_backup(%s)', :backup));

-- The guard's author changes search_path under the extension's feet ------------------------------
\connect -
SET client_min_messages = warning;
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'evil, pg_catalog', false);
  RETURN true;
END $$;
SELECT cb.set_company_guard('public.guard');
CREATE ROLE cb_service BYPASSRLS;
GRANT USAGE ON SCHEMA evil, trent, cb TO cb_service;
GRANT SELECT ON ALL TABLES IN SCHEMA evil, trent TO cb_service;
SELECT cb.grant_company_backup('cb_service');
SET ROLE cb_service;
SELECT public.attempt('guarded backup_company', $$SELECT cb.backup_company('b')$$);
SELECT public.attempt('guarded begin_upload', $$SELECT cb.begin_upload('a')$$);
RESET ROLE;
SELECT cb.set_company_guard(NULL);

-- A view in the place of a table: by name it is none ------------------------------------------------
SET ROLE cb_mallory;
ALTER TABLE evil.keyless RENAME TO keyless_was;
CREATE VIEW evil.keyless AS SELECT 'a'::text AS company_id, evil.spring('view of a table') AS what;
RESET ROLE;
SELECT public.attempt('view of a table', $$SELECT cb.backup_company('b')$$);
SET ROLE cb_mallory;
ALTER TABLE evil.company RENAME TO company_was;
CREATE VIEW evil.company AS SELECT 'a'::text AS id, 'n'::text AS name, evil.spring('view of the company') AS extra;
RESET ROLE;
SELECT public.attempt('view of the company table', $$SELECT cb.backup_company('a')$$);

-- Foreign tables are read and written as the caller: what would run there is refused --------------
\connect -
SET client_min_messages = warning;
CREATE EXTENSION postgres_fdw;
CREATE SCHEMA home;
CREATE TABLE home.firm (id int PRIMARY KEY, name text);
CREATE TABLE home.note_rows (id int, firm_id int, body text, at int DEFAULT 7);
INSERT INTO home.firm VALUES (1, 'One'), (2, 'Two');
INSERT INTO home.note_rows VALUES (1, 1, 'n');
SELECT format('CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname %L, host %L, port %L)',
    current_database(), split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port')) \gexec
CREATE USER MAPPING FOR CURRENT_USER SERVER here;
-- As who he is: as whom a foreign table of his is read, whoever reads it.
SELECT format('CREATE USER MAPPING FOR cb_mallory SERVER here OPTIONS (user %L, password_required ''false'')', current_user) \gexec
GRANT USAGE ON FOREIGN SERVER here TO cb_mallory;
SET ROLE cb_mallory;
CREATE FOREIGN TABLE evil.note (id int NOT NULL, firm_id int, body text, at int DEFAULT 7) SERVER here
    OPTIONS (schema_name 'home', table_name 'note_rows');
GRANT ALL ON evil.note TO PUBLIC;
RESET ROLE;
SELECT cb.set_company_table('home.firm', scope_columns => '{firm_id}', identity_columns => '{}');
SELECT cb.forget_stale_rules();
SELECT cb.set_table_rule('evil.note', 'company');
SELECT cb.set_table_rule('home.note_rows', 'excluded');
SELECT cb.set_column_rule('evil.note', 'at', 'secret');
SELECT cb.backup_company('1') AS notes \gset
DELETE FROM home.note_rows;
CREATE FUNCTION public.restoring(what text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.attempt(what, format('SELECT cb.restore_company(''1'', %s)', (SELECT max(id) FROM company_backup.backup)));
END $$;
SET ROLE cb_mallory;
CREATE TRIGGER early BEFORE INSERT ON evil.note FOR EACH STATEMENT EXECUTE FUNCTION evil.fire();
CREATE TRIGGER late AFTER INSERT OR UPDATE ON evil.note FOR EACH ROW EXECUTE FUNCTION evil.fire();
CREATE TRIGGER gone AFTER DELETE ON evil.note FOR EACH ROW EXECUTE FUNCTION evil.fire();
RESET ROLE;
SELECT public.restoring('foreign 1: triggers');
SET ROLE cb_mallory;
ALTER FOREIGN TABLE evil.note DISABLE TRIGGER early;
DROP TRIGGER late ON evil.note;
ALTER FOREIGN TABLE evil.note ALTER at SET DEFAULT evil.trap('default');
RESET ROLE;
SELECT public.restoring('foreign 2: default');
SET ROLE cb_mallory;
ALTER FOREIGN TABLE evil.note ALTER at SET DEFAULT abs(-8), ALTER body SET DEFAULT evil.trap('default')::text;
ALTER FOREIGN TABLE evil.note ADD COLUMN more int GENERATED ALWAYS AS (evil.trap('generated column')) STORED;
RESET ROLE;
SELECT public.restoring('foreign 3: generated column');
SET ROLE cb_mallory;
ALTER FOREIGN TABLE evil.note DROP COLUMN more;
CREATE DOMAIN evil.body AS text CHECK (evil.fine(VALUE, 'domain of a foreign table'));
CREATE TYPE evil.bodies AS (body evil.body[]);
ALTER FOREIGN TABLE evil.note ALTER body DROP DEFAULT, ALTER body TYPE evil.body;
RESET ROLE;
SELECT public.restoring('foreign 4: domain');
SET ROLE cb_mallory;
ALTER FOREIGN TABLE evil.note ALTER body TYPE evil.bodies;
RESET ROLE;
SELECT public.attempt('foreign 5: domain inside', $$SELECT cb.backup_company('1')$$);
SET ROLE cb_mallory;
ALTER FOREIGN TABLE evil.note ALTER body TYPE text;
RESET ROLE;
SELECT public.restoring('foreign 6: nothing');
SELECT public.attempt('foreign 7: a clone', $$SELECT cb.clone_company('1', '{"id": 3}')$$);

-- What came of it ------------------------------------------------------------------------------------
\connect -
SET client_min_messages = warning;
SELECT no_plan();
SELECT is((SELECT count(*)::int FROM public.sprung WHERE what IN ('index expression', 'index predicate',
    'inlined function', 'statistics', 'partition key', 'cast of an enum', 'cast of a composite',
    'cast of an array', 'domain of the company key')), 9, 'the traps work');
SELECT results_eq($$SELECT what, answer FROM public.done WHERE what LIKE 'foreign%' ORDER BY what$$,
  $$VALUES ('foreign 1: triggers', 'KB015 loading rows into foreign table "evil.note" would run code of others'),
           ('foreign 2: default', 'KB015 loading rows into foreign table "evil.note" would run code of others'),
           ('foreign 3: generated column', 'KB015 loading rows into foreign table "evil.note" would run code of others'),
           ('foreign 4: domain', 'KB015 reading foreign table "evil.note" would run code of others'),
           ('foreign 5: domain inside', 'KB015 reading foreign table "evil.note" would run code of others'),
           ('foreign 6: nothing', 'done'),
           ('foreign 7: a clone', 'done')$$,
  'code on foreign tables is refused');
SELECT results_eq('SELECT id, firm_id, body, at FROM home.note_rows ORDER BY firm_id', $$VALUES (1, 1, 'n', 8), (1, 3, 'n', 8)$$,
  'without it their rows are restored, and cloned');
SELECT results_eq($$SELECT what, answer FROM public.done WHERE answer <> 'done' AND what NOT LIKE 'foreign%' ORDER BY what COLLATE "C"$$,
  $$VALUES ('unknown company', 'KB002 company "nobody" does not exist'),
           ('view of the company table', 'KB005 the company table evil.company does not exist')$$,
  'everything does its work among them');
SELECT set_has($$SELECT what FROM public.ran$$,
  $$VALUES ('check'), ('generated column'), ('domain'), ('each row'), ('partition key')$$, 'a restore runs what loading rows needs');
SELECT is_empty($$SELECT DISTINCT what FROM public.ran WHERE what IN ('trigger', 'rule')$$, 'no trigger and no rule fires');
SELECT is_empty($$SELECT DISTINCT what FROM public.ran WHERE super$$,
  'nothing of the owner''s code runs with the superuser''s rights');
SELECT is_empty($$SELECT DISTINCT who, what FROM public.ran WHERE who NOT IN ('cb_mallory', 'pg_checkpoint')$$,
  'or with those of another owner or of the caller');
SELECT * FROM finish();

DROP EXTENSION company_backup;
DROP SCHEMA cb, evil, trent, home CASCADE;
DROP EXTENSION postgres_fdw CASCADE;
DROP FUNCTION public.attempt, public.guard, public.restoring;
DROP TABLE public.ran, public.sprung, public.done;
DROP OWNED BY cb_mallory, cb_trent, cb_service;
DROP ROLE cb_mallory, cb_trent, cb_service;
