-- A migration during a review: a revert brings rows back in the shape that the tables have by then, and makes up nothing.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
SET client_min_messages = error;

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, color text);
CREATE TABLE app.task (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, title text, points int, state varchar(10) DEFAULT 'open', plan jsonb,
  loud text GENERATED ALWAYS AS (upper(title)) STORED);
CREATE TABLE app.step (id uuid PRIMARY KEY, task_id int NOT NULL REFERENCES app.task ON DELETE CASCADE, label text);
CREATE TABLE app.tag (company_id int NOT NULL REFERENCES app.company, word text);
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.company VALUES (1, 'one', 'red'), (2, 'two', 'blue');
INSERT INTO app.task SELECT n, 1 + (n - 1) % 2, 'task ' || n, n, 'open', '{"b": 1, "a": [2]}' FROM generate_series(1, 8) n;
INSERT INTO app.step SELECT md5(n::text)::uuid, n, 'step ' || n FROM generate_series(1, 8) n;
INSERT INTO app.tag SELECT 1 + n % 2, 'w' || n FROM generate_series(1, 8) n;
SELECT backup_company(1) AS backup \gset
-- One of each: changed, gone, new.
UPDATE app.company SET color = 'green' WHERE id = 1;
UPDATE app.task SET title = 'new title', points = 77 WHERE id = 1;
DELETE FROM app.task WHERE id = 3;
INSERT INTO app.task VALUES (31, 1, 'task 31', NULL, 'late', NULL);
INSERT INTO app.step VALUES (md5('31')::uuid, 31, 'step 31');
DELETE FROM app.tag WHERE word = 'w2';
INSERT INTO app.tag VALUES (1, 'w31');

-- What a company has of what nobody migrates away. Views keep their columns, whatever these are called.
CREATE VIEW app.all_rows AS
  SELECT 'company' AS relation, c.id::text AS row_key, concat_ws(' ', c.name, c.color) AS content FROM app.company c
  UNION ALL SELECT 'task', t.id::text, concat_ws(' ', t.company_id, t.title) FROM app.task t
  UNION ALL SELECT 'step', s.id::text, concat_ws(' ', s.task_id, s.label) FROM app.step s
  UNION ALL SELECT 'tag', '', concat_ws(' ', g.company_id, g.word) FROM app.tag g;
CREATE TEMP TABLE before AS SELECT * FROM app.all_rows;

-- Restores, migrates, perhaps edits, reverts; says what is not as it was, and which edits were discarded. Nothing of it stays.
CREATE FUNCTION pg_temp.revert_after(migration text, edit text = 'SELECT') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  restore bigint;
  wrong text;
  hint text;
  discarded text;
BEGIN
  BEGIN
    restore := restore_company(1, (SELECT max(id) FROM company_backups(1)));
    EXECUTE migration;
    EXECUTE edit;
    PERFORM revert_restore(restore);
    SELECT string_agg(w::text, ' ' ORDER BY w::text) INTO wrong FROM
      ((SELECT '-' AS what, b.* FROM (TABLE before EXCEPT ALL TABLE app.all_rows) b) UNION ALL
       (SELECT '+', b.* FROM (TABLE app.all_rows EXCEPT ALL TABLE before) b)) w;
    SELECT string_agg(table_name || ' ' || row_key, ', ' ORDER BY table_name, row_key) INTO discarded FROM restore_problems(restore);
    RAISE EXCEPTION 'done' USING ERRCODE = 'ZZ999';
  EXCEPTION WHEN sqlstate 'ZZ999' THEN
    RETURN concat_ws(' / ', coalesce(wrong, 'as before'), discarded);
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS wrong = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', SQLSTATE || ' ' || SQLERRM, nullif(wrong, ''), nullif(hint, ''));
  END;
END $$;

SELECT is(pg_temp.revert_after(migration), 'as before', 'after ' || migration) FROM unnest(ARRAY[
  'SELECT',
  'ALTER TABLE app.task ADD due date',
  'ALTER TABLE app.task ADD kind text NOT NULL DEFAULT ''usual''',
  'ALTER TABLE app.tag ADD kind text',
  'ALTER TABLE app.company ADD logo bytea',
  'ALTER TABLE app.task DROP points',
  'ALTER TABLE app.task DROP plan, DROP state',
  'ALTER TABLE app.task ALTER points TYPE bigint',
  'ALTER TABLE app.task ALTER points TYPE numeric',
  'ALTER TABLE app.task ALTER points TYPE text',
  'ALTER TABLE app.task ALTER state TYPE text',
  'ALTER TABLE app.task ALTER state TYPE varchar(4)',
  'ALTER TABLE app.task RENAME points TO score',
  'ALTER TABLE app.task RENAME points TO score; ALTER TABLE app.task ADD points int',
  'ALTER TABLE app.task RENAME title TO headline',
  'ALTER TABLE app.task RENAME company_id TO firm_id',
  'ALTER TABLE app.task RENAME id TO number',
  'ALTER TABLE app.step RENAME task_id TO of_task',
  'ALTER TABLE app.tag RENAME word TO text',
  'ALTER TABLE app.company RENAME color TO paint',
  'ALTER TABLE app.step RENAME TO stage',
  'ALTER TABLE app.tag RENAME TO label',
  'ALTER TABLE app.task RENAME TO job; ALTER TABLE app.step RENAME TO job_step',
  'ALTER TABLE app.company RENAME TO firm; SELECT set_company_table(''app.firm'', identity_columns => ''{}'')',
  'CREATE SCHEMA moved; ALTER TABLE app.step SET SCHEMA moved',
  'CREATE TABLE app.extra (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company)',
  'CREATE TABLE app.extra (id int PRIMARY KEY, task_id int NOT NULL REFERENCES app.task); INSERT INTO app.extra VALUES (1, 5)',
  'ALTER TABLE app.task ALTER title SET NOT NULL',
  'ALTER TABLE app.task ADD long text GENERATED ALWAYS AS (title || title) STORED',
  'ALTER TABLE app.task DROP loud',
  'ALTER TABLE app.step ADD company_id int REFERENCES app.company'
]) migration;

-- Edits of the review are told from what the restore did, whatever columns are called and have by then.
SELECT is(pg_temp.revert_after(migration, edit), 'as before / ' || told, edit || ' after ' || migration) FROM (VALUES
  ('ALTER TABLE app.task DROP points', 'UPDATE app.task SET title = ''mine'' WHERE id = 5', 'app.task (5)'),
  ('ALTER TABLE app.task DROP points', 'UPDATE app.task SET title = ''mine'' WHERE id = 1', 'app.task (1)'),
  ('ALTER TABLE app.task DROP points', 'DELETE FROM app.task WHERE id = 5', 'app.step (e4da3b7f-bbce-2345-d777-2b0674a318d5), app.task (5)'),
  ('ALTER TABLE app.task RENAME title TO headline', 'UPDATE app.task SET headline = ''mine'' WHERE id = 3', 'app.task (3)'),
  ('ALTER TABLE app.task ALTER points TYPE bigint', 'UPDATE app.task SET points = 9 WHERE id = 1', 'app.task (1)'),
  ('ALTER TABLE app.task ADD due date', 'INSERT INTO app.task (id, company_id, title) VALUES (41, 1, ''more'')', 'app.task (41)'),
  ('ALTER TABLE app.step RENAME TO stage', 'UPDATE app.stage SET label = ''mine'' WHERE task_id = 7', 'app.stage (8f14e45f-ceea-167a-5a36-dedd4bea2543)'),
  ('ALTER TABLE app.tag RENAME word TO text', 'INSERT INTO app.tag VALUES (1, ''w41'')', 'app.tag (no key)'),
  ('ALTER TABLE app.task RENAME id TO number', 'UPDATE app.task SET title = ''mine'' WHERE number = 1', 'app.task (1)')
) v(migration, edit, told);

-- What cannot be brought back as it was is refused, and the review goes on.
SELECT alike(pg_temp.revert_after(migration), told, migration) FROM (VALUES
  ('ALTER TABLE app.task ADD due int; UPDATE app.task SET due = 1; ALTER TABLE app.task ALTER due SET NOT NULL',
   'KB075 1 row would be added without a value that it needs / column app.task.due: 1 row, (31) / %'),
  ('ALTER TABLE app.task ALTER state TYPE varchar(3) USING left(state, 3)',
   'KB031 restore % cannot be reverted: the structure of the tables has changed since in 1 place / '
   'column app.task.state is character varying(10) in the archive, character varying(3) here: 4 values do not fit / Bring these tables % keep_restore().'),
  ('ALTER TABLE app.task RENAME points TO swap; ALTER TABLE app.task RENAME title TO points; ALTER TABLE app.task RENAME swap TO title',
   'KB031 column "title" of table "app.task" has the name now that another one had at the restore / It is called "points" now. / %'),
  ('ALTER TABLE app.step RENAME TO stage; ALTER TABLE app.tag RENAME TO step',
   'KB031 table "app.tag" has the name now that another one had at the restore / It is called "app.step" now. / %'),
  ('ALTER TABLE app.step RENAME TO swap; ALTER TABLE app.tag RENAME TO step; ALTER TABLE app.swap RENAME TO tag', 'KB031 table "app.%" has the name now %'),
  ('ALTER TABLE app.task ALTER loud DROP EXPRESSION',
   'KB031 column "loud" of table "app.task" was generated at the restore, and is not any more / What it held then is not recorded. / %'),
  ('SELECT set_table_rule(''app.tag'', ''excluded'')',
   'KB031 restore % cannot be reverted: % / table app.tag does not travel with a company here: it is excluded: 4 rows / %'),
  ('CREATE TABLE app.extra (id int PRIMARY KEY, task_id int NOT NULL REFERENCES app.task); INSERT INTO app.extra VALUES (1, 3)',
   'KB034 rows outside the company refer to rows that would be removed / app.extra, extra_task_id_fkey: 1 row: (1) / %')
) v(migration, told);
-- A column of a former name is another one where the table was made anew.
SELECT alike(pg_temp.revert_after('ALTER TABLE app.task DROP points, ADD points int; UPDATE app.task SET points = 5'), 'as before%', 'a column that was made anew');

-- What tables held that are gone is left out, and said.
SELECT restore_company(1, :backup) AS restore \gset
DROP VIEW app.all_rows;
DROP TABLE app.step;
ALTER TABLE app.task DROP points;
SELECT lives_ok(format('SELECT revert_restore(%s)', :restore), 'a table is gone');
SELECT results_eq('SELECT id, title FROM app.task WHERE company_id = 1 ORDER BY id',
  $$VALUES (1, 'new title'), (5, 'task 5'), (7, 'task 7'), (31, 'task 31')$$, 'the others are as they were');

-- With a selection.
SELECT restore_company(1, :backup, schema_drift => 'adapt', records => '[{"table": "task", "key": 1}]') AS restore \gset
ALTER TABLE app.task RENAME id TO number;
SELECT revert_restore(:restore);
SELECT is((SELECT title FROM app.task WHERE number = 1), 'new title', 'a selected row, whose key got another name');
SELECT set_column_rename('app.task', 'id', 'number');
SELECT restore_company(1, :backup, schema_drift => 'adapt', tables => '{task}') AS restore \gset
ALTER TABLE app.task RENAME title TO headline;
SELECT revert_restore(:restore);
SELECT is((SELECT headline FROM app.task WHERE number = 1), 'new title', 'a selected table');

SELECT * FROM finish();
ROLLBACK;
