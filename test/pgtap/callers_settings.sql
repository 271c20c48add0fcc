-- Settings of the caller's session change neither what is read nor what is written.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE EXTENSION btree_gin;
\ir told.psql
CREATE TABLE company (id int PRIMARY KEY, names text[]);
CREATE TYPE pair AS (a text[], b text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, names text[], inside pair, "text" text);
CREATE INDEX ON item USING gin (company_id);
INSERT INTO company VALUES (1, '{a,NULL}'), (2, '{}');
INSERT INTO item SELECT n, 1, '{a,NULL,"NULL"}', ROW('{NULL}'::text[], 'b')::pair, 'x' FROM generate_series(1, 500) AS n;
INSERT INTO item SELECT n, 2, '{}', NULL, 'x' FROM generate_series(1001, 20000) AS n;
ANALYZE item;
SELECT cb.set_company_table('company', name_column => NULL, identity_columns => '{}');
CREATE VIEW mine AS SELECT id, names, inside, "text" FROM item WHERE company_id = 1;
CREATE TABLE before AS SELECT * FROM mine;
SELECT cb.set_table_rule('before', 'shared');
SELECT no_plan();

SET array_nulls = off;
SET gin_fuzzy_search_limit = 20;
SET quote_all_identifiers = on;
SET transform_null_equals = on;
SET enable_seqscan = off;
SET enable_indexscan = off;
SET escape_string_warning = off;
SET standard_conforming_strings = off;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'ok');
SELECT is(row_count, 501::bigint, 'every row is in the backup') FROM cb.company_backups();
SELECT is(sum(added + changed + removed)::int, 0, 'no preview differs') FROM cb.preview_restore('1', 1);
SELECT pg_temp.tells($$SELECT cb.clone_company('1', '{"id": 3}')$$, 'ok');
UPDATE item SET names = '{}', inside = NULL WHERE company_id = 1;
DELETE FROM item WHERE id < 100;
SELECT pg_temp.tells($$SELECT cb.restore_company('1', 1)$$, 'ok');
RESET ALL;
SET client_min_messages = warning;
SELECT set_eq('SELECT * FROM mine', 'SELECT * FROM before', 'a restore brings back the very values');
SELECT results_eq('SELECT names FROM company WHERE id = 3', $$VALUES ('{a,NULL}'::text[])$$, 'so does a copy, of the company''s own row');
SELECT is(count(*)::int, 500, 'and of all others') FROM item WHERE company_id = 3 AND names = '{a,NULL,"NULL"}' AND inside = ROW('{NULL}'::text[], 'b')::pair;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'ok');
SET quote_all_identifiers = on;
SELECT pg_temp.tells($$SELECT cb.keep_restore(max(id)) FROM cb.company_restores() WHERE status = 'review'$$, 'ok');
SELECT pg_temp.tells($$SELECT cb.restore_company('1', 1)$$, 'ok');
SET array_nulls = off;
SELECT pg_temp.tells($$SELECT cb.revert_restore(max(id)) FROM cb.company_restores() WHERE status = 'review'$$, 'ok');
RESET ALL;
SELECT set_eq('SELECT * FROM mine', 'SELECT * FROM before', 'a revert, too');
SELECT * FROM finish();

DROP EXTENSION company_backup;
DROP VIEW mine;
DROP TABLE before, item, company;
DROP TYPE pair;
DROP EXTENSION btree_gin;
DROP SCHEMA cb CASCADE;
