-- Rows without a key that came without what they referred to do not come again in full.
\ir app.psql
SELECT * FROM no_plan();
SET client_min_messages = warning;

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
CREATE TABLE app.label (company_id int NOT NULL REFERENCES app.company, seen int[], word text);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.label', '{seen}', 'app.customer');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.customer (company_id, name) SELECT 1, 'c' || n FROM generate_series(1, 4) n;
INSERT INTO app.label VALUES (1, '{1,2,3}', 'w'), (1, '{2}', 'v');
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION pg_temp.labels() RETURNS TABLE (word text, customers text) LANGUAGE sql AS $$
  SELECT word, (SELECT string_agg(name, ',' ORDER BY name) FROM unnest(seen) u JOIN app.customer ON id = u AND company_id = 2) FROM app.label WHERE company_id = 2 $$;

SELECT set_row_check('app.customer', 'name <> ''c2''');
SELECT keep_restore(restore_company(2, :backup, mode => 'merge', on_error => 'skip'));
SELECT bag_eq('SELECT * FROM pg_temp.labels()', $$VALUES ('w', 'c1,c3'), ('v', NULL)$$, 'without a customer that is refused');
SELECT set_row_check('app.customer', NULL);
SELECT keep_restore(restore_company(2, :backup, mode => 'merge'));
SELECT results_eq('SELECT name FROM app.customer WHERE company_id = 2 ORDER BY name', $$VALUES ('c1'), ('c2'), ('c3'), ('c4')$$, 'the customer comes later');
SELECT bag_eq('SELECT * FROM pg_temp.labels()', $$VALUES ('w', 'c1,c3'), ('v', NULL)$$, 'what came without it does not come again');

SELECT forget_id_map(2);
DELETE FROM app.label WHERE company_id = 2;
DELETE FROM app.customer WHERE company_id = 2;
SELECT keep_restore(restore_company(2, :backup, mode => 'merge'));
DELETE FROM app.customer WHERE company_id = 2 AND name = 'c3';
DELETE FROM app.label WHERE company_id = 2;
INSERT INTO app.label VALUES (1, '{3,4}', 'new');
SELECT backup_company(1) AS newer \gset
SELECT keep_restore(restore_company(2, :newer, mode => 'merge'));
SELECT bag_eq('SELECT * FROM pg_temp.labels()', $$VALUES ('new', 'c4')$$, 'without a customer that was deleted');
SELECT keep_restore(restore_company(2, :newer, mode => 'merge'));
SELECT bag_eq('SELECT * FROM pg_temp.labels()', $$VALUES ('new', 'c4')$$, 'the next merge adds nothing');

SELECT * FROM finish();
ROLLBACK;
