-- A final backup: all that is left of a deleted company, for a time.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, photo bytea, other int);
CREATE TABLE app.token (company_id int NOT NULL REFERENCES app.company, secret text);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_column_rule('app.item', 'photo', 'file');
SELECT set_table_rule('app.token', 'excluded', 'secrets');
SELECT set_reference('app.item', '{other}', 'app.item');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.item SELECT n, 1 + n % 2, 'i' || n, convert_to(repeat(n || 'photo', 1000), 'UTF8') FROM generate_series(1, 20) n;
UPDATE app.item SET other = 999 WHERE id = 2;  -- leads nowhere
INSERT INTO app.token VALUES (1, 's');
CREATE TEMP TABLE before AS SELECT * FROM app.item;
SELECT backup_company(2) AS other \gset

SELECT delete_company(1, 'one', final_backup => true) AS deletion \gset
SELECT final_backup AS backup FROM company_deletions() \gset
SELECT results_eq('SELECT id, company, origin, contents, status, row_count, expires_at - created_at BETWEEN interval ''30 days'' AND interval ''30 days 1 minute'' FROM company_backups(1)',
  format($$VALUES (%s::bigint, '1', 'final', 'rows and files', 'with problems', 11::bigint, true)$$, :backup), 'a backup is left, with files, whatever state the rows were in');
SELECT results_eq('SELECT (SELECT count(*) FROM company_backup.backup)::int, (SELECT count(*) FROM company_restores())::int', 'VALUES (2, 0)', 'nothing else of the company');
SELECT is_empty('SELECT FROM app.item WHERE company_id = 1 UNION ALL SELECT FROM app.token', 'no row of it');
SELECT ok((SELECT sum(length(data)) > 1000 FROM read_backup(:backup)), 'it can be downloaded');

-- Another company with the key does not see it.
SAVEPOINT another;
INSERT INTO app.company VALUES (1, 'another');
SELECT is_empty('SELECT * FROM company_backups(1)', 'another company with the key does not see it');
ROLLBACK TO another;

SELECT is(create_company_from_backup(:backup), '1', 'the company can be created again');
SELECT bag_eq('SELECT id, company_id, name, other FROM app.item', 'SELECT id, company_id, name, other FROM before', 'with its rows');
SELECT bag_eq('SELECT id, photo FROM app.item', 'SELECT id, photo FROM before', 'and its files');
SELECT is((SELECT count(*)::int FROM company_backups(1)), 1, 'it is its backup');

-- It expires.
SELECT delete_company(1, 'one', final_backup => true) AS deletion \gset
SELECT final_backup AS backup FROM company_deletions() ORDER BY id DESC LIMIT 1 \gset
SELECT is((SELECT array_agg(id) FROM company_backups(1)), ARRAY[:backup::bigint], 'the former final backup went as others do');
SET LOCAL company_backup.final_backup_retention = '1h';
UPDATE company_backup.backup SET expires_at = clock_timestamp() WHERE id = :backup;
SELECT alike(pg_temp.told(format(sql, :backup)), format('KB091 backup %s has expired / It could be read until %% / purge_expired() removes it. %%', :backup), 'expired: ' || sql)
FROM unnest(ARRAY['SELECT read_backup(%s)', 'SELECT create_company_from_backup(%s)', 'SELECT backup_manifest(%s)', 'SELECT backup_contents(%s)', 'SELECT restore_company(2, %s)']) sql;
SELECT is(pg_temp.told(format('SELECT delete_backup(%s)', :backup)), 'ok', 'it can be deleted');
SELECT delete_company(2, 'two', final_backup => true);
SELECT is((SELECT expires_at - created_at < interval '61 minutes' FROM company_backups(2)), true, 'a setting says how long it is kept');

SELECT * FROM finish();
ROLLBACK;
