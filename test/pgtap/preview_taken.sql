-- A preview announces what a restore would stop at: unique values that another company's row, or nobody's, has.
\ir app.psql
SELECT plan(10);
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text, serial text UNIQUE, UNIQUE (company_id, code));
CREATE TABLE app.part (item_id int REFERENCES app.item, n int, tag text, PRIMARY KEY (item_id, n), UNIQUE (tag, n));
SELECT set_company_table('app.company');
INSERT INTO app.company VALUES (1, 'Acme'), (2, 'Beta');
INSERT INTO app.item SELECT n, 1, 'c' || n, 's' || n FROM generate_series(1, 12) n;
INSERT INTO app.item VALUES (20, 2, 'c1', 's20');
INSERT INTO app.part SELECT n, 1, 't' || n FROM generate_series(1, 12) n;
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION app.notes(backup bigint) RETURNS TABLE (t text, a bigint, c bigint, note text) LANGUAGE sql AS $$
    SELECT table_name, added, changed, note FROM preview_restore(1, backup) WHERE note IS NOT NULL
$$;
SELECT is_empty(format('SELECT * FROM app.notes(%s)', :backup), 'nothing to say');

-- A row has moved, with its part.
UPDATE app.item SET company_id = 2, code = 'moved' WHERE id = 3;
SELECT results_eq(format('SELECT * FROM app.notes(%s)', :backup), $$VALUES
    ('app.item', 1::bigint, 0::bigint, 'refused: key item_pkey: 1 row has the key of a row of another company, or of none: (3); refused: key item_serial_key: 1 row has the key of a row of another company, or of none: (s3)'),
    ('app.part', 1, 0, 'refused: key part_pkey: 1 row has the key of a row of another company, or of none: (3, 1); refused: key part_tag_n_key: 1 row has the key of a row of another company, or of none: (t3, 1)')$$,
    'a row that moved to another company is announced, and what is below it');
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), '23505', 'a row of table "app.item" cannot be loaded: another row has its unique value', '... and the restore says so');
UPDATE app.item SET company_id = 1, code = 'c3' WHERE id = 3;

-- Only a value of it.
DELETE FROM app.part WHERE item_id IN (4, 5);
DELETE FROM app.item WHERE id = 4;
UPDATE app.item SET serial = NULL WHERE id = 5;
UPDATE app.item SET serial = 's5' WHERE id = 20;
SELECT results_eq(format('SELECT * FROM app.notes(%s)', :backup), $$VALUES
    ('app.item', 1::bigint, 1::bigint, 'refused: key item_serial_key: 1 row has the key of a row of another company, or of none: (s5)')$$, 'a changed value that was taken meanwhile');
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), '23505', NULL, '... the restore says so');
UPDATE app.item SET serial = 's20' WHERE id = 20;
-- Values that change hands among the company's own rows are no obstacle.
UPDATE app.item SET serial = 's' || id || '!' WHERE id IN (1, 2);
UPDATE app.item SET serial = CASE id WHEN 1 THEN 's2' ELSE 's1' END WHERE id IN (1, 2);
SELECT is_empty(format('SELECT * FROM app.notes(%s)', :backup), 'the company''s own rows are no obstacle');
SELECT restore_company(1, :backup) AS restore \gset
SELECT is((SELECT string_agg(serial, ' ' ORDER BY id) FROM app.item WHERE id < 6), 's1 s2 s3 s4 s5', '... to the restore neither');
SELECT keep_restore(:restore);

-- Many.
UPDATE app.item SET company_id = 2, code = 'x' || id WHERE company_id = 1;
SELECT results_eq(format('SELECT split_part(note, ''; '', 1) FROM app.notes(%s)', :backup), $$VALUES
    ('refused: key item_pkey: 12 rows have the key of a row of another company, or of none: (1), (2), (3), (4), (5), ...'),
    ('refused: key part_pkey: 12 rows have the key of a row of another company, or of none: (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), ...')$$, 'of many the first');
-- With new IDs they are in nobody's way.
SELECT is_empty('SELECT n.note FROM preview_restore(1, ' || :backup || ', ids => ''remap'') n WHERE table_name = ''app.item'' AND note LIKE ''%item_pkey%''', 'IDs that are new are free');

-- Rows left of a company that had the key before.
INSERT INTO app.company VALUES (8, 'Empty');
SELECT backup_company(8) AS empty \gset
CREATE TABLE app.note (id int PRIMARY KEY, company_id int NOT NULL, text text);
SELECT set_company_table('app.company', scope_columns => '{company_id}');
INSERT INTO app.note VALUES (1, 3, 'left');
SELECT matches(pg_temp.told(format('SELECT create_company_from_backup(%s, ''{"id": 3}'')', :empty)),
    '^KB030 company "3" is not empty / app.note: 1 row / Rows may be left of a company that had this key before: remove them',
    'rows left of an earlier company stop a creation, and the hint says what is most likely');

SELECT * FROM finish();
ROLLBACK;
