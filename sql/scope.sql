-- What somebody sees who sets the extension up: from CREATE EXTENSION to the first backup.
SET client_min_messages = notice;
CREATE EXTENSION company_backup;

CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text NOT NULL);
CREATE TABLE invoice (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, total numeric NOT NULL);
CREATE TABLE reminder (id int PRIMARY KEY, invoice_id int REFERENCES invoice, text text);
CREATE TABLE api_key (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, token text NOT NULL);
CREATE TABLE currency (code text PRIMARY KEY);
INSERT INTO company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO customer VALUES (1, 1, 'Carl'), (2, 2, 'Dora');
INSERT INTO invoice VALUES (1, 1, 100), (2, 1, 200.50), (3, 2, 300);
INSERT INTO reminder VALUES (1, 2, 'please pay');
INSERT INTO api_key VALUES (1, 1, 'sesame');

-- Nothing is set
SELECT backup_company(1);
SELECT statement FROM propose_company_rules();

SELECT set_company_table('company');
SELECT table_name, treatment, route, key_columns, decided_by FROM company_scope();

-- What the foreign keys do not say is asked
SELECT severity, object, problem FROM check_company_scope();
SELECT hint FROM check_company_scope() WHERE severity = 'error';
SELECT backup_company(1);

-- A hint is the statement that settles it
SELECT hint FROM check_company_scope() WHERE severity = 'error' \gexec
SELECT severity, object, problem FROM check_company_scope() WHERE severity = 'error';
SELECT table_name, treatment, route, reason FROM company_scope();

SELECT table_name, row_count FROM company_contents(1);
SELECT backup_company(1, 'first') AS backup;
SELECT id, company, label, origin, contents, status, row_count FROM company_backups();
SELECT table_name, row_count, byte_count, sha256 FROM backup_contents(1);
SELECT jsonb_pretty(backup_manifest(1) -> 'excluded');
SELECT seq, substr(data, 1, 2) AS begins FROM read_backup(1);

-- Errors
SELECT backup_company(7);
SELECT backup_company(1, on_error => 'ignore');
SELECT backup_contents(7);
SELECT set_table_rule('currency', 'universal');
SELECT set_table_rule('currency', 'global');
SELECT set_table_rule('nothing', 'shared');
SELECT set_column_rule('customer', 'mail', 'secret');

-- A path that no document has may be a mistake
CREATE TABLE mood (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, doc jsonb);
SELECT set_reference('mood', '{doc}', 'customer', json_path => '$.customer');
INSERT INTO mood VALUES (1, 1, '{"customer": 1}'), (2, 1, NULL), (3, 2, '{}');
SELECT set_reference('mood', '{doc}', 'customer', json_path => '$.customer');
SELECT set_reference('mood', '{doc}', 'customer', json_path => '$.custmer');
SELECT set_reference('mood', '{doc}', NULL, json_path => '$.custmer');
SELECT set_reference('mood', '{doc}', 'customer', json_path => '$.customer[');
SELECT set_reference('mood', '{doc}', NULL, json_path => '$.customer');
DROP TABLE mood;

-- A rule whose table has gone
DROP TABLE reminder;
SELECT severity, object, problem, hint FROM check_company_scope() WHERE severity = 'error';
SELECT backup_company(1);
SELECT forget_stale_rules();
SELECT backup_company(1) AS backup;

SELECT delete_backup(1);
SELECT delete_backup(1);
SELECT count(*) FROM company_backups();

DROP TABLE company, customer, invoice, api_key, currency;
DROP EXTENSION company_backup;
