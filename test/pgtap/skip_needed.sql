-- on_error => 'skip': what rows need that stay, since the backup's are refused: it stays as well, however it is needed. Previews
-- foresee all of it.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE EXTENSION citext;
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.region (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, up int REFERENCES app.region, code text UNIQUE, name citext UNIQUE);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, region_id int, regions int[], doc jsonb, name text);
CREATE TABLE app.site (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text REFERENCES app.region (code), region citext REFERENCES app.region (name), name text);
-- Of the company by others: a house, and what is said of either
CREATE TABLE app.house (id int PRIMARY KEY, region_id int NOT NULL REFERENCES app.region, name text);
CREATE TABLE app.remark (id int PRIMARY KEY, kind text NOT NULL, about int NOT NULL, body text);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_reference('app.customer', '{region_id}', 'app.region');
SELECT set_reference('app.customer', '{regions}', 'app.region');
SELECT set_reference('app.customer', '{doc}', 'app.region', json_path => '$.r');
SELECT set_reference('app.remark', '{about}', 'app.region', when_column => 'kind', when_value => 'region');
SELECT set_reference('app.remark', '{about}', 'app.customer', when_column => 'kind', when_value => 'customer');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');
SELECT set_row_check(t, 'name <> ''bad''') FROM unnest('{app.customer, app.site, app.house}'::regclass[]) t;
SELECT set_row_check('app.remark', 'body <> ''bad''');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.region VALUES (1, 1, NULL, 'A', 'North'), (2, 1, NULL, 'B', 'South');
INSERT INTO app.customer VALUES (1, 1, 1, '{1}', '{"r": 1}', 'bad'), (2, 1, 1, '{1}', '{"r": 1}', 'bad'), (3, 1, 1, '{1}', '{"r": 1}', 'bad'), (4, 1, 1, '{1}', NULL, 'good');
INSERT INTO app.site VALUES (1, 1, 'A', 'north', 'bad'), (2, 1, 'A', 'NORTH', 'good');
INSERT INTO app.house VALUES (1, 1, 'bad'), (2, 2, 'good');
INSERT INTO app.remark VALUES (1, 'region', 1, 'bad'), (2, 'customer', 4, 'fine');
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.rows() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'region ' || t FROM app.region t UNION ALL SELECT 'customer ' || t FROM app.customer t UNION ALL SELECT 'site ' || t FROM app.site t
  UNION ALL SELECT 'house ' || t FROM app.house t UNION ALL SELECT 'remark ' || t FROM app.remark t $$;
CREATE TEMP TABLE original AS SELECT * FROM pg_temp.rows();
CREATE TEMP TABLE before (line text);
-- What a restore keeps of the regions that the backup does not have. It does what its previews say, and can be taken back.
CREATE FUNCTION pg_temp.kept(backup bigint, OUT regions text, OUT refused text) LANGUAGE plpgsql AS $$
DECLARE counts text; listed bigint; restore bigint; done text;
BEGIN
  TRUNCATE before;
  INSERT INTO before SELECT * FROM pg_temp.rows();
  SELECT concat_ws(' ', sum(added), sum(changed), sum(removed)) INTO counts FROM preview_restore(1, backup, on_error => 'skip');
  SELECT count(*) INTO listed FROM preview_rows(1, backup, on_error => 'skip');
  restore := restore_company(1, backup, on_error => 'skip');
  SELECT concat_ws(' ', added, changed, removed) INTO done FROM company_restores(1) WHERE id = restore;
  SELECT string_agg(id || code, ' ' ORDER BY id) INTO regions FROM app.region WHERE company_id = 1;
  SELECT string_agg(format('%s %s %s', table_name, row_key, sqlstate), ', ' ORDER BY table_name, row_key) INTO refused FROM restore_problems(restore);
  IF counts <> done OR listed <> (SELECT added + changed + removed FROM company_restores(1) WHERE id = restore) THEN
    refused := refused || format(' BUT %s rows: %s, foreseen %s', listed, done, counts);
  END IF;
  PERFORM revert_restore(restore);
  IF EXISTS (SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM before) THEN refused := refused || ' BUT not reverted'; END IF;
  -- As it was when the backup was made, but for the regions
  DELETE FROM app.remark; DELETE FROM app.house; DELETE FROM app.site; DELETE FROM app.customer;
  UPDATE app.region SET code = 'A' WHERE id = 1;
  INSERT INTO app.customer VALUES (1, 1, 1, '{1}', '{"r": 1}', 'now'), (4, 1, 1, '{1}', NULL, 'good');
  INSERT INTO app.site VALUES (1, 1, 'A', 'north', 'now'), (2, 1, 'A', 'NORTH', 'good');
  INSERT INTO app.house VALUES (1, 1, 'now'), (2, 2, 'good');
  INSERT INTO app.remark VALUES (1, 'region', 1, 'now'), (2, 'customer', 4, 'fine');
END $$;
INSERT INTO app.region VALUES (9, 1, NULL, 'nine', 'Nine'), (10, 1, 9, 'ten', 'Ten'), (11, 1, NULL, 'el', 'Eleven');
UPDATE app.customer SET name = 'now', region_id = 9 WHERE id = 1;
UPDATE app.customer SET name = 'now', regions = '{1, 10}' WHERE id = 2;
UPDATE app.customer SET name = 'now', doc = '{"r": 11}' WHERE id = 3;
CREATE TEMP TABLE result AS SELECT * FROM pg_temp.kept(:backup);
SELECT is(regions, '1A 2B 9nine 10ten 11el', 'by soft references, to one row, of arrays, in documents, and what these need') FROM result;
SELECT is(refused, 'app.customer (1) 23514, app.customer (2) 23514, app.customer (3) 23514', 'told') FROM result;
UPDATE app.site SET region = 'TEN' WHERE id = 1;
SELECT is(regions, '1A 2B 9nine 10ten', 'by a foreign key that is spelt otherwise') FROM pg_temp.kept(:backup);
UPDATE app.house SET region_id = 11 WHERE id = 1;
SELECT is(regions, '1A 2B 11el', 'by what makes a row the company''s') FROM pg_temp.kept(:backup);
UPDATE app.remark SET about = 11 WHERE id = 1;
SELECT is(regions, '1A 2B 11el', 'by one of several such references') FROM pg_temp.kept(:backup);
SELECT is(regions, '1A 2B', 'nothing needs them') FROM pg_temp.kept(:backup);

-- A key that would change back
UPDATE app.site SET code = NULL;
UPDATE app.region SET code = 'C' WHERE id = 1;
UPDATE app.site SET code = 'C' WHERE id = 1;
CREATE TEMP TABLE changed AS SELECT * FROM pg_temp.kept(:backup);
SELECT is(regions, '1C 2B', 'a row keeps the key that a row refers to which stays') FROM changed;
SELECT is(refused, 'app.customer (1) 23514, app.customer (2) 23514, app.customer (3) 23514, app.house (1) 23514, app.region (1) KB034, app.remark (1) 23514, app.site (1) 23514, app.site (2) KB048',
  'and is told of, and who referred to what it would have been') FROM changed;
-- A row that is gone already, and that the backup cannot bring back either: rows that refer to it softly stay as they are
DELETE FROM app.remark; DELETE FROM app.house; DELETE FROM app.site; DELETE FROM app.region WHERE id = 1;
SELECT set_row_check('app.region', 'id <> 1');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT bag_eq(format('SELECT table_name, row_key, sqlstate FROM restore_problems(%s)', :restore),
  $$VALUES ('app.customer', '(1)', '23514'), ('app.customer', '(2)', '23514'), ('app.customer', '(3)', '23514'), ('app.house', '(1)', '23514'),
    ('app.region', '(1)', '23514'), ('app.remark', '(1)', '23514'), ('app.site', '(1)', '23514'), ('app.site', '(2)', 'KB034')$$, 'told');
SELECT results_eq('SELECT id, region_id FROM app.customer WHERE company_id = 1', 'VALUES (1, 1), (4, 1)', 'who refers to it softly stays as it is');
SELECT * FROM finish();
ROLLBACK;
