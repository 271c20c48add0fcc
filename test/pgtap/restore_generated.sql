-- Restores over rows whose unique values are made of other columns: by generated columns, in a table and in partitions.
\ir app.psql
SELECT plan(9);
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, note text,
  code text GENERATED ALWAYS AS (upper(name)) STORED UNIQUE);
CREATE TABLE app.span (id int, company_id int NOT NULL REFERENCES app.company, low int, width int,
  high int GENERATED ALWAYS AS (low + width) STORED, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE app.span_1 (width int, low int, company_id int NOT NULL, id int NOT NULL, high int GENERATED ALWAYS AS (low + width) STORED);
ALTER TABLE app.span ATTACH PARTITION app.span_1 FOR VALUES FROM (0) TO (100);
CREATE UNIQUE INDEX ON app.span_1 ((high + 1));
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.item VALUES (1, 1, 'a', 'x'), (2, 1, 'b', 'x');
INSERT INTO app.span VALUES (1, 1, 10, 1), (2, 1, 20, 2);
SELECT backup_company(1) AS backup \gset

UPDATE app.item SET name = 't' WHERE id = 1;
UPDATE app.item SET name = 'a' WHERE id = 2;
UPDATE app.item SET name = 'b' WHERE id = 1;
UPDATE app.span SET low = 0 WHERE id = 1;
UPDATE app.span SET low = 9 WHERE id = 2;
UPDATE app.span SET low = 21 WHERE id = 1;
SELECT results_eq(format('SELECT table_name, changed, note FROM preview_restore(1, %s) WHERE changed > 0', :backup),
  $$VALUES ('app.item', 2::bigint, NULL), ('app.span', 2, NULL)$$, 'values that changed hands');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id, name, code FROM app.item ORDER BY 1', $$VALUES (1, 'a', 'A'), (2, 'b', 'B')$$, 'change back');
SELECT results_eq('SELECT id, low, high FROM app.span ORDER BY 1', $$VALUES (1, 10, 11), (2, 20, 22)$$, 'in partitions, too');
SELECT revert_restore(:restore);
SELECT results_eq('SELECT id, name, code FROM app.item ORDER BY 1', $$VALUES (1, 'b', 'B'), (2, 'a', 'A')$$, 'a revert');
SELECT results_eq('SELECT id, low, high FROM app.span ORDER BY 1', $$VALUES (1, 21, 22), (2, 9, 11)$$, 'a revert of partitions');

-- A value that another company took
UPDATE app.item SET name = 'q' WHERE id = 1;
UPDATE app.item SET name = 'b', note = 'now' WHERE id = 2;
INSERT INTO app.item VALUES (9, 2, 'a');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup), '23505 a row of table "app.item" cannot be loaded: another row has its unique value / %');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id, name, code, note FROM app.item WHERE company_id = 1 ORDER BY 1', $$VALUES (1, 'q', 'Q', 'x'), (2, 'b', 'B', 'x')$$, 'the row stays as it is');
SELECT results_eq(format('SELECT row_key, sqlstate, problem FROM restore_problems(%s)', :restore),
  $$VALUES ('(1)', '23505', 'another row has its unique value in "item_code_key"')$$, 'and is told of');
SELECT revert_restore(:restore);
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, mode => ''merge'')', :backup)), 'ok', 'a merge changes no row');
SELECT * FROM finish();
ROLLBACK;
