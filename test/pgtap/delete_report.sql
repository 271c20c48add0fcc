-- Rows that stay although their company goes, and the report of what a deletion did and found.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int REFERENCES app.company ON DELETE SET NULL, firm text NOT NULL, total numeric);
CREATE TABLE app.line (invoice_id int NOT NULL REFERENCES app.invoice, no int, customer_id int REFERENCES app.customer, PRIMARY KEY (invoice_id, no));
CREATE TABLE app.remark (id int PRIMARY KEY, customer_id int, words text);
CREATE TABLE app.book (id int PRIMARY KEY, company_id int NOT NULL, what text);
CREATE TABLE app.link (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, partner int, documents jsonb);
CREATE TABLE app.visit (id int PRIMARY KEY, company_id int, page text);
SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT set_table_rule('app.invoice', 'company', route => '{invoice_company_id_fkey}', match_columns => '{id}');
SELECT set_table_rule('app.line', 'company', route => '{line_invoice_id_fkey}');
SELECT set_reference('app.remark', '{customer_id}', 'app.customer');
SELECT set_table_rule('app.remark', 'company', route => '{customer_id}');
SELECT set_reference('app.link', '{partner}', 'app.company', outside => 'keep');
SELECT set_reference('app.link', '{documents}', 'app.invoice', json_path => '$[*]', outside => 'null');
SELECT set_table_rule('app.visit', 'excluded', 'statistics');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.customer SELECT n, 1 + n % 2, 'c' FROM generate_series(1, 6) n;
INSERT INTO app.invoice SELECT n, 1 + n % 2, 'firm', n FROM generate_series(1, 6) n;
INSERT INTO app.line SELECT n, i, n FROM generate_series(1, 6) n, generate_series(1, 2) i;
INSERT INTO app.remark SELECT n, n, 'r' FROM generate_series(1, 6) n;
INSERT INTO app.book SELECT n, 1 + n % 2, 'b' FROM generate_series(1, 6) n;
INSERT INTO app.link VALUES (1, 2, 1, '[2, 1]'), (2, 2, 2, '[1]');
INSERT INTO app.visit SELECT n, 1 + n % 2, 'p' FROM generate_series(1, 6) n;
SELECT backup_company(1) AS backup \gset

-- Setting it
SELECT is(pg_temp.told($$SELECT set_table_retention('app.book', '')$$), '22023 reason must not be empty', 'a reason is needed');
SELECT set_table_retention('app.book', 'x'), set_table_retention('app.book', 'books: ten years');
SELECT results_eq($$SELECT rule FROM company_rules() WHERE object = 'app.book'$$, $$VALUES ('kept when a company is deleted, reason ''books: ten years''')$$, 'the rules have it');

-- What kept rows need
SELECT set_table_retention('app.line', 'invoices: ten years'), set_table_retention('app.remark', 'x');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB087 rows that are kept need rows that would be removed / app.line, line_customer_id_fkey: 6 rows need rows of app.customer: retain app.customer, too, or let it become NULL with ON DELETE SET NULL
app.line, line_invoice_id_fkey: 6 rows need rows of app.invoice: retain app.invoice, too, or let it become NULL with ON DELETE SET NULL
app.remark, customer_id: 3 rows need rows of app.customer: retain app.customer, too, or say outside => ''null'' or ''keep'' in set_reference() / set_table_retention() says which tables keep their rows.', 'what they need must stay, too');
SELECT results_eq($$SELECT table_name, in_the_way IS NOT NULL FROM preview_delete(1) WHERE in_the_way IS NOT NULL$$, $$VALUES ('app.customer', true), ('app.invoice', true), ('app.line', true), ('app.remark', true)$$, 'a preview says so');
SELECT set_table_retention('app.remark', NULL), set_table_retention('app.invoice', 'invoices: ten years');
ALTER TABLE app.line DROP CONSTRAINT line_customer_id_fkey, ADD FOREIGN KEY (customer_id) REFERENCES app.customer ON DELETE SET NULL;

-- A name that has changed
ALTER TABLE app.book RENAME TO ledger;
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB005 table "app.book", whose rows are to be kept, does not exist / If it has another name now, call set_table_retention() for it, then forget_stale_rules().', 'rows of a renamed table do not go');
SELECT set_table_retention('app.ledger', 'books: ten years'), forget_stale_rules();

SELECT results_eq('SELECT table_name, removed, changed, kept, note, in_the_way FROM preview_delete(1)', $$VALUES
  ('app.company', 1::bigint, 0::bigint, 0::bigint, NULL, NULL), ('app.customer', 3, 0, 0, NULL, NULL),
  ('app.invoice', 0, 3, 3, 'kept: invoices: ten years; 3 rows of others or of nobody, which follow a foreign key', NULL),
  ('app.ledger', 0, 0, 3, 'kept: books: ten years', NULL),
  ('app.line', 0, 6, 6, 'kept: invoices: ten years; 6 rows of others or of nobody, which follow a foreign key', NULL),
  ('app.link', 0, 0, 0, NULL, NULL), ('app.remark', 3, 0, 0, NULL, NULL), ('app.visit', 3, 0, 0, NULL, NULL),
  ('company_backup.backup', 1, 0, 0, NULL, NULL)$$, 'a preview lists what is kept, and why');
SELECT delete_company(1, 'one', actor => 'ann') AS deletion \gset
SELECT results_eq('SELECT id, company_id, firm FROM app.invoice ORDER BY 1', $$VALUES (1, 2, 'firm'), (2, NULL::int, 'firm'), (3, 2, 'firm'), (4, NULL, 'firm'), (5, 2, 'firm'), (6, NULL, 'firm')$$, 'kept rows are there');
SELECT is((SELECT count(*)::int || ' ' || count(customer_id)::int FROM app.line), '12 6', 'without what went');
SELECT is((SELECT array_agg(company_id ORDER BY id) FROM app.ledger), '{2,1,2,1,2,1}', 'they may still say whose they were');
SELECT is((SELECT documents FROM app.link WHERE id = 1), '[2, 1]', 'references to kept rows stay');

-- The report
SELECT results_eq(format('SELECT * FROM deletion_report(%s)', :deletion), $$VALUES
  ('removed', 'app.company', 1::bigint, 'rows of the company'), ('removed', 'app.customer', 3, 'rows of the company'),
  ('removed', 'app.link', 0, 'rows of the company'), ('removed', 'app.remark', 3, 'rows of the company'), ('removed', 'app.visit', 3, 'rows of the company'),
  ('kept', 'app.invoice', 3, 'invoices: ten years'), ('kept', 'app.ledger', 3, 'books: ten years'), ('kept', 'app.line', 6, 'invoices: ten years'),
  ('changed', 'app.invoice', 3, 'rows of others, by ON DELETE SET NULL or SET DEFAULT'), ('changed', 'app.line', 6, 'rows of others, by ON DELETE SET NULL or SET DEFAULT'),
  ('left', 'app.company', 0, 'by its route: id'), ('left', 'app.customer', 0, 'by its route: customer_company_id_fkey'), ('left', 'app.link', 0, 'by its route: link_company_id_fkey'),
  ('left', 'app.remark', 0, 'by its route: customer_id > customer_company_id_fkey'), ('left', 'app.visit', 0, 'by its route: company_id'),
  ('left', 'app.customer.company_id', 0, 'holds the company''s key: foreign key customer_company_id_fkey'),
  ('left', 'app.invoice.company_id', 0, 'holds the company''s key: foreign key invoice_company_id_fkey; its rows are kept'),
  ('left', 'app.ledger.company_id', 3, 'holds the company''s key: scope column; its rows are kept'),
  ('left', 'app.link.company_id', 0, 'holds the company''s key: foreign key link_company_id_fkey'),
  ('left', 'app.link.partner', 1, 'holds the company''s key: declared reference'), ('left', 'app.visit.company_id', 0, 'holds the company''s key: scope column'),
  ('left', 'app.link, partner', 1, 'declared reference to app.company, kept by its rule'), ('left', 'app.remark, customer_id', 0, 'declared reference to app.customer'),
  ('forgotten', 'company_backup.backup', 1, 'what was stored')$$, 'the report says what was done, and what was found afterwards');
SELECT results_eq('SELECT id, company, removed, kept, final_backup, actor FROM company_deletions(1)', format($$VALUES (%s::bigint, '1', 10::bigint, 12::bigint, NULL::bigint, 'ann')$$, :deletion), 'a list has it');
SELECT is((SELECT count(*)::int FROM company_deletions(2)), 0, 'of the other company there is none');

-- Who may read it
CREATE TABLE app.asked (action text, company text, actor text, detail jsonb);
SELECT set_table_rule('app.asked', 'global');
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN INSERT INTO app.asked VALUES (action, company, actor, detail); RETURN actor IS NOT DISTINCT FROM 'ann'; END $$;
SELECT set_company_guard('app.guard');
SELECT is(pg_temp.told(format('SELECT deletion_report(%s, ''bob'')', :deletion)), format('KB008 the guard refused action "delete_company" / Deletion %s, actor bob.', :deletion), 'the guard is asked for delete_company');
SELECT is(pg_temp.told('SELECT deletion_report(0, ''bob'')'), 'KB008 the guard refused action "delete_company" / Deletion 0, actor bob.', 'and says the same of what is not there');
SELECT is(pg_temp.told('SELECT deletion_report(0, ''ann'')'), 'KB010 deletion 0 does not exist / company_deletions() lists the deletions.', 'whoever may is told');
TRUNCATE app.asked;
SELECT is((SELECT count(*)::int FROM deletion_report(:deletion, 'ann')), 24, 'whoever may delete companies reads it');
SELECT results_eq('SELECT * FROM app.asked', format($$VALUES ('delete_company', NULL, 'ann', '{"deletion": %s, "belongs_to": "deleted company", "deleted_company": "1"}'::jsonb)$$, :deletion), 'with whose it was');
INSERT INTO app.company VALUES (1, 'another');
TRUNCATE app.asked;
SELECT is((SELECT count(*)::int FROM deletion_report(:deletion, 'ann')), 24, 'also when another company has the key');
SELECT results_eq('SELECT company, detail->>''deleted_company'' FROM app.asked', 'VALUES (NULL, ''1'')', 'which is not the one that is asked about');
SELECT set_company_guard(NULL);
SELECT is((SELECT count(*)::int FROM company_deletions(1)), 0, 'nor the one whose deletion it is');

-- The company's own row may be kept.
SELECT set_table_retention('app.company', 'firms: ten years');
SELECT lives_ok($$SELECT delete_company(2, 'two')$$, 'deleted, but for its own row');
SELECT results_eq('SELECT * FROM app.company ORDER BY 1', $$VALUES (1, 'another'), (2, 'two')$$, 'which is there');
SELECT is_empty('SELECT FROM app.customer UNION ALL SELECT FROM app.remark UNION ALL SELECT FROM app.visit', 'all else is gone');

SELECT * FROM finish();
ROLLBACK;
