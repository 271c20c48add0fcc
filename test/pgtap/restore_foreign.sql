-- A backup from another database: shared rows and people have other keys here, the company too.
\ir app.psql
SELECT plan(22);

CREATE TABLE app.region (country text, code text, title text NOT NULL, PRIMARY KEY (country, code), UNIQUE (title));
CREATE TABLE app.unit (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id int PRIMARY KEY, email text UNIQUE NOT NULL);
CREATE TABLE app.company (id int PRIMARY KEY, code text UNIQUE NOT NULL, name text NOT NULL, owner_id int REFERENCES app.person);
CREATE TABLE app.member (company_id int REFERENCES app.company, person_id int REFERENCES app.person, PRIMARY KEY (company_id, person_id));
CREATE TABLE app.rate (id int PRIMARY KEY, company_id int REFERENCES app.company, name text NOT NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, unit_id int REFERENCES app.unit,
    country text, code text, author int REFERENCES app.person, readers int[], kind text, about int,
    company_code text REFERENCES app.company (code), document jsonb, counts json, by_member int, rate_id int REFERENCES app.rate, rates int[],
    FOREIGN KEY (country, code) REFERENCES app.region,
    FOREIGN KEY (company_id, by_member) REFERENCES app.member);

SELECT set_company_table('app.company');
SELECT set_table_rule('app.region', 'shared', match_columns => '{title}');
SELECT set_table_rule('app.unit', 'shared', match_columns => '{name}');
SELECT set_table_rule('app.person', 'people', match_columns => '{email}');
SELECT set_table_rule('app.member', 'excluded', 'who has access');
SELECT set_table_rule('app.rate', 'company', 'own ones travel, others are built in', match_columns => '{name}', route => '{rate_company_id_fkey}');
SELECT set_reference('app.item', '{rates}', 'app.rate', '{id}');
SELECT set_reference('app.item', '{readers}', 'app.person', '{id}');
SELECT set_reference('app.item', '{about}', 'app.unit', '{id}', when_column => 'kind', when_value => 'unit');
SELECT set_column_rule('app.item', 'about', 'data');
SELECT set_reference('app.item', '{document}', 'app.unit', '{id}', json_path => '.unit');
SELECT set_reference('app.item', '{document}', 'app.person', '{id}', json_path => '.**.person');
SELECT set_reference('app.item', '{counts}', 'app.unit', '{id}', json_path => 'keys()');

INSERT INTO app.region VALUES ('DE', 'BY', 'Bavaria'), ('FR', 'IF', 'Île-de-France');
INSERT INTO app.unit VALUES (1, 'piece'), (2, 'kg');
INSERT INTO app.person VALUES (1, 'a@x'), (2, 'b@x');
INSERT INTO app.company VALUES (1, 'ACME', 'Acme', 1);
INSERT INTO app.member VALUES (1, 1), (1, 2);
INSERT INTO app.rate VALUES (1, NULL, 'full'), (2, NULL, 'none'), (3, NULL, 'not referred to'), (50, 1, 'own'), (51, 1, 'full');
INSERT INTO app.item VALUES
    (1, 1, 1, 'DE', 'BY', 1, '{1,2,NULL}', 'unit', 2, 'ACME', '{"unit": 1, "n": 1, "by": [{"person": 2}, {"person": "1", "at": 2.50}]}', '{ "2":1, "1" : 2}', 2, 1, '{2,50}'),
    (2, 1, 2, 'FR', 'IF', 2, '{}', 'other', 2, NULL, '{"unit": null}', '{}', NULL, 50, NULL),
    (3, 1, NULL, NULL, 'BY', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 51, '{}');
SELECT backup_company(1) AS backup \gset
SELECT is(backup_manifest(:backup) #>> '{shared,1,rows}', '2', 'built-in rows that are referred to are in the backup');

-- As if it had been uploaded from elsewhere, where everything else was the same.
UPDATE company_backup.backup SET origin = 'upload',
    manifest = replace(manifest, (SELECT identity::text FROM company_backup.database_identity), '00000000-0000-4000-8000-000000000000');
DELETE FROM app.item;
DELETE FROM app.rate;
DELETE FROM app.member;
UPDATE app.company SET owner_id = NULL;
DELETE FROM app.company;
DELETE FROM app.unit; DELETE FROM app.person; DELETE FROM app.region;
INSERT INTO app.region VALUES ('D', 'B', 'Bavaria'), ('F', 'I', 'Île-de-France'), ('DE', 'BY', 'Someone else''s');
INSERT INTO app.unit VALUES (2, 'piece'), (1, 'kg');
INSERT INTO app.person VALUES (1, 'b@x'), (5, 'a@x');
INSERT INTO app.company VALUES (7, 'SEVEN', 'Seven', NULL), (8, 'EIGHT', 'Eight', NULL), (10, 'TEN', 'Ten', NULL);
INSERT INTO app.member VALUES (7, 1);
INSERT INTO app.rate VALUES (1, NULL, 'none'), (4, NULL, 'full'), (60, 10, 'full');

SELECT lives_ok(format('SELECT restore_company(7, %s)', :backup), 'into a company with another key');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT results_eq('SELECT id, company_id, unit_id, country, code, author, readers, about, company_code, by_member FROM app.item ORDER BY id',
    $$VALUES (1, 7, 2, 'D', 'B', 5, '{5,1,NULL}'::int[], 1, 'SEVEN', 1), (2, 7, 1, 'F', 'I', 1, '{}', 2, NULL, NULL),
             (3, 7, NULL, NULL, 'BY', NULL, NULL, NULL, NULL, NULL)$$,
    'every reference has the key of this database: single, composite, in arrays, conditional, through an excluded table');
SELECT results_eq('SELECT id, rate_id, rates FROM app.item ORDER BY id', $$VALUES (1, 4, '{1,50}'::int[]), (2, 50, NULL), (3, 51, '{}')$$,
    'built-in rows are matched, the company''s own keep their keys');
SELECT results_eq('SELECT document::text, counts::text FROM app.item ORDER BY id', $$VALUES
    ('{"n": 1, "by": [{"person": 1}, {"at": 2.50, "person": "5"}], "unit": 2}', '{ "1":1, "2" : 2}'), ('{"unit": null}', '{}'), (NULL, NULL)$$,
    'documents hold the keys of this database, the rest of them is untouched');
SELECT is((SELECT name FROM app.company WHERE id = 7), 'Seven', 'the company''s own row is as it was');
SELECT is((SELECT count(*) FROM app.member), 1::bigint, 'memberships neither travel nor go');
DELETE FROM app.item; DELETE FROM app.rate WHERE id IN (50, 51);

SELECT throws_ok(format('SELECT restore_company(8, %s)', :backup), 'KB034',
    'reference "item_company_id_by_member_fkey" of table "app.item" leads nowhere', 'an excluded row that is missing is named');
INSERT INTO app.member VALUES (8, 1);
SELECT lives_ok(format('SELECT restore_company(8, %s)', :backup), 'with the member it works');
SELECT keep_restore(max(id)) FROM company_restores();
DELETE FROM app.item; DELETE FROM app.rate WHERE id IN (50, 51);

UPDATE app.person SET email = 'other@x' WHERE id = 1;
SELECT throws_ok(format('SELECT restore_company(7, %s)', :backup), 'KB033', '1 row that the company refers to is missing here',
    'a person without a match is missing');
SELECT lives_ok(format('SELECT restore_company(7, %s, actor => ''1'')', :backup), 'the actor takes the place of a missing person');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT is((SELECT author FROM app.item WHERE id = 2), 1, 'and is the author now');
DELETE FROM app.item; DELETE FROM app.rate WHERE id IN (50, 51);
UPDATE app.person SET email = 'b@x' WHERE id = 1;

DELETE FROM app.unit WHERE name = 'kg';
UPDATE app.region SET title = 'moved' WHERE country = 'F';
SELECT throws_ok(format('SELECT restore_company(7, %s)', :backup), 'KB032', '2 rows that the company refers to are missing here',
    'all missing shared rows are found at once');
UPDATE app.region SET title = 'Île-de-France' WHERE country = 'F';
INSERT INTO app.unit VALUES (1, 'kg'), (3, 'kg');
SELECT throws_ok(format('SELECT restore_company(7, %s)', :backup), 'KB032', NULL, 'two rows that match are no match');
DELETE FROM app.unit WHERE id = 3;
UPDATE app.rate SET name = 'fuller' WHERE id = 4;
SELECT throws_ok(format('SELECT restore_company(7, %s)', :backup), 'KB032', '1 row that the company refers to is missing here',
    'a built-in row that is missing is named; another company''s row is no match');
UPDATE app.rate SET name = 'full' WHERE id = 4;
SELECT set_table_rule('app.unit', 'shared');
SELECT throws_ok(format('SELECT restore_company(7, %s)', :backup), 'KB032',
    'nothing says how rows of table "app.unit" of another database are recognized here', 'match columns are needed');
SELECT set_table_rule('app.unit', 'shared', match_columns => '{name}');

-- A new company.
SELECT throws_ok(format($$SELECT create_company_from_backup(%s, '{"id": 7}')$$, :backup), 'KB036', 'company "7" exists already',
    'a key that is taken');
SELECT throws_ok(format($$SELECT create_company_from_backup(%s, '{"nonsense": 7}')$$, :backup), 'KB036',
    'attributes name columns that cannot be set', 'an attribute that is no column');
ALTER TABLE app.item DROP COLUMN by_member;
ALTER TABLE app.item ADD COLUMN by_member int;
SELECT set_column_rule('app.item', 'by_member', 'data');
SELECT is(create_company_from_backup(:backup, '{"id": "09", "code": "NINE"}'), '9', 'a company is created');
SELECT results_eq('SELECT name, code, owner_id FROM app.company WHERE id = 9', $$VALUES ('Acme', 'NINE', 5)$$,
    'its row is the archive''s but for the attributes');
SELECT results_eq('SELECT DISTINCT company_id, company_code FROM app.item WHERE company_code IS NOT NULL', $$VALUES (9, 'NINE')$$,
    'its rows hold its keys');

-- What cannot be a key of the other table is a problem like any other.
UPDATE app.item SET document = '[{"unit": "main"}, {"unit": "007"}, {"unit": "-"}, {"unit": 1.5}, {"unit": 1}]' WHERE id = 2;
SELECT is(jsonb_array_length(backup_manifest(backup_company(9, on_error => 'record')) -> 'problems'), 4, 'words where numbers are expected are recorded');

SELECT * FROM finish();
ROLLBACK;
