-- tables and only: a restore of some tables, or of differences of one kind; everything else stays as it is.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, next_number int NOT NULL DEFAULT 1);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL);
CREATE TABLE app.invoice (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, customer_id int NOT NULL REFERENCES app.customer,
  number int NOT NULL, stage text, UNIQUE (company_id, number));
CREATE TABLE app.line (
  id int PRIMARY KEY, invoice_id int NOT NULL REFERENCES app.invoice ON DELETE CASCADE, place int, amount numeric,
  UNIQUE (invoice_id, place));
CREATE TABLE app.remark (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, kind text, about int, body text);
CREATE TABLE app.trail (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, what text);
CREATE TABLE app.word (company_id int NOT NULL REFERENCES app.company, word text);
CREATE TABLE app.country (code text PRIMARY KEY);
CREATE SCHEMA more;
CREATE TABLE more.word (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, word text);

SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_column_rule('app.company', 'next_number', 'counter');
SELECT set_table_rule('app.trail', 'append_only');
SELECT set_reference('app.remark', '{about}', 'app.invoice', when_column => 'kind', when_value => 'invoice');
SELECT set_reference('app.remark', '{about}', 'app.customer', when_column => 'kind', when_value => 'customer');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company VALUES (1, 'one', 10), (2, 'two', 20);
INSERT INTO app.customer SELECT n, 1 + n % 2, 'c' || n FROM generate_series(1, 10) n;
INSERT INTO app.invoice SELECT n, 1 + n % 2, n, n, 'sent' FROM generate_series(1, 10) n;
INSERT INTO app.line SELECT n, 1 + n % 10, n / 10, n FROM generate_series(1, 40) n;
INSERT INTO app.remark SELECT n, 1 + n % 2, 'invoice', n, 'r' || n FROM generate_series(1, 10) n;
INSERT INTO app.trail SELECT n, 1 + n % 2, 't' || n FROM generate_series(1, 10) n;
INSERT INTO app.word SELECT 1 + n % 2, 'w' || n % 3 FROM generate_series(1, 12) n;
INSERT INTO more.word SELECT n, 1 + n % 2, 'm' || n FROM generate_series(1, 4) n;
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'company', t::text FROM app.company t UNION ALL SELECT 'customer', t::text FROM app.customer t UNION ALL
  SELECT 'invoice', t::text FROM app.invoice t UNION ALL SELECT 'line', t::text FROM app.line t UNION ALL
  SELECT 'remark', t::text FROM app.remark t UNION ALL SELECT 'trail', t::text FROM app.trail t UNION ALL
  SELECT 'word', t::text FROM app.word t UNION ALL SELECT 'more', t::text FROM more.word t $$;
CREATE TEMP TABLE original AS SELECT * FROM pg_temp.rows();

-- Some rows are gone, some are other, some are new
UPDATE app.company SET name = 'uno', next_number = 12 WHERE id = 1;
DELETE FROM app.invoice WHERE id = 4;  -- and lines 3, 13, 23, 33
DELETE FROM app.remark WHERE id = 4;
UPDATE app.invoice SET stage = 'paid' WHERE id = 2;
UPDATE app.line SET amount = 1000 WHERE id = 1;
INSERT INTO app.invoice VALUES (100, 1, 2, 100, 'new');
INSERT INTO app.line VALUES (100, 100, 1, 1), (101, 2, 9, 1);
UPDATE app.trail SET what = 'other' WHERE id = 6;
DELETE FROM app.trail WHERE id = 8;
INSERT INTO app.trail VALUES (100, 1, 'new');
DELETE FROM app.word WHERE company_id = 1 AND word = 'w0';
INSERT INTO app.word VALUES (1, 'w9'), (1, 'w1');
UPDATE more.word SET word = 'changed' WHERE id = 2;
CREATE TEMP TABLE damaged AS SELECT * FROM pg_temp.rows();

CREATE FUNCTION pg_temp.counts(args text) RETURNS TABLE (table_name text, added bigint, changed bigint, removed bigint, note text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT table_name, added, changed, removed, note FROM preview_restore(%s) ORDER BY 1', args);
END $$;
-- Restores, says what became of it, and that a preview had said so; reverts.
CREATE FUNCTION pg_temp.differences(args text) RETURNS TABLE (relation text, line text, what text) LANGUAGE plpgsql AS $$
DECLARE
  restore bigint;
  foreseen text;
  done text;
BEGIN
  EXECUTE format('SELECT (sum(added), sum(changed), sum(removed))::text FROM preview_restore(%s)', args) INTO foreseen;
  EXECUTE format('SELECT restore_company(%s)', args) INTO restore;
  SELECT (r.added, r.changed, r.removed)::text INTO done FROM company_restores(1) r WHERE r.id = restore;
  IF foreseen <> done THEN RETURN QUERY SELECT 'preview', foreseen, done; END IF;
  RETURN QUERY (SELECT *, 'came' FROM (SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) a)
    UNION ALL SELECT *, 'went' FROM (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows()) b ORDER BY 1, 2, 3;
  PERFORM revert_restore(restore);
  IF EXISTS ((SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) UNION ALL
             (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows())) THEN
    RETURN QUERY SELECT 'revert', 'is not exact', '';
  END IF;
END $$;

-- tables
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{app.line,app.invoice}''', :backup)),
  $$VALUES ('invoice', '(100,1,2,100,new)', 'went'), ('invoice', '(2,1,2,2,paid)', 'went'), ('invoice', '(2,1,2,2,sent)', 'came'),
    ('invoice', '(4,1,4,4,sent)', 'came'), ('line', '(1,2,0,1)', 'came'), ('line', '(1,2,0,1000)', 'went'), ('line', '(100,100,1,1)', 'went'),
    ('line', '(101,2,9,1)', 'went'), ('line', '(13,4,1,13)', 'came'), ('line', '(23,4,2,23)', 'came'), ('line', '(3,4,0,3)', 'came'),
    ('line', '(33,4,3,33)', 'came')$$, 'only these tables are brought back');
SELECT results_eq(format('SELECT * FROM pg_temp.counts(%L)', format('1, %s, tables => ''{line,"app.invoice"}''', :backup)),
  $$VALUES ('app.invoice', 1::bigint, 1::bigint, 1::bigint, NULL), ('app.line', 4, 1, 2, NULL)$$, 'a preview shows these only, also of names without a schema');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{app.word}''', :backup)),
  $$VALUES ('word', '(1,w0)', 'came'), ('word', '(1,w0)', 'came'), ('word', '(1,w1)', 'went'), ('word', '(1,w9)', 'went')$$, 'a table without a key');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{app.trail}''', :backup)),
  $$VALUES ('trail', '(8,1,t8)', 'came')$$, 'an append-only table is added to');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{app.company}''', :backup)),
  $$VALUES ('company', '(1,one,12)', 'came'), ('company', '(1,uno,12)', 'went')$$, 'the company''s own row: a counter stays');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, mode => ''merge'', tables => ''{app.invoice}''', :backup)),
  $$VALUES ('invoice', '(4,1,4,4,sent)', 'came')$$, 'a merge of one table');

-- only
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, "only" => ''deleted''', :backup)),
  $$VALUES ('invoice', '(4,1,4,4,sent)', 'came'), ('line', '(13,4,1,13)', 'came'), ('line', '(23,4,2,23)', 'came'), ('line', '(3,4,0,3)', 'came'),
    ('line', '(33,4,3,33)', 'came'), ('remark', '(4,1,invoice,4,r4)', 'came'), ('trail', '(8,1,t8)', 'came'), ('word', '(1,w0)', 'came'),
    ('word', '(1,w0)', 'came')$$, 'what was deleted comes back');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, mode => ''merge'', "only" => ''deleted''', :backup)),
  $$VALUES ('invoice', '(4,1,4,4,sent)', 'came'), ('line', '(13,4,1,13)', 'came'), ('line', '(23,4,2,23)', 'came'), ('line', '(3,4,0,3)', 'came'),
    ('line', '(33,4,3,33)', 'came'), ('remark', '(4,1,invoice,4,r4)', 'came'), ('trail', '(8,1,t8)', 'came'), ('word', '(1,w0)', 'came'),
    ('word', '(1,w0)', 'came')$$, 'the same by a merge');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, "only" => ''changed''', :backup)),
  $$VALUES ('company', '(1,one,12)', 'came'), ('company', '(1,uno,12)', 'went'), ('invoice', '(2,1,2,2,paid)', 'went'), ('invoice', '(2,1,2,2,sent)', 'came'),
    ('line', '(1,2,0,1)', 'came'), ('line', '(1,2,0,1000)', 'went'), ('more', '(2,1,changed)', 'went'), ('more', '(2,1,m2)', 'came')$$,
  'what was changed is set back');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, "only" => ''added''', :backup)),
  $$VALUES ('invoice', '(100,1,2,100,new)', 'went'), ('line', '(100,100,1,1)', 'went'), ('line', '(101,2,9,1)', 'went'), ('word', '(1,w1)', 'went'),
    ('word', '(1,w9)', 'went')$$, 'what was added is removed');
SELECT results_eq(format('SELECT * FROM pg_temp.counts(%L) WHERE table_name IN (''app.line'', ''app.trail'')', format('1, %s, "only" => ''added''', :backup)),
  $$VALUES ('app.line', 0::bigint, 0::bigint, 2::bigint, '4 rows that only the backup has, which do not come back; 1 row other than in the backup, which stays'),
    ('app.trail', 0, 0, 0, 'append-only: rows are added, never changed or removed; 1 row that only the backup has, which does not come back')$$,
  'a preview says what stays as it is');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{invoice}'', "only" => ''changed''', :backup)),
  $$VALUES ('invoice', '(2,1,2,2,paid)', 'went'), ('invoice', '(2,1,2,2,sent)', 'came')$$, 'of one table');

-- References that would be cut
CREATE FUNCTION pg_temp.refused(args text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  told text := pg_temp.told(format('SELECT restore_company(%s)', args));
BEGIN
  IF EXISTS ((SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) UNION ALL
             (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows())) THEN
    RETURN 'something was changed: ' || told;
  END IF;
  RETURN told;
END $$;
SELECT is(pg_temp.refused(format('1, %s, tables => ''{app.line}''', :backup)), 'KB034 the selection would cut references / '
  'table app.line, line_invoice_id_fkey: 4 rows that come back refer to rows of table app.invoice that are not there: (13) to (4), (23) to (4), (3) to (4), (33) to (4) / '
  'Select these tables as well: app.invoice.', 'rows need others that are gone');
SELECT is(pg_temp.refused(format('1, %s, tables => ''{app.invoice}''', :backup)), 'KB034 the selection would cut references / '
  'table app.line, line_invoice_id_fkey: 1 row that stays refers to rows of table app.invoice that would be removed: (100) to (100) / '
  'Select these tables as well: app.line.', 'rows that stay need others that would go, whatever ON DELETE says');
SELECT is(pg_temp.refused(format('1, %s, tables => ''{app.remark}''', :backup)), 'KB034 the selection would cut references / '
  'table app.remark, about: 1 row that comes back refers to rows of table app.invoice that are not there: (4) to (4) / '
  'Select these tables as well: app.invoice.', 'a soft reference');
SELECT results_eq(format('SELECT * FROM pg_temp.counts(%L)', format('1, %s, tables => ''{app.line}''', :backup)),
  $$VALUES ('app.line', 4::bigint, 1::bigint, 2::bigint, 'refused: line_invoice_id_fkey: 4 rows that come back refer to rows of table app.invoice that are not there: (13) to (4), (23) to (4), (3) to (4), (33) to (4)')$$,
  'a preview says so');
SELECT results_eq(format('SELECT * FROM pg_temp.counts(%L)', format('1, %s, tables => ''{app.invoice}''', :backup)),
  $$VALUES ('app.invoice', 1::bigint, 1::bigint, 1::bigint, 'refused: line_invoice_id_fkey: 1 row that stays refers to rows of table app.invoice that would be removed: (100) to (100) (table app.line)')$$,
  'of rows that stay as well');
SAVEPOINT moved;
UPDATE app.line SET invoice_id = 100 WHERE id = 1;
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, "only" => ''added'')', :backup)), 'KB034 the selection would cut references / '
  'table app.line, line_invoice_id_fkey: 1 row that stays refers to rows of table app.invoice that would be removed: (1) to (100) / '
  'Restore without only, or change these rows first.', 'a changed row refers to an added one');
ROLLBACK TO moved;

-- Unique values
UPDATE app.invoice SET number = 4 WHERE id = 6;
TRUNCATE damaged;
INSERT INTO damaged SELECT * FROM pg_temp.rows();
SELECT is(pg_temp.refused(format('1, %s, "only" => ''deleted''', :backup)), 'KB047 1 row of the backup has a unique value that another row has / '
  'table app.invoice, (company_id, number) = (1, 4): row (4) of the backup, row (6) of the company / '
  'Rows that are not selected stay as they are. Change or remove one row of each pair, or select more.', 'a value that a row which stays has');
SELECT isnt_empty(format('SELECT * FROM pg_temp.counts(%L) WHERE note LIKE ''%%refused: key invoice_company_id_number_key: 1 row has the value of another row: (1, 4)''',
  format('1, %s, "only" => ''deleted''', :backup)), 'a preview says so');
UPDATE app.line SET place = 99 WHERE id = 1;
UPDATE app.line SET place = 0 WHERE id = 11;
UPDATE app.line SET place = 1 WHERE id = 1;
TRUNCATE damaged;
INSERT INTO damaged SELECT * FROM pg_temp.rows();
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%L)', format('1, %s, tables => ''{app.line}'', "only" => ''changed''', :backup)),
  $$VALUES ('line', '(1,2,0,1)', 'came'), ('line', '(1,2,1,1000)', 'went'), ('line', '(11,2,0,11)', 'went'), ('line', '(11,2,1,11)', 'came')$$,
  'values change places');

-- Bad input
SELECT is(pg_temp.refused(format('1, %s, %s', :backup, args)), '22023 ' || told, args) FROM (VALUES
  ('tables => ''{}''', 'tables must not be empty / NULL, which is the default, means all tables.'),
  ('tables => ''{app.line,NULL}''', 'an element of tables must not be null'),
  ('tables => ''{{app.line},{app.invoice}}''', 'tables must be an array of one dimension'),
  ('tables => ''{app.line,app.line}''', 'tables must not name a table twice'),
  ('tables => ''{app.line,line}''', 'table "app.line" is selected twice'),
  ('tables => ''{app.nothing}''', 'there is no table "app.nothing" / company_scope() lists the tables of the database.'),
  ('tables => ''{word}''', 'table name "word" is ambiguous / Say which one: app.word, more.word.'),
  ('tables => ''{app.country}''', 'rows of table "app.country" are in no backup / company_scope() says which tables travel, and why others do not.'),
  ('"only" => ''new''', 'invalid only: "new" / Possible values: deleted, changed, added.'),
  ('mode => ''merge'', "only" => ''changed''', 'mode => ''merge'' and "only" => ''changed'' exclude each other / A merge adds rows and leaves all others as they are. / Give mode => ''replace'', which is the default.'),
  ('mode => ''merge'', "only" => ''added''', 'mode => ''merge'' and "only" => ''added'' exclude each other / A merge adds rows and leaves all others as they are. / Give mode => ''replace'', which is the default.'),
  ('tables => ''{app.line}'', ids => ''remap''', 'a backup whose rows need new IDs can only be restored as a whole / It is of another company, or its IDs are to be new: a part of it would refer to rows that are not there. / Restore it without a selection, or make a new company of it.')
) v(args, told);
CREATE TABLE app.late (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
INSERT INTO app.late VALUES (1, 1);
SELECT is(pg_temp.refused(format('1, %s, tables => ''{app.late}''', :backup)), '22023 table "app.late" is not in the backup / backup_contents() lists the tables of a backup.',
  'a table that is newer than the backup');
SELECT lives_ok(format('SELECT keep_restore(restore_company(1, %s, tables => ''{app.trail}''))', :backup), 'such a table is no obstacle, and a restore is kept as any other');

SELECT * FROM finish();
ROLLBACK;
