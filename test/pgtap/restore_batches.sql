-- More changes than one batch holds: the first batches are written while rows are still being read.
\ir app.psql
SELECT plan(5);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE DOMAIN app.price AS numeric CHECK (VALUE >= 0);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, words text, kind varchar(9), price app.price,
    made timestamptz, tags text[], data jsonb) PARTITION BY RANGE (id);
CREATE TABLE app.item_1 PARTITION OF app.item FOR VALUES FROM (0) TO (6000);
CREATE TABLE app.item_2 PARTITION OF app.item FOR VALUES FROM (6000) TO (12000);
INSERT INTO app.company VALUES (1, 'Acme');
INSERT INTO app.item SELECT n, 1, repeat(md5(n::text), 10), 'kind', n, '2026-01-01'::timestamptz + n * interval '1 s', ARRAY[md5(n::text)], jsonb_build_object('n', n)
    FROM generate_series(1, 11000) n;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT backup_company(1) AS backup \gset
CREATE TEMP TABLE was AS TABLE app.item;
UPDATE app.item SET words = 'other' WHERE id % 3 = 0;
UPDATE app.item SET kind = 'other', price = 0, tags = NULL, data = '{}', made = now() WHERE id % 5 = 0;
DELETE FROM app.item WHERE id % 7 = 0;
INSERT INTO app.item SELECT n, 1 FROM generate_series(11001, 11999) n;
CREATE TEMP TABLE changed AS TABLE app.item;

SELECT restore_company(1, :backup) AS restored \gset
SELECT is_empty('(TABLE was EXCEPT TABLE app.item) UNION ALL (TABLE app.item EXCEPT TABLE was)', 'all is as in the backup');
SELECT results_eq('SELECT added, changed, removed FROM company_restores()', 'VALUES (1571::bigint, 4400::bigint, 999::bigint)', 'only what differed was written');
SELECT revert_restore(:restored);
SELECT is_empty('(TABLE changed EXCEPT TABLE app.item) UNION ALL (TABLE app.item EXCEPT TABLE changed)', 'all is as before the restore');

-- Few rows, but large ones
UPDATE app.item SET words = repeat('x', 700000) WHERE id BETWEEN 5990 AND 6010;
SELECT backup_company(1) AS large \gset
UPDATE app.item SET words = NULL, kind = 'none', price = 1 WHERE id BETWEEN 5990 AND 6010;
SELECT lives_ok(format('SELECT restore_company(1, %s)', :large), 'batches are full by their bytes, too');
SELECT results_eq('SELECT count(*), sum(length(words)) FROM app.item WHERE id BETWEEN 5990 AND 6010', $$SELECT count(*), sum(700000) FROM changed WHERE id BETWEEN 5990 AND 6010$$, 'and written');

SELECT * FROM finish();
ROLLBACK;
