-- What stops a merge in unique indexes on generated columns: the backup does not hold these values, so they are computed.
\ir app.psql
SELECT plan(2);
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.item (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, base int, n int, "n_" int,
  twice int GENERATED ALWAYS AS (base * 2) STORED UNIQUE, UNIQUE NULLS NOT DISTINCT (company_id, n, "n_", twice));
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.item (id, company_id, base, n) VALUES (1, 1, 3, 0), (2, 1, NULL, 0), (3, 2, 5, 0), (4, 1, 7, 0);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT backup_company(1) AS backup \gset
UPDATE app.item SET id = 10 + id WHERE company_id = 1;
UPDATE app.item SET company_id = 2 WHERE id = 14;
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, mode => ''merge'')', :backup)),
  'KB047 4 rows of the backup have unique values that other rows have / '
  'table app.item, key item_company_id_n_n__twice_key: row (1) of the backup, row (11) of the company
table app.item, key item_company_id_n_n__twice_key: row (2) of the backup, row (12) of the company
table app.item, key item_twice_key: row (1) of the backup, row (11) of the company
table app.item, key item_twice_key: row (4) of the backup, a row of another company, or of none / '
  'A merge leaves rows that are there as they are. Change or remove one row of each pair, or say on_conflict => ''keep_existing'': a row of the backup becomes the one of the company that has its value.',
  'also NULLs, where they equal each other');
SELECT is((SELECT note FROM preview_restore(1, :backup) WHERE table_name = 'app.item'),
  'refused: key item_twice_key: a row of another company, or of none, has the value of one of these', 'a restore that replaces meets others only');

SELECT * FROM finish();
ROLLBACK;
