-- Previews of on_error => 'skip' foresee what shows only when rows are written, and chains of what needs it.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE EXTENSION citext;
CREATE EXTENSION btree_gist;
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.chain (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, next_id int NOT NULL, name text);
ALTER TABLE app.chain ADD FOREIGN KEY (next_id) REFERENCES app.chain;
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text UNIQUE, chain_id int REFERENCES app.chain, name text,
  shout text GENERATED ALWAYS AS (upper(name)) STORED UNIQUE);
CREATE TABLE app.part (id int PRIMARY KEY, item_id int NOT NULL REFERENCES app.item);
CREATE TABLE app.booking (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE app.word (company_id int NOT NULL REFERENCES app.company, word text UNIQUE);
CREATE TABLE app.late (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.chain SELECT n, 1, least(n + 1, 60), 'c' || n FROM generate_series(1, 60) n;
INSERT INTO app.item SELECT n, 1, 'i' || n, n * 2, 'n' || n FROM generate_series(1, 20) n;
INSERT INTO app.part SELECT n, 1 + n % 20 FROM generate_series(1, 40) n;
INSERT INTO app.booking SELECT n, 1, n % 2, int4range(n, n + 2) FROM generate_series(1, 20, 2) n;
INSERT INTO app.word VALUES (1, 'a'), (1, 'b'), (1, NULL), (1, NULL);
INSERT INTO app.late SELECT n, 1, n FROM generate_series(1, 4) n;
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.rows() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'chain ' || t FROM app.chain t UNION ALL SELECT 'item ' || t FROM app.item t UNION ALL SELECT 'part ' || t FROM app.part t
  UNION ALL SELECT 'booking ' || t FROM app.booking t UNION ALL SELECT 'word ' || t FROM app.word t UNION ALL SELECT 'late ' || t FROM app.late t $$;
-- What a restore does, table by table, is what its preview says; and it can be taken back.
CREATE FUNCTION pg_temp.done(backup bigint, mode text = 'replace', OUT counts text, OUT refused text) LANGUAGE plpgsql AS $$
DECLARE restore bigint; foreseen text; listed text;
BEGIN
  CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();
  SELECT concat_ws(' ', sum(added), sum(changed), sum(removed)) INTO foreseen FROM preview_restore(1, backup, mode => done.mode, on_error => 'skip');
  SELECT concat_ws(' ', count(*) FILTER (WHERE change = 'added'), count(*) FILTER (WHERE change = 'changed'), count(*) FILTER (WHERE change = 'removed'))
    INTO listed FROM preview_rows(1, backup, mode => done.mode, on_error => 'skip', max_rows => 1000);
  restore := restore_company(1, backup, mode => done.mode, on_error => 'skip');
  SELECT concat_ws(' ', added, changed, removed) INTO counts FROM company_restores(1) WHERE id = restore;
  SELECT string_agg(format('%s %s', split_part(table_name, '.', 2), n), ', ' ORDER BY table_name) INTO refused
    FROM (SELECT table_name, count(*) AS n FROM restore_problems(restore) WHERE sqlstate <> 'KB048' GROUP BY 1) p;
  IF counts <> foreseen OR counts <> listed THEN counts := counts || ' BUT foreseen ' || foreseen || ', listed ' || listed; END IF;
  PERFORM revert_restore(restore);
  IF EXISTS (SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM before) THEN refused := refused || ' BUT not reverted'; END IF;
  DROP TABLE before;
END $$;

-- All is gone; others have some of its values
SELECT set_row_check('app.chain', 'name <> ''c50''');
DELETE FROM app.part; DELETE FROM app.item; TRUNCATE app.chain, app.item, app.part, app.booking, app.word;
INSERT INTO app.item VALUES (100, 2, 'i3', NULL, 'x'), (4, 2, 'four', NULL, 'y'), (101, 2, NULL, NULL, 'N7');
INSERT INTO app.booking VALUES (100, 2, 1, '[4,6)');
INSERT INTO app.word VALUES (2, 'b');
SELECT results_eq(format('SELECT * FROM pg_temp.done(%s)', :backup), $$VALUES ('72 0 0', 'booking 2, chain 50, item 3, part 6, word 1')$$, 'added');
SELECT results_eq(format('SELECT * FROM pg_temp.done(%s, ''merge'')', :backup), $$VALUES ('72 0 0', 'booking 2, chain 50, item 3, part 6, word 1')$$, 'merged');
SELECT results_eq(format('SELECT table_name, note FROM preview_restore(1, %s, on_error => ''skip'') WHERE note IS NOT NULL', :backup),
  $$VALUES ('app.booking', '2 rows of the backup are refused by the table, and left out'),
    ('app.chain', '1 row of the backup is refused by the table, and left out; 49 rows need some that are left out, and are, too'),
    ('app.item', '3 rows of the backup are refused by the table, and left out'),
    ('app.part', '6 rows need some that are left out, and are, too'),
    ('app.word', '1 row of the backup is refused by the table, and left out')$$, 'notes');

-- Rows of the company have them, of which some stay
DELETE FROM app.item; DELETE FROM app.booking; DELETE FROM app.word;
SELECT set_row_check('app.chain', NULL);
SELECT set_row_check('app.item', 'name <> ''n5''');
INSERT INTO app.chain VALUES (60, 1, 60, 'now');
INSERT INTO app.item VALUES (5, 1, 'i6', 60, 'now'), (6, 1, 'i7', 60, 'then'), (7, 1, 'i8', 60, 'since'), (30, 1, 'i9', 60, 'n10'), (8, 2, 'i11', NULL, 'n12');
INSERT INTO app.booking VALUES (1, 1, 0, '[1,20)'), (50, 1, 1, '[1,4)');
INSERT INTO app.word VALUES (1, 'a'), (1, 'c');
SELECT results_eq(format('SELECT * FROM pg_temp.done(%s)', :backup), $$VALUES ('119 2 3', 'item 6, part 6')$$, 'replaced');
SELECT results_eq(format('SELECT * FROM pg_temp.done(%s, ''merge'')', :backup), $$VALUES ('112 0 0', 'booking 1, item 5, part 10')$$, 'merged');

-- Where a constraint is deferrable: values that rows exchange, of another company, of a row that a merge leaves
UPDATE app.late SET n = 3 - n WHERE id < 3;
UPDATE app.late SET n = 33 WHERE id = 3;
DELETE FROM app.late WHERE id = 4;
INSERT INTO app.late VALUES (9, 2, 3), (10, 1, 4);
SELECT results_eq(format('SELECT counts NOT LIKE ''%%BUT%%'', refused FROM pg_temp.done(%s)', :backup), $$VALUES (true, 'item 6, late 1, part 6')$$, 'deferrable, replaced');
SELECT results_eq(format('SELECT counts NOT LIKE ''%%BUT%%'', refused FROM pg_temp.done(%s, ''merge'')', :backup), $$VALUES (true, 'booking 1, item 5, late 1, part 10')$$, 'deferrable, merged');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'all of them hold');

-- Values that two rows of the backup share
CREATE TABLE app.name (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, place int);
INSERT INTO app.name VALUES (1, 1, 'a', 1), (2, 1, 'a', 2), (3, 1, 'a', NULL), (4, 1, 'b', 2), (5, 1, 'b', 5), (6, 1, 'c', NULL), (7, 1, 'c', 7);
SELECT backup_company(1) AS backup \gset
DELETE FROM app.name;
ALTER TABLE app.name ADD UNIQUE (company_id, name), ADD UNIQUE (place) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO app.name VALUES (90, 2, 'x', 1), (2, 1, 'y', NULL), (7, 1, 'z', NULL);
SELECT results_eq(format('SELECT counts NOT LIKE ''%%BUT%%'', refused FROM pg_temp.done(%s)', :backup), $$VALUES (true, 'name 4')$$, 'the first of them comes');
SELECT results_eq(format('SELECT counts NOT LIKE ''%%BUT%%'' FROM pg_temp.done(%s, ''merge'')', :backup), 'VALUES (true)', 'in a merge, too');

-- CHECKs that call functions are told of
CREATE FUNCTION app.fine(n text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN IF n = 'c' THEN RAISE EXCEPTION 'no c'; END IF; RETURN n <> 'a'; END $$;
ALTER TABLE app.name ADD CHECK (app.fine(name)) NOT VALID;
SELECT matches((SELECT note FROM preview_restore(1, :backup, on_error => 'skip') WHERE table_name = 'app.name'),
  '[0-9] rows come unless a CHECK that calls functions refuses them when all rows are there: now it would', 'in a note');
SELECT * FROM finish();
ROLLBACK;
