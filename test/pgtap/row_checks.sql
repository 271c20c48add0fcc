-- Row checks of partitioned tables, and such that broke since.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text, slug text UNIQUE);
CREATE TABLE app.item (id int, company_id int NOT NULL REFERENCES app.company, name text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE app.item_1 (name text, dropped int, id int NOT NULL, company_id int NOT NULL);
ALTER TABLE app.item_1 DROP dropped;
ALTER TABLE app.item ATTACH PARTITION app.item_1 FOR VALUES FROM (0) TO (100);
CREATE FUNCTION app.fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 <> 'b' $$;
CREATE FUNCTION app.whole(app.item) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.company VALUES (1, 'one', 's1'), (2, 'two', 's2');
INSERT INTO app.item VALUES (1, 1, 'a'), (2, 1, 'b');
SELECT backup_company(1) AS backup \gset
DELETE FROM app.item;
-- The name of the table is that of none of its partitions
SELECT pg_temp.tells(format('SELECT set_row_check(''app.item'', %L)', c), 'KB009 the condition cannot be checked for rows of the table / % / %without the table''s name%')
FROM unnest(ARRAY['item.name <> ''b''', 'app.item.name <> ''b''', 'app.whole(item)', 'app.whole(item.*)', 'item IS NOT NULL']) c;
SELECT set_row_check('app.item', 'app.fine(name)');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE problem LIKE '%row check%'$$, 'nothing is wrong with it');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id FROM app.item', 'VALUES (1)', 'in a partition');
SELECT revert_restore(:restore);
DROP FUNCTION app.fine(text);
SELECT results_eq($$SELECT severity, object, problem, hint FROM check_company_scope() WHERE problem LIKE '%row check%'$$,
  $$VALUES ('warning', 'app.item', 'its row check stops every restore: function app.fine(text) does not exist. It is: app.fine(name)', 'SELECT public.set_row_check(''app.item'', NULL);')$$,
  'a function is gone');
SELECT lives_ok('SELECT backup_company(1)', 'backups do not ask');
SELECT set_row_check('app.item', 'name <> ''b''');
ALTER TABLE app.item RENAME name TO title;
SELECT is((SELECT problem FROM check_company_scope() WHERE problem LIKE '%row check%'), 'its row check stops every restore: column "name" does not exist. It is: name <> ''b''', 'a column is called otherwise');
ALTER TABLE app.item RENAME title TO name;

-- The company's own row stays as it is if another company has its unique value
UPDATE app.company SET slug = 'new', name = 'now' WHERE id = 1;
UPDATE app.company SET slug = 's1' WHERE id = 2;
SELECT is((SELECT note FROM preview_restore(1, :backup, on_error => 'skip') WHERE table_name = 'app.company'), '1 row of the backup is refused by the table, and left out', 'foreseen');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT * FROM app.company ORDER BY id', $$VALUES (1, 'now', 'new'), (2, 'two', 's1')$$, 'the row stays');
SELECT results_eq(format('SELECT table_name, row_key, sqlstate FROM restore_problems(%s) ORDER BY 1', :restore), $$VALUES ('app.company', '(1)', '23505'), ('app.item', '(2)', '23514')$$, 'told');
SELECT revert_restore(:restore);

-- Positions that have moved by one, of which the first cannot come; rows without a key that come without what they referred to
CREATE TABLE app.place (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, pos int NOT NULL, UNIQUE (company_id, pos));
CREATE TABLE app.region (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.tag (company_id int NOT NULL REFERENCES app.company, region_id int REFERENCES app.region, name text UNIQUE);
CREATE TABLE app.kept (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.use (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, kept_id int REFERENCES app.kept);
CREATE TABLE app.part (id int PRIMARY KEY, use_id int NOT NULL REFERENCES app.use, other_id int REFERENCES app.use);
SELECT set_table_rule('app.kept', 'excluded');
INSERT INTO app.place SELECT n, 1, n FROM generate_series(1, 300) n;
INSERT INTO app.region VALUES (1, 1), (2, 1);
INSERT INTO app.tag VALUES (1, 1, 'a'), (1, 2, 'b'), (1, NULL, 'c'), (1, 1, 'd');
INSERT INTO app.kept VALUES (1, 1), (2, 1);
INSERT INTO app.use VALUES (1, 1, 1), (2, 1, 2);
INSERT INTO app.part VALUES (1, 1, 2), (2, 2, 1);
UPDATE app.company SET slug = 's2' WHERE id = 2;
SELECT backup_company(1) AS backup \gset
DELETE FROM app.place; DELETE FROM app.tag; DELETE FROM app.region; DELETE FROM app.part; DELETE FROM app.use; DELETE FROM app.kept WHERE id = 1;
INSERT INTO app.place SELECT n, 1, n + 1 FROM generate_series(1, 300) n;
INSERT INTO app.tag VALUES (2, NULL, 'a'), (2, NULL, 'b');
SELECT set_row_check('app.place', 'id <> 1');
SELECT set_row_check('app.region', 'id <> 1');
SELECT results_eq(format('SELECT table_name, added, changed, removed, unchanged FROM preview_restore(1, %s, on_error => ''skip'') WHERE table_name NOT IN (''app.company'', ''app.item'')', :backup),
  $$VALUES ('app.part', 1::bigint, 0::bigint, 0::bigint, 0::bigint), ('app.place', 0, 0, 0, 300), ('app.region', 1, 0, 0, 0), ('app.tag', 2, 0, 0, 0), ('app.use', 1, 0, 0, 0)$$, 'foreseen');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, sqlstate, count(*) FROM restore_problems(%s) GROUP BY 1, 2 ORDER BY 1, 2', :restore),
  $$VALUES ('app.part', 'KB034', 1::bigint), ('app.part', 'KB048', 1), ('app.place', '23505', 299), ('app.place', '23514', 1), ('app.region', '23514', 1), ('app.tag', '23505', 2),
    ('app.tag', 'KB048', 1), ('app.use', 'KB034', 1)$$, 'told');
SELECT results_eq('SELECT region_id, name FROM app.tag WHERE company_id = 1 ORDER BY 2', $$VALUES (NULL::int, 'c'), (NULL, 'd')$$, 'without a key');
SELECT revert_restore(:restore);
SELECT is_empty('SELECT FROM app.tag WHERE company_id = 1', 'a revert');
SELECT * FROM finish();
ROLLBACK;
