-- Merges of other companies' rows into tables that refer to themselves: rows that wait for others are added last. A revert
-- still tells them from what somebody added since.
\ir app.psql
SELECT * FROM no_plan();
SET client_min_messages = warning;

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.node (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, up int REFERENCES app.node, uses int);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_column_rule('app.node', 'uses', 'counter');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.node (company_id, uses) SELECT 1, 1 FROM generate_series(1, 5);
SELECT backup_company(1) AS backup \gset
SELECT keep_restore(restore_company(2, :backup, mode => 'merge'));
INSERT INTO app.node (company_id, uses) SELECT 1, 1 FROM generate_series(1, 5);
UPDATE app.node SET up = id + 1 WHERE company_id = 1 AND id BETWEEN 11 AND 14;
UPDATE app.node SET uses = 9 WHERE company_id = 1 AND id % 2 = 0;
DELETE FROM app.node WHERE company_id = 2 AND id IN (6, 8);
SELECT backup_company(1) AS newer \gset
CREATE TEMP TABLE before AS SELECT * FROM app.node;

SELECT restore_company(2, :newer, mode => 'merge', on_deleted => 'add') AS restore \gset
SELECT results_eq(format('SELECT added, changed FROM company_restores(2) WHERE id = %s', :restore), 'VALUES (7::bigint, 2::bigint)', 'rows come, and counters are raised');
SELECT revert_restore(:restore);
SELECT is_empty(format('SELECT * FROM restore_problems(%s)', :restore), 'nobody edited anything');
SELECT bag_eq('SELECT * FROM app.node', 'SELECT * FROM before', 'all is as before');

SELECT restore_company(2, :newer, mode => 'merge', on_deleted => 'add') AS restore \gset
INSERT INTO app.node (id, company_id, uses) VALUES (900, 2, 3);
UPDATE app.node SET uses = 4 WHERE id = 7;
SELECT revert_restore(:restore);
SELECT bag_eq(format('SELECT row_key, problem FROM restore_problems(%s)', :restore),
  $$VALUES ('(900)', 'added after the restore; the revert removes it'), ('(7)', 'changed after the restore; the revert undoes that')$$, 'edits are told');
SELECT bag_eq('SELECT * FROM app.node', 'SELECT * FROM before', 'all is as before');

SELECT * FROM finish();
ROLLBACK;
