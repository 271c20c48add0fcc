-- Rows of others, or of nobody, that refer to a company which is deleted: they follow their foreign keys, or stop it.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, parent_id int REFERENCES app.company ON DELETE SET NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text UNIQUE,
  doubled int GENERATED ALWAYS AS (id * 2) STORED UNIQUE);
CREATE TABLE app.follower (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
  item_id int REFERENCES app.item ON DELETE CASCADE, nullable int REFERENCES app.item ON DELETE SET NULL,
  defaulted int DEFAULT 99 REFERENCES app.item ON DELETE SET DEFAULT, code text REFERENCES app.item (code) ON DELETE CASCADE,
  doubled int REFERENCES app.item (doubled) ON DELETE SET NULL);
CREATE TABLE app.below (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, follower_id int REFERENCES app.follower ON DELETE CASCADE);
CREATE TABLE app.log (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, item_id int REFERENCES app.item ON DELETE SET NULL);
CREATE TABLE app.queue (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, item_id int REFERENCES app.item ON DELETE CASCADE);
CREATE TABLE app.stays (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, item_id int REFERENCES app.item);
CREATE TABLE app.common (id int PRIMARY KEY, item_id int REFERENCES app.item ON DELETE CASCADE);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule(t::regclass, 'company', route => ARRAY[format('%s_company_id_fkey', split_part(t, '.', 2))::name])
FROM unnest('{app.follower,app.below,app.stays}'::text[]) t;
SELECT set_table_rule('app.log', 'append_only', route => '{log_company_id_fkey}');
SELECT set_table_rule('app.queue', 'excluded', 'jobs', route => '{queue_company_id_fkey}');
SELECT set_table_rule('app.common', 'shared', match_columns => '{id}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company VALUES (1, 'one', NULL), (2, 'two', 1), (3, 'three', NULL);
INSERT INTO app.item VALUES (99, 2, 'default'), (5, 2, 'e');
INSERT INTO app.item SELECT n, 1, 'c' || n FROM generate_series(10, 20) n;
INSERT INTO app.follower VALUES (1, 2, 10, NULL, NULL, NULL, NULL), (2, 2, 5, 10, NULL, NULL, NULL), (3, 2, 5, 5, 10, NULL, NULL),
  (4, 2, 5, 5, 5, 'c11', NULL), (5, 2, 5, 5, 5, 'e', 26), (6, 2, 5, 5, 5, 'e', 10), (7, 1, 10, 10, 99, 'c11', NULL);
INSERT INTO app.below VALUES (1, 2, 1), (2, 2, 2), (3, 3, 1), (4, 1, 7);
INSERT INTO app.log VALUES (1, 2, 10), (2, 1, 10), (3, 2, 5);
INSERT INTO app.queue VALUES (1, 2, 10), (2, 1, 10), (3, 2, 5);
INSERT INTO app.common VALUES (1, 10), (2, 5), (3, NULL);

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  FOR relation IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' LOOP
    RETURN QUERY EXECUTE format('SELECT %L, t::text FROM %s t', relation, relation);
  END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();
SAVEPOINT plain;
UPDATE app.company SET parent_id = NULL WHERE parent_id = 1;
DELETE FROM app.below WHERE company_id = 1; DELETE FROM app.follower WHERE company_id = 1; DELETE FROM app.log WHERE company_id = 1;
DELETE FROM app.queue WHERE company_id = 1; DELETE FROM app.item WHERE company_id = 1; DELETE FROM app.company WHERE id = 1;
SELECT coalesce(json_agg(r), '[]') AS plain FROM pg_temp.rows() r \gset
ROLLBACK TO plain;
CREATE TEMP TABLE expected AS SELECT * FROM json_to_recordset(:'plain') AS r(relation text, line text);

-- What stops it
SAVEPOINT stays;
INSERT INTO app.item SELECT n, 1, 'c' || n FROM generate_series(1000, 2499) n;
INSERT INTO app.stays SELECT n, 2, n FROM generate_series(1000, 2499) n;
INSERT INTO app.stays VALUES (1, 1, 10);
SELECT matches(pg_temp.told($$SELECT delete_company(1, 'one')$$),
  '^KB034 rows outside the company refer to rows that would be removed / app.stays, stays_item_id_fkey: 1500 rows: \(\d+\), .* / Remove or change these rows first, or give their foreign keys an action ON DELETE.$',
  'rows that may not follow stop it');
SELECT is(array_length(string_to_array((regexp_match(pg_temp.told($$SELECT delete_company(1, 'one')$$), '1500 rows: (.*), \.\.\. '))[1], ', '), 1), 1000, 'a thousand of them are listed');
SELECT is((SELECT left(in_the_way, 130) FROM preview_delete(1) WHERE table_name = 'app.item'),
  'rows outside the company refer to rows that would be removed: app.stays, stays_item_id_fkey: 1500 rows: (1000), (1001), (1002), (1', 'a preview says so');
ROLLBACK TO stays;
SAVEPOINT nowhere;
UPDATE app.follower SET defaulted = NULL WHERE defaulted = 99;
UPDATE app.follower SET item_id = NULL WHERE id = 3;
DELETE FROM app.item WHERE id = 99;
SELECT matches(pg_temp.told($$SELECT delete_company(1, 'one')$$), '^KB034 .*follower_defaulted_fkey: the default leads nowhere: \(99\)', 'a default that leads nowhere');
ROLLBACK TO nowhere;
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'then nothing has changed');

-- What follows
SELECT results_eq('SELECT table_name, removed, changed, note, in_the_way FROM preview_delete(1)',
  $$VALUES ('app.below', 3::bigint, 0::bigint, '2 rows of others or of nobody, which follow a foreign key', NULL),
    ('app.common', 1, 0, '1 row of others or of nobody, which follows a foreign key', NULL),
    ('app.company', 1, 1, '1 row of others or of nobody, which follows a foreign key', NULL),
    ('app.follower', 3, 3, '5 rows of others or of nobody, which follow a foreign key', NULL), ('app.item', 11, 0, NULL, NULL),
    ('app.log', 1, 1, '1 row of others or of nobody, which follows a foreign key', NULL),
    ('app.queue', 2, 0, '1 row of others or of nobody, which follows a foreign key', NULL), ('app.stays', 0, 0, NULL, NULL)$$,
  'a preview counts what would follow');
SELECT lives_ok($$SELECT delete_company(1, 'one')$$, 'deleted');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM expected', 'rows of others follow their foreign keys, as they would in plain SQL');
SELECT is((SELECT removed FROM company_backup.deletion), 16::bigint, 'only the company''s own rows count as its');

-- A caller who may not touch what follows: PostgreSQL does that as the tables' owner, too.
INSERT INTO app.company VALUES (1, 'one');
INSERT INTO app.item VALUES (10, 1, 'c10');
INSERT INTO app.follower VALUES (11, 2, 10, NULL), (12, 3, NULL, 10);
CREATE ROLE cb_caller;
SELECT grant_company_backup('cb_caller');
CREATE FUNCTION app.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('app.yes');
GRANT USAGE ON SCHEMA app TO cb_caller;
GRANT SELECT, DELETE ON app.company, app.item, app.follower, app.below, app.log, app.queue, app.stays TO cb_caller;
REVOKE ALL ON app.common FROM cb_caller;
SET LOCAL ROLE cb_caller;
SELECT lives_ok($$SELECT delete_company(1, 'one')$$, 'as an ordinary role');
RESET ROLE;
SELECT set_eq('SELECT id, nullable FROM app.follower WHERE id > 10', 'VALUES (12, NULL::int)', 'rows followed');

SELECT * FROM finish();
ROLLBACK;
