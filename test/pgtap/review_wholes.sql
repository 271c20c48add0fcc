-- Tables without a key in review: a revert lists the edits it discards, row by row; equal rows count.
\ir begin.psql
CREATE SCHEMA app;
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.paper (company_id int NOT NULL REFERENCES app.company, words text, pin text);
CREATE TABLE app.other_paper (company_id int NOT NULL REFERENCES app.company, words text);
CREATE INDEX ON app.paper (company_id);
INSERT INTO app.company VALUES (1, 'One'), (2, 'Two');
SELECT cb.set_company_table('app.company', identity_columns => '{}');
SELECT cb.set_column_rule('app.paper', 'pin', 'secret');

CREATE FUNCTION pg_temp.add(VARIADIC words text[]) RETURNS void LANGUAGE sql AS
  $$ INSERT INTO app.paper SELECT 1, w, 'pin of ' || w FROM unnest(words) w $$;
CREATE FUNCTION pg_temp.drop_one(word text) RETURNS void LANGUAGE sql AS
  $$ DELETE FROM app.paper WHERE ctid = (SELECT min(ctid) FROM app.paper WHERE company_id = 1 AND words = word) $$;
CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(l::text, ' ' ORDER BY l::text COLLATE "C") FROM app.paper l $$;
-- The words that restore_problems() lists, + for those that were added after the restore.
CREATE FUNCTION pg_temp.listed(restore bigint) RETURNS text LANGUAGE sql AS
  $$ SELECT coalesce(string_agg(CASE WHEN problem LIKE 'added after %; the revert removes it' THEN '+'
       WHEN problem LIKE 'removed after %; the revert brings it back' THEN '-' ELSE problem END || (row_data ->> 'words'), ' ' ORDER BY seq), '')
     FROM (SELECT p.*, row_number() OVER (ORDER BY row_data ->> 'words') AS seq FROM cb.restore_problems(restore) p) p $$;
-- Restores, edits, reverts; what was listed.
CREATE FUNCTION pg_temp.discards(backup bigint, edits text, OUT listed text, OUT is_back boolean) LANGUAGE plpgsql AS $$
  DECLARE was text := pg_temp.rows(); id bigint := cb.restore_company('1', backup);
  BEGIN
    EXECUTE edits;
    PERFORM cb.revert_restore(id);
    listed := pg_temp.listed(id);
    is_back := pg_temp.rows() IS NOT DISTINCT FROM was;
  END $$;
CREATE FUNCTION pg_temp.tells(backup bigint, edits text, expected text, what text) RETURNS text LANGUAGE sql AS
  $$ SELECT results_eq(format('SELECT * FROM pg_temp.discards(%s, %L)', backup, edits), format('VALUES (%L::text, true)', expected), what) $$;

SELECT cb.backup_company('1') AS empty \gset
SELECT pg_temp.add('kept', 'kept', 'lost', 'lost');
INSERT INTO app.paper VALUES (2, 'of two', 'pin');
SELECT cb.backup_company('1') AS backup \gset
SELECT pg_temp.drop_one('lost'), pg_temp.drop_one('lost'), pg_temp.add('wrong', 'wrong') \gset ignored_

SELECT pg_temp.tells(:backup, 'SELECT', '', 'nothing was edited, nothing is listed');
SELECT pg_temp.tells(:backup, $$SELECT pg_temp.add('new', 'new')$$, '+new +new', 'rows that were added');
SELECT pg_temp.tells(:backup, $$SELECT pg_temp.drop_one('kept')$$, '-kept', 'one of two equal rows that was removed');
SELECT pg_temp.tells(:backup, $$UPDATE app.paper SET words = 'better' WHERE words = 'kept'$$, '+better +better -kept -kept',
  'a changed row is one that was added and one that was removed');
SELECT pg_temp.tells(:backup, $$UPDATE app.paper SET pin = 'new pin' WHERE words = 'lost'$$, '+lost +lost', 'also if only a secret was changed');
SELECT pg_temp.tells(:backup, $$DELETE FROM app.paper WHERE words = 'lost'$$, '', 'what the restore brought and somebody removed stays away');
SELECT pg_temp.tells(:backup, $$SELECT pg_temp.add('wrong')$$, '', 'what the restore removed and somebody added again comes back');
SELECT pg_temp.tells(:backup, $$SELECT pg_temp.add('wrong', 'wrong', 'wrong')$$, '+wrong', '... but one that was added once more');
SELECT pg_temp.tells(:backup, $$INSERT INTO app.other_paper VALUES (1, 'first')$$, '+first', 'in a table that the restore left alone');
SELECT pg_temp.tells(:empty, 'SELECT', '', 'a restore that removed all rows');
SELECT pg_temp.tells(:empty, $$SELECT pg_temp.add('kept', 'new')$$, '+new', '... and rows that were added then');
SELECT pg_temp.tells(:backup, $$ALTER TABLE app.paper ADD COLUMN later int DEFAULT 7; SELECT pg_temp.drop_one('kept'); ALTER TABLE app.paper DROP later$$,
  '-kept', 'a column that came and went');

-- What is listed.
SELECT cb.restore_company('1', :backup) AS restore \gset
SELECT pg_temp.add('new');
SELECT cb.revert_restore(:restore);
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, row_data::text FROM cb.restore_problems(%s)', :restore),
  $$VALUES ('app.paper', '(no key)', 'KB042', '{"company_id":1,"words":"new"}')$$, 'the row, without secrets');

-- A table whose key goes while the restore is in review: nothing tells the edits any more.
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, words text);
INSERT INTO app.item VALUES (1, 1, 'one'), (2, 1, 'two');
SELECT cb.backup_company('1') AS keyed \gset
UPDATE app.item SET words = 'wrong' WHERE id = 1;
SELECT cb.restore_company('1', :keyed) AS restore \gset
ALTER TABLE app.item DROP CONSTRAINT item_pkey;
INSERT INTO app.item VALUES (3, 1, 'three');
SELECT cb.revert_restore(:restore);
SELECT results_eq('SELECT id, words FROM app.item ORDER BY id', $$VALUES (1, 'wrong'), (2, 'two')$$, 'the company is what it was');
SELECT results_eq(format($$SELECT row_data ->> 'words', problem FROM cb.restore_problems(%s) ORDER BY 1$$, :restore),
  $$VALUES ('one', 'changed by the restore or after it; the revert removes it'), ('three', 'changed by the restore or after it; the revert removes it'),
    ('wrong', 'changed by the restore or after it; the revert brings it back')$$, 'all that the revert does is listed');

-- Rows that belong to the company by a row of a table that comes later, and that comes back itself.
CREATE TABLE app.zone (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.mark (zone_id int NOT NULL REFERENCES app.zone, words text);
INSERT INTO app.zone VALUES (1, 1), (2, 1);
INSERT INTO app.mark VALUES (1, 'first'), (2, 'second');
SELECT cb.backup_company('1') AS zones \gset
DELETE FROM app.mark;
DELETE FROM app.zone WHERE id = 2;
SELECT cb.restore_company('1', :zones) AS restore \gset
INSERT INTO app.mark VALUES (2, 'later');
SELECT cb.revert_restore(:restore);
SELECT is(pg_temp.listed(:restore), '+later', 'only what was edited is listed');

SELECT * FROM finish();
ROLLBACK;
