-- What a restore refuses: references that lead nowhere or to others, callers without rights, code of
-- table owners that wants the caller's.
\ir app.psql
SELECT plan(19);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, rank int NOT NULL DEFAULT 0, plan text, number int NOT NULL DEFAULT 0);
CREATE TABLE app.color (id int PRIMARY KEY);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, parent int REFERENCES app.item,
    color int REFERENCES app.color, number int DEFAULT 1);
CREATE TABLE app.part (id int PRIMARY KEY, item_id int NOT NULL REFERENCES app.item);
SELECT set_company_table('app.company');
SELECT set_table_rule('app.color', 'shared');
INSERT INTO app.company VALUES (1, 'One', 1, 'old'), (2, 'Two', 2, NULL);
INSERT INTO app.color VALUES (1), (2);
INSERT INTO app.item VALUES (1, 1, 1, 1), (2, 1, 1, 2), (9, 2, NULL, NULL);
INSERT INTO app.part VALUES (1, 1), (2, 2);
SELECT backup_company(1) AS good \gset

-- Backups of a company whose references are broken.
SET LOCAL session_replication_role = replica;
UPDATE app.item SET parent = 77 WHERE id IN (1, 2);
SET LOCAL session_replication_role = origin;
SELECT backup_company(1, on_error => 'record') AS dangling \gset
UPDATE app.item SET parent = 9;
SELECT backup_company(1, on_error => 'record') AS leaving \gset
SET LOCAL session_replication_role = replica;
DELETE FROM app.part; DELETE FROM app.item WHERE company_id = 1;
SET LOCAL session_replication_role = origin;

PREPARE restore AS SELECT restore_company(1, $1);
SELECT throws_like(format('EXECUTE restore(%s)', :dangling), '%reference "item_parent_fkey" of table "app.item" leads nowhere%', 'a dangling reference');
SELECT throws_ok(format('EXECUTE restore(%s)', :leaving), 'KB034', 'reference "item_parent_fkey" of table "app.item" leads nowhere',
    'a reference to another company');
SELECT set_reference('app.item', '{parent}', 'app.item', '{id}', outside => 'keep');
SELECT lives_ok(format('EXECUTE restore(%s)', :leaving), 'which a rule may keep');
SELECT keep_restore(max(id)) FROM company_restores();
DELETE FROM app.part; DELETE FROM app.item WHERE company_id = 1;
UPDATE company_backup.backup SET origin = 'upload',
    manifest = replace(manifest, (SELECT identity::text FROM company_backup.database_identity), '00000000-0000-4000-8000-000000000000')
    WHERE id = :leaving;
SELECT set_table_rule('app.color', 'shared', match_columns => '{id}');
SELECT lives_ok(format('EXECUTE restore(%s)', :leaving), 'but only in the same database');
SELECT is((SELECT count(parent) FROM app.item WHERE company_id = 1), 0::bigint, '... in another one the ID means somebody else: it is null');
SELECT keep_restore(max(id)) FROM company_restores();
DELETE FROM app.part; DELETE FROM app.item WHERE company_id = 1;
SELECT throws_ok('EXECUTE restore(12345)', 'KB010', NULL, 'no such backup');
SELECT throws_ok(format('SELECT restore_company(3, %s)', :good), 'KB002', NULL, 'no such company');

-- The rows of a manifest that counts wrong, or of chunks that were damaged.
SAVEPOINT damaged;
UPDATE company_backup.backup SET manifest = replace(manifest, '"rows": 2', '"rows": 3') WHERE id = :good;
SELECT throws_ok(format('EXECUTE restore(%s)', :good), 'KB021', NULL, 'rows are counted');
ROLLBACK TO damaged;

-- The company's row, when the set-up says what its identity is.
UPDATE app.company SET name = 'Renamed', plan = 'new', rank = 5, number = 7 WHERE id = 1;
SELECT set_company_table('app.company', identity_columns => '{name}');
SELECT set_column_rule('app.company', 'plan', 'secret');
SELECT set_column_rule('app.company', 'number', 'counter');
SELECT lives_ok(format('EXECUTE restore(%s)', :good), 'a restore');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT results_eq('SELECT name, plan, rank, number FROM app.company WHERE id = 1', $$VALUES ('Renamed', 'new', 1, 7)$$,
    'changes the company''s row, but neither its identity nor secrets, and no counter goes back');
DELETE FROM app.part; DELETE FROM app.item WHERE company_id = 1;

-- Rights.
CREATE ROLE restorer;
CREATE ROLE owner_of_item;
GRANT USAGE ON SCHEMA app TO restorer, owner_of_item;
GRANT CREATE ON SCHEMA app TO owner_of_item;
GRANT SELECT, UPDATE ON app.company TO restorer;
GRANT SELECT, INSERT ON app.part TO restorer;
GRANT SELECT ON app.item, app.color TO restorer;
SELECT grant_company_backup('restorer');
SELECT format('GRANT USAGE ON SCHEMA %I TO restorer', current_schema()) \gexec
SET LOCAL ROLE restorer;
SELECT throws_ok(format('SELECT restore_company(1, %s)', :good), '42501', 'permission denied to act on companies', 'without a guard only the owner acts');
RESET ROLE;
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS
    $$SELECT actor IS DISTINCT FROM 'mallory' AND coalesce(detail ->> 'backup_company', '1') = '1'$$;
SELECT set_company_guard('app.guard');
SET LOCAL ROLE restorer;
SELECT throws_ok(format('SELECT restore_company(1, %s, actor => ''mallory'')', :good), 'KB008', NULL, 'the guard decides');
SELECT throws_ok(format('SELECT restore_company(1, %s)', :good), '42501', 'permission denied for table item', 'INSERT on every table is needed');
RESET ROLE;
GRANT INSERT ON app.item TO restorer;

-- The owner of a table has a default that would grant him the caller's rights.
ALTER TABLE app.item OWNER TO owner_of_item;
CREATE TABLE app.seen (who text, what text);
GRANT INSERT ON app.seen TO PUBLIC;
CREATE FUNCTION app.trap(n int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO app.seen VALUES (current_user, 'check');
    BEGIN
        SET ROLE restorer;
        INSERT INTO app.seen VALUES (current_user, 'became the caller');
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    RETURN true;
END $$;
ALTER TABLE app.item ADD CHECK (app.trap(number)) NOT VALID;
SELECT set_table_rule('app.seen', 'shared');
SET LOCAL ROLE restorer;
SELECT lives_ok(format('SELECT restore_company(1, %s)', :good), 'a caller who is no owner restores');
RESET ROLE;
SELECT keep_restore(max(id)) FROM company_restores();
SELECT results_eq('SELECT DISTINCT who FROM app.seen', $$VALUES ('owner_of_item')$$, 'the owner''s code ran as the owner');
SELECT is((SELECT count(*) FROM app.item WHERE company_id = 1), 2::bigint, 'the rows are there');
DELETE FROM app.part; DELETE FROM app.item WHERE company_id = 1;

ALTER TABLE app.part ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE restorer;
SELECT throws_ok(format('SELECT restore_company(1, %s)', :good), 'KB012', NULL, 'row-level security is never half a restore');
RESET ROLE;
ALTER TABLE app.part DISABLE ROW LEVEL SECURITY;

-- Hooks run as the caller, before the commit.
CREATE TABLE app.heard (event text, company text, detail jsonb, caller text);
GRANT INSERT ON app.heard TO restorer;
SELECT set_table_rule('app.heard', 'shared');
CREATE FUNCTION app.hook(event text, company text, detail jsonb) RETURNS void LANGUAGE sql AS
    'INSERT INTO app.heard VALUES (event, company, detail, current_user)';
SELECT set_company_hook('restored', 'app.hook');
SET LOCAL ROLE restorer;
SELECT lives_ok(format('SELECT restore_company(1, %s)', :good), 'with a hook');
RESET ROLE;
SELECT results_eq('SELECT event, company, (detail ->> ''added'')::int, caller FROM app.heard', $$VALUES ('restored', '1', 4, 'restorer')$$, 'the hook heard of it');

SELECT * FROM finish();
ROLLBACK;
