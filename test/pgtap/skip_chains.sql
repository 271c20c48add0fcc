-- on_error => 'skip': rows that refer to later ones of their table, or to tables that come later, however many there are.
\ir app.psql
SELECT * FROM no_plan();
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.task (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, next_id int, name text);
ALTER TABLE app.task ADD FOREIGN KEY (next_id) REFERENCES app.task ON DELETE CASCADE;
-- Each order needs a bill, each bill may need another order
CREATE TABLE app.bill (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, order_id int, name text);
CREATE TABLE app.order_ (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, bill_id int NOT NULL REFERENCES app.bill, notes jsonb);
ALTER TABLE app.bill ADD FOREIGN KEY (order_id) REFERENCES app.order_ ON DELETE CASCADE;
CREATE TABLE app.note (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, about jsonb, tasks int[], first_task int REFERENCES app.task);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.note', '{about}', 'app.order_', json_path => '$.order');
SELECT set_reference('app.note', '{tasks}', 'app.task');
SELECT set_column_rule('app.order_', 'notes', 'data');
INSERT INTO app.company VALUES (1, 'one');
INSERT INTO app.task SELECT n, 1, nullif(n + 1, 301), 't' || n FROM generate_series(1, 300) n;
INSERT INTO app.bill SELECT n, 1, NULL, 'b' || n FROM generate_series(1, 200) n;
INSERT INTO app.order_ SELECT n, 1, n FROM generate_series(1, 200) n;
UPDATE app.bill SET order_id = nullif(id + 1, 201);
INSERT INTO app.note VALUES (1, 1, '{"order": 3}', '{1, 299, 300}', 5), (2, 1, '{"order": 150}', '{200}', 200);
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'task', t::text FROM app.task t UNION ALL SELECT 'bill', t::text FROM app.bill t UNION ALL SELECT 'order', t::text FROM app.order_ t
  UNION ALL SELECT 'note', t::text FROM app.note t $$;

DELETE FROM app.note; TRUNCATE app.bill, app.order_, app.task, app.note;
SELECT set_row_check('app.task', 'name <> ''t250''');
SELECT set_row_check('app.bill', 'name <> ''b100''');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT min(id), max(id), count(*) FROM app.task', 'VALUES (251, 300, 50::bigint)', 'what a chain leads to is missing: none of it comes');
SELECT results_eq('SELECT min(id), max(id), count(*) FROM app.bill', 'VALUES (101, 200, 100::bigint)', 'a chain through two tables');
SELECT results_eq('SELECT min(id), max(id), count(*) FROM app.order_', 'VALUES (101, 200, 100::bigint)', 'from one to the other');
SELECT results_eq('SELECT id, about, tasks, first_task FROM app.note ORDER BY 1', $$VALUES (1, '{"order": null}'::jsonb, '{299,300}'::int[], NULL::int), (2, '{"order": 150}', '{}', NULL)$$,
  'references inside of values are taken out');
SELECT results_eq(format('SELECT table_name, sqlstate, count(*) FROM restore_problems(%s) GROUP BY 1, 2 ORDER BY 1, 2', :restore),
  $$VALUES ('app.bill', '23514', 1::bigint), ('app.bill', 'KB034', 99), ('app.note', 'KB048', 2), ('app.order_', 'KB034', 100), ('app.task', '23514', 1), ('app.task', 'KB034', 249)$$,
  'each of them is told of');
SELECT revert_restore(:restore);
SELECT is_empty('SELECT * FROM pg_temp.rows()', 'a revert');
SELECT restore_company(1, :backup, mode => 'merge', on_error => 'skip') AS restore \gset
SELECT is((SELECT count(*)::int FROM app.task) + (SELECT count(*)::int FROM app.bill), 150, 'a merge leaves out the same');
SELECT revert_restore(:restore);

-- A row that comes without what it referred to is tried once more
CREATE TABLE app.credit (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, amount int);
CREATE TABLE app.buyer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, credit_id int REFERENCES app.credit, a int, CHECK (credit_id IS NOT NULL OR a IS NULL));
INSERT INTO app.credit VALUES (1, 1, 'good', 60), (2, 1, 'bad', 60);
INSERT INTO app.buyer VALUES (1, 1, 1, 1), (2, 1, 2, NULL), (3, 1, 2, 1);
SELECT backup_company(1) AS backup \gset
TRUNCATE app.credit, app.buyer;
SELECT set_row_check('app.credit', 'name <> ''bad''');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id, credit_id FROM app.buyer ORDER BY 1', 'VALUES (1, 1), (2, NULL)', 'a row that is refused without what it referred to is left out');
SELECT * FROM finish();
ROLLBACK;
