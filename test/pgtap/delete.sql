-- Deleting a company: every row of it, whatever its table is treated as; nobody else's.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.person (id int PRIMARY KEY, email text NOT NULL UNIQUE, company_id int);
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, owner_id int REFERENCES app.person, main_site int);
ALTER TABLE app.person ADD FOREIGN KEY (company_id) REFERENCES app.company ON DELETE SET NULL;
CREATE TABLE app.member (company_id int NOT NULL REFERENCES app.company, person_id int NOT NULL REFERENCES app.person,
  PRIMARY KEY (company_id, person_id));
CREATE TABLE app.token (company_id int NOT NULL REFERENCES app.company, secret text);
CREATE TABLE app.outbox (id int PRIMARY KEY, company_id int, payload jsonb);
CREATE TABLE app.site (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
ALTER TABLE app.company ADD FOREIGN KEY (main_site) REFERENCES app.site DEFERRABLE;
CREATE TABLE app.unit (id int PRIMARY KEY, company_id int REFERENCES app.company, name text NOT NULL);
CREATE TABLE app.body (id int PRIMARY KEY, words text);
CREATE TABLE app.document (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, unit_id int REFERENCES app.unit,
  body_id int NOT NULL UNIQUE REFERENCES app.body, parent_id int REFERENCES app.document);
CREATE TABLE app.line (id int, document_id int NOT NULL REFERENCES app.document, amount numeric, PRIMARY KEY (document_id, id));
CREATE TABLE app.event (id int, company_id int NOT NULL REFERENCES app.company, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE app.event_old PARTITION OF app.event FOR VALUES FROM ('2020-01-01') TO ('2024-01-01');
CREATE TABLE app.event_new PARTITION OF app.event FOR VALUES FROM ('2024-01-01') TO ('2030-01-01');
CREATE TABLE app.trail (id int, company_id int NOT NULL REFERENCES app.company, what text);
CREATE TABLE app.remark (id int PRIMARY KEY, kind text NOT NULL, about int NOT NULL, words text);

SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT set_table_rule('app.person', 'people', match_columns => '{email}');
SELECT set_membership('app.member', 'person_id');
SELECT set_table_rule('app.token', 'excluded', 'secrets');
SELECT set_table_rule('app.outbox', 'excluded', 'sent elsewhere');
SELECT set_table_rule('app.unit', 'company', match_columns => '{name}', route => '{unit_company_id_fkey}');
SELECT set_table_rule('app.body', 'company', route => '{document_body_id_fkey}');
SELECT set_table_rule('app.trail', 'append_only');
SELECT set_reference('app.remark', '{about}', 'app.document', when_column => 'kind', when_value => 'document');
SELECT set_reference('app.remark', '{about}', 'app.site', when_column => 'kind', when_value => 'site');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.person SELECT n, n || '@x' FROM generate_series(1, 4) n;
INSERT INTO app.company VALUES (1, 'Straße & Söhne', 1), (2, 'two', 2), (3, 'three', 3);
UPDATE app.person SET company_id = 1 WHERE id IN (1, 2);
UPDATE app.person SET company_id = 2 WHERE id = 3;
INSERT INTO app.member SELECT c, p FROM generate_series(1, 3) c, generate_series(1, 2) p;
INSERT INTO app.token SELECT 1 + n % 3, 'secret' FROM generate_series(1, 9) n;
INSERT INTO app.outbox SELECT n, 1 + n % 3, '{}' FROM generate_series(1, 9) n;
INSERT INTO app.site SELECT n, 1 + n % 3, 's' || n FROM generate_series(1, 9) n;
UPDATE app.company SET main_site = 3 WHERE id = 1;
INSERT INTO app.unit SELECT n, nullif(n % 4, 0), 'u' || n FROM generate_series(1, 8) n;
INSERT INTO app.body SELECT n, repeat('long', 5000) FROM generate_series(1, 31) n;
INSERT INTO app.document SELECT n, 1 + n % 3, NULL, n, CASE WHEN n > 3 THEN n - 3 END FROM generate_series(1, 30) n;
UPDATE app.document SET unit_id = 4;
INSERT INTO app.line SELECT i, n, 1 FROM generate_series(1, 30) n, generate_series(1, 40) i;
INSERT INTO app.event SELECT n, 1 + n % 3, date '2023-06-01' + n * 20 FROM generate_series(1, 30) n;
INSERT INTO app.trail SELECT n, 1 + n % 3, 't' FROM generate_series(1, 9) n;
INSERT INTO app.remark SELECT n, 'document', n, 'r' FROM generate_series(1, 30) n;
INSERT INTO app.remark SELECT 100 + n, 'site', n, 'r' FROM generate_series(1, 9) n;

-- Triggers would fail.
CREATE FUNCTION app.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trigger fired'; END $$;
CREATE TRIGGER no BEFORE DELETE ON app.document FOR EACH ROW EXECUTE FUNCTION app.no();
CREATE TRIGGER no AFTER DELETE ON app.company FOR EACH ROW EXECUTE FUNCTION app.no();
CREATE TABLE app.heard (event text, company text, detail jsonb);
SELECT set_table_rule('app.heard', 'global');
CREATE FUNCTION app.hook(event text, company text, detail jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO app.heard VALUES (event, company, detail - 'deletion') $$;
SELECT set_company_hook('deleted', 'app.hook');

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  FOR relation IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
    RETURN QUERY EXECUTE format('SELECT %L, t::text FROM %s t', relation, relation);
  END LOOP;
END $$;
SELECT backup_company(1) AS backup, backup_company(2) AS other \gset
SELECT begin_upload(1) AS upload, begin_upload(2) AS other_upload \gset
SELECT append_upload(:upload, 0, 'x'), append_upload(:other_upload, 0, 'x');
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();

-- What plain SQL leaves.
SAVEPOINT plain;
ALTER TABLE app.document DISABLE TRIGGER no; ALTER TABLE app.company DISABLE TRIGGER no;
UPDATE app.company SET main_site = NULL WHERE id = 1;
DELETE FROM app.remark WHERE (kind = 'document' AND about IN (SELECT id FROM app.document WHERE company_id = 1)) OR (kind = 'site' AND about IN (SELECT id FROM app.site WHERE company_id = 1));
DELETE FROM app.line WHERE document_id IN (SELECT id FROM app.document WHERE company_id = 1);
CREATE TEMP TABLE bodies ON COMMIT DROP AS SELECT body_id FROM app.document WHERE company_id = 1;
DELETE FROM app.document WHERE company_id = 1;
DELETE FROM app.body WHERE id IN (SELECT body_id FROM bodies);
DELETE FROM app.member WHERE company_id = 1; DELETE FROM app.token WHERE company_id = 1; DELETE FROM app.outbox WHERE company_id = 1;
DELETE FROM app.site WHERE company_id = 1; DELETE FROM app.unit WHERE company_id = 1; DELETE FROM app.event WHERE company_id = 1; DELETE FROM app.trail WHERE company_id = 1;
DELETE FROM app.company WHERE id = 1;
SELECT coalesce(json_agg(r), '[]') AS plain FROM pg_temp.rows() r \gset
ROLLBACK TO plain;
CREATE TEMP TABLE expected AS SELECT * FROM json_to_recordset(:'plain') AS r(relation text, line text);

-- Refusals
SELECT is(pg_temp.told($$SELECT delete_company(9, 'x')$$), 'KB002 company "9" does not exist / No row of table "app.company" has this value in column "id".', 'no such company');
SELECT is(pg_temp.told(format('SELECT delete_company(1, %L)', name)),
  'KB080 confirm_name is not the name of the company / Upper and lower case, spaces and accents count. / Give the name exactly as it is stored in the company''s own row.',
  'not its name: ' || name)
FROM unnest(ARRAY['straße & söhne', 'Straße & Söhne ', ' Straße & Söhne', 'Strasse & Söhne', normalize('Straße & Söhne', NFD), '', '1', 'two']) name;
SELECT is(pg_temp.told($$SELECT delete_company(1, NULL)$$), '22023 confirm_name must not be null', 'nor NULL');
SAVEPOINT nameless;
UPDATE app.company SET name = '' WHERE id = 1;
SELECT is(pg_temp.told($$SELECT delete_company(1, '')$$), 'KB080 the company has no name that could confirm its deletion / Give it a name first.', 'a company without a name');
ROLLBACK TO nameless;
SELECT publish_template(:backup, 'a template');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'Straße & Söhne')$$),
  'KB052 backups of the company are templates / New companies are made from: "a template". / SELECT unpublish_template(''a template'') first: then the backup goes with the company.',
  'a backup of it is a template');
SELECT is((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), 'a backup is the template "a template"', 'a preview says so');
SELECT unpublish_template('a template');
SAVEPOINT review;
SELECT restore_company(1, :backup) AS restore \gset
SELECT is(pg_temp.told($$SELECT delete_company(1, 'Straße & Söhne')$$),
  format('KB040 restore %s of company "1" is in review / Keep or revert it first: keep_restore(%1$s) or revert_restore(%1$s).', :restore), 'a restore is in review');
SELECT is((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), format('restore %s is in review', :restore), 'a preview says so');
ROLLBACK TO review;
SAVEPOINT undecided;
CREATE TABLE app.later (id int PRIMARY KEY, company_id int REFERENCES app.company, site_id int REFERENCES app.site);
SET company_backup.strict = off;
SELECT matches(pg_temp.told($$SELECT delete_company(1, 'Straße & Söhne')$$), '^KB003 ', 'never while something is undecided, whatever company_backup.strict says');
RESET company_backup.strict;
SELECT is((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), 'the scope is undecided: check_company_scope() says where', 'a preview says so');
ROLLBACK TO undecided;
CREATE ROLE cb_caller;
SELECT grant_company_backup('cb_caller');
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT action <> 'delete_company' OR actor IS NOT DISTINCT FROM 'owner' $$;
GRANT USAGE ON SCHEMA app TO cb_caller;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO cb_caller;
GRANT DELETE ON app.company, app.site, app.line, app.document, app.body, app.unit, app.member, app.outbox, app.event, app.trail TO cb_caller;
SELECT set_company_guard('app.guard');
SELECT is(pg_temp.told_to('cb_caller', $$SELECT delete_company(1, 'Straße & Söhne')$$), 'KB008 the guard refused action "delete_company" / Company 1, actor (none).', 'the guard is asked for delete_company');
SELECT is(pg_temp.told_to('cb_caller', $$SELECT delete_company(9, 'Straße & Söhne')$$), 'KB008 the guard refused action "delete_company" / Company 9, actor (none).', 'and says the same of companies that are not there');
SELECT is(pg_temp.told_to('cb_caller', $$SELECT delete_company(1, 'Straße & Söhne', actor => 'owner')$$),
  '42501 permission denied to delete the company / It takes DELETE on: app.remark, app.token.', 'rights are looked at beforehand');
SELECT set_company_guard(NULL);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'after all that nothing has changed');

-- The preview
SELECT results_eq('SELECT table_name, removed, changed, note, in_the_way FROM preview_delete(1)',
  $$VALUES ('app.body', 10::bigint, 0::bigint, NULL, NULL), ('app.company', 1, 0, NULL, NULL), ('app.document', 10, 0, NULL, NULL),
    ('app.event', 10, 0, NULL, NULL), ('app.line', 400, 0, NULL, NULL), ('app.member', 2, 0, NULL, NULL), ('app.outbox', 3, 0, NULL, NULL),
    ('app.person', 0, 2, '2 rows of others or of nobody, which follow a foreign key', NULL), ('app.remark', 13, 0, NULL, NULL),
    ('app.site', 3, 0, NULL, NULL), ('app.token', 3, 0, NULL, NULL), ('app.trail', 3, 0, NULL, NULL), ('app.unit', 2, 0, NULL, NULL),
    ('company_backup.backup', 1, 0, NULL, NULL), ('company_backup.upload', 1, 0, NULL, NULL)$$, 'a preview counts what would go');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'and changes nothing');

-- The deletion
SELECT delete_company(1, 'Straße & Söhne', actor => 'owner') AS deletion \gset
SELECT bag_eq($$SELECT * FROM pg_temp.rows() WHERE relation <> 'app.heard'$$, 'SELECT * FROM expected', 'what is left is what plain SQL leaves');
SELECT results_eq('SELECT * FROM app.heard', $$VALUES ('deleted', '1', '{"kept": 0, "actor": "owner", "removed": 460}'::jsonb)$$, 'the hook hears of it');
SELECT results_eq('SELECT id, company, removed, actor FROM company_backup.deletion', format($$VALUES (%s::bigint, '1', 460::bigint, 'owner')$$, :deletion), 'it is written down');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is(pg_temp.told($$SELECT delete_company(1, 'Straße & Söhne')$$), 'KB002 company "1" does not exist / No row of table "app.company" has this value in column "id".', 'it does not exist any more');
SELECT is(pg_temp.told(format('SELECT delete_backup(%s)', :backup)), format('KB010 backup %s does not exist / company_backups() lists the stored backups.', :backup), 'its backup is gone');
SELECT matches(pg_temp.told(format('SELECT append_upload(%s, 1, ''x'')', :upload)), '^KB010', 'its upload is gone');
SELECT is_empty($$SELECT FROM company_backup.backup_chunk c WHERE backup NOT IN (SELECT id FROM company_backup.backup)$$, 'with all its parts');
SELECT is((SELECT array_agg(id) FROM company_backups()), ARRAY[:other::bigint], 'the other company''s is not');

-- A company with the same key is another one.
INSERT INTO app.company VALUES (1, 'Straße & Söhne', 1);
SELECT is_empty('SELECT * FROM company_backups(1) UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM company_restores(1)', 'a new company with the key sees nothing of the old one');
SELECT is((SELECT sum(removed) FROM preview_delete(1)), 1::numeric, 'and has nothing but its own row');
SELECT lives_ok($$SELECT delete_company('1', 'Straße & Söhne')$$, 'it can be deleted as well');

-- Text and uuid
SELECT is(pg_temp.told($$SELECT delete_company('2'::text, 'two')$$), 'ok', 'text');

SELECT * FROM finish();
ROLLBACK;
