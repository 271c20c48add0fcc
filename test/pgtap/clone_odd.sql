-- Copies of tables with unusual keys: what counts down, what several tables share, what is unique and no key, domains,
-- padded and case-blind texts, partitions and children; and what a copy is asked for.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

CREATE SCHEMA app;
CREATE EXTENSION company_backup;

\ir told.psql

CREATE TABLE app.company (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
INSERT INTO app.company (name) VALUES ('One'), ('Two');
SELECT set_company_table('app.company', identity_columns => '{}');

SELECT is((SELECT count(*) FROM app.company), 2::bigint, 'two companies');

-- Numbers ------------------------------------------------------------------------------------------------
-- A sequence that counts down, and one that begins where its type ends.
SAVEPOINT numbers;
CREATE SEQUENCE app.down INCREMENT -2 MAXVALUE -1;
CREATE SEQUENCE app.top AS int INCREMENT -1 MINVALUE 1 MAXVALUE 2147483647 START 2147483647;
CREATE TABLE app.step (id int PRIMARY KEY DEFAULT nextval('app.down'), company_id int NOT NULL REFERENCES app.company, label text);
CREATE TABLE app.foot (id int PRIMARY KEY DEFAULT nextval('app.top'), step_id int NOT NULL REFERENCES app.step, label text);
INSERT INTO app.step (company_id, label) SELECT 1 + n % 2, 'step ' || n FROM generate_series(1, 6) n;
INSERT INTO app.foot (step_id, label) SELECT id, label FROM app.step ORDER BY id DESC;
INSERT INTO app.step VALUES (-21, 2, 'written past the sequence');
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format('SELECT label FROM app.step WHERE company_id = %s ORDER BY id DESC', :clone), $$VALUES ('step 2'), ('step 4'), ('step 6')$$,
  'keys that count down still do');
SELECT is((SELECT max(id) FROM app.step WHERE company_id = :clone), -23, 'past rows that others wrote');
SELECT results_eq(format('SELECT f.label, s.label FROM app.foot f JOIN app.step s ON s.id = step_id WHERE company_id = %s ORDER BY f.id DESC', :clone),
  $$VALUES ('step 2', 'step 2'), ('step 4', 'step 4'), ('step 6', 'step 6')$$, 'so do keys that nothing refers to, from the end of their type on');
SELECT backup_company(1) AS backup \gset
SELECT restore_company(2, :backup, ids => 'remap') AS restore \gset
SELECT results_eq('SELECT label FROM app.step WHERE company_id = 2 ORDER BY id DESC', $$VALUES ('step 2'), ('step 4'), ('step 6')$$,
  '... over the rows of another company, too');
SELECT revert_restore(:restore);
ROLLBACK TO numbers;

-- Unique numbers that are no key, in whose order the rows do not come; also checked late.
CREATE TABLE app.place (company_id int NOT NULL REFERENCES app.company, code text, no serial UNIQUE, late serial UNIQUE DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (company_id, code));
INSERT INTO app.place SELECT 1, chr(70 - n), n, 20 - n FROM generate_series(1, 5) n;
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format('SELECT code FROM app.place WHERE company_id = %s ORDER BY no', :clone), $$VALUES ('E'), ('D'), ('C'), ('B'), ('A')$$,
  'unique numbers keep their order');
SELECT results_eq(format('SELECT code FROM app.place WHERE company_id = %s ORDER BY late', :clone), $$VALUES ('A'), ('B'), ('C'), ('D'), ('E')$$,
  'and so do those of a deferrable constraint');
SELECT is((SELECT count(*) FROM app.place a JOIN app.place b ON b.no = a.no OR b.late = a.late), 10::bigint, 'all are unique');
ROLLBACK TO numbers;

-- Rows that share part of a key go on sharing it.
CREATE TABLE app.batch (no serial, line int, company_id int NOT NULL REFERENCES app.company, PRIMARY KEY (no, line));
INSERT INTO app.batch VALUES (1, 1, 1), (1, 2, 1), (2, 1, 2), (3, 1, 1);
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format('SELECT dense_rank() OVER (ORDER BY no), line FROM app.batch WHERE company_id = %s ORDER BY no, line', :clone),
  $$VALUES (1::bigint, 1), (1, 2), (2, 1)$$, 'rows of one batch are of one batch again');
SELECT is((SELECT count(*) FROM app.batch a JOIN app.batch b USING (no) WHERE a.company_id <> b.company_id), 0::bigint, '... of their own');
ROLLBACK TO numbers;

-- One sequence for two tables; counted for both before anything is written. A CYCLE does not begin anew.
CREATE SEQUENCE app.both CYCLE MAXVALUE 8 CACHE 2;
CREATE TABLE app.one (id smallint PRIMARY KEY DEFAULT nextval('app.both'), company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.two (id smallint PRIMARY KEY DEFAULT nextval('app.both'), one_id smallint NOT NULL REFERENCES app.one);
INSERT INTO app.one (company_id) VALUES (1), (1);
INSERT INTO app.two (one_id) SELECT id FROM app.one;
SAVEPOINT copied;
SELECT pg_temp.tells('SELECT clone_company(1)', 'ok');
ROLLBACK TO copied;
ALTER SEQUENCE app.both RESTART 5 MAXVALUE 7;
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB037 2 keys of the backup cannot be taken over by another company / app.one, key one_pkey: id: 4 new values are needed, but only 3 are left%');
SELECT is((SELECT last_value FROM app.both), 5::bigint, 'no number was taken');
ALTER SEQUENCE app.both RESTART 5 MAXVALUE 8;
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format('SELECT a.id::int, b.id::int FROM app.one a JOIN app.two b ON b.one_id = a.id WHERE company_id = %s ORDER BY 1', :clone),
  $$VALUES (5, 7), (6, 8)$$, 'exactly enough is enough');
ROLLBACK TO numbers;

-- A column narrower than its sequence.
CREATE SEQUENCE app.wide;
CREATE TABLE app.narrow (id smallint PRIMARY KEY DEFAULT nextval('app.wide'), company_id int NOT NULL REFERENCES app.company);
INSERT INTO app.narrow (company_id) VALUES (1), (1);
SELECT setval('app.wide', 32766) \gset ignored_
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB037 % app.narrow, key narrow_pkey: id: 2 new values are needed, but only 1 is left%');
SELECT setval('app.wide', 40000) \gset ignored_
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB037 % app.narrow, key narrow_pkey: id: 2 new values are needed, but only 0 are left%');
ROLLBACK TO numbers;

-- Domains, texts -----------------------------------------------------------------------------------------
CREATE DOMAIN app.uuid_id AS uuid;
CREATE DOMAIN app.int_id AS int CHECK (value > 0);
CREATE DOMAIN app.text_id AS text;
CREATE TABLE app.a (id app.uuid_id PRIMARY KEY DEFAULT gen_random_uuid(), company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.b (id app.int_id PRIMARY KEY, a_id uuid NOT NULL REFERENCES app.a);
CREATE TABLE app.c (id app.text_id PRIMARY KEY, b_id int NOT NULL REFERENCES app.b);
CREATE TABLE app.d (id char(40) PRIMARY KEY, c_id text NOT NULL REFERENCES app.c);
CREATE TABLE app.e (id varchar(40) PRIMARY KEY, d_id char(50) NOT NULL REFERENCES app.d, d_text text REFERENCES app.d);
INSERT INTO app.a (company_id) SELECT 1 + n % 2 FROM generate_series(1, 6) n;
INSERT INTO app.b SELECT row_number() OVER (), id FROM app.a;
INSERT INTO app.c SELECT upper(gen_random_uuid()::text), id FROM app.b;
INSERT INTO app.d SELECT '01HZ3NDEKTSV4RRFFQ69G5FA' || b_id || 'V', id FROM app.c;
INSERT INTO app.e SELECT 'inv_01HZ3NDEKTSV4RRFFQ69G5FB' || row_number() OVER () || 'V', id, id FROM app.d;
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format($$SELECT c.id ~ '^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[0-9A-F]{4}-[0-9A-F]{12}$', trim(d.id) ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$', e.id ~ '^inv_[0-7][0-9A-HJKMNP-TV-Z]{25}$'
    FROM app.a JOIN app.b ON a_id = a.id JOIN app.c ON b_id = b.id JOIN app.d ON c_id = c.id JOIN app.e ON d_id = d.id AND d_text = d.id WHERE company_id = %s$$, :clone),
  'VALUES (true, true, true), (true, true, true), (true, true, true)', 'keys of domains, capital UUIDs, padded and prefixed keys, through five tables');
ROLLBACK TO numbers;

-- A key that nobody refers to, in a text: an ID all the same.
CREATE TABLE app.file (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.page (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, html text);
INSERT INTO app.file (company_id) VALUES (1);
INSERT INTO app.page (company_id, html) SELECT 1, '<img src="/file/' || id || '">' FROM app.file;
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB039 an old ID would be left in column "html" of table "app.page"%');
ROLLBACK TO numbers;

-- Partitions, children ------------------------------------------------------------------------------------
CREATE TABLE app.event (id bigserial, at date NOT NULL, company_id int NOT NULL REFERENCES app.company, label text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.event_1 PARTITION OF app.event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.event_2 PARTITION OF app.event FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE app.echo (id serial PRIMARY KEY, event_id bigint NOT NULL, event_at date NOT NULL, label text, FOREIGN KEY (event_id, event_at) REFERENCES app.event);
CREATE TABLE app.hashed (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company) PARTITION BY HASH (id);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.hashed_1 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.parent (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, label text);
CREATE TABLE app.child (extra text, PRIMARY KEY (id), FOREIGN KEY (company_id) REFERENCES app.company) INHERITS (app.parent);
INSERT INTO app.event (at, company_id, label) SELECT date '2020-12-28' + n, 1 + n % 2, 'event ' || n FROM generate_series(1, 8) n;
INSERT INTO app.echo (event_id, event_at, label) SELECT id, at, label FROM app.event;
INSERT INTO app.hashed (company_id) SELECT 1 + n % 2 FROM generate_series(1, 20) n;
INSERT INTO app.parent (company_id, label) VALUES (1, 'p'), (2, 'q');
INSERT INTO app.child (company_id, label, extra) VALUES (1, 'c', 'x'), (2, 'd', 'y');
SELECT clone_company(1) AS clone \gset
SELECT results_eq(format('SELECT e.tableoid::regclass::text, e.label FROM app.event e JOIN app.echo o ON (e.id, e.at) = (event_id, event_at) AND e.label = o.label WHERE company_id = %s ORDER BY e.id', :clone),
  $$VALUES ('app.event_1', 'event 2'), ('app.event_2', 'event 4'), ('app.event_2', 'event 6'), ('app.event_2', 'event 8')$$, 'rows of partitions, and what refers to them');
SELECT is((SELECT count(*) FROM app.hashed WHERE company_id = :clone), 10::bigint, 'partitions by the key itself');
SELECT results_eq(format('SELECT tableoid::regclass::text, label FROM app.parent WHERE company_id = %s ORDER BY label DESC', :clone),
  $$VALUES ('app.parent', 'p'), ('app.child', 'c')$$, 'children of a table');
SELECT is((SELECT count(*) - count(DISTINCT id) FROM app.parent), 0::bigint, 'their IDs are of one sequence');
ROLLBACK TO numbers;

-- Composites, arrays, files, generated columns, three levels -------------------------------------------------
CREATE TYPE app.pair AS (n int, id uuid);
CREATE TABLE app.shop (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), company_id int NOT NULL REFERENCES app.company, name text);
CREATE TABLE app.scan (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop_id uuid NOT NULL REFERENCES app.shop, pair app.pair, tags uuid[], body bytea,
    size int GENERATED ALWAYS AS (length(body)) STORED);
SELECT set_column_rule('app.scan', 'body', 'file');
INSERT INTO app.shop (company_id, name) VALUES (1, 'a'), (1, 'b'), (2, 'c');
INSERT INTO app.scan (shop_id, pair, tags, body) SELECT id, (1, gen_random_uuid())::app.pair, ARRAY[gen_random_uuid()], ('file of ' || name)::bytea FROM app.shop;
INSERT INTO app.scan (shop_id) SELECT id FROM app.shop WHERE name = 'a';
SELECT clone_company(1) AS clone \gset
CREATE FUNCTION pg_temp.scans(key int) RETURNS TABLE (name text, pair app.pair, tags uuid[], body bytea, size int) LANGUAGE sql AS
  $$ SELECT name, pair, tags, body, size FROM app.scan JOIN app.shop s ON s.id = shop_id WHERE company_id = key ORDER BY name, body $$;
SELECT results_eq(format('SELECT * FROM pg_temp.scans(%s)', :clone), 'SELECT * FROM pg_temp.scans(1)', 'three levels, with files, composites and arrays');
UPDATE app.scan SET pair.id = shop_id WHERE id = 1;
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB039 % column "pair" of table "app.scan"%');
UPDATE app.scan SET pair = NULL, tags = tags || shop_id WHERE id = 1;
SELECT pg_temp.tells('SELECT clone_company(1)', 'KB039 % column "tags" of table "app.scan"%');
ROLLBACK TO numbers;

-- Inside a function, more than once, and taken back
CREATE TABLE app.item (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
INSERT INTO app.item (company_id) VALUES (1), (1);
CREATE FUNCTION pg_temp.copies() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. 3 LOOP
    BEGIN
      RETURN NEXT clone_company(1);
      IF n = 2 THEN RAISE EXCEPTION 'taken back'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
SELECT is((SELECT count(*) FROM pg_temp.copies()), 3::bigint, 'three copies in one function');
SELECT is((SELECT count(*) FROM app.company), 4::bigint, 'of which one was taken back');
SELECT is((SELECT count(*) FROM app.item), 6::bigint, '... with its rows');
ROLLBACK TO numbers;

-- The company's row ----------------------------------------------------------------------------------------
-- Unique over a pair that may name the company itself: it is told apart by the new company's key, which the plan does
-- not know yet.
CREATE TABLE app.picture (company_id int NOT NULL REFERENCES app.company, owner_type text NOT NULL, owner_id int NOT NULL, place text NOT NULL,
    PRIMARY KEY (company_id, place), UNIQUE (owner_type, owner_id));
SELECT set_reference('app.picture', '{owner_id}', 'app.company', '{id}', when_column => 'owner_type', when_value => 'Company');
INSERT INTO app.picture SELECT id, 'Company', id, 'wall' FROM app.company WHERE id < 3;
SELECT backup_company(1) AS backup \gset
SELECT results_eq(format('SELECT columns::text, decision FROM plan_ids(NULL::text, %s) WHERE table_name = %L ORDER BY 1', :backup, 'app.picture'),
  $$VALUES ('{company_id,place}', 'kept'), ('{owner_type,owner_id}', 'kept')$$, 'a pair that names the company is told apart');
SELECT lives_ok($$SELECT clone_company(1)$$, '... as a copy shows');
ROLLBACK TO numbers;

-- A reference that leads nowhere, or to another company, is found in a clone, too, where maps prove most of them.
CREATE TABLE app.trunk (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.branch (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), trunk_id int REFERENCES app.trunk,
    company_id int NOT NULL REFERENCES app.company, upper_id uuid REFERENCES app.branch);
INSERT INTO app.trunk SELECT n, 1 + n % 2 FROM generate_series(1, 20) n;
INSERT INTO app.branch SELECT ('00000000-0000-4000-8000-0000000000' || 10 + id)::uuid, id, company_id, NULL FROM app.trunk;
UPDATE app.branch SET upper_id = '00000000-0000-4000-8000-000000000030' WHERE company_id = 1;
SELECT pg_temp.tells('SELECT clone_company(1)', 'ok');
SET LOCAL session_replication_role = replica;
SELECT pg_temp.tells('UPDATE app.branch SET trunk_id = 1 WHERE trunk_id = 6; SELECT clone_company(1)',
  'KB034 reference "branch_trunk_id_fkey" of table "app.branch" leads nowhere / Table "app.trunk" has no such row for (trunk_id) of 1 row:%refers to (1)%');
SELECT pg_temp.tells('UPDATE app.branch SET trunk_id = 77 WHERE trunk_id = 6; SELECT clone_company(1)', 'KB034 reference "branch_trunk_id_fkey" %refers to (77)%');
SELECT pg_temp.tells($$UPDATE app.branch SET upper_id = '00000000-0000-4000-8000-000000000077' WHERE trunk_id = 6; SELECT clone_company(1)$$,
  'KB034 reference "branch_upper_id_fkey" %refers to (00000000-0000-4000-8000-000000000077)%');
SELECT pg_temp.tells('DELETE FROM app.trunk WHERE id = 6; SELECT clone_company(1)', 'KB034 reference "branch_trunk_id_fkey" %refers to (6)%');
RESET session_replication_role;
ROLLBACK TO numbers;

-- Keys that nothing gives, asked for once.
CREATE SCHEMA odd;
CREATE TABLE odd.company (key3 char(8) PRIMARY KEY, name text, code text NOT NULL, tax text UNIQUE, a int, b int, UNIQUE (key3, name), UNIQUE (code, key3), UNIQUE (a, b));
CREATE TABLE odd.item (id serial PRIMARY KEY, company char(8) NOT NULL REFERENCES odd.company);
SELECT set_company_table('odd.company', key_column => 'key3', identity_columns => '{}');
INSERT INTO odd.company VALUES ('acme', 'Acme', 'x', 't', 1, 2);
INSERT INTO odd.item (company) VALUES ('acme');
SELECT pg_temp.tells($$SELECT clone_company('acme')$$, 'KB036 the new company has no value for columns that must not be null / Columns of table "odd.company": key3. / %''{"key3": ...}''%');
SELECT pg_temp.tells($$SELECT clone_company('acme', '{"key3": "acme    "}')$$, 'KB036 company "acme    " exists already%');
SELECT pg_temp.tells($$SELECT clone_company('acme', '{"key3": "much too long"}')$$, 'KB035 value of column "key3" of table "odd.company" cannot be loaded%');
SELECT is(clone_company('acme', '{"key3": "beta"}'), 'beta    ', 'a padded key');
SELECT results_eq($$SELECT name, code, tax, a, b FROM odd.company WHERE key3 = 'beta'$$, $$VALUES ('Acme', 'x', NULL, NULL::int, 2)$$, 'of several unique keys one column each is left out');
SELECT is((SELECT count(*) FROM odd.item WHERE company = 'beta'), 1::bigint, 'the rows follow it');
ROLLBACK TO numbers;

CREATE SCHEMA odd;
CREATE TABLE odd.company (key3 uuid PRIMARY KEY);
CREATE TABLE odd.item (id serial PRIMARY KEY, company uuid NOT NULL REFERENCES odd.company);
SELECT set_company_table('odd.company', key_column => 'key3', name_column => NULL, identity_columns => '{}');
INSERT INTO odd.company VALUES ('00000000-0000-4000-8000-000000000001');
INSERT INTO odd.item (company) VALUES ('00000000-0000-4000-8000-000000000001');
SELECT pg_temp.tells($$SELECT clone_company('00000000-0000-4000-8000-000000000001')$$, 'KB036 % "odd.company": key3. %');
SELECT is(clone_company('00000000-0000-4000-8000-000000000001', '{"key3": "{00000000-0000-4000-8000-00000000000A}"}'), '00000000-0000-4000-8000-00000000000a', 'a UUID, as its type writes it');
SELECT is((SELECT count(*) FROM odd.item WHERE company = '00000000-0000-4000-8000-00000000000a'), 1::bigint, 'its rows follow');
ROLLBACK TO numbers;

-- pgTAP counts its tests in a table: the last of them stands outside all savepoints.
SELECT is((SELECT count(*) FROM app.company), 2::bigint, 'two companies again');
SELECT * FROM finish();
ROLLBACK;
