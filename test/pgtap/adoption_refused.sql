-- Rows of nobody that are everybody's: a restore takes them for the company's neither where no removal can have left
-- them to nobody, nor where others refer to them. Previews and plans of IDs announce it.
\ir app.psql
SELECT plan(20);

\ir told.psql

CREATE TABLE app.co (id int PRIMARY KEY, name text);
-- Goes with its company; is held by it; is left by it.
CREATE TABLE app.tag (code text PRIMARY KEY, co_id int CONSTRAINT tag_of REFERENCES app.co ON DELETE CASCADE, color text);
CREATE TABLE app.list (id int PRIMARY KEY, co_id int CONSTRAINT list_of REFERENCES app.co, name text);
CREATE TABLE app.place (id int PRIMARY KEY, co_id int CONSTRAINT place_of REFERENCES app.co ON DELETE SET NULL, what text);
CREATE TABLE app.room (id int PRIMARY KEY, place_id int NOT NULL CONSTRAINT room_of REFERENCES app.place, what text);
CREATE TABLE app.item (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co ON DELETE CASCADE, tag text REFERENCES app.tag ON DELETE SET NULL,
    list_id int REFERENCES app.list ON DELETE SET NULL, place_id int REFERENCES app.place, room_id int REFERENCES app.room);
CREATE TABLE app.map (id int PRIMARY KEY, place_id int REFERENCES app.place);
SELECT set_company_table('app.co', identity_columns => '{}');
SELECT set_table_rule('app.tag', 'company', 'x', route => '{tag_of}', match_columns => '{code}');
SELECT set_table_rule('app.list', 'company', 'x', route => '{list_of}', match_columns => '{name}');
SELECT set_table_rule('app.place', 'company', 'x', route => '{place_of}', match_columns => '{id}');
SELECT set_table_rule('app.map', 'shared', 'x', match_columns => '{id}');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');
INSERT INTO app.co VALUES (1, 'a'), (2, 'b');
INSERT INTO app.tag VALUES ('std', NULL, 'grey'), ('hot', 1, 'red');
INSERT INTO app.list VALUES (1, NULL, 'standard'), (2, 1, 'own');
INSERT INTO app.place VALUES (1, 1, 'p1'), (2, 1, 'p2'), (9, NULL, 'everybody''s');
INSERT INTO app.room VALUES (1, 1, 'r1'), (2, 2, 'r2');
INSERT INTO app.item VALUES (1, 1, 'hot', 2, 1, 1), (2, 2, 'std', 1, NULL, NULL);
INSERT INTO app.map VALUES (1, NULL);
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION app.announced(backup bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(note, '; ' ORDER BY table_name) FROM preview_restore(1, backup) WHERE note LIKE 'refused%'
$$;

SAVEPOINT start;
DELETE FROM app.tag WHERE code = 'hot';
INSERT INTO app.tag VALUES ('hot', NULL, 'orange for all');
SELECT is(app.announced(:backup), 'refused: key tag_pkey: 1 row has the key of a row of another company, or of none: (hot)', 'a row that was added for all is not taken for the one that was removed');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), '23505 a row of table "app.tag" cannot be loaded: another row has its unique value / Key (code)=(hot)%', '... a restore is refused');
UPDATE app.item SET tag = 'hot' WHERE co_id = 2;
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), '23505%', '... also when others use it');
SELECT is((SELECT color FROM app.tag WHERE code = 'hot' AND co_id IS NULL), 'orange for all', '... it is as it was');
ROLLBACK TO start;
UPDATE app.list SET co_id = NULL, name = 'for all' WHERE id = 2;
SELECT is(app.announced(:backup), 'refused: key list_pkey: 1 row has the key of a row of another company, or of none: (2)', 'a row that was given to all is not taken back');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), '23505 a row of table "app.list"%', '... a restore is refused');
ROLLBACK TO start;

-- The company is gone.
DELETE FROM app.item WHERE co_id = 1;
DELETE FROM app.list WHERE co_id = 1;
DELETE FROM app.co WHERE id = 1;
SAVEPOINT gone;
SELECT is(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), 'ok', 'what a deleted company left is adopted');
SELECT results_eq('SELECT id, co_id FROM app.place ORDER BY id', 'VALUES (1, 1), (2, 1), (9, NULL)', '... and nothing else');
SELECT is_empty('SELECT * FROM check_company_data(2)', '... nobody refers to it');
ROLLBACK TO gone;
INSERT INTO app.tag VALUES ('hot', NULL, 'orange for all');
SELECT is((SELECT decision || ': ' || why FROM plan_ids(NULL::text, :backup) WHERE table_name = 'app.tag'), 'refused: others have its values', 'a plan of IDs announces a row for all');
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 a row of table "app.tag"%', '... it is not taken');
ROLLBACK TO gone;
UPDATE app.item SET place_id = 1 WHERE id = 2;
SELECT is((SELECT decision || ': ' || why FROM plan_ids(NULL::text, :backup) WHERE table_name = 'app.place'), 'refused: others have its values', 'a plan of IDs announces a row that others use');
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 a row of table "app.place"%', '... it is not taken');
INSERT INTO app.co VALUES (1, 'a');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'ok', 'a company that was made anew gets rows of its own');
SELECT results_eq('SELECT id FROM app.place WHERE co_id IS NULL ORDER BY id', 'VALUES (1), (2), (9)', '... those that were left stay nobody''s');
ROLLBACK TO gone;
UPDATE app.item SET room_id = 2 WHERE id = 2;
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 a row of table "app.place" % Key (id)=(2)%', 'nor one with a row below that others use');
ROLLBACK TO gone;
UPDATE app.map SET place_id = 2;
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 a row of table "app.place" % Key (id)=(2)%', 'nor one that a shared row refers to');
SELECT is((SELECT decision FROM plan_ids(NULL::text, :backup) WHERE table_name = 'app.place'), 'refused', '... announced');
ROLLBACK TO gone;
SELECT is((SELECT count(*) FROM app.place WHERE co_id IS NULL), 3::bigint, 'nothing has happened');

SELECT * FROM finish();
ROLLBACK;
