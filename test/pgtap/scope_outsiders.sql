-- Whoever has a schema of his own can name a table or a column as he likes. That is no reason to stop
-- the backups of everybody: his tables are named by the check, and stay behind.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE ROLE app_owner;
CREATE ROLE mallory;
CREATE ROLE accomplice;
CREATE ROLE module_owner;
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA evil AUTHORIZATION mallory;
CREATE SCHEMA worse AUTHORIZATION accomplice;
CREATE SCHEMA module AUTHORIZATION module_owner;
GRANT USAGE ON SCHEMA app TO PUBLIC;
SET ROLE app_owner;
CREATE TABLE app.company (id bigint PRIMARY KEY, name text);
CREATE TABLE app.invoice (id bigint PRIMARY KEY, tenant_id bigint NOT NULL, company_id bigint NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO app.invoice VALUES (1, 1, 1), (2, 2, 2);
GRANT REFERENCES, SELECT ON app.invoice TO module_owner;
RESET ROLE;
SELECT set_company_table('app.company', scope_columns => '{tenant_id}', identity_columns => '{}');
SELECT is((SELECT count(*)::int FROM check_company_scope() WHERE severity = 'error'), 0, 'the scope is settled');
SELECT lives_ok($$ SELECT cb.backup_company('1') $$, 'a backup is made');

SET ROLE accomplice;
CREATE TABLE worse.tenant (tenant_id bigint NOT NULL);
GRANT ALL ON worse.tenant TO mallory;
GRANT USAGE ON SCHEMA worse TO mallory;
SET ROLE mallory;
CREATE TABLE evil.scoped (tenant_id bigint NOT NULL, note text);
CREATE TABLE evil.nullable (tenant_id bigint);
CREATE TABLE evil.named (id bigint PRIMARY KEY, company_id bigint NOT NULL);
CREATE TABLE evil.wrong_type (tenant_id text NOT NULL);
CREATE TABLE evil.of_invoices (id bigint PRIMARY KEY, invoice_id bigint NOT NULL);
CREATE TABLE evil."company.named" (company_id bigint NOT NULL);
CREATE TABLE evil.users (id bigint PRIMARY KEY, company_id bigint, password text);
CREATE TABLE evil.under (id bigint PRIMARY KEY, tenant bigint NOT NULL, company_id bigint);
INSERT INTO evil.scoped VALUES (1, 'mine');
RESET ROLE;

SELECT is((SELECT count(*)::int FROM check_company_scope() WHERE severity = 'error'), 0, 'what an outsider names stops nothing');
SELECT alike((SELECT problem FROM check_company_scope() WHERE object = 'evil.named' OR object LIKE 'evil.named.%' LIMIT 1),
  '%its owner, mallory, has no right on the company''s tables%', 'but it is told, with its owner');
SELECT set_has($$ SELECT object FROM cb.check_company_scope() WHERE severity = 'warning' $$,
  $$ VALUES ('evil.scoped'), ('worse.tenant') $$, 'also where only a scope column makes a table a company''s');
SELECT is_empty($$ SELECT * FROM cb.company_scope() WHERE table_name ~ '^(evil|worse)' AND treatment = 'company' $$, 'none of them travels');
SELECT lives_ok($$ SELECT cb.backup_company('1') $$, 'backups go on');
CREATE ROLE clerk;
SELECT grant_company_backup('clerk');
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
SELECT set_company_guard('public.yes');
GRANT USAGE ON SCHEMA cb TO clerk;
GRANT SELECT ON app.company, app.invoice TO clerk;
SET ROLE clerk;
SELECT lives_ok($$ SELECT cb.backup_company('1') $$, 'also for a role that may not read those tables');
RESET ROLE;

-- Who has a right on the company's tables is no outsider: what he adds is asked about as ever.
SET ROLE module_owner;
CREATE TABLE module.extra (id bigint PRIMARY KEY, tenant_id bigint NOT NULL);
CREATE TABLE module.note (id bigint PRIMARY KEY, company_id bigint NOT NULL);
RESET ROLE;
SELECT is((SELECT treatment FROM company_scope() WHERE table_name = 'module.extra'), 'company', 'a module''s table with a scope column travels');
SELECT is((SELECT count(*)::int FROM check_company_scope() WHERE severity = 'error' AND object LIKE 'module.note%'), 1, 'and its questions stop backups');
SELECT alike(pg_temp.told($$ SELECT cb.backup_company('1') $$), 'KB003 %module.note%', 'by name');
DROP TABLE module.note;

-- A rule settles what an outsider's table is.
SELECT set_table_rule('evil.scoped', 'company', 'reviewed');
SELECT is((SELECT treatment FROM company_scope() WHERE table_name = 'evil.scoped'), 'company', 'with a rule it travels');
SELECT is((SELECT row_count::int FROM backup_contents(backup_company('1')) WHERE table_name = 'evil.scoped'), 1, 'with its rows');
SELECT * FROM finish();
ROLLBACK;
