-- A second, independent database into which a company of the first can be imported: the
-- same schema, the same codes under other IDs, some of the same people, one company of
-- its own. Run after schema.sql, instead of data.sql.
\set ON_ERROR_STOP on
\set QUIET on
\set shift 3
SET client_min_messages = warning;
SET timezone = 'UTC';
BEGIN;

\ir load_begin.sql
\ir reference.sql

-- Every second person of the first database is here too, under another ID; so is the owner
-- of company 1. IDs start at 2: most of them mean somebody else over there.
INSERT INTO core."user" (id, email, full_name, password_hash, last_login_at)
SELECT 1 + row_number() OVER (ORDER BY md5(email)), email, name, '$2b$12$' || md5('second' || email), '2026-03-01 09:00:00.000001+00'
FROM (SELECT format('person%s@example.com', u), 'Person ' || u FROM generate_series(1, 79, 2) AS u
      UNION ALL
      SELECT format('neighbour%s@example.net', u), 'Neighbour ' || u FROM generate_series(1, 15) AS u) AS p (email, name);

-- One company, with IDs from 9,000,001 on: far from everything that may be imported.
INSERT INTO core.company (id, name, slug, owner_id, country_id, currency_id, settings, plan, created_at, updated_at)
SELECT 9000001, 'Neighbour & Co.', 'neighbour', u.id, co.id, co.currency_id,
       '{"default_warehouse_id": 9000001, "favourite_item_ids": [9000002]}', 'team', '2025-05-05 05:05:05.050505+00', '2026-02-20 00:00+00'
FROM core."user" AS u, core.country AS co WHERE u.email = 'neighbour1@example.net' AND co.code = 'CH';
INSERT INTO core.company_settings (company_id, fiscal_year) VALUES (9000001, '[2025-01-01,2026-01-01)');
INSERT INTO core.role (id, company_id, name) VALUES (9000001, 9000001, 'admin');
INSERT INTO core.company_user (company_id, user_id, role_id, joined_at)
SELECT 9000001, id, 9000001, '2025-05-06 00:00+00' FROM core."user" WHERE email LIKE 'neighbour%';
UPDATE core."user" SET current_company_id = 9000001 WHERE email = 'neighbour1@example.net';
INSERT INTO core.number_counter (company_id, document, next_value) VALUES (9000001, 'order', 10003), (9000001, 'invoice', 3);

INSERT INTO hr.department (id, company_id, manager_id, name) VALUES (9000001, 9000001, 9000001, 'Everything');
INSERT INTO hr.employee (id, company_id, department_id, full_name, hired_on) VALUES (9000001, 9000001, 9000001, 'Nora Neighbour', '2025-05-05');
INSERT INTO stock.warehouse_settings (id) VALUES (9000001);
INSERT INTO stock.warehouse (id, company_id, settings_id, code, is_default) OVERRIDING SYSTEM VALUE
VALUES (9000001, 9000001, 9000001, 'WH1', true);
INSERT INTO stock.location (id, warehouse_id, name) VALUES (9000001, 9000001, 'Shelf');
INSERT INTO stock.category (id, company_id, name) VALUES (9000001, 9000001, 'All');
INSERT INTO stock.item (id, company_id, sku, public_id, name, category_id, unit_id, list_price, updated_at) OVERRIDING SYSTEM VALUE
SELECT 9000000 + n, 9000001, 'SKU-' || lpad(n::text, 6, '0'), (md5('neighbour' || n))::uuid, 'Thing ' || n, 9000001, u.id, n * 1.25, '2026-01-01 00:00+00'
FROM generate_series(1, 20) AS n, core.unit AS u WHERE u.code = 'pc';

INSERT INTO sales.customer (id, company_id, name, email, country_id, updated_at)
SELECT 9000000 + n, 9000001, 'Client ' || n, format('client%s@example.net', n), co.id, '2026-01-02 00:00+00'
FROM generate_series(1, 10) AS n, core.country AS co WHERE co.code = 'CH';
INSERT INTO sales.address (id, customer_id, kind, line, city, country_id)
SELECT 9000000 + n, 9000000 + n, 'billing', 'Lake road ' || n, 'Zürich', co.id
FROM generate_series(1, 10) AS n, core.country AS co WHERE co.code = 'CH';
INSERT INTO sales."order" (company_id, number, customer_id, placed_at, total, updated_at)
SELECT 9000001, 10000 + n, 9000000 + n, timestamptz '2026-02-01 10:00+00' + n * interval '1 day', 63.00, '2026-02-09 00:00+00'
FROM generate_series(1, 2) AS n;
INSERT INTO sales.order_line (company_id, order_number, line_no, item_id, quantity, unit_price)
SELECT 9000001, 10000 + n, line, 9000000 + n + line, line, 10.5 FROM generate_series(1, 2) AS n, generate_series(1, 3) AS line;

INSERT INTO accounting.account (company_id, code, name)
VALUES (9000001, '1200', 'Customers'), (9000001, '4400', 'Sales'), (9000001, '3800', 'VAT');
INSERT INTO accounting.fiscal_period (id, company_id, span) VALUES (9000001, 9000001, '[2026-01-01,2027-01-01)');
INSERT INTO sales.invoice (id, company_id, number, order_number, customer_id, bill_to_address_id, currency_id, issued_on, total, updated_at)
SELECT 9000000 + n, 9000001, 'INV-' || lpad(n::text, 6, '0'), 10000 + n, 9000000 + n, 9000000 + n, cu.id, date '2026-02-10' + n, 63.00, '2026-02-20 00:00+00'
FROM generate_series(1, 2) AS n, core.currency AS cu WHERE cu.code = 'CHF';
INSERT INTO sales.invoice_line (id, invoice_id, item_id, tax_rate_id, description, quantity, unit_price)
SELECT 9000000 + 3 * n + line, 9000000 + n, 9000000 + n + line, r.id, 'Thing', line, 10.5
FROM generate_series(1, 2) AS n, generate_series(1, 3) AS line, accounting.tax_rate AS r WHERE r.code = 'ZERO';
INSERT INTO accounting.journal_entry (id, company_id, entry_no, period_id, source_type, source_id, posted_on)
SELECT id, 9000001, id - 9000000, 9000001, 'invoice', id, issued_on FROM sales.invoice;
INSERT INTO accounting.ledger_line (entry_id, line_no, posted_on, company_id, account_code, debit, credit)
SELECT i.id, v.line_no, i.issued_on, 9000001, v.code, CASE v.code WHEN '1200' THEN i.total ELSE 0 END, CASE v.code WHEN '4400' THEN i.total ELSE 0 END
FROM sales.invoice AS i, (VALUES (1, '1200'), (2, '4400')) AS v (line_no, code);

\ir load_end.sql
COMMIT;
ANALYZE;
RESET timezone;
RESET client_min_messages;
