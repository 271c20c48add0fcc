-- Which rows belong to a company, over every shape of schema: found by foreign keys, asked about
-- where they do not say, counted by company_contents().
\ir begin.psql
CREATE SCHEMA app;
CREATE SCHEMA other;
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION file_fdw;

-- Every shape, with rows of the companies 1 and 2 -------------------------------------------------
CREATE TABLE app.company (id int PRIMARY KEY, name text, code citext UNIQUE NOT NULL, parent_id int REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'Ant', 'ANT', NULL), (2, 'Bee', 'BEE', 1);

-- composite keys, and several between the same two tables
CREATE TABLE app.account (company_id int NOT NULL REFERENCES app.company, number text NOT NULL, PRIMARY KEY (company_id, number));
CREATE TABLE app.entry (id int PRIMARY KEY, company_id int NOT NULL, debit text NOT NULL, credit text NOT NULL,
    FOREIGN KEY (company_id, debit) REFERENCES app.account, FOREIGN KEY (company_id, credit) REFERENCES app.account);
INSERT INTO app.account VALUES (1, '10'), (1, '20'), (2, '10'), (2, '20');
INSERT INTO app.entry VALUES (1, 1, '10', '20'), (2, 2, '10', '20'), (3, 2, '20', '10');
-- to a unique key that is not the primary one, of an extension's type
CREATE TABLE app.by_code (id int PRIMARY KEY, company_code citext NOT NULL REFERENCES app.company (code), extra hstore);
INSERT INTO app.by_code VALUES (1, 'ant', 'a=>1'), (2, 'Ant', NULL), (3, 'bee', NULL);
-- self references and cycles
CREATE TABLE app.node (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, parent_id int REFERENCES app.node);
CREATE TABLE app.hen (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, egg_id int);
CREATE TABLE app.egg (id int PRIMARY KEY, hen_id int NOT NULL REFERENCES app.hen);
ALTER TABLE app.hen ADD FOREIGN KEY (egg_id) REFERENCES app.egg;
INSERT INTO app.node VALUES (1, 1, NULL), (2, 1, 1), (3, 2, NULL);
INSERT INTO app.hen VALUES (1, 1), (2, 2);
INSERT INTO app.egg VALUES (1, 1), (2, 1), (3, 2);
UPDATE app.hen SET egg_id = id * 2 - 1 WHERE id = 1;
-- six levels
CREATE TABLE app.l1 (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.l2 (id int PRIMARY KEY, up int NOT NULL REFERENCES app.l1);
CREATE TABLE app.l3 (id int PRIMARY KEY, up int NOT NULL REFERENCES app.l2);
CREATE TABLE app.l4 (id int PRIMARY KEY, up int NOT NULL REFERENCES app.l3);
CREATE TABLE app.l5 (id int PRIMARY KEY, up int NOT NULL REFERENCES app.l4);
CREATE TABLE app.l6 (id int PRIMARY KEY, up int NOT NULL REFERENCES app.l5);
INSERT INTO app.l1 SELECT n, n FROM generate_series(1, 2) n;
INSERT INTO app.l2 SELECT n, n FROM generate_series(1, 2) n;
INSERT INTO app.l3 SELECT n, n FROM generate_series(1, 2) n;
INSERT INTO app.l4 SELECT n, n FROM generate_series(1, 2) n;
INSERT INTO app.l5 SELECT n, n FROM generate_series(1, 2) n;
INSERT INTO app.l6 SELECT n, 1 + n % 2 FROM generate_series(1, 5) n;
-- a second foreign key to the company is a reference, not a route
CREATE TABLE app.deal (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, partner_id int REFERENCES app.company);
INSERT INTO app.deal VALUES (1, 1, 2), (2, 2, 1), (3, 2, NULL);
-- scope columns without a foreign key
CREATE TABLE app.soft (id int PRIMARY KEY, tenant_id int NOT NULL, v int);
INSERT INTO app.soft VALUES (1, 1), (2, 1), (3, 2);
-- partitioned; a partition's own foreign key
CREATE TABLE app.event (id int NOT NULL, company_id int NOT NULL REFERENCES app.company, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE app.event_2020 PARTITION OF app.event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.event_more PARTITION OF app.event DEFAULT PARTITION BY HASH (id);
CREATE TABLE app.event_more_0 PARTITION OF app.event_more FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO app.event VALUES (1, 1, '2020-05-05'), (2, 1, '2023-05-05'), (3, 2, '2023-05-05');
-- inheritance: each table holds its own rows
CREATE TABLE app.asset (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.car (plate text, PRIMARY KEY (id), FOREIGN KEY (company_id) REFERENCES app.company) INHERITS (app.asset);
INSERT INTO app.asset VALUES (1, 1), (2, 2);
INSERT INTO app.car VALUES (3, 1, 'A'), (4, 1, 'B');
-- the same name in other schemas, names that need quotes, that are keywords, that are as long as can be
CREATE TABLE other.account (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
INSERT INTO other.account VALUES (1, 1), (2, 2), (3, 2);
CREATE SCHEMA "Übung";
CREATE TABLE "Übung"."select ""from"" x.y" ("Id" int PRIMARY KEY, "order" int NOT NULL REFERENCES app.company, "a""b" text, "dröpped" int);
ALTER TABLE "Übung"."select ""from"" x.y" DROP COLUMN "dröpped";
INSERT INTO "Übung"."select ""from"" x.y" VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z');
DO $$ BEGIN
  EXECUTE format('CREATE TABLE app.%I (id int PRIMARY KEY, %I int NOT NULL REFERENCES app.company)', repeat('t', 63), repeat('c', 63));
  EXECUTE format('INSERT INTO app.%I VALUES (1, 1), (2, 2)', repeat('t', 63));
END $$;
-- no key; generated and identity columns, domains, enums
CREATE DOMAIN app.ref AS int NOT NULL;
CREATE TYPE app.state AS ENUM ('open', 'closed');
CREATE TABLE app.keyless (company_id int NOT NULL REFERENCES app.company, what text);
CREATE TABLE app.typed (id int GENERATED ALWAYS AS IDENTITY, company app.ref REFERENCES app.company, state app.state NOT NULL,
    twice int GENERATED ALWAYS AS (2 * 3) STORED, PRIMARY KEY (state, id));
ALTER TABLE app.typed ALTER company SET NOT NULL;
INSERT INTO app.keyless VALUES (1, 'x'), (1, 'x'), (2, 'x');
INSERT INTO app.typed (company, state) VALUES (1, 'open'), (1, 'closed'), (2, 'open');
-- shared rows in a scoped table
CREATE TABLE app.rate (id int PRIMARY KEY, company_id int REFERENCES app.company, percent int);
CREATE TABLE app.sale (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, rate_id int REFERENCES app.rate);
INSERT INTO app.rate VALUES (1, NULL, 19), (2, 1, 7), (3, 2, 5);
INSERT INTO app.sale VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1);
-- any of several routes
CREATE TABLE app.bill (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.attachment (id int PRIMARY KEY, sale_id int REFERENCES app.sale, bill_id int REFERENCES app.bill, CHECK (num_nonnulls(sale_id, bill_id) = 1));
INSERT INTO app.bill VALUES (1, 1), (2, 2);
INSERT INTO app.attachment VALUES (1, 1, NULL), (2, NULL, 1), (3, 3, NULL), (4, NULL, 2);
-- a 1:1 parent that its child points up at
CREATE TABLE app.body (id int PRIMARY KEY, html text);
CREATE TABLE app.page (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, body_id int NOT NULL UNIQUE REFERENCES app.body);
INSERT INTO app.body VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.page VALUES (1, 1, 1), (2, 2, 2), (3, 2, 3);
-- three levels of tenants: workspaces of a company, documents of a workspace
CREATE TABLE app.workspace (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.document (id int PRIMARY KEY, workspace_id int NOT NULL REFERENCES app.workspace);
CREATE TABLE app.block (id int PRIMARY KEY, document_id int NOT NULL REFERENCES app.document ON DELETE CASCADE, workspace_id int NOT NULL REFERENCES app.workspace);
INSERT INTO app.workspace VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO app.document VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO app.block VALUES (1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 3, 3);
-- a foreign table
\set csv `mktemp`
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
\setenv CSV :csv
\! printf '1,1\n2,1\n3,2\n' > "$CSV"; chmod 644 "$CSV"
CREATE FOREIGN TABLE app.remote (id int NOT NULL, tenant_id int NOT NULL) SERVER files OPTIONS (filename :'csv', format 'csv');
-- no business of any company
CREATE TABLE app.setting (name text PRIMARY KEY, value text);
CREATE TEMP TABLE scratch (id int, company_id int NOT NULL);
CREATE VIEW app.a_view AS SELECT * FROM app.sale;
CREATE MATERIALIZED VIEW app.a_matview AS SELECT * FROM app.sale;

SELECT cb.set_company_table('app.company', scope_columns => '{tenant_id}', identity_columns => '{}');
SELECT cb.set_column_rule('app.company', 'parent_id', 'identity');

-- What is asked ------------------------------------------------------------------------------------
SELECT set_eq($$SELECT object FROM cb.check_company_scope() WHERE severity = 'error'$$,
  $$VALUES ('app.attachment'), ('app.rate'), ('app.body'), ('app.remote')$$, 'what foreign keys leave open, and only that, is asked');
SELECT throws_ok($$SELECT cb.backup_company('1')$$, 'KB003', NULL, 'until then there is no backup');
SELECT cb.set_table_rule('app.rate', 'company', route => '{rate_company_id_fkey}');
SELECT cb.set_table_rule('app.attachment', 'company', route => '{attachment_sale_id_fkey,attachment_bill_id_fkey}');
SELECT cb.set_table_rule('app.body', 'company', route => '{page_body_id_fkey}');
SELECT cb.set_table_rule('app.remote', 'company', route => '{tenant_id}');
SELECT cb.set_reference('app.company', '{parent_id}', 'app.company', outside => 'keep');
SELECT cb.set_reference('app.deal', '{partner_id}', 'app.company', outside => 'keep');
SELECT is_empty($$SELECT object, problem FROM cb.check_company_scope() WHERE severity = 'error'$$, 'rules settle it');

-- What is found ------------------------------------------------------------------------------------------
CREATE TEMP TABLE wanted (table_name text PRIMARY KEY, route text, rows_1 int, rows_2 int);
INSERT INTO wanted VALUES
  ('app.company', NULL, 1, 1),
  ('app.account', 'account_company_id_fkey', 2, 2),
  ('app.entry', 'entry_company_id_%', 1, 2),
  ('app.by_code', 'by_code_company_code_fkey', 2, 1),
  ('app.node', 'node_company_id_fkey', 2, 1),
  ('app.hen', 'hen_company_id_fkey', 1, 1),
  ('app.egg', 'egg_hen_id_fkey > hen_company_id_fkey', 2, 1),
  ('app.l1', 'l1_company_id_fkey', 1, 1),
  ('app.l2', 'l2_up_fkey > l1_company_id_fkey', 1, 1),
  ('app.l3', '%', 1, 1), ('app.l4', '%', 1, 1), ('app.l5', '%', 1, 1),
  ('app.l6', 'l6_up_fkey > l5_up_fkey > l4_up_fkey > l3_up_fkey > l2_up_fkey > l1_company_id_fkey', 2, 3),
  ('app.deal', 'deal_company_id_fkey', 1, 2),
  ('app.soft', 'tenant_id', 2, 1),
  ('app.event', 'event_company_id_fkey', 2, 1),
  ('app.asset', 'asset_company_id_fkey', 1, 1),
  ('app.car', 'car_company_id_fkey', 2, 0),
  ('other.account', 'account_company_id_fkey', 1, 2),
  ('"Übung"."select ""from"" x.y"', '%', 2, 1),
  ('app.' || repeat('t', 63), '%', 1, 1),
  ('app.keyless', 'keyless_company_id_fkey', 2, 1),
  ('app.typed', 'typed_company_fkey', 2, 1),
  ('app.rate', 'rate_company_id_fkey', 1, 1),
  ('app.sale', 'sale_company_id_fkey', 2, 1),
  ('app.bill', 'bill_company_id_fkey', 1, 1),
  ('app.attachment', '%attachment_sale_id_fkey%attachment_bill_id_fkey%', 2, 2),
  ('app.page', 'page_company_id_fkey', 1, 2),
  ('app.body', '%page_body_id_fkey%', 1, 2),
  ('app.workspace', 'workspace_company_id_fkey', 2, 1),
  ('app.document', 'document_workspace_id_fkey > workspace_company_id_fkey', 2, 1),
  ('app.block', 'block_workspace_id_fkey > workspace_company_id_fkey', 3, 1),
  ('app.remote', 'tenant_id', 2, 1);
SELECT set_eq($$SELECT table_name FROM cb.company_scope() WHERE treatment <> 'global'$$, 'SELECT table_name FROM wanted', 'the scope is complete, and no more');
SELECT set_eq($$SELECT DISTINCT treatment FROM cb.company_scope()$$, $$VALUES ('company'), ('global')$$, 'and all of it travels');
SELECT is_empty($$SELECT s.table_name, s.route, w.route FROM cb.company_scope() s JOIN wanted w USING (table_name)
                  WHERE s.route NOT LIKE w.route$$, 'by the shortest route');
SELECT set_eq($$SELECT table_name, row_count::int FROM cb.company_contents('1')$$, 'SELECT table_name, rows_1 FROM wanted', 'rows of company 1');
SELECT set_eq($$SELECT table_name, row_count::int FROM cb.company_contents('2')$$, 'SELECT table_name, rows_2 FROM wanted', 'rows of company 2');
SELECT lives_ok($$SELECT cb.backup_company('1')$$, 'and they make a backup');
SELECT set_eq($$SELECT table_name, row_count::int FROM cb.backup_contents((SELECT max(id) FROM cb.company_backups()))$$,
              'SELECT table_name, rows_1 FROM wanted', 'of the same rows');
SELECT results_eq($$SELECT table_name, key_columns FROM cb.company_scope() WHERE table_name IN ('app.account', 'app.keyless', 'app.typed') ORDER BY 1$$,
  $$VALUES ('app.account', '{company_id,number}'::text[]), ('app.keyless', '{}'), ('app.typed', '{state,id}')$$, 'keys');

-- Every hint is a statement that runs -------------------------------------------------------------------------
CREATE TABLE app.users (id int PRIMARY KEY, email text UNIQUE, current_company_id int REFERENCES app.company, password text);
CREATE TABLE app.membership (company_id int NOT NULL REFERENCES app.company, user_id int NOT NULL REFERENCES app.users);
CREATE TABLE app.outbox (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, topic text);
CREATE TABLE app.audit_log (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, what text);
CREATE TABLE app.ghost (id int PRIMARY KEY, company_id int, sale_id int);
CREATE TABLE app.maybe (id int PRIMARY KEY, company_id int REFERENCES app.company);
CREATE TABLE app.secretive (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, api_key text);
SELECT set_has($$SELECT object FROM cb.check_company_scope() WHERE severity = 'error'$$,
  $$VALUES ('app.users'), ('app.membership'), ('app.outbox'), ('app.audit_log'), ('app.ghost'), ('app.maybe'), ('app.secretive.api_key')$$,
  'people, memberships, outboxes, audit trails, secrets and columns without a key are asked about');
SELECT is_empty($$SELECT object, hint FROM cb.check_company_scope() WHERE severity = 'error' AND hint !~ '^SELECT cb\.'$$, 'each hint is a statement');
CREATE FUNCTION pg_temp.settle() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
  FOR round IN 1 .. 10 LOOP
    FOR hint IN SELECT DISTINCT f.hint FROM cb.check_company_scope() f WHERE severity = 'error' LOOP
      BEGIN
        EXECUTE hint;
      EXCEPTION WHEN OTHERS THEN
        RETURN NEXT hint || ': ' || SQLERRM;
      END;
    END LOOP;
  END LOOP;
END $$;
SELECT is_empty('SELECT pg_temp.settle()', 'which runs as it stands');
SELECT is_empty($$SELECT object, problem, hint FROM cb.check_company_scope() WHERE severity = 'error'$$, 'and settles the question');
SELECT lives_ok($$SELECT cb.backup_company('2')$$, 'then there is a backup');
SELECT is((SELECT count(*)::int FROM jsonb_array_elements((SELECT cb.backup_manifest(max(id)) FROM cb.company_backups()) -> 'excluded') e
           WHERE coalesce(e ->> 'reason', '') = ''), 0, 'what does not travel stands in it with a reason');

-- Rules about things that are gone -------------------------------------------------------------------------------
SELECT cb.set_table_rule('app.bill', 'company', 'bills', 'Purchasing');
SELECT cb.set_column_rule('app.page', 'id', 'data');
SELECT cb.set_reference('app.soft', '{v}', 'app.bill');
ALTER TABLE app.bill RENAME TO invoice_in;
ALTER TABLE app.soft DROP COLUMN v;
ALTER TABLE app.page RENAME COLUMN id TO page_id;
SELECT set_has($$SELECT object FROM cb.check_company_scope() WHERE severity = 'error'$$,
  $$VALUES ('app.bill'), ('app.page.id')$$, 'a rule without its table or column is named');
SELECT throws_ok($$SELECT cb.backup_company('1')$$, 'KB003', NULL, 'and stops backups');
SELECT cmp_ok(cb.forget_stale_rules(), '>=', 3::bigint, 'forget_stale_rules() removes them');
SELECT is(cb.forget_stale_rules(), 0::bigint, 'all at once');
SELECT is_empty($$SELECT object, problem FROM cb.check_company_scope() WHERE problem LIKE '%does not exist%'$$, 'and that is that');

-- Event triggers -------------------------------------------------------------------------------------------------
CREATE FUNCTION app.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no DDL at this hour'; END $$;
CREATE EVENT TRIGGER refuse_ddl ON ddl_command_start EXECUTE FUNCTION app.refuse_ddl();
SELECT lives_ok($$SELECT cb.set_column_rule('app.page', 'page_id', 'data')$$, 'rules are no DDL for event triggers');
SELECT lives_ok($$SELECT count(*) FROM cb.company_scope()$$, 'nor is looking at the scope');
SELECT lives_ok($$SELECT cb.backup_company('2')$$, 'nor a backup');

SELECT * FROM finish();
ROLLBACK;
\! rm -f "$CSV"
