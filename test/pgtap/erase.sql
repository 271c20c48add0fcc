-- Rows that were erased do not come back with what is older, whatever way it is used; nor does a company.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text, boss int REFERENCES app.person ON DELETE SET NULL);
CREATE TABLE app.visit (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, person_id int NOT NULL REFERENCES app.person ON DELETE CASCADE);
CREATE TABLE app.report (visit_id int NOT NULL REFERENCES app.visit ON DELETE CASCADE, line int, words text, PRIMARY KEY (visit_id, line));
CREATE TABLE app.tag (label char(6), company_id int NOT NULL REFERENCES app.company, people int[] NOT NULL DEFAULT '{}', PRIMARY KEY (company_id, label));
CREATE TABLE app.remark (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, about int, words text);
CREATE TABLE app.bill (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, person_id int REFERENCES app.person);
CREATE TABLE app.loose (company_id int NOT NULL REFERENCES app.company, note text);
CREATE TABLE app.kind (id int PRIMARY KEY, name text UNIQUE);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule(t, 'company', route => ARRAY[split_part(t::text, '.', 2) || '_company_id_fkey']::name[]) FROM unnest('{app.person,app.visit,app.bill,app.remark,app.tag}'::regclass[]) t;
SELECT set_reference('app.remark', '{about}', 'app.person', outside => 'null');
SELECT set_reference('app.tag', '{people}', 'app.person', outside => 'null');
SELECT set_table_rule('app.kind', 'shared', match_columns => '{name}');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.person SELECT c * 10 + n, c, 'p' || n, CASE WHEN n > 1 THEN c * 10 + 1 END FROM generate_series(1, 2) c, generate_series(1, 4) n;
INSERT INTO app.visit SELECT c * 10 + n, c, c * 10 + 1 + n % 4 FROM generate_series(1, 2) c, generate_series(1, 8) n;
INSERT INTO app.report SELECT id, l, 'r' FROM app.visit, generate_series(1, 2) l;
INSERT INTO app.tag SELECT 't' || c, c, ARRAY[c * 10 + 1, c * 10 + 2] FROM generate_series(1, 2) c;
INSERT INTO app.remark SELECT c * 10 + n, c, c * 10 + n, 'w' FROM generate_series(1, 2) c, generate_series(1, 3) n;
INSERT INTO app.bill SELECT c * 10 + n, c, c * 10 + n FROM generate_series(1, 2) c, generate_series(2, 3) n;
INSERT INTO app.loose VALUES (1, 'l');
CREATE FUNCTION pg_temp.state(company int) RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(t, ',' ORDER BY t)) FROM (SELECT 'p' || p FROM app.person p WHERE company_id = company UNION ALL SELECT 'v' || v FROM app.visit v WHERE company_id = company
    UNION ALL SELECT 'r' || r FROM app.report r JOIN app.visit v ON v.id = visit_id WHERE v.company_id = company UNION ALL SELECT 't' || t FROM app.tag t WHERE company_id = company
    UNION ALL SELECT 'm' || m FROM app.remark m WHERE company_id = company UNION ALL SELECT 'b' || b FROM app.bill b WHERE company_id = company) s (t) $$;
SELECT backup_company(1) AS old \gset
SELECT pg_temp.state(2) AS others \gset

-- What cannot be erased
SELECT pg_temp.tells($$SELECT erase_record('app.company', '1')$$, '22023 the company''s own row is no record / SELECT delete_company(..., erase => true) erases a company.');
SELECT pg_temp.tells($$SELECT erase_record('app.kind', '1')$$, '22023 rows of this table belong to no company / %');
SELECT pg_temp.tells($$SELECT erase_record('pg_class', '1')$$, '22023 rows of this table belong to no company / %');
SELECT pg_temp.tells($$SELECT erase_record('app.loose', '1')$$, '22023 rows of table "app.loose" have no key / Give the table a primary key.');
SELECT pg_temp.tells($$SELECT erase_record('app.report', '["11"]')$$, '22023 the key of table "app.report" has 2 columns / Give a JSON array of the values of visit_id, line: %');
SELECT pg_temp.tells($$SELECT erase_record('app.person', 'x')$$, '22P02 %');
SELECT pg_temp.tells($$SELECT erase_record('app.person', '12')$$, 'KB034 rows outside the company refer to rows that would be removed / app.bill, bill_person_id_fkey: 1 row: (12) / %');
SELECT is((SELECT count(*)::int FROM company_backup.tombstone), 0, 'nothing is left of that');

-- A row goes with what follows it
SELECT ok(erase_record('app.person', '11', 'asked for it', 'officer'), 'a row is erased');
SELECT results_eq('SELECT id, boss FROM app.person WHERE company_id = 1 ORDER BY id', 'VALUES (12, NULL::int), (13, NULL), (14, NULL)', '... it is gone, and references to it are null');
SELECT is((SELECT count(*)::int FROM app.visit WHERE company_id = 1), 6, '... what cascades went along');
SELECT is((SELECT people FROM app.tag WHERE label = 't1'), '{12}', '... it is out of arrays');
SELECT is((SELECT about FROM app.remark WHERE id = 11), NULL, '... declared references are null');
SELECT results_eq('SELECT erased_by, actor, reason, company IS NOT NULL, columns, length(key_hash) FROM company_backup.tombstone',
  $$VALUES (current_user, 'officer', 'asked for it', true, '{id}'::text[], 32)$$, 'a tombstone says who and why');
SELECT ok(NOT erase_record('app.person', '11'), 'again: it is not there');
SELECT results_eq($$SELECT backup FROM find_in_backups('app.person', '11')$$, ARRAY[:old::bigint], 'find_in_backups() lists the backup that has it');
SELECT is_empty($$SELECT backup FROM find_in_backups('app.person', '21')$$, '... and none that has not');
SELECT results_eq($$SELECT backup FROM find_in_backups('app.report', '["11", "2"]')$$, ARRAY[:old::bigint], '... also by keys of several columns');
SELECT pg_temp.state(1) AS erased \gset

-- No way back
SELECT results_eq(format($$SELECT table_name, added, changed, removed, note FROM preview_restore(1, %s) WHERE note IS NOT NULL ORDER BY 1$$, :old),
  $$VALUES ('app.person', 0::bigint, 0::bigint, 0::bigint, '1 row that was erased, and stays away; 3 rows that come without their references to such rows'),
    ('app.remark', 0, 0, 0, '1 row that comes without its reference to such a row'), ('app.report', 0, 0, 0, '4 rows that need such rows, and stay away, too'),
    ('app.tag', 0, 0, 0, '1 row that comes without its reference to such a row'), ('app.visit', 0, 0, 0, '2 rows that need such rows, and stay away, too')$$, 'a preview says so');
DELETE FROM app.visit WHERE id = 11;
UPDATE app.person SET name = 'x' WHERE id = 12;
SELECT restore_company(1, :old) AS back \gset
SELECT is(pg_temp.state(1), :'erased', 'a restore brings back all but what was erased');
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, row_data::text FROM restore_problems(%s) WHERE table_name = ''app.person''', :back),
  $$VALUES ('app.person', '', 'KB088', NULL::text), ('app.person', '', 'KB088', NULL)$$, '... and says so, without naming the row');
SELECT pg_temp.tells($$SELECT erase_record('app.person', '14')$$, 'KB040 restore % of company "1" is in review / %');
SELECT ok(NOT erase_record('app.person', '99'), '... of others a review does not matter');
SELECT keep_restore(:back);
DELETE FROM app.report WHERE visit_id < 20; DELETE FROM app.visit WHERE company_id = 1;
SELECT restore_company(1, :old, mode => 'merge') AS back \gset
SELECT is(pg_temp.state(1), :'erased', 'a merge does not bring it');
SELECT keep_restore(:back);
DELETE FROM app.visit WHERE id = 11;
SELECT restore_company(1, :old, records => '[{"table": "app.visit", "key": "11"}]') AS back \gset
SELECT is(pg_temp.state(1), :'erased', 'records come, but for it');
SELECT keep_restore(:back);
SELECT pg_temp.tells(format($$SELECT restore_company(1, %s, records => '[{"table": "app.person", "key": "11"}]')$$, :old), '22023 %');
SELECT restore_company(3, :old, mode => 'merge') AS back \gset
SELECT is((SELECT string_agg(name, ',' ORDER BY name) FROM app.person WHERE company_id = 3), 'p2,p3,p4', 'it does not come under new IDs');
SELECT keep_restore(:back);
SELECT id AS p4, (SELECT id FROM app.person WHERE company_id = 3 AND name = 'p3') AS p3 FROM app.person WHERE company_id = 3 AND name = 'p4' \gset
DELETE FROM app.bill WHERE company_id = 3; DELETE FROM app.person WHERE id = :p3;
SELECT ok(erase_record('app.person', :'p4'), 'a row is erased that came under a new ID');
SELECT restore_company(3, :old, mode => 'merge', on_deleted => 'add') AS back \gset
SELECT is((SELECT string_agg(name, ',' ORDER BY name) FROM app.person WHERE company_id = 3), 'p2,p3', 'it does not come again, though others do that were deleted');
SELECT keep_restore(:back);
SELECT create_company_from_backup(:old, '{"id": 7, "name": "copy"}') AS copy \gset
SELECT is((SELECT string_agg(name, ',' ORDER BY name) FROM app.person WHERE company_id = :copy), 'p2,p3,p4', 'nor into a company that is made of the backup');
SELECT is((SELECT count(*)::int FROM app.visit WHERE company_id = :copy), 6, '... nor what needs it');
SELECT results_eq(format($$SELECT sqlstate, count(*) FROM restore_problems((SELECT max(id) FROM company_restores(%L))) GROUP BY 1$$, :'copy'), $$VALUES ('KB088', 6::bigint)$$, '... which is said');

-- A column is renamed; another row gets the key; a key that is spelt with blanks
ALTER TABLE app.person RENAME id TO number;
SELECT pg_temp.tells(format('SELECT restore_company(1, %s, schema_drift => ''adapt'')', :old), 'KB031 rows that were erased cannot be told from others / They are known by column id of table app.person, which is not there any more. / %');
SELECT set_column_rename('app.person', 'id', 'number');
SELECT restore_company(1, :old) AS back \gset
SELECT is(pg_temp.state(1), :'erased', 'a renamed key is still known');
SELECT keep_restore(:back);
INSERT INTO app.person VALUES (11, 1, 'another');
SELECT backup_company(1) AS young \gset
DELETE FROM app.person WHERE number = 11;
SELECT restore_company(1, :young) AS back \gset
SELECT is((SELECT name FROM app.person WHERE number = 11), 'another', 'a backup from after that brings back what has the key now');
SELECT keep_restore(:back);
SELECT ok(erase_record('app.tag', '[1, "t1  "]'), 'blanks at the end of char(n) do not count');
SELECT restore_company(1, :young) AS back \gset
SELECT is_empty('SELECT FROM app.tag WHERE company_id = 1', '... nor later');
SELECT keep_restore(:back);

-- A row that is gone already
DELETE FROM app.remark WHERE id = 13;
SELECT ok(NOT erase_record('app.remark', '13'), 'a row that is gone already');
SELECT restore_company(1, :young) AS back \gset
SELECT is_empty('SELECT FROM app.remark WHERE id = 13', '... does not come back, either');
SELECT keep_restore(:back);
SELECT is(pg_temp.state(2), :'others', 'no row of another company has changed');

-- A company
CREATE TEMP TABLE archive AS SELECT * FROM read_backup(:young);
SELECT pg_temp.tells($$SELECT delete_company(1, 'one', final_backup => true, erase => true)$$, '22023 erase and final_backup exclude each other / %');
SELECT lives_ok($$SELECT delete_company(1, 'one', erase => true, actor => 'owner')$$, 'a company is erased');
SELECT is_empty('SELECT FROM app.person WHERE company_id = 1 UNION ALL SELECT FROM company_backups(1)', '... with all there is of it');
SELECT begin_upload() AS upload \gset
SELECT append_upload(:upload, seq::int, data) FROM archive ORDER BY seq;
SELECT finish_upload(:upload) AS uploaded \gset
SELECT pg_temp.tells(format('SELECT create_company_from_backup(%s, ''{"id": 8}'')', :uploaded), 'KB088 the company of the backup has been erased / %');
SELECT pg_temp.tells(format('SELECT restore_company(2, %s, mode => ''merge'')', :uploaded), 'KB088 the company of the backup has been erased / %');
SELECT pg_temp.tells(format('SELECT * FROM preview_restore(2, %s, mode => ''merge'')', :uploaded), 'KB088 the company of the backup has been erased / %');
INSERT INTO app.company VALUES (1, 'one');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :uploaded), 'KB088 the company of the backup has been erased / %');
SELECT is(pg_temp.state(2), :'others', 'no row of another company has changed');

-- Writes of a frozen company are refused where the application wants it
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON app.visit FOR EACH ROW EXECUTE FUNCTION refuse_frozen_writes('company_id');
SELECT ok(freeze_company(2), 'a company is frozen');
SELECT ok(NOT freeze_company(2), '... once');
SELECT pg_temp.tells('DELETE FROM app.visit WHERE id = 21', '57KB1 company "2" is frozen / Rows of table app.visit cannot be written meanwhile. / %');
SELECT pg_temp.tells('UPDATE app.visit SET company_id = 1 WHERE id = 21', '57KB1 company "2" is frozen / %');
SELECT pg_temp.tells(format('UPDATE app.visit SET company_id = 2 WHERE company_id = %s', :copy), '57KB1 company "2" is frozen / %');
SELECT lives_ok(format('UPDATE app.visit SET company_id = company_id WHERE company_id = %s', :copy), 'others are not');
SELECT lives_ok('SELECT keep_restore(restore_company(2, backup_company(2)))', 'the extension works on it');
SELECT ok(unfreeze_company(2), 'it is no more');
SELECT ok(NOT unfreeze_company(2), '... once');
SELECT lives_ok('UPDATE app.visit SET company_id = company_id WHERE id = 21', '... and is written again');
CREATE TRIGGER wrong BEFORE INSERT ON app.report FOR EACH ROW EXECUTE FUNCTION refuse_frozen_writes('company');
SELECT pg_temp.tells('INSERT INTO app.report VALUES (21, 9)', '42703 column "company" of relation "report" does not exist / %');
SELECT pg_temp.tells('SELECT freeze_company(99)', 'KB002 %');
SELECT freeze_company(2);
SELECT lives_ok($$SELECT delete_company(2, 'two')$$, 'a frozen company can be deleted');
SELECT is_empty('SELECT FROM company_backup.frozen', '... and is forgotten');
SELECT * FROM finish();
