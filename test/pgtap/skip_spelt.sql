-- on_error => 'skip': references that are not spelt as the key is, of types in which different texts are equal.
\ir app.psql
SELECT * FROM no_plan();
CREATE EXTENSION citext;
CREATE COLLATION app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.part (id numeric PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, c citext UNIQUE, ch char(5) UNIQUE, n text COLLATE app.ci UNIQUE,
  ts timestamptz UNIQUE, bad boolean);
CREATE TABLE app.soft (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, part numeric, c citext, n text COLLATE app.ci, ts timestamptz);
CREATE TABLE app.hard (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, part numeric REFERENCES app.part, c citext REFERENCES app.part (c), ch char(8),
  n text COLLATE app.ci REFERENCES app.part (n), whole int REFERENCES app.part (id));
CREATE TABLE app.code (id char(4) PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, bad boolean);
CREATE TABLE app.use (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code char(4) REFERENCES app.code, name text);
CREATE FUNCTION app.fine(bad boolean) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT NOT bad $$;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.soft', ARRAY[s], 'app.part', ARRAY[k]) FROM (VALUES ('part', 'id'), ('c', 'c'), ('n', 'n'), ('ts', 'ts')) x (s, k);
SELECT set_column_rule('app.hard', 'ch', 'data');
INSERT INTO app.company VALUES (1, 'one');
INSERT INTO app.part VALUES (1.0, 1, 'Abc', 'ab', 'Straße', '2026-01-01 00:00+00', true), (2.0, 1, 'Def', 'de', 'x', '2026-01-02 00:00+00', false);
INSERT INTO app.soft (id, company_id, part, ts) VALUES (1, 1, 1.00, '2026-01-01 02:00+02');
INSERT INTO app.soft (id, company_id, part, c, n) VALUES (2, 1, NULL, 'aBC', NULL), (3, 1, NULL, NULL, 'straße'), (4, 1, NULL, NULL, 'STRAße'), (5, 1, 2.00, 'dEF', 'X');
INSERT INTO app.hard (id, company_id, part, c, n, whole) VALUES (1, 1, 1.00, NULL, NULL, NULL), (2, 1, NULL, 'aBC', NULL, NULL), (3, 1, NULL, NULL, 'STRAße', NULL), (4, 1, NULL, NULL, NULL, 1),
  (5, 1, 2.00, 'dEF', 'X', 2);
INSERT INTO app.code VALUES ('ab', 1, true), ('cd', 1, false);
INSERT INTO app.use VALUES (1, 1, 'cd', 'bad');
SELECT backup_company(1) AS backup \gset
DELETE FROM app.hard; DELETE FROM app.soft; DELETE FROM app.part; DELETE FROM app.use; DELETE FROM app.code;
SELECT set_row_check('app.part', 'NOT bad');
SET timezone = 'Asia/Tokyo';
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id, part, c::text, n COLLATE "C", ts FROM app.soft ORDER BY 1',
  $$VALUES (1, NULL::numeric, NULL, NULL::text COLLATE "C", NULL::timestamptz), (5, 2.00, 'dEF', 'X', NULL)$$, 'without a foreign key');
SELECT results_eq('SELECT id, part, c::text, n COLLATE "C", whole FROM app.hard ORDER BY 1', $$VALUES (1, NULL::numeric, NULL, NULL::text COLLATE "C", NULL::int), (4, NULL, NULL, NULL, NULL), (5, 2.00, 'dEF', 'X', 2)$$, 'with one');
SELECT results_eq(format('SELECT table_name, row_key, sqlstate FROM restore_problems(%s) WHERE sqlstate <> ''KB048'' ORDER BY 1, 2', :restore),
  $$VALUES ('app.hard', '(2)', 'KB034'), ('app.hard', '(3)', 'KB034'), ('app.part', '(1.0)', '23514'), ('app.soft', '(2)', 'KB034'), ('app.soft', '(3)', 'KB034'), ('app.soft', '(4)', 'KB034')$$, 'all is told of');
SELECT is_empty('SELECT * FROM check_company_data(1)', 'nothing leads nowhere');
SELECT revert_restore(:restore);

-- Keys that are padded: what refuses them shows at the end, and a row that stays needs one
ALTER TABLE app.code ADD CHECK (app.fine(bad));
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id FROM app.code', $$VALUES ('cd'::char(4))$$, 'refused by a CHECK that calls a function');
SELECT keep_restore(:restore);
SELECT set_row_check('app.use', 'name <> ''bad''');
INSERT INTO app.code VALUES ('ef', 1, false), ('gh', 1, false);
UPDATE app.use SET code = 'ef', name = 'now';
SELECT results_eq(format('SELECT removed FROM preview_restore(1, %s, on_error => ''skip'') WHERE table_name = ''app.code''', :backup), 'VALUES (1::bigint)', 'foreseen');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id FROM app.code ORDER BY 1', $$VALUES ('cd'::char(4)), ('ef')$$, 'it stays');
SELECT * FROM finish();
ROLLBACK;
