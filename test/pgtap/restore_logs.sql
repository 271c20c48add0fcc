-- Append-only tables whose rows refer, by references that no foreign key says, to rows that a restore removes: these are told of.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.part (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text UNIQUE, name text);
CREATE TABLE app.log (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, part int, parts int[], code text, doc jsonb, kind text, what int);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.log', '{part}', 'app.part');
SELECT set_reference('app.log', '{parts}', 'app.part');
SELECT set_reference('app.log', '{code}', 'app.part', '{code}');
SELECT set_reference('app.log', '{doc}', 'app.part', json_path => '$.part');
SELECT set_reference('app.log', '{what}', 'app.part', when_column => 'kind', when_value => 'part');
SELECT set_table_rule('app.log', 'append_only');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.part VALUES (1, 1, 'a', 'one'), (2, 1, 'b', 'two'), (3, 2, 'c', 'other');
INSERT INTO app.log VALUES (1, 1, 1, '{1}', 'a', '{"part": 1}', 'part', 1), (9, 2, 3, '{3}', 'c', '{"part": 3}', 'part', 3);
SELECT backup_company(1) AS backup \gset
INSERT INTO app.part VALUES (7, 1, 'g', 'seven'), (8, 1, 'h', 'eight');
UPDATE app.part SET code = 'z' WHERE id = 2;
INSERT INTO app.log VALUES (2, 1, 7, '{1,8,7,8}', 'g', '{"part": 8}', 'part', 7), (3, 1, 1, NULL, 'z', NULL, 'other', 7), (4, 1, 77, '{1}', NULL, NULL, 'part', 1);
CREATE FUNCTION pg_temp.rows() RETURNS SETOF text LANGUAGE sql AS $$ SELECT t::text FROM app.part t UNION ALL SELECT t::text FROM app.log t $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();

SELECT is((SELECT note FROM preview_restore(1, :backup) WHERE table_name = 'app.log'),
  'append-only: rows are added, never changed or removed; '
  'code: 2 rows that stay refer to rows of table app.part that are removed, and will lead nowhere: (2) to (g), (3) to (z); '
  'part: 1 row that stays refers to rows of table app.part that are removed, and will lead nowhere: (2) to (7); '
  'parts: 2 rows that stay refer to rows of table app.part that are removed, and will lead nowhere: (2) to (7), (2) to (8); '
  'what: 1 row that stays refers to rows of table app.part that are removed, and will lead nowhere: (2) to (7)', 'a preview tells how many');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, problem, row_data::text FROM restore_problems(%s) ORDER BY row_key, problem COLLATE "C"', :restore),
  $$VALUES ('app.log', '(2)', 'KB006', 'its reference "doc $.part" leads nowhere: no row of app.part has 8', NULL),
    ('app.log', '(2)', 'KB006', 'its reference code leads nowhere: no row of app.part has g', NULL),
    ('app.log', '(2)', 'KB006', 'its reference part leads nowhere: no row of app.part has 7', NULL),
    ('app.log', '(2)', 'KB006', 'its reference parts leads nowhere: no row of app.part has 7', NULL),
    ('app.log', '(2)', 'KB006', 'its reference parts leads nowhere: no row of app.part has 8', NULL),
    ('app.log', '(2)', 'KB006', 'its reference what leads nowhere: no row of app.part has 7', NULL),
    ('app.log', '(3)', 'KB006', 'its reference code leads nowhere: no row of app.part has z', NULL)$$,
  'each that leads nowhere now is told of, and not what led nowhere before');
SELECT is((SELECT count(*)::int FROM app.log), 5, 'the rows stay');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'a revert');

-- The same where refused rows are left out
SELECT set_row_check('app.part', 'name <> ''two''');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate FROM restore_problems(%s) ORDER BY 1, 2, 3', :restore),
  $$VALUES ('app.log', '(2)', 'KB006'), ('app.log', '(2)', 'KB006'), ('app.log', '(2)', 'KB006'), ('app.log', '(2)', 'KB006'), ('app.log', '(2)', 'KB006'), ('app.log', '(2)', 'KB006'),
    ('app.part', '(2)', '23514')$$, 'a code that stays is still referred to');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'a revert');

-- A key that changes hands
SELECT set_row_check('app.part', NULL);
UPDATE app.part SET code = 'old' WHERE id = 1;
UPDATE app.part SET code = 'a' WHERE id = 7;
INSERT INTO app.log VALUES (5, 1, NULL, NULL, 'a', NULL, NULL, NULL);
SELECT restore_company(1, :backup) AS restore \gset
SELECT is_empty(format('SELECT * FROM restore_problems(%s) WHERE row_key = ''(5)''', :restore), 'leads somewhere still');
SELECT revert_restore(:restore);
SELECT * FROM finish();
ROLLBACK;
