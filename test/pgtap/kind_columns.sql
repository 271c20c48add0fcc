-- What a kind column may be: text padded with blanks counts without them, a generated column is refused.
\ir app.psql
SELECT plan(4);
CREATE TABLE app.firm (id serial PRIMARY KEY, name text);
CREATE TABLE app.inv (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES app.firm);
CREATE TABLE app.note (id serial PRIMARY KEY, firm_id int NOT NULL REFERENCES app.firm, k char(8) NOT NULL, k_id int NOT NULL,
    g text GENERATED ALWAYS AS ('inv') STORED);
SELECT set_company_table('app.firm', identity_columns => '{}');
SELECT throws_ok($$SELECT set_reference('app.note', '{k_id}', 'app.inv', when_column => 'g', when_value => 'inv')$$,
    'KB009', 'generated column "g" cannot be a when_column', 'a generated column is no kind');
SELECT set_reference('app.note', '{k_id}', 'app.inv', when_column => 'k', when_value => 'inv');
INSERT INTO app.firm (name) VALUES ('a');
INSERT INTO app.inv VALUES (2, 1), (4, 1);
INSERT INTO app.note (firm_id, k, k_id) VALUES (1, 'inv', 4);
SELECT setval('app.inv_id_seq', 4);
SELECT backup_company(1);
SELECT lives_ok('SELECT clone_company(1)', 'a copy');
SELECT is((SELECT i.firm_id FROM app.note n JOIN app.inv i ON i.id = n.k_id WHERE n.firm_id <> 1),
    (SELECT max(id) FROM app.firm), 'a kind of char(n): the copy refers to its own row');
-- A rule of before the column was generated.
UPDATE company_backup.reference_rule SET when_column = 'g';
SELECT isnt_empty($$SELECT FROM check_company_scope() WHERE severity = 'error' AND problem LIKE '%generated column%'$$, 'a check names it');
SELECT * FROM finish();
ROLLBACK;
