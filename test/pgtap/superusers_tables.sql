-- What others have put into the tables of superusers does not run with a superuser's rights when somebody who was
-- granted the extension works on a company: neither types and functions of theirs, nor values that a superuser's
-- own checks evaluate.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE ROLE cb_app;
CREATE ROLE cb_library;
CREATE SCHEMA m AUTHORIZATION cb_library;
GRANT USAGE ON SCHEMA m TO PUBLIC;
CREATE TABLE public.ran (who name, what text);
GRANT INSERT ON public.ran TO PUBLIC;
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
\ir told.psql
SET ROLE cb_library;
CREATE FUNCTION m.note(what text) RETURNS void LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO public.ran VALUES (current_user, what); END $$;
CREATE FUNCTION m.trap(n int, what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.note(what); RETURN n; END $$;
CREATE FUNCTION m.fine(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.note('domain'); RETURN true; END $$;
CREATE FUNCTION m.diff(a int, b int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM m.note('range'); RETURN a - b; END $$;
CREATE TYPE m.span AS RANGE (SUBTYPE = int4, SUBTYPE_DIFF = m.diff);
CREATE DOMAIN m.part AS text CHECK (m.fine(VALUE));
RESET ROLE;

CREATE TABLE public.company (id int PRIMARY KEY, name text);
CREATE TABLE public.without_value (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, token m.part);
CREATE TABLE public.with_default (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, token m.part DEFAULT 'x');
CREATE TABLE public.replaced (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, token m.part);
CREATE TABLE public.ranges (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, d m.span);
CREATE INDEX ON public.ranges USING gist (d);
CREATE TABLE public.indexed (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, d int);
CREATE INDEX ON public.indexed (d) WHERE m.trap(1, 'index predicate') > 0;
CREATE INDEX ON public.indexed ((d + m.trap(1, 'index expression')));
CREATE STATISTICS public.sums ON (d + m.trap(1, 'statistics')), id FROM public.indexed;
CREATE TABLE public.parted (id int, company_id int NOT NULL REFERENCES company) PARTITION BY LIST ((id % 2 + m.trap(1, 'partition key')));
CREATE TABLE public.parted_rest PARTITION OF public.parted DEFAULT;
CREATE FUNCTION public.parses(query text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'EXPLAIN ' || query; RETURN true; END $$;
CREATE TABLE public.report (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, query text CHECK (public.parses(query)));
CREATE TABLE public.searched (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, query text);
CREATE FUNCTION public.plan_of(query text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE query; RETURN (query); END $$;
CREATE UNIQUE INDEX ON public.searched (public.plan_of(query || id || company_id));
ALTER TABLE public.searched ADD renewed text GENERATED ALWAYS AS (public.plan_of(query)) STORED;
-- An ANALYZE by the autovacuum launcher runs such code as the tables' owner, a superuser: it is not what is looked at here.
SELECT format('ALTER TABLE %s SET (autovacuum_enabled = false)', oid::regclass) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \gexec
INSERT INTO company VALUES (1, 'One');
INSERT INTO ranges SELECT n, 1, m.span(n * 10, n * 10 + 3) FROM generate_series(1, 500) AS n;
INSERT INTO with_default VALUES (1, 1, 't');
INSERT INTO without_value VALUES (1, 1, 't');
INSERT INTO replaced VALUES (1, 1, 't');
INSERT INTO indexed VALUES (1, 1, 1);
INSERT INTO parted VALUES (1, 1), (2, 1);
INSERT INTO report VALUES (1, 1, 'SELECT m.trap(1, ''check'')');
INSERT INTO searched VALUES (1, 1, 'SELECT m.trap(1, ''index'') --');
SELECT cb.set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT cb.set_column_rule('without_value', 'token', 'secret');
SELECT cb.set_column_rule('with_default', 'token', 'secret');
SELECT cb.set_column_rule('replaced', 'token', 'secret', replacement => '''new''');
SELECT cb.set_column_rule('searched', 'query', 'renew', replacement => 'public.plan_of(old)');
SELECT cb.set_company_guard('public.yes');
SELECT cb.grant_company_backup('cb_app');
GRANT USAGE ON SCHEMA cb TO cb_app;
GRANT ALL ON ALL TABLES IN SCHEMA public TO cb_app;
SELECT no_plan();
TRUNCATE public.ran;

CREATE FUNCTION public.who_ran() RETURNS SETOF name LANGUAGE sql AS
  $$ SELECT DISTINCT who FROM public.ran WHERE who NOT IN ('cb_app', 'cb_library', 'pg_checkpoint') $$;
SET ROLE cb_app;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'ok');
SELECT pg_temp.tells($$SELECT * FROM cb.company_contents('1')$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.clone_company('1', '{"id": 2}')$$, 'ok');
RESET ROLE;
SELECT is_empty('SELECT public.who_ran()', 'nothing ran as a superuser in a backup and a clone');
SELECT ok(EXISTS (SELECT FROM public.ran WHERE what = name), 'but it did run: ' || name)
  FROM unnest('{domain,range,check,index}'::text[]) AS name;
SELECT is(count(*)::int, 500, 'the copy is whole') FROM ranges WHERE company_id = 2;
SELECT is(token, 'new', 'with what replaces') FROM replaced WHERE company_id = 2;
DELETE FROM ranges WHERE company_id = 1 AND id > 10;
DELETE FROM report WHERE company_id = 1;
DELETE FROM without_value WHERE company_id = 1;
UPDATE searched SET query = 'SELECT 1 --' WHERE company_id = 1;
TRUNCATE public.ran;
SET ROLE cb_app;
SELECT pg_temp.tells($$SELECT * FROM cb.preview_restore('1', 1)$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.restore_company('1', 1)$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.revert_restore(max(id)) FROM cb.company_restores() WHERE status = 'review'$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.create_company_from_backup(1, '{"id": 3}', ids => 'remap')$$, 'ok');
RESET ROLE;
SELECT is_empty('SELECT public.who_ran()', 'nor in a restore, its revert and a new company');

-- DDL of ours fires event triggers: what their functions name without a schema is none of the caller's.
CREATE SCHEMA ops;
CREATE TABLE ops.ddl_log (tag text);
GRANT USAGE ON SCHEMA ops TO PUBLIC;
GRANT INSERT ON ops.ddl_log TO PUBLIC;
CREATE FUNCTION ops.log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('ddl_log') IS NOT NULL THEN INSERT INTO ddl_log VALUES (TG_TAG); END IF;
END $$;
CREATE EVENT TRIGGER cb_log_ddl ON ddl_command_end EXECUTE FUNCTION ops.log_ddl();
SELECT current_user AS me, current_database() AS here \gset
CREATE ROLE cb_owner;
GRANT CREATE ON DATABASE :"here" TO cb_owner;
GRANT CREATE ON SCHEMA public TO cb_owner;
ALTER DATABASE :"here" OWNER TO cb_owner;
GRANT USAGE ON SCHEMA cb TO cb_owner;
TRUNCATE public.ran;
SET ROLE cb_owner;
CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user, 'trigger'); RETURN NEW; END $$;
CREATE TEMP TABLE ddl_log (tag text);
CREATE TRIGGER t BEFORE INSERT ON ddl_log FOR EACH ROW EXECUTE FUNCTION public.spring();
GRANT INSERT ON ddl_log TO PUBLIC;
SELECT pg_temp.tells($$SELECT cb.grant_company_backup('cb_library')$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.set_company_guard(NULL)$$, 'ok');
RESET ROLE;
SELECT is_empty($$SELECT who FROM public.ran WHERE who <> 'cb_owner'$$, 'no temporary table stands for that of an event trigger');
SELECT * FROM finish();

DROP EVENT TRIGGER cb_log_ddl;
ALTER DATABASE :"here" OWNER TO :"me";
DROP EXTENSION company_backup;
DROP TABLE pg_temp.ddl_log;
DROP TABLE report, searched, indexed, parted, ranges, without_value, with_default, replaced, company, ran;
DROP FUNCTION parses, plan_of, yes, who_ran, spring CASCADE;
DROP SCHEMA cb, ops, m CASCADE;
DROP OWNED BY cb_app, cb_library, cb_owner;
DROP ROLE cb_app, cb_library, cb_owner;
