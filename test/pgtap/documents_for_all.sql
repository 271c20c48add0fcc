-- Rules for all tables that say what stands in documents, beside rules that say what the rest of them is; what such
-- rules leave out; and one path that is spelt in several ways.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE FUNCTION pg_temp.findings(wanted text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(object || ': ' || problem || coalesce(' -> ' || hint, ''), E'\n' ORDER BY object COLLATE "C", problem) FROM cb.check_company_scope() WHERE severity = wanted $$;
CREATE FUNCTION pg_temp.paths() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(target_table || ' ' || json_path, ', ' ORDER BY target_table, json_path) FROM company_backup.reference_rule $$;
CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE TABLE public.stage (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), co_id int NOT NULL REFERENCES public.co, no int);
CREATE TABLE public.flow (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), co_id int NOT NULL REFERENCES public.co, doc jsonb);
CREATE TABLE public.plan (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), co_id int NOT NULL REFERENCES public.co, doc json);
INSERT INTO public.co VALUES (1, 'a');
INSERT INTO public.stage VALUES ('11111111-1111-4111-8111-111111111111', 1, 1);
SELECT set_company_table('public.co', identity_columns => '{}');
SELECT set_column_rule('public.stage', 'no', 'data');
-- One place holds IDs, and another one a copy that stays as it is.
CREATE FUNCTION pg_temp.doc(id uuid) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('ref', id, 'log', '11111111-1111-4111-8111-111111111111') $$;
INSERT INTO public.flow (co_id, doc) SELECT 1, pg_temp.doc(id) FROM public.stage;
INSERT INTO public.plan (co_id, doc) SELECT 1, pg_temp.doc(id)::json FROM public.stage;
CREATE FUNCTION pg_temp.is_renewed(company int) RETURNS boolean LANGUAGE sql AS $$
  SELECT bool_and(d.doc = pg_temp.doc(s.id)) AND count(*) = 2 FROM public.stage s, (SELECT co_id, doc FROM public.flow UNION ALL SELECT co_id, doc::jsonb FROM public.plan) d
  WHERE s.co_id = company AND d.co_id = company AND s.id <> '11111111-1111-4111-8111-111111111111' $$;
SAVEPOINT start;

-- The leftover hint of a table settles its column and leaves the rule for all tables what it is.
SELECT set_reference(NULL, '{doc}', 'public.stage', json_path => '$.ref');
SELECT pg_temp.tells($$SELECT clone_company('1', '{"id": 2}')$$, 'KB039 % "doc" of table "public.flow"%set_column_rule(''public.flow'', ''doc'', ''data'').');
SELECT set_column_rule('public.flow', 'doc', 'data');
SELECT pg_temp.tells($$SELECT clone_company('1', '{"id": 2}')$$, 'KB039 % "doc" of table "public.plan"%');
SELECT set_column_rule('public.plan', 'doc', 'data');
SELECT clone_company('1', '{"id": 2}');
SELECT ok(pg_temp.is_renewed(2), 'IDs in documents are new ones though a rule of the table calls the rest data');
SELECT is((SELECT count(*)::int FROM check_company_data('2')), 0, '... none of which dangles');
ROLLBACK TO start;
SELECT set_reference(NULL, '{doc}', 'public.stage', json_path => '$.ref');
SELECT set_column_rule(NULL, 'doc', 'data');
SELECT clone_company('1', '{"id": 2}');
SELECT ok(pg_temp.is_renewed(2), 'the same with a rule for all tables that calls the rest data');
ROLLBACK TO start;
SELECT set_column_rule(NULL, 'doc', 'data');
SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '$.ref');
SELECT set_reference('public.plan', '{doc}', 'public.stage', json_path => '$.ref');
SELECT clone_company('1', '{"id": 2}');
SELECT ok(pg_temp.is_renewed(2), 'and with references of each table');
ROLLBACK TO start;
SELECT set_reference(NULL, '{doc}', 'public.stage', json_path => '$.ref');
SELECT set_column_rule('public.flow', 'doc', 'secret');
SELECT set_column_rule('public.plan', 'doc', 'data');
SELECT clone_company('1', '{"id": 2}');
SELECT is((SELECT count(doc)::int FROM public.flow WHERE co_id = 2), 0, 'what is secret stays behind whatever is in it');
ROLLBACK TO start;

-- What such rules leave out is told.
SELECT set_column_rule('public.plan', 'doc', 'data');
SELECT set_column_rule('public.flow', 'doc', 'data');
CREATE TABLE public.memo (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), co_id int NOT NULL REFERENCES public.co, doc text, about text, about_kind text, no text);
CREATE TABLE public.task (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), co_id int NOT NULL REFERENCES public.co, about uuid, about_kind text);
ALTER TABLE public.stage ADD code text NOT NULL DEFAULT gen_random_uuid() UNIQUE;
ALTER TABLE public.task ADD code text;
SELECT set_reference(NULL, '{doc}', 'public.stage', json_path => '$.ref');
SELECT set_reference(NULL, '{about}', 'public.stage', when_column => 'about_kind', when_value => 'stage');
SELECT set_reference(NULL, '{code}', 'public.stage', '{code}');
SELECT is(pg_temp.findings('notice'), 'public.memo.about: a rule for all tables says what columns of this name refer to, but not this one, whose type is text -> SELECT cb.set_column_rule(''public.memo'', ''about'', ''data'');
public.memo.doc: a rule for all tables says what columns of this name refer to, but not this one, whose type is text -> SELECT cb.set_column_rule(''public.memo'', ''doc'', ''data'');', 'columns of another type are told, also of kinds and documents; the key itself is none');
-- A key that is none any more.
SELECT is(pg_temp.findings('error'), NULL, 'nothing else is open');
SELECT set_reference('public.task', '{code}', NULL);
SELECT set_reference('public.task', '{code}', 'public.stage', '{code}');
ALTER TABLE public.stage DROP CONSTRAINT stage_code_key;
SELECT alike(pg_temp.findings('error'), '*.code: its reference rule names code of public.stage, where several rows can have the same value: %ALTER TABLE public.stage ADD UNIQUE (code);%public.task.code: its reference rule names code of public.stage,%', 'a target that has lost its unique index is told, of each rule');
ALTER TABLE public.stage ADD UNIQUE (code);
SELECT is(pg_temp.findings('error'), NULL, 'the statement settles it');
ROLLBACK TO start;

-- A target that is a group as a rule for all tables says.
CREATE TABLE public.batch (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, batch_no int);
CREATE TABLE public.use (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, used int);
SELECT pg_temp.tells($$SELECT set_reference('public.use', '{used}', 'public.batch', '{batch_no}')$$, 'KB009 (batch_no) is not a key %');
SELECT set_column_rule(NULL, 'batch_no', 'group');
SELECT is(pg_temp.told($$SELECT set_reference('public.use', '{used}', 'public.batch', '{batch_no}')$$), 'ok', 'a group of all tables can be referred to');
ROLLBACK TO start;

-- One path, one rule.
SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '.ref');
SELECT set_reference('public.flow', '{doc}', 'public.flow', json_path => '$."ref"');
SELECT is(pg_temp.paths(), 'flow $.ref', 'two spellings of a path replace each other');
SELECT set_reference('public.flow', '{doc}', NULL, json_path => '$."r\u0065f"');
SELECT is(pg_temp.paths(), NULL, '... and remove each other');
SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '$."caf\u00e9"."a\"b" ? (@."d\u00e9" == "\u00fc").x');
SELECT is(pg_temp.paths(), 'stage $.café."a\"b" ? (@.dé == "ü").x', 'escapes are what they stand for');
UPDATE public.flow SET doc = jsonb_build_object('café', jsonb_build_object('a"b', jsonb_build_object('dé', 'ü', 'x', 7)));
SELECT is((SELECT problem FROM check_company_data('1')), 'leads nowhere: no row of public.stage has 7', '... in names of members, too');
SELECT pg_temp.tells($$SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '$."a\x41"')$$, 'KB009 invalid JSON path: % A quoted key has no end, is empty, or has escapes that JSON has not. %');
ROLLBACK TO start;
-- As they were stored once.
SELECT set_reference(NULL, '{doc}', 'public.flow', json_path => '$.ref');
SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '$.ref');
SELECT set_column_rule('public.plan', 'doc', 'data');
UPDATE company_backup.reference_rule SET json_path = '.ref' WHERE table_name <> '';
INSERT INTO company_backup.reference_rule (table_schema, table_name, columns, target_schema, target_table, json_path) VALUES ('public', 'flow', '{doc}', 'public', 'stage', '$."ref"');
UPDATE public.plan SET doc = NULL;
SELECT is(pg_temp.findings('error'), NULL, 'old spellings are the same rule');
SELECT is((SELECT count(*)::int FROM check_company_data('1')), 0, '... which goes before the one for all tables');
SELECT set_reference('public.flow', '{doc}', NULL, json_path => '$.ref');
SELECT is(pg_temp.paths(), 'flow $.ref', '... and is removed, however often it is there');
ROLLBACK TO start;

-- A rule is a key: its parts are bounded.
SELECT set_reference('public.flow', '{doc}', 'public.stage', json_path => '$ ? (@.x == "' || (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 60) n) || '").id');
SELECT pg_temp.tells(format('SELECT set_reference(''public.flow'', ''{doc}'', ''public.stage'', json_path => %L)', '$ ? (@.x == "' || (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n) || '").id'),
  '22023 the columns, json_path and when_value of a reference are too long / Together they take % bytes%');
SELECT * FROM finish();
ROLLBACK;
