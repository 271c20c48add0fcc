-- References to other companies that a rule lets lead there: one archive serves its own place, where the partner comes
-- back, and others, where it is null, or as the rule says.
\ir app.psql
SELECT plan(23);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.offer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, text text, UNIQUE (company_id, id));
CREATE TABLE app.deal (id int PRIMARY KEY, company_id int NOT NULL CONSTRAINT deal_owner REFERENCES app.company,
    partner_id int CONSTRAINT deal_partner REFERENCES app.company, kept_id int CONSTRAINT deal_kept REFERENCES app.company,
    offer_company int, offer_id int, CONSTRAINT deal_offer FOREIGN KEY (offer_company, offer_id) REFERENCES app.offer (company_id, id),
    mentioned int[], soft_id int, note text);
SELECT set_company_table('app.company');
SELECT set_table_rule('app.deal', 'company', route => '{deal_owner}');
SELECT set_reference('app.deal', '{partner_id}', 'app.company', '{id}', outside => 'null');
SELECT set_reference('app.deal', '{kept_id}', 'app.company', '{id}', outside => 'keep');
SELECT set_reference('app.deal', '{offer_company,offer_id}', 'app.offer', '{company_id,id}', outside => 'null');
SELECT set_reference('app.deal', '{mentioned}', 'app.offer', outside => 'null');
SELECT set_reference('app.deal', '{soft_id}', 'app.offer', outside => 'null');
SELECT is_empty('SELECT object, problem, hint FROM check_company_scope() WHERE severity = ''error''', 'the scope is decided');
INSERT INTO app.company VALUES (1, 'Acme'), (2, 'Beta'), (3, 'Gone');
INSERT INTO app.offer VALUES (1, 1, 'own'), (2, 2, 'theirs'), (3, 3, 'of one who goes');
INSERT INTO app.deal VALUES (1, 1, 2, 2, 2, 2, '{1,2}', 2, 'changed'), (2, 1, 2, 2, 2, 2, '{2,3}', 3, 'deleted'), (3, 1, 2, 2, 1, 1, '{3}', 1, 'left alone'),
    (4, 1, 1, 1, 1, 1, '{1}', 1, 'own'), (5, 1, 3, 3, 3, 3, '{1,3,2}', 3, 'of one who goes');
CREATE FUNCTION app.deals(company int) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s %s %s %s %s %s', note, partner_id, kept_id, offer_company, offer_id, mentioned, soft_id) FROM app.deal WHERE company_id = company ORDER BY id
$$;
CREATE TABLE app.good AS SELECT deals FROM app.deals(1);

SELECT backup_company(1) AS backup \gset
SELECT bag_eq(format('SELECT r ->> ''table'' t, r ->> ''columns'' c, r ->> ''outside'' o FROM jsonb_array_elements(backup_manifest(%s) -> ''references'') r', :backup), $$VALUES
    ('app.deal', '["partner_id"]', 'null'), ('app.deal', '["kept_id"]', 'keep'), ('app.deal', '["offer_company", "offer_id"]', 'null'),
    ('app.deal', '["mentioned"]', 'null'), ('app.deal', '["soft_id"]', 'null')$$, 'the manifest says which references may lead outside');

-- In place.
UPDATE app.deal SET note = 'oops' WHERE id = 1;
DELETE FROM app.deal WHERE id = 2;
UPDATE app.deal SET partner_id = 2, kept_id = NULL WHERE id = 4;
UPDATE app.deal SET partner_id = NULL, offer_company = NULL, mentioned = '{}', soft_id = NULL WHERE id = 5;
CREATE TABLE app.damaged AS SELECT deals FROM app.deals(1);
SELECT results_eq(format('SELECT added, changed, removed, unchanged, note FROM preview_restore(1, %s) WHERE table_name = ''app.deal''', :backup),
    'VALUES (1::bigint, 3::bigint, 0::bigint, 1::bigint, NULL::text)', 'in place: a preview');
SELECT restore_company(1, :backup) AS restore \gset
SELECT bag_eq('SELECT app.deals(1)', 'TABLE app.good', '... every partner comes back');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT app.deals(1)', 'TABLE app.damaged', '... and a revert has them as they were');

-- In place, and a partner is gone.
UPDATE app.deal SET partner_id = NULL, kept_id = NULL, offer_company = NULL WHERE id = 5;
DELETE FROM app.offer WHERE company_id = 3;
DELETE FROM app.company WHERE id = 3;
SELECT results_eq(format('SELECT added, changed, removed, unchanged, note FROM preview_restore(1, %s) WHERE table_name = ''app.deal''', :backup), $$VALUES
    (1::bigint, 4::bigint, 0::bigint, 0::bigint, '1 reference deal_kept to other companies become null: (3); 1 reference deal_offer to other companies become null: (3, 3); '
     || '1 reference deal_partner to other companies become null: (3); 3 references mentioned to other companies become null: (3); 2 references soft_id to other companies become null: (3)')$$,
    'a partner is gone: a preview says so');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT app.deals(1)', $$VALUES ('changed: 2 2 2 2 {1,2} 2'), ('deleted: 2 2 2 2 {2} '), ('left alone: 2 2 1 1 {} 1'), ('own: 1 1 1 1 {1} 1'),
    ('of one who goes:     {1,2} ')$$, '... what led to him is null');
SELECT keep_restore(:restore);
SELECT is_empty(format('SELECT * FROM preview_restore(1, %s) WHERE added + changed + removed > 0', :backup), '... and there is nothing left to restore');

-- A column that must not be null.
ALTER TABLE app.deal ADD COLUMN firm_id int NOT NULL DEFAULT 2 CONSTRAINT deal_firm REFERENCES app.company;
SELECT set_reference('app.deal', '{firm_id}', 'app.company', '{id}', outside => 'null');
INSERT INTO app.company VALUES (4, 'Delta');
UPDATE app.deal SET firm_id = 4 WHERE id IN (1, 2);
SELECT backup_company(1) AS firms \gset
UPDATE app.deal SET firm_id = 2;
SELECT lives_ok(format('SELECT restore_company(1, %s)', :firms), 'must not be null: in place');
SELECT is((SELECT string_agg(firm_id::text, ' ' ORDER BY id) FROM app.deal), '4 4 2 2 2', '... it comes back');
SELECT keep_restore((SELECT max(id) FROM company_restores(1)));
UPDATE app.deal SET firm_id = 2;
DELETE FROM app.company WHERE id = 4;
SELECT matches((SELECT note FROM preview_restore(1, :firms) WHERE table_name = 'app.deal'), 'refused: 2 references deal_firm to other companies cannot be null: \(4\)', '... gone: a preview says so');
SELECT throws_ok(format('SELECT restore_company(1, %s)', :firms), 'KB076', '2 references to other companies can be neither kept nor set to null', '... and the restore refuses');
SELECT throws_ok('SELECT clone_company(1, ''{"id": 5}'')', 'KB076', '5 references to other companies can be neither kept nor set to null', 'so does a clone, which must not have them');
SELECT set_reference('app.deal', '{firm_id}', 'app.company', '{id}', outside => 'keep');

-- Copies in the same database: null is null, keep is kept, what is the company's own is the copy's own.
SELECT is(clone_company(1, '{"id": 5}'), '5', 'a clone');
SELECT results_eq('SELECT app.deals(5)', format($$VALUES ('changed:  2   {%1$s} '), ('deleted:  2   {} '), ('left alone:  2 5 %1$s {} %1$s'), ('own: 5 5 5 %1$s {%1$s} %1$s'),
    ('of one who goes:     {%1$s} ')$$, (SELECT id FROM app.offer WHERE company_id = 5)), '... keeps what is to be kept');
SELECT is((SELECT string_agg(DISTINCT firm_id::text, ' ') FROM app.deal WHERE company_id = 5), '2', '... a column that must not be null, too');
SELECT is_empty('SELECT * FROM check_company_data(5)', '... and nothing leads to others without leave');
INSERT INTO app.company VALUES (4, 'Delta');
SELECT is(create_company_from_backup(:firms, '{"id": 6}'), '6', 'a new company');
SELECT results_eq('SELECT app.deals(6)', format($$VALUES ('changed:  2   {%1$s} '), ('deleted:  2   {} '), ('left alone:  2 6 %1$s {} %1$s'), ('own: 6 6 6 %1$s {%1$s} %1$s'),
    ('of one who goes:     {%1$s} ')$$, (SELECT id FROM app.offer WHERE company_id = 6)), '... the same');

-- Another database: the same archive under another identity.
ALTER TABLE app.deal DROP COLUMN firm_id;
SELECT forget_stale_rules();
INSERT INTO app.company VALUES (3, 'Somebody else');
SELECT backup_company(1) AS travels \gset
SELECT begin_upload() AS upload \gset
SELECT append_upload(:upload, seq, data) FROM read_backup(:travels);
SELECT finish_upload(:upload) AS uploaded \gset
UPDATE company_backup.database_identity SET identity = gen_random_uuid();
DELETE FROM app.deal WHERE company_id = 1;
DELETE FROM app.offer WHERE company_id = 1;
SELECT matches((SELECT note FROM preview_restore(1, :uploaded) WHERE table_name = 'app.deal'), '3 references deal_kept to other companies become null: \(2\)', 'another database: a preview says what becomes null');
SELECT restore_company(1, :uploaded, ids => 'keep') AS restore \gset
SELECT results_eq('SELECT app.deals(1)', $$VALUES ('changed:     {1} '), ('deleted:     {} '), ('left alone:   1 1 {} 1'), ('own: 1 1 1 1 {1} 1'), ('of one who goes:     {1} ')$$,
    '... an ID there means somebody else, so that all of them are null');
SELECT keep_restore(:restore);
SELECT is(create_company_from_backup(:uploaded, '{"id": 7}', ids => 'remap'), '7', '... a new company');
SELECT results_eq('SELECT app.deals(7)', format($$VALUES ('changed:     {%1$s} '), ('deleted:     {} '), ('left alone:   7 %1$s {} %1$s'), ('own: 7 7 7 %1$s {%1$s} %1$s'),
    ('of one who goes:     {%1$s} ')$$, (SELECT id FROM app.offer WHERE company_id = 7)), '... the same');

SELECT * FROM finish();
ROLLBACK;
