-- schema_drift => 'adapt': what the tables here have no place for is lost, and listed.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TYPE app.mood AS ENUM ('calm', 'angry');
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, slogan text);
CREATE TABLE app.customer (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL, age text, rank text NOT NULL, mood text,
  price numeric, born timestamp, flag int, fax text, doc jsonb, raw bytea);
CREATE TABLE app.memo (code text PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, body text);
CREATE TABLE app.word (company_id int NOT NULL REFERENCES app.company, word text, times text);
CREATE TABLE app.badge (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, label text);
INSERT INTO app.company VALUES (1, 'one', 'we do'), (2, 'two', 'they do');
INSERT INTO app.customer VALUES
  (1, 1, 'Ann', '41', '1', 'calm', 1.25, '2024-02-03', 1, '+43', '{"a": 1.0}', '\x00ff'),
  (2, 1, 'Bob', NULL, '2', 'angry', 1.256, '2024-02-03 04:05', 0, NULL, NULL, NULL),
  (3, 2, 'Cem', 'x', 'y', 'z', 7, NULL, NULL, 'other', NULL, NULL),
  (10, 1, 'Dee', 'old', '3', 'glad', NULL, 'infinity', 2, '+49', '[]', '\x');
INSERT INTO app.memo VALUES ('9', 1, 'x'), ('10', 2, 'y'), ('100', 10, 'z'), ('11', 3, 'other');
INSERT INTO app.word VALUES (1, 'a', '1'), (1, 'b', 'many'), (1, 'b', 'many'), (2, 'c', 'no');
INSERT INTO app.badge VALUES (1, 1, 'gold'), (2, 2, 'tin'), (3, 1, NULL);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT backup_company(1) AS backup \gset

ALTER TABLE app.customer ALTER age TYPE int USING NULL, ALTER rank TYPE int USING 0, ALTER mood TYPE app.mood USING NULL,
  ALTER price TYPE numeric(6,2), ALTER born TYPE date, ALTER flag TYPE boolean USING flag = 1, DROP fax,
  ALTER doc TYPE text, ALTER raw TYPE text USING NULL, ALTER name TYPE varchar(20);
ALTER TABLE app.memo ALTER code TYPE int USING code::int;
ALTER TABLE app.word ALTER times TYPE int USING NULL;
ALTER TABLE app.company DROP slogan;
DROP TABLE app.badge;
CREATE FUNCTION pg_temp.differs(backup bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', table_name, coalesce(column_name, '-'), difference, effect, settle) FROM compare_schema(backup) $$;
SELECT set_eq(format('SELECT pg_temp.differs(%s)', :backup), ARRAY[
  'app.company | slogan | does not exist here: 1 value | lost with adapt',
  'app.badge | - | does not exist here: 2 rows | lost with adapt',
  'app.customer | name | is text in the archive, character varying(20) here | nothing',
  'app.customer | age | is text in the archive, integer here: 1 value does not fit | lost with adapt',
  'app.customer | rank | is text in the archive, integer here | nothing',
  'app.customer | mood | is text in the archive, app.mood here: 1 value does not fit | lost with adapt',
  'app.customer | price | is numeric in the archive, numeric(6,2) here: 1 value does not fit | lost with adapt',
  'app.customer | born | is timestamp without time zone in the archive, date here: 1 value does not fit | lost with adapt',
  'app.customer | flag | is integer in the archive, boolean here: 1 value does not fit | lost with adapt',
  'app.customer | fax | does not exist here: 2 values | lost with adapt',
  'app.customer | doc | is jsonb in the archive, text here | nothing',
  'app.customer | raw | is bytea in the archive, text here | nothing',
  'app.memo | code | is text in the archive, integer here | nothing',
  'app.word | times | is text in the archive, integer here: 2 values do not fit | lost with adapt'], 'what a restore would lose');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup),
  'KB031 the archive does not fit the structure of this database in 9 places / %column app.customer.fax does not exist here: 2 values%'
  '/ schema_drift => ''adapt'' restores without these values, and lists them. %');
CREATE TEMP TABLE problems AS SELECT * FROM (VALUES
  ('app.badge', '(1)', 'KB048', 'the table does not exist here', '{"id":1,"company_id":1,"label":"gold"}'),
  ('app.badge', '(3)', 'KB048', 'the table does not exist here', '{"id":3,"company_id":1,"label":null}'),
  ('app.company', '(1)', 'KB048', 'column slogan does not exist here', '{"slogan":"we do"}'),
  ('app.customer', '(1)', 'KB048', 'column fax does not exist here', '{"fax":"+43"}'),
  ('app.customer', '(10)', '22P02', 'column age: invalid input syntax for type integer: "old"; it became null', '{"age":"old"}'),
  ('app.customer', '(10)', '22P02', 'column flag: invalid input syntax for type boolean: "2"; it became null', '{"flag":2}'),
  ('app.customer', '(10)', '22P02', 'column mood: invalid input value for enum app.mood: "glad"; it became null', '{"mood":"glad"}'),
  ('app.customer', '(10)', 'KB048', 'column fax does not exist here', '{"fax":"+49"}'),
  ('app.customer', '(2)', 'KB048', 'column born: it became 2024-02-03', '{"born":"2024-02-03 04:05:00"}'),
  ('app.customer', '(2)', 'KB048', 'column price: it became 1.26', '{"price":"1.256"}'),
  ('app.word', '', '22P02', 'column times: invalid input syntax for type integer: "many"; it became null', '{"times":"many"}'),
  ('app.word', '', '22P02', 'column times: invalid input syntax for type integer: "many"; it became null', '{"times":"many"}')) p;
CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'company', t::text FROM app.company t UNION ALL SELECT 'customer', t::text FROM app.customer t
  UNION ALL SELECT 'memo', t::text FROM app.memo t UNION ALL SELECT 'word', t::text FROM app.word t $$;
CREATE TEMP TABLE migrated AS SELECT * FROM pg_temp.rows();

SELECT results_eq(format('SELECT table_name, added, changed, removed, unchanged, note FROM preview_restore(1, %s, schema_drift => ''adapt'') ORDER BY 1', :backup),
  $$VALUES ('app.badge', 0::bigint, 0::bigint, 0::bigint, 0::bigint, 'lost: 2 rows; the table does not exist here'),
    ('app.company', 0, 0, 0, 1, 'lost: 1 value of column slogan, which does not exist here'),
    ('app.customer', 0, 3, 0, 0, 'lost: 1 value of column age, which is text in the archive, integer here; '
      'lost: 1 value of column mood, which is text in the archive, app.mood here; '
      'lost: 1 value of column price, which is numeric in the archive, numeric(6,2) here; '
      'lost: 1 value of column born, which is timestamp without time zone in the archive, date here; '
      'lost: 1 value of column flag, which is integer in the archive, boolean here; lost: 2 values of column fax, which does not exist here'),
    ('app.memo', 0, 0, 0, 3, NULL),
    ('app.word', 1, 0, 1, 2, 'lost: 2 values of column times, which is text in the archive, integer here')$$, 'a preview says what is lost');
SELECT restore_company(1, :backup, schema_drift => 'adapt') AS restore \gset
SELECT set_eq('SELECT id, company_id, name, age, rank, mood, price, born, flag, doc, raw FROM app.customer WHERE company_id = 1', $$VALUES
  (1, 1, 'Ann'::varchar, 41, 1, 'calm'::app.mood, 1.25, date '2024-02-03', true, '{"a": 1.0}', '\x00ff'),
  (2, 1, 'Bob', NULL, 2, 'angry', 1.26, '2024-02-03', false, NULL, NULL),
  (10, 1, 'Dee', NULL, 3, NULL, NULL, 'infinity', NULL, '[]', '\x')$$, 'values are read from their texts');
SELECT bag_eq('SELECT * FROM app.word WHERE company_id = 1', $$VALUES (1, 'a', 1), (1, 'b', NULL), (1, 'b', NULL)$$, 'also without a key');
SELECT set_eq(format('SELECT table_name, row_key, sqlstate, problem, row_data::text FROM restore_problems(%s)', :restore), 'SELECT * FROM problems',
  'all that is lost is listed');
SELECT is_empty(format('SELECT * FROM preview_restore(1, %s, schema_drift => ''adapt'') WHERE added + changed + removed > 0', :backup),
  'a second restore finds nothing to do');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM migrated', 'a revert');
SELECT is_empty(format('SELECT * FROM restore_problems(%s)', :restore), '... after which nothing is lost');
DELETE FROM app.memo WHERE code = 10;
UPDATE app.memo SET body = 'changed' WHERE code = 9;
SELECT restore_company(1, :backup, schema_drift => 'adapt') AS restore \gset
SELECT set_eq('SELECT * FROM app.memo', $$VALUES (9, 1, 'x'), (10, 2, 'y'), (100, 10, 'z'), (11, 3, 'other')$$, 'a key of another type, in another order');
SELECT keep_restore(:restore);
DELETE FROM app.memo WHERE code = 9;
UPDATE app.memo SET body = 'stays' WHERE code = 10;
SELECT restore_company(1, :backup, schema_drift => 'adapt', mode => 'merge') AS restore \gset
SELECT set_eq('SELECT * FROM app.memo', $$VALUES (9, 1, 'x'), (10, 2, 'stays'), (100, 10, 'z'), (11, 3, 'other')$$, 'a merge adapts, too');
SELECT keep_restore(:restore);
SELECT restore_company(2, :backup, schema_drift => 'adapt', ids => 'remap') AS restore \gset
SELECT set_eq('SELECT name, age, rank, mood FROM app.customer WHERE company_id = 2', $$VALUES ('Ann'::varchar, 41, 1, 'calm'::app.mood), ('Bob', NULL, 2, 'angry'), ('Dee', NULL, 3, NULL)$$,
  'and so does a restore into another company');
SELECT revert_restore(:restore);

-- Where a column must not be null
UPDATE app.customer SET rank = 5;
UPDATE app.customer SET age = 1 WHERE age IS NULL;
ALTER TABLE app.customer ALTER age SET NOT NULL;
SELECT pg_temp.tells(format('SELECT restore_company(1, %s, schema_drift => ''adapt'')', :backup),
  'KB031 the archive does not fit the structure of this database in 2 places / column app.customer.age is text in the archive, integer here: 1 value does not fit
column app.customer.age must not be null here: 1 row is without a value / The first that can be settled: SELECT public.set_column_default(''app.customer'', ''age'', ''0''); %');
SELECT set_column_default('app.customer', 'age', '18 + 2');
SELECT restore_company(1, :backup, schema_drift => 'adapt') AS restore \gset
SELECT results_eq('SELECT age FROM app.customer WHERE company_id = 1 ORDER BY id', 'VALUES (41), (20), (20)', 'a declared default takes their place');
SELECT results_eq(format('SELECT problem FROM restore_problems(%s) WHERE problem LIKE ''column age%%''', :restore),
  $$VALUES ('column age: invalid input syntax for type integer: "old"; it became 20')$$, 'which is said');
SELECT revert_restore(:restore);

-- Many
CREATE TABLE app.line (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, gone text);
INSERT INTO app.line SELECT n, 1, 'line ' || n FROM generate_series(1, 2500) n;
ALTER TABLE app.customer ADD slogan text;
ALTER TABLE app.customer DROP slogan;
SELECT backup_company(1) AS many \gset
ALTER TABLE app.line DROP gone;
SELECT restore_company(1, :many, schema_drift => 'adapt') AS restore \gset
SELECT results_eq(format('SELECT count(*), count(DISTINCT row_key), min(row_data->>''gone''), max(row_data->>''gone'') FROM restore_problems(%s)', :restore),
  $$VALUES (2500::bigint, 2500::bigint, 'line 1', 'line 999')$$, 'all of many values are listed');
SELECT keep_restore(:restore);

-- Contents of files are found though a column before theirs is gone
CREATE TABLE app.scan (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, gone text, photo bytea, thumb bytea);
INSERT INTO app.scan VALUES (1, 1, 'x', '\x0102', '\x03'), (2, 1, 'y', NULL, '\x0102');
SELECT set_column_rule('app.scan', 'photo', 'file'), set_column_rule('app.scan', 'thumb', 'file');
SELECT backup_company(1, include_files => true) AS scans \gset
ALTER TABLE app.scan DROP gone;
ALTER TABLE app.scan RENAME thumb TO small;
SELECT set_column_rename('app.scan', 'thumb', 'small'), set_column_rule('app.scan', 'small', 'file'), forget_stale_rules();
UPDATE app.scan SET photo = '\xff' WHERE id = 2;
DELETE FROM app.scan WHERE id = 1;
SELECT restore_company(1, :scans, include_files => true, schema_drift => 'adapt') AS restore \gset
SELECT results_eq('SELECT id, photo, small FROM app.scan ORDER BY 1', $$VALUES (1, '\x0102'::bytea, '\x03'::bytea), (2, NULL, '\x0102')$$, 'files');
SELECT keep_restore(:restore);
DROP TABLE app.scan;
SELECT forget_stale_rules();

-- Whose rows they are
DELETE FROM app.line;
CREATE ROLE drift_reader;
GRANT USAGE ON SCHEMA app TO drift_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO drift_reader;
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT company IS DISTINCT FROM ''2''';
SELECT set_company_guard('app.guard');
SELECT grant_company_backup('drift_reader');
SELECT restore_company(1, :backup, schema_drift => 'adapt') AS restore \gset
SELECT alike(pg_temp.told_to('drift_reader', format('SELECT * FROM compare_schema(%s)', :backup)), '42501 permission denied for table app.badge / %', 'a table that is gone is its owner''s');
SELECT alike(pg_temp.told_to('drift_reader', format('SELECT * FROM restore_problems(%s)', :restore)), '42501 permission denied for a table that is gone / %', 'and so are its rows');
SELECT is(pg_temp.told_to('drift_reader', format('SELECT * FROM compare_schema(%s)', :many)), 'ok', 'who may read the tables may compare them');
REVOKE SELECT ON app.line FROM drift_reader;
SELECT alike(pg_temp.told_to('drift_reader', format('SELECT * FROM compare_schema(%s)', :many)), '42501 permission denied for table app.line / %', '... and nobody else');
SELECT is(pg_temp.told_to('drift_reader', 'SELECT set_column_default(''app.customer'', ''age'', ''1'')'), '42501 permission denied for function set_column_default', 'set-up is the owner''s');
SELECT is(pg_temp.told('SELECT compare_schema(99999)'), 'KB010 backup 99999 does not exist / company_backups() lists the stored backups.', 'no such backup');

-- Expressions that cannot be a default
SELECT pg_temp.tells(format('SELECT set_column_default(''app.customer'', ''age'', %L)', expression),
  'KB009 the expression cannot be the value of column "age" in rows of older archives / ' || detail || ' / %')
FROM (VALUES ('1 +', 'syntax error at end of input.'), ('1; DROP TABLE app.memo', '%'), ('''x''::text', 'column "age" is of type integer but default expression is of type text.'),
  ('''x''', 'invalid input syntax for type integer: "x".'), ('1 / 0', 'division by zero.'), ('random()::int', '%is not immutable%'),
  ('extract(year FROM now())::int', '%is not immutable%'), ('(SELECT 1)', 'cannot use subquery in DEFAULT expression.'),
  ('(SELECT max(id) FROM app.customer)', 'cannot use subquery in DEFAULT expression.'), ('id', 'cannot use column reference in DEFAULT expression.'),
  ('count(*)', '%aggregate%'), ('generate_series(1, 2)', '%set-returning%'), ('NULL', 'It is null, but the column must not be null.')) v (expression, detail);
SELECT pg_temp.tells('SELECT set_column_default(''app.customer'', ''nothing'', ''1'')', '42703 %');
SELECT set_column_default('app.customer', 'age', NULL);
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup), 'KB040 %');

SELECT * FROM finish();
ROLLBACK;
