-- Ways on which something that was erased could come back: other texts of its key, other keys, tables that were made
-- anew, other companies' records, archives from elsewhere.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company ON UPDATE CASCADE, note text);
CREATE TABLE app.visit (id int PRIMARY KEY, person_id int NOT NULL REFERENCES app.person ON DELETE CASCADE, note text);
CREATE TABLE app.link (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, person_id int REFERENCES app.person ON DELETE CASCADE, note text);
CREATE TABLE app.pair (a int REFERENCES app.company, b int, PRIMARY KEY (a, b));
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule(t, 'company') FROM unnest('{app.person,app.visit,app.pair}'::regclass[]) t;
SELECT set_table_rule('app.link', 'company', route => '{link_company_id_fkey}');
SELECT set_reference('app.link', '{person_id}', 'app.person', outside => 'keep');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four'), (5, 'five');
INSERT INTO app.person SELECT c * 10 + n, c, 'private ' || n FROM generate_series(1, 5) c, generate_series(1, 3) n;
INSERT INTO app.visit SELECT id, id, 'visit' FROM app.person;
CREATE FUNCTION pg_temp.people(company int) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(id || ' ' || note, ', ' ORDER BY id) FROM app.person WHERE company_id = company $$;
CREATE TEMP TABLE archive (seq int, data bytea);
CREATE FUNCTION pg_temp.upload() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE upload bigint := begin_upload();
BEGIN
  PERFORM append_upload(upload, seq, data) FROM archive ORDER BY seq;
  RETURN finish_upload(upload);
END $$;

-- What the key is written like
SELECT pg_temp.tells($$SELECT erase_record('app.pair', '{"a": 1, "b": 1}')$$, '22023 the key of table "app.pair" has 2 columns / Give a JSON array of the values of a, b: %');
SELECT pg_temp.tells($$SELECT erase_record('app.pair', '1,1')$$, '22023 the key of table "app.pair" has 2 columns / %');
CREATE COLLATION app.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SAVEPOINT keys;
CREATE TABLE app.by_text (k text COLLATE app.ci PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_time (k interval PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_json (k jsonb PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_float (k float8 PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_numbers (k numeric[] PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_number (k numeric PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.by_uuid (k uuid PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
SELECT set_table_rule(t, 'company') FROM unnest('{app.by_text,app.by_time,app.by_json,app.by_float,app.by_numbers,app.by_number,app.by_uuid}'::regclass[]) t;
SELECT set_column_rule(NULL, 'k', 'data');
INSERT INTO app.by_number VALUES ('1.00', 1);
INSERT INTO app.by_uuid VALUES ('00000000-0000-0000-0000-00000000000a', 1);
SELECT pg_temp.tells(format('SELECT erase_record(%L, %L)', t, k), 'KB089 rows of table "' || t || '" cannot be erased for good / Equal values of type % of its key column k may be written differently%')
  FROM (VALUES ('app.by_text', 'BOB'), ('app.by_time', '30 days'), ('app.by_json', '1'), ('app.by_float', '-0'), ('app.by_numbers', '{1}')) v (t, k);
SELECT backup_company(1) AS old \gset
SELECT ok(erase_record('app.by_number', '1') AND erase_record('app.by_uuid', '0000000000000000000000000000000A'), 'other texts of numbers and UUIDs are known');
SELECT keep_restore(restore_company(1, :old));
SELECT is_empty('SELECT FROM app.by_number UNION ALL SELECT FROM app.by_uuid', '... and do not come back');
ROLLBACK TO keys;

-- A migration makes the table anew
SAVEPOINT anew;
SELECT backup_company(1) AS old \gset
SELECT erase_record('app.person', '11');
ALTER TABLE app.visit DROP CONSTRAINT visit_person_id_fkey;
ALTER TABLE app.link DROP CONSTRAINT link_person_id_fkey;
CREATE TABLE app.person_new (LIKE app.person INCLUDING ALL, FOREIGN KEY (company_id) REFERENCES app.company);
INSERT INTO app.person_new SELECT * FROM app.person;
DROP TABLE app.person;
SAVEPOINT renamed;
ALTER TABLE app.person_new RENAME TO person;
ALTER TABLE app.visit ADD FOREIGN KEY (person_id) REFERENCES app.person ON DELETE CASCADE;
SELECT set_table_rule('app.visit', 'company');
SELECT keep_restore(restore_company(1, :old));
SELECT is(pg_temp.people(1), '12 private 2, 13 private 3', 'a table that was made anew is known by its name');
ROLLBACK TO renamed;
ALTER TABLE app.person_new RENAME TO people;
SELECT forget_stale_rules();
ALTER TABLE app.visit ADD CONSTRAINT visit_person_id_fkey FOREIGN KEY (person_id) REFERENCES app.people ON DELETE CASCADE;
SELECT set_table_rule('app.people', 'company');
SELECT set_reference('app.link', '{person_id}', 'app.people', outside => 'keep');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s, schema_drift => ''adapt'')', :old), 'KB031 %');
SELECT set_table_rename('app.person', 'app.people');
SELECT lives_ok(format('SELECT keep_restore(restore_company(1, %s, schema_drift => ''adapt''))', :old), 'another name is told by a rule');
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM app.people WHERE company_id = 1), '12 13', '... and what was erased is still known');
ROLLBACK TO anew;

-- ... or a partition of a new one with its name
SELECT backup_company(1) AS old \gset
SELECT erase_record('app.person', '11');
ALTER TABLE app.visit DROP CONSTRAINT visit_person_id_fkey;
ALTER TABLE app.link DROP CONSTRAINT link_person_id_fkey;
ALTER TABLE app.person RENAME TO person_old;
CREATE TABLE app.person (LIKE app.person_old INCLUDING ALL, FOREIGN KEY (company_id) REFERENCES app.company) PARTITION BY RANGE (id);
ALTER TABLE app.person ATTACH PARTITION app.person_old FOR VALUES FROM (0) TO (1000);
ALTER TABLE app.visit ADD FOREIGN KEY (person_id) REFERENCES app.person ON DELETE CASCADE;
SELECT set_table_rule('app.visit', 'company');
SELECT keep_restore(restore_company(1, :old));
SELECT is(pg_temp.people(1), '12 private 2, 13 private 3', 'a table that has become a partition is known by its name');
ROLLBACK TO anew;

-- A migration gives the table another key
SAVEPOINT another_key;
SELECT backup_company(1) AS old \gset
ALTER TABLE app.person ADD uid uuid NOT NULL DEFAULT gen_random_uuid(), ADD UNIQUE (id), ADD UNIQUE (uid);
SAVEPOINT unique_id;
ALTER TABLE app.visit DROP CONSTRAINT visit_person_id_fkey;
ALTER TABLE app.link DROP CONSTRAINT link_person_id_fkey;
ALTER TABLE app.person DROP CONSTRAINT person_pkey, ADD PRIMARY KEY (uid);
ALTER TABLE app.visit ADD FOREIGN KEY (person_id) REFERENCES app.person (id) ON DELETE CASCADE;
SELECT set_table_rule('app.visit', 'company');
SELECT set_table_rule('app.link', 'company');
SELECT ok(erase_record('app.person', uid::text), 'a row is erased by a key that the backup does not have') FROM app.person WHERE id = 11;
SELECT create_company_from_backup(:old, '{"id": 7, "name": "seven"}');
SELECT is((SELECT string_agg(note, ', ' ORDER BY note) FROM app.person WHERE company_id = 7), 'private 2, private 3', '... by another unique key it is known');
ALTER TABLE app.visit DROP CONSTRAINT visit_person_id_fkey, ADD uid uuid;
UPDATE app.visit v SET uid = p.uid FROM app.person p WHERE p.id = v.person_id;
ALTER TABLE app.visit ADD FOREIGN KEY (uid) REFERENCES app.person ON DELETE CASCADE, DROP person_id;
ALTER TABLE app.person DROP CONSTRAINT person_id_key;
SELECT ok(erase_record('app.person', uid::text), 'a row without any key that the backup has') FROM app.person WHERE id = 12;
SELECT pg_temp.tells(format('SELECT create_company_from_backup(%s, ''{"id": 8, "name": "eight"}'')', :old), 'KB031 %');
ROLLBACK TO another_key;

-- The company gets another key
SAVEPOINT company_key;
SELECT backup_company(1) AS old \gset
INSERT INTO archive SELECT seq, data FROM read_backup(:old);
UPDATE app.company SET id = 100 WHERE id = 1;
INSERT INTO app.company VALUES (1, 'another');
SELECT delete_company(100, 'one', erase => true);
SELECT pg_temp.upload() AS uploaded \gset
SELECT pg_temp.tells(format('SELECT create_company_from_backup(%s, ''{"id": 8}'')', :uploaded), 'KB088 the company of the backup has been erased / %');
ROLLBACK TO company_key;
SELECT backup_company(1) AS old \gset
UPDATE app.company SET id = 100 WHERE id = 1;
INSERT INTO app.company VALUES (1, 'one');
SELECT delete_company(1, 'one', erase => true);
SELECT lives_ok(format('SELECT restore_company(100, %s)', :old), 'a company that had the key before another one was erased keeps its backups');
ROLLBACK TO company_key;

-- Undo records of other companies
SAVEPOINT undo;
SELECT backup_company(1) AS old \gset
UPDATE app.person SET note = 'changed' WHERE company_id = 1;
SELECT restore_company(1, :old) AS restore \gset
UPDATE app.person SET company_id = 2 WHERE id = 11;
SELECT pg_temp.tells($$SELECT erase_record('app.person', '11')$$, 'KB040 restore ' || :restore || ' is in review / Its undo record has the row%');
SELECT ok(erase_record('app.person', '21'), 'a row that no record has');
SELECT ok(NOT erase_record('app.person', '99'), 'one that is gone already, and in no record');
SELECT keep_restore(:restore);
SELECT ok(erase_record('app.person', '11'), 'it is kept: the row can be erased');
ROLLBACK TO undo;
SELECT backup_company(1) AS old \gset
INSERT INTO app.person VALUES (16, 1, 'new');
INSERT INTO app.link VALUES (1, 2, 16, 'of two'), (2, 3, 16, 'of three');
SELECT restore_company(1, :old) AS restore \gset
SELECT is_empty('SELECT FROM app.link', 'rows of others follow what a restore removes');
SELECT pg_temp.tells($$SELECT erase_record('app.link', '1')$$, 'KB040 restore % is in review / %');
SELECT delete_company(2, 'two', erase => true);
INSERT INTO app.company VALUES (2, 'a stranger');
SELECT revert_restore(:restore);
SELECT results_eq('SELECT company_id, note FROM app.link', $$VALUES (3, 'of three')$$, 'a revert does not give them to a stranger who has the key now');
SELECT results_eq(format('SELECT table_name, row_key, problem FROM restore_problems(%s)', :restore), $$VALUES ('app.link', '(1)', 'deleted by the restore, and left so by the revert: its company is gone')$$, '... and says so');
ROLLBACK TO undo;

-- Rows that were merged
SAVEPOINT merged;
ALTER TABLE app.person ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START 100);
ALTER TABLE app.visit ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START 100);
DELETE FROM app.person WHERE company_id = 2;
SELECT backup_company(1) AS old \gset
SELECT keep_restore(restore_company(2, :old, mode => 'merge'));
SELECT erase_record('app.person', id::text) FROM app.person WHERE company_id = 2 AND note = 'private 1';
SELECT is(forget_id_map(2), 0::bigint, 'what tells erased rows is not forgotten');
SELECT keep_restore(restore_company(2, :old, mode => 'merge'));
SELECT is((SELECT string_agg(note, ', ' ORDER BY note) FROM app.person WHERE company_id = 2), 'private 2, private 3', '... and they stay away');
ROLLBACK TO merged;

-- Lists
SAVEPOINT lists;
SELECT restore_company(1, backup_company(1)) AS restore \gset
UPDATE app.visit SET note = 'diagnosis' WHERE id = 11;
SELECT revert_restore(:restore);
SELECT is((SELECT count(*) FROM restore_problems(:restore) WHERE row_data->>'note' = 'diagnosis'), 1::bigint, 'a list has what was discarded');
SELECT erase_record('app.person', '11');
SELECT is_empty(format('SELECT FROM restore_problems(%s) WHERE row_data IS NOT NULL', :restore), '... not once it was erased');
ROLLBACK TO lists;

-- Rights, and rows that change hands
CREATE ROLE reader;
SELECT grant_company_backup('reader');
GRANT USAGE ON SCHEMA app, public TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader;
SAVEPOINT rights;
SELECT set_company_guard_query('SELECT true');
SELECT is(pg_temp.told_to('reader', $$SELECT erase_record('app.person', '99')$$), '42501 permission denied for table "app.person" / Erasing its rows takes DELETE on it.', 'of a row that is gone, too');
ROLLBACK TO rights;
CREATE FUNCTION app.moving(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF action = 'erase' THEN UPDATE app.person SET company_id = 1 WHERE id = 21; END IF;
  RETURN true;
END $$;
SELECT set_company_guard('app.moving');
SELECT pg_temp.tells($$SELECT erase_record('app.person', '21')$$, '40001 could not serialize access: the row belongs to another company meanwhile / Try again.');
ROLLBACK TO rights;

-- A database that was dumped and loaded; rows that came from another one
SAVEPOINT elsewhere;
CREATE FUNCTION pg_temp.move() RETURNS void LANGUAGE sql AS $$
  UPDATE company_backup.database_identity SET identity = gen_random_uuid(), archive_key = sha256(uuid_send(gen_random_uuid())) $$;
SELECT backup_company(1) AS old, archive_key() AS before \gset
INSERT INTO archive SELECT seq, data FROM read_backup(:old);
SAVEPOINT moved;
SELECT pg_temp.move();
INSERT INTO company_backup.known_identity SELECT identity FROM company_backup.database_identity;
SELECT trust_origin('before', :'before');
SELECT erase_record('app.person', '11');
SELECT pg_temp.upload() AS uploaded \gset
SELECT keep_restore(restore_company(1, :uploaded, ids => 'keep'));
SELECT is(pg_temp.people(1), '12 private 2, 13 private 3', 'what was exported before a move has no more what was erased after it');
ROLLBACK TO moved;
DELETE FROM app.person WHERE company_id = 1;
SELECT delete_company(1, 'one');
SELECT pg_temp.move();
TRUNCATE company_backup.known_identity;
INSERT INTO company_backup.known_identity SELECT identity FROM company_backup.database_identity;
SELECT trust_origin('before', :'before');
SELECT pg_temp.upload() AS uploaded \gset
SELECT create_company_from_backup(:uploaded, '{"id": 9}');
SELECT is(pg_temp.people(9), '11 private 1, 12 private 2, 13 private 3', 'a company comes from another database, with its IDs');
SELECT erase_record('app.person', '11');
SELECT keep_restore(restore_company(9, :uploaded, ids => 'keep'));
SELECT is(pg_temp.people(9), '12 private 2, 13 private 3', '... what is erased does not come back from there');
SELECT delete_company(9, 'one', erase => true);
SELECT pg_temp.upload() AS uploaded \gset
SELECT pg_temp.tells(format('SELECT create_company_from_backup(%s, ''{"id": 8}'')', :uploaded), 'KB088 the company of the backup has been erased / %');
ROLLBACK TO elsewhere;

-- Freezing goes by company
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON app.person FOR EACH ROW EXECUTE FUNCTION refuse_frozen_writes('company_id');
SAVEPOINT freezing;
SELECT freeze_company(4);
UPDATE app.company SET id = 40 WHERE id = 5;
SELECT pg_temp.tells('UPDATE app.company SET id = 400 WHERE id = 4', '57KB1 company "4%" is frozen / %');
ALTER TABLE app.person DISABLE TRIGGER frozen;
UPDATE app.company SET id = 400 WHERE id = 4;
ALTER TABLE app.person ENABLE TRIGGER frozen;
SELECT pg_temp.tells($$INSERT INTO app.person VALUES (400, 400, 'x')$$, '57KB1 company "400" is frozen / %');
INSERT INTO app.company VALUES (4, 'new');
SELECT lives_ok($$INSERT INTO app.person VALUES (401, 4, 'x')$$, 'a company that takes the key is not frozen');
SELECT ok(unfreeze_company(400), 'the company is frozen under its new key');
SELECT lives_ok($$INSERT INTO app.person VALUES (400, 400, 'x')$$, '... until that ends');
ROLLBACK TO freezing;
INSERT INTO app.company SELECT n, 'c' FROM generate_series(1000, 3000) n;
INSERT INTO app.person SELECT n, n, 'x' FROM generate_series(1000, 3000) n;
SELECT cmp_ok((SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid = 'company_backup.restore'::regclass), '<', 300::bigint, 'writing rows of very many companies takes few locks');
ROLLBACK TO freezing;
ALTER TABLE app.person DROP CONSTRAINT person_company_id_fkey, ALTER company_id TYPE numeric;
SELECT pg_temp.tells('UPDATE app.person SET note = note', '0A000 trigger "frozen" cannot tell whether the company is frozen / Equal values of type numeric of column "company_id" may be written differently. / %');
ROLLBACK TO freezing;
DROP TRIGGER frozen ON app.person;

-- What a preview of a deletion says
ALTER TABLE app.link ALTER company_id DROP NOT NULL;
INSERT INTO app.link VALUES (7, NULL, 11, 'nobody''s');
SELECT matches((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), '^1 row is of no company though it leads to this one: app\.link', 'rows that lead to the company and are nobody''s stand in the way');
SELECT pg_temp.tells($$SELECT delete_company(1, 'one')$$, 'KB003 %');
DELETE FROM app.link;
CREATE TABLE app.seen (at timestamptz);
CREATE FUNCTION app.writes(company text, actor text) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO app.seen VALUES (now()) RETURNING true $$;
SELECT set_table_rule('app.seen', 'global');
SELECT set_delete_precondition('seen', 'app.writes', 'not seen');
SELECT is((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), 'precondition "seen" of deletions gave no answer', 'a precondition that writes does so in no preview');
SELECT is_empty('SELECT FROM app.seen', '... nothing is written');
SELECT lives_ok($$SELECT delete_company(1, 'one')$$, '... and in a deletion it may');

-- Rows of others that would have to be NULL where that cannot be
CREATE TABLE app.badge (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, person_id int NOT NULL REFERENCES app.person ON DELETE SET NULL, note text);
SELECT set_table_rule('app.badge', 'company', route => '{badge_company_id_fkey}'), set_reference('app.badge', '{person_id}', 'app.person', outside => 'keep');
INSERT INTO app.badge VALUES (1, 3, 21, 'private of three');
SELECT is((SELECT in_the_way FROM preview_delete(2) WHERE in_the_way LIKE 'rows%'), 'rows outside the company refer to rows that would be removed: app.badge, badge_person_id_fkey: 1 row: (1)', 'a preview sees that');
SELECT pg_temp.tells($$SELECT delete_company(2, 'two')$$, 'KB034 rows outside the company refer to rows that would be removed / app.badge, badge_person_id_fkey: 1 row: (1) / %');
ALTER TABLE app.badge ALTER person_id DROP NOT NULL, ADD CHECK (person_id IS NOT NULL);
SELECT pg_temp.tells($$SELECT delete_company(2, 'two')$$, '23514 % / It is a row outside the company, of table app.badge, that refers to one of its rows.');
DELETE FROM app.badge;

-- Names that are none
SELECT pg_temp.tells(format('SELECT set_delete_precondition(''x'', %L, ''m'')', n), 'KB009 function ' || n || '(text, text) does not exist / %') FROM unnest('{a.b.c,"a b",app.(}'::text[]) n;

-- Every wrong proof counts
CREATE FUNCTION app.check_proof(company text, actor text, proof text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF proof = 'right' THEN RETURN true; END IF;
  RAISE EXCEPTION 'wrong';
END $$;
SELECT set_reauthentication('app.check_proof');
SET LOCAL company_backup.proof_attempts = 3;
SELECT pg_temp.tells(format('SELECT delete_company(3, ''three'', proof => %L)', n), CASE WHEN n <= 3 THEN 'KB082 %' ELSE 'KB084 %' END) FROM generate_series(1, 4) n;
SELECT pg_temp.tells($$SELECT delete_company(3, 'three', proof => 'right')$$, 'KB084 %');

-- The actor of a setting is as short as one that is given
SELECT set_config('company_backup.actor', repeat('a', 10001), true) IS NOT NULL;
SELECT pg_temp.tells('SELECT backup_company(4)', '22023 company_backup.actor is too long / It has 10001 bytes; the limit is 10000.');
SELECT * FROM finish();
ROLLBACK;
