-- What is kept of merges knows whole tables that came before: their IDs are not read again. Whatever changes since then
-- counts all the same.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.thing (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL, batch int, up int REFERENCES app.thing);
CREATE TABLE app.part (id serial PRIMARY KEY, thing_id int NOT NULL REFERENCES app.thing, batch int, n int);
CREATE TABLE app.mark (id uuid PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, note text);
SELECT set_company_table('app.company', identity_columns => '{name}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company (name) VALUES ('source'), ('target'), ('other');
INSERT INTO app.thing (company_id, name, batch) SELECT 1 + n % 3, 'c' || n, n / 6 FROM generate_series(0, 29) n;
UPDATE app.thing SET up = id - 3 WHERE id > 3;
INSERT INTO app.part (thing_id, batch, n) SELECT id, batch, id FROM app.thing;
INSERT INTO app.mark SELECT md5(n::text)::uuid, 1 + n % 3, 'm' || n FROM generate_series(0, 8) n;
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION pg_temp.content(company int) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT t.name || coalesce(' < ' || u.name, '') FROM app.thing t LEFT JOIN app.thing u ON u.id = t.up AND u.company_id = t.company_id WHERE t.company_id = company
  UNION ALL SELECT t.name || ' ' || (p.n % 3) FROM app.part p JOIN app.thing t ON t.id = p.thing_id WHERE t.company_id = company
  UNION ALL SELECT note FROM app.mark WHERE company_id = company $$;
CREATE TEMP TABLE target AS SELECT * FROM pg_temp.content(2) c;
CREATE FUNCTION pg_temp.contents(restore bigint) RETURNS int LANGUAGE sql AS $$
  SELECT length(contents) / 32 FROM company_backup.id_map WHERE id_map.restore = contents.restore $$;
CREATE FUNCTION pg_temp.merge(backup bigint, deleted text = 'skip', OUT restore bigint, OUT added bigint) LANGUAGE plpgsql AS $$
BEGIN
  restore := restore_company(2, backup, mode => 'merge', on_deleted => deleted);
  PERFORM keep_restore(restore);
  SELECT r.added INTO added FROM company_restores(2) r WHERE r.id = restore;
END $$;

SELECT * FROM pg_temp.merge(:backup) \gset
SELECT is(:added, 23, 'all rows come');
SELECT is(pg_temp.contents(:restore), 2, 'tables with numbers are known; UUIDs are looked for in texts, and always read');
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM target UNION ALL SELECT * FROM pg_temp.content(1)', 'they refer to each other');
SELECT restore_company(2, :backup, mode => 'merge') AS again \gset
SELECT is_empty(format('SELECT * FROM restore_id_map(%s)', :again), 'no row gets an ID the second time');
SELECT revert_restore(:again);
SELECT * FROM pg_temp.merge(:backup) \gset
SELECT is(:added, 0, 'the second time none comes');
SELECT is(pg_temp.contents(:restore), 0, '... and nothing new is known');

-- Rows that came before refer to each other when they come again.
DELETE FROM app.part USING app.thing t WHERE t.id = thing_id AND t.company_id = 2;
DELETE FROM app.thing WHERE company_id = 2;
DELETE FROM app.mark WHERE company_id = 2;
SELECT * FROM pg_temp.merge(:backup, 'add') \gset
SELECT is(:added, 23, 'deleted rows come again on request');
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM pg_temp.content(1)', 'they refer to each other as before');

-- A newer backup, in which one table is another.
INSERT INTO app.part (thing_id, batch, n) SELECT id, batch, id FROM app.thing WHERE company_id = 1 AND id < 8;
SELECT backup_company(1) AS newer \gset
SELECT restore_company(2, :newer, mode => 'merge') AS again \gset
SELECT results_eq(format('SELECT table_name, count(*), bool_and(s.n = t.n AND h.company_id = 2) FROM restore_id_map(%s) JOIN app.part s ON s.id::text = old_key
    JOIN app.part t ON t.id::text = new_key JOIN app.thing h ON h.id = t.thing_id GROUP BY 1', :again),
  $$VALUES ('app.part', 3::bigint, true)$$, 'only rows that come are listed with their IDs');
SELECT revert_restore(:again);
SELECT * FROM pg_temp.merge(:newer) \gset
SELECT is(:added, 3, 'only what is new comes');
SELECT is(pg_temp.contents(:restore), 1, 'a table with other rows is read');
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM pg_temp.content(1)', 'it belongs to what is there');

-- Columns that get new numbers only now.
SELECT set_column_rule('app.thing', 'batch', 'group');
SELECT set_column_rule('app.part', 'batch', 'group');
DELETE FROM app.part USING app.thing t WHERE t.id = thing_id AND t.company_id = 2;
DELETE FROM app.thing WHERE company_id = 2;
SELECT * FROM pg_temp.merge(:newer, 'add') \gset
SELECT is(:added, 23, 'they come again');
SELECT is_empty('SELECT batch FROM app.thing WHERE company_id = 2 INTERSECT SELECT batch FROM app.thing WHERE company_id <> 2', 'a group is not another company''s');
SELECT is_empty('SELECT FROM app.part p JOIN app.thing t ON t.id = p.thing_id WHERE p.batch <> t.batch', 'tables of one group agree');
SELECT is(pg_temp.contents(:restore), 2, 'both tables are read with the new columns');

-- A backup that has to be adapted is always read.
SELECT forget_id_map(2);
ALTER TABLE app.part RENAME COLUMN n TO number;
SELECT set_column_rename('app.part', 'n', 'number');
DELETE FROM app.part USING app.thing t WHERE t.id = thing_id AND t.company_id = 2;
DELETE FROM app.thing WHERE company_id = 2;
SELECT * FROM pg_temp.merge(:newer) \gset
SELECT is(pg_temp.contents(:restore), 1, 'only the other table is known');
SELECT is((SELECT count(*) FROM app.part p JOIN app.thing t ON t.id = p.thing_id WHERE t.company_id = 2), 13::bigint, 'its rows come, too');

SELECT * FROM finish();
ROLLBACK;
