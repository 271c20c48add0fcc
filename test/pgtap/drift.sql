-- Backups from before a migration: what differs, what settles it, and what a restore makes of it.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TYPE app.mood AS ENUM ('calm', 'angry');
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.country (id int PRIMARY KEY, code text NOT NULL, note text);
CREATE TABLE app.customer (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL, age text, code varchar(5),
  country_id int REFERENCES app.country, mood app.mood, fax text);
CREATE TABLE app.memo (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, body text, "Old One" jsonb);
CREATE TABLE app.badge (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, label text);
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.country VALUES (1, 'AT', 'alps'), (2, 'DE', NULL);
INSERT INTO app.customer VALUES (1, 1, 'Ann', '41', 'a', 1, 'calm', '+43'), (2, 1, 'Bob', NULL, 'b', 2, 'angry', NULL),
  (3, 2, 'Cem', '7', 'c', NULL, NULL, NULL), (10, 1, 'Dee', 'old', 'd', NULL, NULL, '+49');
INSERT INTO app.memo VALUES (1, 1, 'x', '{"a": [1]}'), (2, 3, 'y', NULL), (3, 2, 'z', '"s"');
INSERT INTO app.badge VALUES (1, 1, 'gold'), (2, 2, 'tin'), (3, 1, NULL);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.country', 'shared', match_columns => '{code}');
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.differs(backup bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', table_name, coalesce(column_name, '-'), difference, effect, settle) FROM compare_schema(backup) $$;
SELECT is_empty(format('SELECT * FROM compare_schema(%s)', :backup), 'nothing has changed');

-- Renamed tables and columns ------------------------------------------------------------------------------------------
CREATE TEMP TABLE before AS SELECT 'customer' AS relation, id, (id, company_id, name, age, code, country_id, mood, fax)::text AS line FROM app.customer
  UNION ALL SELECT 'memo', id, (id, customer_id, body, "Old One")::text FROM app.memo UNION ALL SELECT 'badge', id, (id, company_id, label)::text FROM app.badge;
ALTER TABLE app.memo RENAME TO remark;
ALTER TABLE app.remark RENAME "Old One" TO extra;
ALTER TABLE app.customer RENAME name TO full_name;
ALTER TABLE app.country RENAME TO land;
ALTER TABLE app.land RENAME code TO iso;
SELECT set_table_rule('app.land', 'shared', match_columns => '{iso}');
SELECT forget_stale_rules();
ALTER TABLE app.customer ADD hint text;
CREATE TABLE app.extra (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
SELECT set_eq(format('SELECT pg_temp.differs(%s)', :backup), ARRAY[
  'app.customer | name | does not exist here: 3 values | lost with adapt',
  'app.customer | full_name | is new here, must not be null and has no default | refused | SELECT public.set_column_default(''app.customer'', ''full_name'', '''''''''''');',
  'app.customer | hint | is new here | nothing',
  'app.memo | - | does not exist here: 2 rows | lost with adapt',
  'app.country | - | does not exist here: 2 rows | lost with adapt',
  'app.customer | - | has a new constraint customer_country_id_fkey: FOREIGN KEY (country_id) REFERENCES app.land(id) | checked',
  'app.extra | - | is new here | nothing', 'app.remark | - | is new here | nothing'], 'what differs, what it means, and what settles it');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)),
  'KB031 the archive does not fit the structure of this database in 3 places / column app.customer.name does not exist here: 3 values
table app.memo does not exist here: 2 rows
table app.country does not exist here: 2 rows / schema_drift => ''adapt'' restores without these values, and lists them. '
  'Or bring the database to the structure the backup was made under, or make a new backup. compare_schema() lists all differences.',
  'a restore lists what would be lost');
SELECT set_table_rename('app.memo', 'app.remark'), set_table_rename('country', 'app.land');
SELECT set_column_rename('app.remark', 'Old One', 'extra'), set_column_rename('app.customer', 'name', 'full_name'),
  set_column_rename('app.land', 'code', 'iso');
SELECT set_eq(format('SELECT pg_temp.differs(%s)', :backup), ARRAY[
  'app.memo | - | is called app.remark here | nothing', 'app.remark | Old One | is called extra here | nothing',
  'app.customer | name | is called full_name here | nothing', 'app.country | - | is called app.land here | nothing',
  'app.land | code | is called iso here | nothing', 'app.customer | hint | is new here | nothing', 'app.extra | - | is new here | nothing'],
  'renames settle it');
CREATE FUNCTION pg_temp.rows(OUT relation text, OUT id int, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'customer', id, (id, company_id, full_name, age, code, country_id, mood, fax)::text FROM app.customer
  UNION ALL SELECT 'memo', id, (id, customer_id, body, extra)::text FROM app.remark UNION ALL SELECT 'badge', id, (id, company_id, label)::text FROM app.badge $$;
SELECT is_empty(format('SELECT * FROM preview_restore(1, %s) WHERE added + changed + removed > 0', :backup), 'unchanged rows are seen to be unchanged');
DELETE FROM app.remark WHERE id = 1;
UPDATE app.customer SET full_name = 'Anna', hint = 'h' WHERE id = 1;
DELETE FROM app.badge WHERE id = 1;
SELECT results_eq(format('SELECT table_name, added, changed, removed FROM preview_restore(1, %s) WHERE added + changed + removed > 0 ORDER BY 1', :backup),
  $$VALUES ('app.badge', 1::bigint, 0::bigint, 0::bigint), ('app.customer', 0, 1, 0), ('app.remark', 1, 0, 0)$$, 'a preview under the new names');
SELECT restore_company(1, :backup) AS restore \gset
SELECT set_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'all is as it was, under its new names');
SELECT results_eq('SELECT hint FROM app.customer WHERE id = 1', $$VALUES ('h')$$, 'a new column keeps its value');
SELECT revert_restore(:restore);
SELECT results_eq('SELECT count(*) FROM app.remark', $$VALUES (2::bigint)$$, 'and it can be reverted');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
SELECT results_eq('SELECT count(*) FROM app.remark', $$VALUES (3::bigint)$$, 'a merge renames, too');
SELECT keep_restore(:restore);
SELECT create_company_from_backup(:backup, '{"id": 5, "name": "five"}') AS key \gset
SELECT results_eq('SELECT full_name, age FROM app.customer WHERE company_id = 5 ORDER BY 1', $$VALUES ('Ann', '41'), ('Bob', NULL), ('Dee', 'old')$$, 'and so does a creation');
SELECT isnt_empty(format('SELECT * FROM plan_ids(NULL::text, %s)', :backup), 'plan_ids() knows the new names');

-- Names that cannot be right
SELECT pg_temp.tells('SELECT set_table_rename(''app.x'', ''app.nothing'')', '42P01 %');
SELECT pg_temp.tells('SELECT set_column_rename(''app.customer'', ''x'', ''nothing'')', '42703 column "nothing" of table "app.customer" does not exist');
SELECT pg_temp.tells('SELECT set_table_rename(''app.note'', ''app.remark'')', 'KB009 table "app.remark" is already the new name of table "app.memo" / %');
SELECT pg_temp.tells('SELECT set_column_rename(''app.customer'', ''label'', ''full_name'')', 'KB009 column "full_name" is already the new name of "name" / %');
SELECT pg_temp.tells('SELECT set_table_rename(''app.remark'', ''app.remark'')', 'KB009 renames of tables lead in a circle / %');
SELECT pg_temp.tells('SELECT set_column_rename(''app.customer'', ''full_name'', ''full_name'')', 'KB009 renames of columns lead in a circle / %');
SELECT pg_temp.tells('SELECT set_table_rename(''a.b.c'', ''app.remark'')', '22023 "a.b.c" is not the name of a table / %');
SELECT pg_temp.tells('SELECT set_table_rename(''a b'', ''app.remark'')', '22023 %');
ALTER TABLE app.remark RENAME TO memo;
SELECT pg_temp.tells('SELECT set_table_rename(''app.remark'', ''app.memo'')', 'KB009 renames of tables lead in a circle / "app.memo" is called "app.remark", by this rule or by others. / %');
ALTER TABLE app.memo RENAME TO remark;
SELECT set_eq('SELECT object, rule FROM company_rules() WHERE rule LIKE ''was called%''', $$VALUES ('app.customer.full_name', 'was called name'),
  ('app.land', 'was called app.country'), ('app.land.iso', 'was called code'), ('app.remark', 'was called app.memo'), ('app.remark.extra', 'was called "Old One"')$$,
  'renames are rules');
SELECT set_table_rename('app.memo', NULL), set_column_rename('app.customer', 'name', NULL);
SELECT isnt_empty(format('SELECT * FROM compare_schema(%s) WHERE effect LIKE ''lost%%''', :backup), 'a rename can be taken back');
DROP TABLE app.remark;
SELECT results_eq('SELECT forget_stale_rules()', 'VALUES (1::bigint)', 'or forgotten with its table');

-- What is gone and what is new may be the same
CREATE TABLE app.note (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, body text, "Old One" jsonb, more text);
SELECT results_eq(format('SELECT difference, settle FROM compare_schema(%s) WHERE table_name = ''app.memo''', :backup),
  $$VALUES ('does not exist here: 2 rows', 'SELECT public.set_table_rename(''app.memo'', ''app.note'');')$$, 'a table with the same columns may be it');
ALTER TABLE app.customer DROP hint;
SELECT results_eq(format('SELECT difference, settle FROM compare_schema(%s) WHERE column_name = ''name''', :backup),
  $$VALUES ('does not exist here: 3 values', 'SELECT public.set_column_rename(''app.customer'', ''name'', ''full_name'');')$$, 'a column of the same type, too');

-- Constraints, enums and columns that may not be null
CREATE TYPE app.tone AS ENUM ('low', 'high', 'odd');
CREATE TABLE app.song (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, tone app.tone, title text, bars int);
INSERT INTO app.song VALUES (1, 1, 'low', 'x', 1), (2, 1, 'odd', NULL, 2), (3, 1, NULL, 'z', 3);
SELECT backup_company(1) AS songs \gset
SELECT is_empty(format('SELECT * FROM compare_schema(%s)', :songs), 'nothing has changed');
UPDATE app.song SET title = '', tone = NULL;
ALTER TABLE app.song ALTER title SET NOT NULL, ALTER bars SET NOT NULL, ADD CHECK (bars > 0), ADD UNIQUE (company_id, title, id);
CREATE UNIQUE INDEX song_bars ON app.song (bars) WHERE bars > 100;
ALTER TYPE app.tone RENAME TO old_tone;
CREATE TYPE app.tone AS ENUM ('high', 'low');
ALTER TABLE app.song ALTER tone TYPE app.tone USING NULL;
SELECT set_eq(format('SELECT pg_temp.differs(%s)', :songs), ARRAY[
  'app.song | tone | has no value ''odd'' here: 1 value does not fit | lost with adapt',
  'app.song | title | must not be null here: 1 row is without a value | refused | SELECT public.set_column_default(''app.song'', ''title'', '''''''''''');',
  'app.song | - | has a new constraint song_bars_check: CHECK ((bars > 0)) | checked',
  'app.song | - | has a new constraint song_company_id_title_id_key: UNIQUE (company_id, title, id) | checked',
  'app.song | - | has a new constraint song_bars: CREATE UNIQUE INDEX song_bars ON app.song USING btree (bars) WHERE (bars > 100) | checked'],
  'what the archive says of its columns and constraints is compared');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :songs), 'KB031 % in 2 places / %');
SELECT set_column_default('app.song', 'title', '''untitled''');
SELECT restore_company(1, :songs, schema_drift => 'adapt') AS restore \gset
SELECT results_eq('SELECT tone::text, title FROM app.song ORDER BY id', $$VALUES ('low', 'x'), (NULL, 'untitled'), (NULL, 'z')$$, 'and settled');
SELECT keep_restore(:restore);
-- As an archive of before these were noted
UPDATE company_backup.backup SET manifest = regexp_replace(regexp_replace(regexp_replace(manifest,
  ',\s+"not_null": (true|false)', '', 'g'), ',\s+"labels": \[[^]]*\]', '', 'g'), ',\s+"constraints": \[(\s+\{[^}]*\},?)*\s*\]', '', 'g') WHERE id = :songs;
SELECT ok(manifest !~ 'not_null|labels|constraints', 'an older manifest') FROM company_backup.backup WHERE id = :songs;
SELECT set_eq(format('SELECT pg_temp.differs(%s)', :songs), ARRAY['app.song | title | must not be null here: 1 row is without a value | filled'],
  'an older archive is read; its rows say what may be null');

SELECT * FROM finish();
ROLLBACK;
