-- on_error => 'skip' where it cannot be had: nothing is left dangling in silence, and there is an end to attempts.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.region (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, region_id int, name text);
CREATE TABLE app.seat (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.part (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
CREATE FUNCTION app.quota(c int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN IF (SELECT count(*) FROM app.seat WHERE company_id = c) >= 3 THEN RAISE EXCEPTION 'quota exceeded'; END IF; RETURN true; END $$;
ALTER TABLE app.seat ADD CHECK (app.quota(company_id));
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.customer', '{region_id}', 'app.region');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.region VALUES (1, 1);
INSERT INTO app.customer VALUES (1, 1, 1, 'bad'), (2, 1, 1, 'good');
INSERT INTO app.seat VALUES (1, 1), (2, 1), (3, 1);
INSERT INTO app.part (company_id, name) SELECT 1, 'p' || n FROM generate_series(1, 4) n;
SELECT backup_company(1) AS backup \gset
SELECT set_row_check('app.customer', 'name <> ''bad''');

-- A soft reference of a row that stays
CREATE FUNCTION pg_temp.all_rows() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'region ' || t FROM app.region t UNION ALL SELECT 'customer ' || t FROM app.customer t
  UNION ALL SELECT 'seat ' || t FROM app.seat t UNION ALL SELECT 'part ' || t FROM app.part t $$;
INSERT INTO app.region VALUES (9, 1);
UPDATE app.customer SET region_id = 9, name = 'now' WHERE id = 1;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.all_rows();
SELECT results_eq(format('SELECT table_name, removed FROM preview_restore(1, %s, on_error => ''skip'') WHERE removed > 0', :backup), 'SELECT NULL::text, 0::bigint WHERE false', 'a preview');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id FROM app.region ORDER BY 1', 'VALUES (1), (9)', 'what it leads to stays');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.all_rows()', 'SELECT * FROM before', 'a revert');
UPDATE app.customer SET region_id = 1 WHERE id = 1;

-- A CHECK that raises an error as long as others are there is not asked beforehand
DELETE FROM app.seat;
INSERT INTO app.seat VALUES (11, 1), (12, 1), (13, 1);
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT id FROM app.seat ORDER BY 1', 'VALUES (1), (2), (3)', 'rows come that a restore writes');
SELECT results_eq(format('SELECT table_name, row_key FROM restore_problems(%s)', :restore), $$VALUES ('app.customer', '(1)')$$, 'others do not');
SELECT revert_restore(:restore);

-- Rows under new IDs that are refused when all are written
CREATE FUNCTION app.fine(n text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT n <> 'p2' OR n IS NULL $$;
ALTER TABLE app.part ADD CHECK (app.fine(name)) NOT VALID;
DELETE FROM app.customer; DELETE FROM app.seat; DELETE FROM app.region;
SELECT pg_temp.tells(format('SELECT restore_company(2, %s, on_error => ''skip'')', :backup),
  'KB034 the backup cannot be restored without the rows that are refused / After 50 attempts %table app.part, row (%');
SELECT is((SELECT count(*)::int FROM app.part WHERE company_id = 2), 0, 'nothing has come');

-- A CHECK that raises an error only as long as a row is there that is refused at the end
CREATE TABLE app.credit (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, amount int);
CREATE TABLE app.order_ (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, amount int);
CREATE TABLE app.line (id int PRIMARY KEY, order_id int NOT NULL REFERENCES app.order_);
CREATE FUNCTION app.covered(c int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN IF (SELECT sum(amount) FROM app.credit WHERE company_id = c) > 100 THEN RAISE EXCEPTION 'credit exceeded'; END IF; RETURN true; END $$;
INSERT INTO app.credit VALUES (1, 1, 'a', 60), (2, 1, 'p2', 60);
INSERT INTO app.order_ VALUES (1, 1), (2, 1);
INSERT INTO app.line VALUES (1, 1), (2, 2);
SELECT backup_company(1) AS backup \gset
TRUNCATE app.credit, app.order_, app.line;
ALTER TABLE app.order_ ADD CHECK (app.covered(company_id));
ALTER TABLE app.credit ADD CHECK (app.fine(name));
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup), 'P0001 credit exceeded%');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq('SELECT c.id, o.id, l.id FROM app.credit c, app.order_ o JOIN app.line l ON order_id = o.id ORDER BY 2', 'VALUES (1, 1, 1), (1, 2, 2)', 'is asked again without it');
SELECT results_eq(format('SELECT table_name, row_key, sqlstate FROM restore_problems(%s)', :restore), $$VALUES ('app.credit', '(2)', '23514')$$, 'which is all that is left out');
SELECT revert_restore(:restore);
ALTER TABLE app.credit DROP CONSTRAINT credit_name_check;
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, problem FROM restore_problems(%s) ORDER BY 1, 2', :restore),
  $$VALUES ('app.line', '(1)', 'KB034', 'it needs row (1) of app.order_, which is left out'), ('app.line', '(2)', 'KB034', 'it needs row (2) of app.order_, which is left out'),
    ('app.order_', '(1)', 'P0001', 'credit exceeded'), ('app.order_', '(2)', 'P0001', 'credit exceeded')$$, 'or refuses the rows that it raises it for');
SELECT revert_restore(:restore);

-- Chains under new IDs are refused; a preview says so
CREATE TABLE app.task (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, next_id int, name text);
ALTER TABLE app.task ADD FOREIGN KEY (next_id) REFERENCES app.task ON DELETE CASCADE;
DELETE FROM app.part;
INSERT INTO app.task (company_id, name) SELECT 1, 't' || n FROM generate_series(1, 3) n;
UPDATE app.task SET next_id = nullif(id + 1, 4);
SELECT backup_company(1) AS backup \gset
SELECT set_row_check('app.task', 'name <> ''t2''');
SELECT matches((SELECT string_agg(note, ' ') FROM preview_restore(2, :backup, on_error => 'skip')), 'refused: more and more rows would have to be left out', 'foreseen');
SELECT pg_temp.tells(format('SELECT restore_company(2, %s, on_error => ''skip'')', :backup), 'KB034 the backup cannot be restored without the rows that are refused / %');
SELECT * FROM finish();
ROLLBACK;
