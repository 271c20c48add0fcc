-- References to other companies that a rule nulls: they are in no backup, but rows that are still there
-- keep them through a restore.
\set ON_ERROR_STOP on
BEGIN;
CREATE SCHEMA app;
CREATE EXTENSION company_backup;
SELECT plan(3);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.deal (id int PRIMARY KEY, company_id int NOT NULL CONSTRAINT deal_owner REFERENCES app.company,
    partner_id int CONSTRAINT deal_partner REFERENCES app.company, note text);
SELECT set_company_table('app.company');
SELECT set_table_rule('app.deal', 'company', route => '{deal_owner}');
SELECT set_reference('app.deal', '{partner_id}', 'app.company', '{id}', outside => 'null');
INSERT INTO app.company VALUES (1, 'Acme'), (2, 'Beta');
INSERT INTO app.deal VALUES (1, 1, 2, 'changed'), (2, 1, 2, 'deleted'), (3, 1, 2, 'left alone'), (4, 1, 1, 'own');

SELECT backup_company(1) AS backup \gset
UPDATE app.deal SET note = 'oops' WHERE id = 1;
DELETE FROM app.deal WHERE id = 2;
UPDATE app.deal SET partner_id = 2 WHERE id = 4;
SELECT results_eq(format('SELECT added, changed, removed, unchanged FROM preview_restore(1, %s) WHERE table_name = ''app.deal''', :backup),
    'VALUES (1::bigint, 2::bigint, 0::bigint, 1::bigint)', 'a row that only leads to another company is not changed');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id, partner_id, note FROM app.deal ORDER BY id',
    $$VALUES (1, 2, 'changed'), (2, NULL, 'deleted'), (3, 2, 'left alone'), (4, 1, 'own')$$,
    'rows that were there keep their partner, a row that comes back has none, a reference of one''s own comes back');
SELECT revert_restore(:restore);
SELECT results_eq('SELECT id, partner_id, note FROM app.deal ORDER BY id',
    $$VALUES (1, 2, 'oops'), (3, 2, 'left alone'), (4, 2, 'own')$$, 'a revert brings back every partner');

SELECT * FROM finish();
ROLLBACK;
