-- Columns that get no value and no default when a row is loaded get NULL, if their domain allows it, as in an INSERT.
\ir app.psql
SELECT plan(16);

CREATE DOMAIN app.present AS text NOT NULL;
CREATE DOMAIN app.checked AS text CHECK (VALUE IS NOT NULL);
CREATE DOMAIN app.over AS app.present;
CREATE DOMAIN app.any AS text CHECK (VALUE <> 'x');
CREATE DOMAIN app.given AS text DEFAULT 'given' NOT NULL;
CREATE DOMAIN app.scan AS bytea NOT NULL;
CREATE TABLE app.company (id int PRIMARY KEY, name text);
INSERT INTO app.company VALUES (1, 'One'), (2, 'Two');
SELECT set_company_table('app.company', identity_columns => '{}');

-- What becomes of a row that has to be made anew, with a column of this type that does not travel.
CREATE FUNCTION app.made_anew(type text, part text = '', treatment text = 'secret') RETURNS text LANGUAGE plpgsql AS $$
DECLARE backup bigint; result text; context text;
BEGIN
    EXECUTE format('CREATE TABLE app.item (id int, company_id int NOT NULL REFERENCES app.company, hidden %s, PRIMARY KEY (id, company_id)) %s',
        type, CASE WHEN part <> '' THEN 'PARTITION BY LIST (company_id)' END);
    IF part <> '' THEN EXECUTE 'CREATE TABLE app.item_1 (hidden ' || type || ', company_id int NOT NULL, id int NOT NULL); '
        'ALTER TABLE app.item ATTACH PARTITION app.item_1 FOR VALUES IN (1)'; END IF;
    PERFORM set_column_rule('app.item', 'hidden', treatment);
    INSERT INTO app.item VALUES (1, 1, 'here');
    backup := backup_company('1');
    DELETE FROM app.item;
    PERFORM restore_company('1', backup);
    SELECT coalesce(hidden::text, 'null') INTO result FROM app.item;
    RAISE EXCEPTION USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN result;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
        RETURN concat_ws(' ', SQLSTATE, SQLERRM, substring(context from 'value of column[^\n]*'));
END $$;
SELECT is(app.made_anew('app.present'), 'KB075 1 row would be added without a value that it needs', 'a NOT NULL domain is known beforehand');
SELECT matches(app.made_anew('app.checked'), '^23514 value for domain app.checked violates check constraint .* value of column "hidden" of table "item", for which none was given', 'a CHECK against NULL');
SELECT matches(app.made_anew('app.over'), '^KB075 ', 'a domain over such a one');
SELECT matches(app.made_anew('app.present', 'partitioned'), '^KB075 ', 'in a partition');
SELECT matches(app.made_anew('app.scan', '', 'file'), '^KB075 ', 'an omitted file');
SELECT is(app.made_anew('app.any'), 'null', 'a domain that allows NULL');
SELECT is(app.made_anew('app.given'), 'given', 'a domain with a default');
SELECT is(app.made_anew('app.present DEFAULT ''stands in'''), 'stands in', 'a column with a default');
SELECT matches(app.made_anew('app.present DEFAULT NULL'), '^23502 ', 'a column whose default is NULL');

-- In other companies, in copies; rows that stay need no value.
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, hidden app.present, v int);
SELECT set_column_rule('app.item', 'hidden', 'secret');
INSERT INTO app.item VALUES (1, 1, 'here', 1);
SELECT backup_company('1') AS backup \gset
UPDATE app.item SET v = 2;
SELECT lives_ok(format('SELECT restore_company(''1'', %s)', :backup), 'a row that is changed keeps its value');
SELECT results_eq('SELECT hidden::text, v FROM app.item', $$VALUES ('here', 1)$$, 'and is as it was');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT throws_ok($$SELECT clone_company('1', '{"id": 3}')$$, 'KB075', NULL, 'a copy of the row would have none');
SELECT throws_ok(format('SELECT restore_company(''2'', %s)', :backup), 'KB075', NULL, 'nor would another company''s');

-- NULLs in the archive itself.
CREATE TABLE app.loose (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, v app.any);
INSERT INTO app.loose VALUES (1, 1, NULL);
SELECT backup_company('1') AS nulls \gset
DELETE FROM app.loose;
ALTER DOMAIN app.any SET NOT NULL;
SELECT throws_ok(format('SELECT restore_company(''1'', %s)', :nulls), 'KB031', NULL, 'a NULL of the archive that the domain refuses today');
INSERT INTO app.loose VALUES (1, 1, 'here');
SELECT throws_ok(format('SELECT restore_company(''1'', %s)', :nulls), 'KB031', NULL, 'also over a row that stays');
SELECT is(count(*)::int, 0, 'no NULL came in') FROM app.item WHERE hidden IS NULL;

SELECT * FROM finish();
ROLLBACK;
