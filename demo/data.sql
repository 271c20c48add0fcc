-- Several companies with about 400,000 rows, the same ones on every run: no clock, no
-- chance, only arithmetic and hashes of the IDs.
--   psql -v companies=6 -v scale=1 -f data.sql
\set ON_ERROR_STOP on
\set QUIET on
\if :{?companies} \else \set companies 6 \endif
\if :{?scale} \else \set scale 1 \endif
\set shift 0
SET client_min_messages = warning;
SET timezone = 'UTC';
BEGIN;

-- IDs of the companies interleave, as they do where companies work side by side.
SELECT format('CREATE FUNCTION pg_temp.id(company bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
               AS ''SELECT n * %s + company''', :companies + 1) \gexec
CREATE FUNCTION pg_temp.pick(seed bigint, salt integer, below bigint) RETURNS integer LANGUAGE sql IMMUTABLE
    AS 'SELECT ((hashint8extended(seed, salt) & 9223372036854775807) % below)::integer';
CREATE FUNCTION pg_temp.uid(kind text, id bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$SELECT overlay(overlay(md5(kind || id) PLACING '4' FROM 13) PLACING 'a' FROM 17)::uuid$$;
CREATE FUNCTION pg_temp.moment(seed bigint, share numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    AS $$SELECT timestamptz '2024-01-02 06:00:00+00' + floor(share * 890) * interval '1 day'
              + pg_temp.pick(seed, 1, 50000) * interval '1 s' + pg_temp.pick(seed, 2, 1000000) * interval '1 us'$$;

-- How much each company has: the first 40 % of all, the others ever less.
CREATE TEMP TABLE gen AS
SELECT c, w, greatest(24, (2400 * w)::int) AS items, greatest(12, (3000 * w)::int) AS customers,
       greatest(8, (360 * w)::int) AS employees, greatest(16, (16000 * w)::int) AS orders,
       greatest(16, (5000 * w)::int) AS purchases, greatest(8, (4000 * w)::int) AS work_orders,
       greatest(40, (60000 * w)::int) AS moves, greatest(8, (2000 * w)::int) AS lots
FROM (SELECT c, :scale * CASE WHEN :companies = 1 THEN 1.0 WHEN c = 1 THEN 0.4
             ELSE 0.6 / c / (SELECT sum(1.0 / x) FROM generate_series(2, :companies) AS x) END AS w
      FROM generate_series(1, :companies) AS c) AS weights;

\ir load_begin.sql
\ir reference.sql

-- people and companies -----------------------------------------------------------------

INSERT INTO core."user" (id, email, full_name, password_hash, totp_secret, last_login_at, last_ip)
SELECT u, format('person%s@example.com', u), (ARRAY['Ada', 'Grace', 'Linus', 'Zoë', '芳子', 'Bjørn'])[1 + u % 6] || ' ' || u,
       '$2b$12$' || md5('password' || u), decode(md5('totp' || u), 'hex'), pg_temp.moment(u, 0.9),
       CASE WHEN u % 2 = 0 THEN '10.1.0.0/16'::inet + u ELSE '2001:db8::'::inet + u END
FROM generate_series(1, 10 * :companies + 20) AS u;

INSERT INTO core.company (id, name, slug, owner_id, parent_company_id, country_id, currency_id, industry_id, seat,
                          settings, plan, billing_customer_id, integration_token, created_at, updated_at)
SELECT c, (ARRAY['Acme Works', 'Bär & Söhne', 'Côte d''Azur "Bio"', 'Delta 😀 Foods', '江戸商店', 'Foxtrot'])[1 + (c - 1) % 6]
          || CASE WHEN c > 6 THEN ' ' || c ELSE '' END,
       'company-' || c, c, CASE WHEN c IN (2, 3) THEN 1 END, 1 + c % 12, 1 + c % 10, 1 + c % 6,
       ROW(format('Main street %s, "rear"', c), 'Town', lpad(c::text, 5, '0'), 'DE')::core.address,
       jsonb_build_object('default_warehouse_id', pg_temp.id(c, 1), 'favourite_item_ids',
                          jsonb_build_array(pg_temp.id(c, 3), pg_temp.id(c, 5)),
                          'accounts', jsonb_build_object('receivable', '1200', 'revenue', '4400'),
                          'exact', 12345678901234567890.12345678901234567890),
       CASE WHEN c = 1 THEN 'enterprise' ELSE 'team' END, 'cus_' || substr(md5('billing' || c), 1, 14),
       'itk_' || md5('integration' || c), pg_temp.moment(c, 0), pg_temp.moment(c, 0.5)
FROM gen ORDER BY c;
UPDATE core."user" SET current_company_id = 1 + (id - 1) % :companies WHERE id <= 10 * :companies AND id % 3 > 0;

INSERT INTO core.company_settings
SELECT c, daterange('2024-01-01', '2025-01-01'), CASE WHEN c = 1 THEN '0044-03-15 BC'::date ELSE '1987-05-04'::date + c END,
       time '07:30:00.123456', timetz '18:00:00+02', interval '1 mon 3 days 04:05:06.789', 0.0500,
       ARRAY['de', 'en', E'two\nlines', 'q"uote', NULL, ''], decode(repeat(md5('letterhead' || c), 40), 'hex')
FROM gen;

INSERT INTO core.role (id, company_id, name, permissions)
SELECT pg_temp.id(c, n), c, (ARRAY['admin', 'sales', 'reader'])[n], (ARRAY['read', 'write', 'manage'])[:4 - n]
FROM gen, generate_series(1, 3) AS n;
INSERT INTO core.company_user (company_id, user_id, role_id, joined_at)
SELECT c, u, pg_temp.id(c, CASE WHEN u = c THEN 1 ELSE 2 + u % 2 END), pg_temp.moment(u * 100 + c, 0)
FROM gen, generate_series(1, 10 * :companies) AS u
WHERE (u - 1) % :companies = c - 1 OR (u % 5 = 0 AND u % :companies = c - 1);
INSERT INTO core.invitation (id, company_id, email, token_hash, invited_by, expires_at)
SELECT pg_temp.uid('invitation', pg_temp.id(c, n)), c, format('guest%s.%s@example.org', c, n),
       md5('invite' || pg_temp.id(c, n)), c, '2026-06-30 12:00:00.000001+00'
FROM gen, generate_series(1, 3) AS n;
INSERT INTO core.api_key (id, company_id, name, key_hash, last_used_at)
SELECT pg_temp.uid('api_key', pg_temp.id(c, n)), c, 'key ' || n, md5('api' || pg_temp.id(c, n)), pg_temp.moment(pg_temp.id(c, n), 0.8)
FROM gen, generate_series(1, 2) AS n;
INSERT INTO core.integration (id, company_id, kind, external_account_id, access_token, webhook_secret, raw_config)
OVERRIDING SYSTEM VALUE
SELECT pg_temp.id(c, n), c, (enum_range(NULL::core.integration_kind))[n], 'acct-' || pg_temp.id(c, n),
       md5('access' || pg_temp.id(c, n)), md5('webhook' || pg_temp.id(c, n)),
       format(E'{ "retries" : 3,\n  "retries":  4, "path": "C:\\\\data", "company": "%s" }', c)::json
FROM gen, generate_series(1, 3) AS n;
INSERT INTO core.number_counter (company_id, document, prefix, next_value)
SELECT c, d, p, v FROM gen, LATERAL (VALUES ('order', '', 10001 + orders), ('invoice', 'INV-', 1 + orders), ('entry', '', 1 + 4 * orders)) AS x (d, p, v);
INSERT INTO core.outbox (id, company_id, topic, payload, created_at, delivered_at)
SELECT pg_temp.id(c, n), c, 'invoice.created', jsonb_build_object('invoice_id', pg_temp.id(c, n)), pg_temp.moment(pg_temp.id(c, n), 1),
       CASE WHEN n % 3 > 0 THEN pg_temp.moment(pg_temp.id(c, n), 1) + interval '3 s' END
FROM gen, generate_series(1, orders / 40) AS n;
INSERT INTO core.job (id, company_id, kind, args, run_at)
SELECT pg_temp.id(c, n), CASE WHEN n < 5 THEN c END, 'nightly', '{}', '2026-07-01 02:00+00' FROM gen, generate_series(1, 5) AS n;
INSERT INTO core."Saved View" ("Id", "companyId", "user", "Title ""quoted""", "order", "Filter")
SELECT pg_temp.id(c, n), c, c + :companies * (n % 3), format(E'View %s: "open" \\ ''late''\t🚚', n), n,
       jsonb_build_object('columns', ARRAY['name', 'total'], 'where',
                          jsonb_build_object('or', jsonb_build_array(jsonb_build_object('customer_id', pg_temp.id(c, n)), '{"open": true}'::jsonb)))
FROM gen, generate_series(1, 12) AS n;

-- hr -----------------------------------------------------------------------------------

INSERT INTO hr.department (id, company_id, parent_id, manager_id, name)
SELECT pg_temp.id(c, n), c, CASE WHEN n > 1 THEN pg_temp.id(c, n / 2) END, pg_temp.id(c, n),
       (ARRAY['Management', 'Sales', 'Purchasing', 'Workshop', 'Storehouse', 'Books'])[n]
FROM gen, generate_series(1, 6) AS n;
INSERT INTO hr.employee (id, company_id, department_id, user_id, full_name, tax_id, born, hired_on, employed_until,
                         shift_start, weekly_hours, salary, home)
SELECT id, c, pg_temp.id(c, 1 + n % 6), CASE WHEN n <= 6 THEN c + :companies * (n - 1) END, 'Employee ' || id, 'TAX' || id,
       date '1960-01-01' + pg_temp.pick(id, 3, 15000), date '2010-01-01' + pg_temp.pick(id, 4, 5000),
       CASE WHEN n % 7 = 0 THEN date '2026-12-31' ELSE 'infinity' END, time '06:00' + n % 4 * interval '1 hour',
       interval '38:30', 2000 + pg_temp.pick(id, 5, 600000) / 100.0,
       CASE WHEN n % 2 = 0 THEN ROW('Lane ' || n, E'Old "Town"\n2nd line', NULL, 'FR')::core.address END
FROM gen, generate_series(1, employees) AS n, pg_temp.id(c, n) AS id;
INSERT INTO hr.absence (id, employee_id, during, reason)
SELECT pg_temp.id(c, 3 * n + k), pg_temp.id(c, n), daterange(day, day + 5),
       (ARRAY['holiday', 'ill', NULL])[k + 1]
FROM gen, generate_series(1, employees) AS n, generate_series(0, 2) AS k,
     LATERAL (SELECT date '2024-02-01' + 200 * k + pg_temp.pick(pg_temp.id(c, n), 6, 150)) AS d (day);

-- stock --------------------------------------------------------------------------------

INSERT INTO stock.warehouse_settings (id, allow_negative, counting_interval)
SELECT pg_temp.id(c, 4 - n), n = 2, n * interval '1 mon' FROM gen, generate_series(1, 3) AS n;
INSERT INTO stock.warehouse (id, company_id, settings_id, code, place, is_default) OVERRIDING SYSTEM VALUE
SELECT pg_temp.id(c, n), c, pg_temp.id(c, 4 - n), 'WH' || n, ROW('Dock ' || n, 'Port', '1', 'DE')::core.address, n = 1
FROM gen, generate_series(1, 3) AS n;
INSERT INTO stock.location (id, warehouse_id, parent_location_id, name)
SELECT pg_temp.id(c, n), pg_temp.id(c, 1 + (n - 1) / 8), CASE WHEN n % 8 <> 1 THEN pg_temp.id(c, n - (n - 1) % 8) END, 'Aisle ' || n
FROM gen, generate_series(1, 24) AS n;
INSERT INTO stock.category (id, company_id, parent_id, name)
SELECT pg_temp.id(c, n), c, CASE WHEN n > 4 THEN pg_temp.id(c, n / 4) END, 'Category ' || n
FROM gen, generate_series(1, 20) AS n;

INSERT INTO purchasing.supplier (id, company_id, name, vat_id, lead_time, country_id)
SELECT pg_temp.uid('supplier', pg_temp.id(c, n)), c, 'Supplier ' || n, 'VAT' || n, n * interval '1 day 02:00', 1 + n % 12
FROM gen, generate_series(1, 40) AS n;

INSERT INTO stock.item (id, company_id, sku, public_id, name, category_id, unit_id, list_price, attributes, updated_at)
OVERRIDING SYSTEM VALUE
SELECT id, c, 'SKU-' || lpad(n::text, 6, '0'), pg_temp.uid('item', id),
       (ARRAY['Bolt', 'Schraube „M8“', 'Câble', 'Ящик', '木箱', 'Hinge 3"'])[1 + n % 6] || ' ' || n,
       pg_temp.id(c, 1 + n % 20), 1 + n % 8, 1 + pg_temp.pick(id, 7, 500000) / 1000.0,
       jsonb_build_object('related_item_ids', jsonb_build_array(pg_temp.id(c, 1 + n % items), pg_temp.id(c, 1 + (n + 7) % items)),
                          'preferred_supplier', jsonb_build_object('id', pg_temp.uid('supplier', pg_temp.id(c, 1 + n % 40))),
                          'density', 1.234567890123456789012345678901 * n, 'serial', 98765432109876543210 + n,
                          'label', E'snow☃ \u2028 "q" \\'),
       pg_temp.moment(id, n::numeric / items)
FROM gen, generate_series(1, items) AS n, pg_temp.id(c, n) AS id;
INSERT INTO stock.item_price (id, item_public_id, currency_id, valid, price)
SELECT pg_temp.id(c, n), pg_temp.uid('item', pg_temp.id(c, n)), 1 + n % 10,
       tstzrange('2024-01-01 00:00:00.5+00', CASE WHEN n % 2 = 0 THEN 'infinity'::timestamptz END), n + 0.123456789012345678901234567890
FROM gen, generate_series(1, items, 2) AS n;
INSERT INTO production.bom (id, item_id, version)
SELECT pg_temp.id(c, n), pg_temp.id(c, 10 * n), 1 + n % 3 FROM gen, generate_series(1, items / 10) AS n;
INSERT INTO production.bom_line (bom_id, component_id, quantity)
SELECT pg_temp.id(c, n), pg_temp.id(c, 1 + (10 * n + 7 * k) % items), k + n / 7.0
FROM gen, generate_series(1, items / 10) AS n, generate_series(1, 3) AS k;
UPDATE stock.item AS i SET default_bom_id = b.id FROM production.bom AS b WHERE b.item_id = i.id AND b.version < 3;

INSERT INTO stock.transfer (id, company_id, from_warehouse_id, to_warehouse_id, sent_at, took)
SELECT id, c, pg_temp.id(c, 1 + n % 3), pg_temp.id(c, 1 + (n + 1) % 3), pg_temp.moment(id, n * 100.0 / moves),
       pg_temp.pick(id, 8, 90000) * interval '1.5 s'
FROM gen, generate_series(1, moves / 100) AS n, pg_temp.id(c, n) AS id;

-- purchasing ---------------------------------------------------------------------------

INSERT INTO purchasing.purchase_order (id, supplier_id, ordered_by, ordered_at)
SELECT pg_temp.uid('purchase', id), pg_temp.uid('supplier', pg_temp.id(c, 1 + n % 40)), c, pg_temp.moment(id, n::numeric / purchases)
FROM gen, generate_series(1, purchases) AS n, pg_temp.id(c, n) AS id;
INSERT INTO purchasing.purchase_order_line (purchase_order_id, line_no, item_id, quantity, unit_price)
SELECT pg_temp.uid('purchase', id), line, pg_temp.id(c, 1 + pg_temp.pick(id, 10 + line, items)),
       1 + pg_temp.pick(id, 20 + line, 400) / 4.0, 1 + pg_temp.pick(id, 30 + line, 90000) / 1000.0
FROM gen, generate_series(1, purchases) AS n, pg_temp.id(c, n) AS id, generate_series(1, 1 + pg_temp.pick(id, 9, 5)) AS line;
INSERT INTO purchasing.bill (id, company_id, supplier_id, purchase_order_id, currency_id, billed_on, total)
SELECT id, c, pg_temp.uid('supplier', pg_temp.id(c, 1 + n % 40)), pg_temp.uid('purchase', id), 1,
       (pg_temp.moment(id, n::numeric / purchases) + interval '9 days')::date, l.total
FROM gen, generate_series(1, purchases) AS n, pg_temp.id(c, n) AS id,
     LATERAL (SELECT round(sum(quantity * unit_price), 2) AS total
              FROM purchasing.purchase_order_line WHERE purchase_order_id = pg_temp.uid('purchase', id)) AS l
WHERE n % 6 > 0;

INSERT INTO stock.lot (id, item_id, received_on_bill_id, best_before)
SELECT 'lot_' || md5('lot' || id), pg_temp.id(c, 1 + pg_temp.pick(id, 40, items)),
       CASE WHEN n % 4 > 0 THEN pg_temp.id(c, 6 * pg_temp.pick(id, 41, purchases / 6) + 1) END,
       CASE WHEN n % 9 = 0 THEN 'infinity' ELSE date '2026-01-01' + n % 700 END
FROM gen, generate_series(1, lots) AS n, pg_temp.id(c, n) AS id;
INSERT INTO stock.stock_move (id, moved_on, company_id, item_id, location_id, lot_id, transfer_id, quantity, unit_cost, moved_at)
SELECT id, moved_at::date, c, pg_temp.id(c, 1 + pg_temp.pick(id, 42, items)), pg_temp.id(c, 1 + pg_temp.pick(id, 43, 24)),
       CASE WHEN n % 15 = 0 THEN 'lot_' || md5('lot' || pg_temp.id(c, 1 + pg_temp.pick(id, 44, lots))) END,
       CASE WHEN n % 40 = 0 AND moves >= 100 THEN pg_temp.id(c, 1 + pg_temp.pick(id, 45, moves / 100)) END,
       (pg_temp.pick(id, 46, 2000000) - 1000000) / 1000000.0 * 50, pg_temp.pick(id, 47, 1000000000) / 12345678.0, moved_at
FROM gen, generate_series(1, moves) AS n, pg_temp.id(c, n) AS id, pg_temp.moment(id, n::numeric / moves) AS moved_at;
INSERT INTO stock.move_cost (move_id, moved_on, freight)
SELECT id, moved_on, 3 + id % 1000 / 7.0 FROM stock.stock_move WHERE id % 30 = 0;
INSERT INTO stock.sensor_reading (warehouse_id, read_at, celsius)
SELECT pg_temp.id(c, 1 + n / 2 % 3), timestamptz '2026-05-01 00:00+00' + n / 2 * interval '10 min',
       CASE WHEN n % 501 = 0 THEN 'NaN' ELSE 4 + (n / 2 % 17) / 3.0 END
FROM gen, generate_series(1, moves / 20) AS n;

-- sales --------------------------------------------------------------------------------

INSERT INTO sales.customer (id, company_id, name, email, vat_id, legacy_customer_id, partner_company_id, country_id,
                            account_manager_id, credit_limit, discount, aliases, profile, last_seen_from, updated_at)
SELECT id, c, (ARRAY['Müller & Söhne', 'O''Neill "Best" Ltd.', '日本商事', 'Čeština s.r.o.', '😀 Smile Inc.', 'Back\slash', E'Tab\there'])[1 + n % 7] || ' ' || n,
       CASE WHEN n % 11 > 0 THEN format('Kunde%s@shop%s.example', n, n % 50) END, 'VAT' || id, 700000 + n,
       CASE WHEN c IN (2, 3) AND n = 1 THEN 1 END, 1 + n % 12, pg_temp.id(c, 1 + n % employees),
       CASE WHEN n % 5 > 0 THEN pg_temp.pick(id, 50, 5000000) / 100.0 END, n % 4 * 2.5,
       CASE WHEN n % 3 > 0 THEN ARRAY['a,b', E'line1\nline2', '{"x"}', '👩‍👩‍👧', 'NULL', NULL] END,
       CASE WHEN n % 2 = 0 THEN jsonb_build_object('score', 1e-7 * n, 'huge', 1e308 * 1e60, 'note', repeat('ü', n % 40)) END,
       CASE WHEN n % 4 = 0 THEN '192.0.2.0/24'::inet + n % 250 END, pg_temp.moment(id, n::numeric / customers)
FROM gen, generate_series(1, customers) AS n, pg_temp.id(c, n) AS id;
INSERT INTO sales.address (id, customer_id, kind, line, city, country_id)
SELECT pg_temp.id(c, 2 * n - k), pg_temp.id(c, n), (ARRAY['billing', 'shipping']::sales.address_kind[])[1 + k],
       format('%s Market Square', n), 'Town ' || n % 100, 1 + n % 12
FROM gen, generate_series(1, customers) AS n, generate_series(0, 1) AS k;

CREATE TEMP TABLE line AS
SELECT c, n, line_no, pg_temp.id(c, 1 + pg_temp.pick(id, 60 + line_no, items)) AS item_id,
       (1 + pg_temp.pick(id, 70 + line_no, 160) / 8.0)::numeric(18,6) AS quantity,
       (1 + pg_temp.pick(id, 80 + line_no, 4000000) / 10000.0)::numeric(14,4) AS unit_price, (n % 4 * 2.5)::numeric(5,2) AS discount
FROM gen, generate_series(1, orders) AS n, pg_temp.id(c, n) AS id, generate_series(1, 1 + pg_temp.pick(id, 59, 5)) AS line_no;
CREATE INDEX ON line (c, n);
ANALYZE line;

INSERT INTO sales."order" (company_id, number, customer_id, "user", status, placed_at, delivery, total, remark, updated_at)
SELECT c, 10000 + n, pg_temp.id(c, 1 + pg_temp.pick(id, 51, customers)), c + :companies * (n % 10),
       (CASE WHEN n % 8 > 0 THEN 'invoiced' WHEN n % 16 = 0 THEN 'confirmed' ELSE 'draft' END)::sales.order_status, placed_at,
       CASE WHEN n % 3 > 0 THEN tstzrange(placed_at, placed_at + interval '3 days', '[]') END, t.total,
       CASE WHEN n % 20 = 0 THEN E'Deliver "quickly"\n— thank you 🙏' END, placed_at + interval '0.000001 s'
FROM gen, generate_series(1, orders) AS n, pg_temp.id(c, n) AS id, pg_temp.moment(id, n::numeric / orders) AS placed_at,
     LATERAL (SELECT sum(round(quantity * unit_price * (100 - discount) / 100, 2)) AS total
              FROM line AS l WHERE l.c = gen.c AND l.n = n.n) AS t;
INSERT INTO sales.order_line (company_id, order_number, line_no, item_id, quantity, unit_price, discount)
SELECT c, 10000 + n, line_no, item_id, quantity, unit_price, discount FROM line ORDER BY n, c, line_no;

-- An order becomes an invoice, but for every eighth. Few of them use the company's own tax rate.
INSERT INTO accounting.tax_rate (id, company_id, code, percent)
SELECT pg_temp.id(c, 10), c, 'OWN', 5.50 FROM gen;
CREATE TEMP TABLE invoice AS
SELECT c, n, pg_temp.id(c, n) AS id, t.total, round(t.total * r.percent / 100, 2) AS tax, r.id AS rate_id,
       (pg_temp.moment(pg_temp.id(c, n), n::numeric / orders) + interval '4 days')::date AS issued_on
FROM gen, generate_series(1, orders) AS n,
     LATERAL (SELECT sum(round(quantity * round(unit_price * (100 - discount) / 100, 4), 2)) AS total
              FROM line AS l WHERE l.c = gen.c AND l.n = n.n) AS t,
     accounting.tax_rate AS r
WHERE n % 8 > 0 AND r.id = CASE WHEN n % 50 = 7 THEN pg_temp.id(c, 10) ELSE 1 + n % 5 END;
CREATE INDEX ON invoice (c, n);
ANALYZE invoice;
INSERT INTO sales.invoice (id, company_id, number, order_number, customer_id, bill_to_address_id, ship_to_address_id,
                           currency_id, issued_on, total, tax, updated_at)
SELECT id, i.c, 'INV-' || lpad(n::text, 6, '0'), 10000 + n, pg_temp.id(i.c, customer_n), pg_temp.id(i.c, 2 * customer_n),
       CASE WHEN n % 3 > 0 THEN pg_temp.id(i.c, 2 * customer_n - 1) END, 1 + i.c % 10, issued_on, total, tax,
       issued_on + interval '13:14:15.161718'
FROM invoice AS i JOIN gen USING (c), LATERAL (SELECT 1 + pg_temp.pick(id, 51, customers) AS customer_n) AS x
ORDER BY n, i.c;
INSERT INTO sales.invoice_line (id, invoice_id, item_id, tax_rate_id, description, quantity, unit_price)
SELECT row_number() OVER (ORDER BY n, c, line_no), i.id, CASE WHEN line_no < 5 THEN item_id END, i.rate_id,
       format('Position %s — "%s"', line_no, substr(md5(item_id::text), 1, 12)), quantity, round(unit_price * (100 - discount) / 100, 4)
FROM line JOIN invoice AS i USING (c, n);

INSERT INTO core.document_body (id, format, body) OVERRIDING SYSTEM VALUE
SELECT pg_temp.id(c, n), 'markdown', format(E'# Contract %s\n\n> "terms" \\ & <b>conditions</b>\n\n', n)
       || (SELECT string_agg(md5(n::text || '/' || k), ' ') FROM generate_series(1, CASE WHEN n % 50 = 0 THEN 1500 ELSE 20 END) AS k)
FROM gen, generate_series(1, customers / 10) AS n;
INSERT INTO sales.contract (id, company_id, customer_id, body_id, term, signed_at)
SELECT pg_temp.id(c, n), c, pg_temp.id(c, 10 * n), pg_temp.id(c, 1 + customers / 10 - n),
       daterange(date '2024-01-01' + n % 300, CASE WHEN n % 2 = 0 THEN date '2027-01-01' END),
       CASE WHEN n % 5 = 0 THEN '-infinity' ELSE timestamp '2023-12-24 12:00:00.000001' + n * interval '1 hour' END
FROM gen, generate_series(1, customers / 10) AS n;
INSERT INTO sales.price_rule (id, company_id, name, item_ids, conditions)
SELECT pg_temp.id(c, n), c, 'Rule ' || n, CASE WHEN n % 5 > 0 THEN ARRAY[pg_temp.id(c, n), pg_temp.id(c, n + 1), pg_temp.id(c, n + 2)] END,
       jsonb_build_object('customers', jsonb_build_object(pg_temp.id(c, 1 + n % customers)::text, jsonb_build_object('percent', 2.50)),
                          'any', jsonb_build_array(jsonb_build_object('item_id', pg_temp.id(c, 1 + n % items)),
                                                   jsonb_build_object('category_id', pg_temp.id(c, 1 + n % 20)), 'null'::jsonb),
                          'weekdays', ARRAY[1, 2, 3])
FROM gen, generate_series(1, 20) AS n;

-- production and quality ---------------------------------------------------------------

INSERT INTO production.work_center (id, company_id, name, machine_address, capacity)
SELECT pg_temp.id(c, n), c, 'Centre ' || n, ('08:00:2b:01:02:' || lpad(to_hex(n), 2, '0'))::macaddr, (repeat('10', n))::bit varying(24)
FROM gen, generate_series(1, 8) AS n;
INSERT INTO production.work_order (id, company_id, item_id, bom_id, order_number, planned, quantity)
SELECT id, c, pg_temp.id(c, 10 * bom), pg_temp.id(c, bom), CASE WHEN n % 2 = 0 THEN 10001 + pg_temp.pick(id, 91, orders) END,
       tstzrange(start, start + interval '36:00'), 5 + n % 40
FROM gen, generate_series(1, work_orders) AS n, pg_temp.id(c, n) AS id, pg_temp.moment(id, n::numeric / work_orders) AS start,
     LATERAL (SELECT 1 + pg_temp.pick(id, 90, items / 10) AS bom) AS b;
INSERT INTO production.operation (id, work_order_id, work_center_id, after_operation_id, position, started_at, duration)
SELECT pg_temp.id(c, 3 * n + k), pg_temp.id(c, n), pg_temp.id(c, 1 + (n + k) % 8), CASE WHEN k > 1 THEN pg_temp.id(c, 3 * n + k - 1) END, 10 * k,
       CASE WHEN n % 10 > 0 THEN pg_temp.moment(pg_temp.id(c, 3 * n + k), n::numeric / work_orders) END,
       pg_temp.pick(pg_temp.id(c, 3 * n + k), 92, 86400000) * interval '0.001 s'
FROM gen, generate_series(1, work_orders) AS n, generate_series(1, 3) AS k;
INSERT INTO quality.inspection (id, work_order_id, inspector_id, verdict, temperature, readings, result, inspected_at)
SELECT id, id, CASE WHEN n % 9 > 0 THEN pg_temp.id(c, 1 + n % employees) END,
       (ARRAY['pass', 'pass', 'rework', 'scrap']::quality.verdict[])[1 + n % 4],
       CASE n % 25 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE 20 + pg_temp.pick(id, 93, 1000) / 77.0::float8 END,
       ARRAY[[n / 3.0, 'NaN'], [0.1000, NULL]],
       jsonb_build_object('measured', jsonb_build_array(jsonb_build_object('item_id', pg_temp.id(c, 1 + n % items), 'mm', 0.10000000000000000000001 * n)),
                          'ok', n % 4 < 2),
       pg_temp.moment(id, n::numeric / work_orders) + interval '2 days'
FROM gen, generate_series(1, work_orders) AS n, pg_temp.id(c, n) AS id;
INSERT INTO quality.defect (inspection_id, defect_no, description, photo)
SELECT pg_temp.id(c, n), k, format(E'Scratch %s\r\n%s', k, n), CASE WHEN k = 1 THEN decode(md5('photo' || n) || '00ff', 'hex') END
FROM gen, generate_series(2, work_orders, 2) AS n, generate_series(1, 1 + n % 2) AS k;

-- accounting ---------------------------------------------------------------------------

INSERT INTO accounting.account (company_id, code, parent_code, name)
SELECT c, code, parent, name FROM gen, (VALUES
    ('1', NULL, 'Assets'), ('12', '1', 'Receivables'), ('1200', '12', 'Customers'), ('1800', '1', 'Bank "Sparkasse" 🏦'),
    ('1400', '1', 'Stock'), ('3', NULL, 'Liabilities'), ('3300', '3', 'Suppliers'), ('3800', '3', 'VAT'),
    ('4', NULL, 'Income'), ('4400', '4', 'Sales'), ('5', NULL, 'Cost'), ('5400', '5', 'Goods'), ('6000', '5', 'Wages')) AS v (code, parent, name);
INSERT INTO accounting.fiscal_period (id, company_id, span, closed)
SELECT pg_temp.id(c, n), c, daterange((date '2024-01-01' + (n - 1) * interval '3 mons')::date, (date '2024-01-01' + n * interval '3 mons')::date), n < 8
FROM gen, generate_series(1, 12) AS n;

INSERT INTO accounting.payment (id, company_id, invoice_id, bill_id, bank_transaction_id, amount, paid_at)
SELECT id, c, id, NULL, 'TX' || md5('in' || id), total + tax, issued_on + interval '20 days 11:22:33.445566' FROM invoice WHERE n % 5 > 0
UNION ALL
SELECT pg_temp.id(company_id, orders + n), company_id, NULL, id, NULL, total, billed_on + interval '10 days 00:00:00.000007'
FROM (SELECT b.*, id / (:companies + 1) AS n, g.orders FROM purchasing.bill AS b JOIN gen AS g ON g.c = b.company_id) AS b
WHERE n % 3 > 0;

-- One entry for each invoice, each bill, each payment.
CREATE TEMP TABLE entry AS
SELECT c, n::bigint, 'invoice' AS source_type, id AS source_id, issued_on AS posted_on, total, tax FROM invoice
UNION ALL
SELECT b.company_id, 2 * orders + id / (:companies + 1), 'bill', id, billed_on, total, 0
FROM purchasing.bill AS b JOIN gen ON c = b.company_id
UNION ALL
SELECT p.company_id, CASE WHEN bill_id IS NULL THEN orders ELSE 2 * orders END + p.id / (:companies + 1),
       CASE WHEN bill_id IS NULL THEN 'receipt' ELSE 'payout' END, id, (paid_at AT TIME ZONE 'UTC')::date, amount, 0
FROM accounting.payment AS p JOIN gen ON c = p.company_id;
INSERT INTO accounting.journal_entry (id, company_id, entry_no, period_id, source_type, source_id, posted_on)
SELECT pg_temp.id(c, n), c, n, pg_temp.id(c, 4 * (extract(year FROM posted_on)::int - 2024) + extract(quarter FROM posted_on)::int),
       source_type, source_id, posted_on
FROM entry ORDER BY n, c;
INSERT INTO accounting.ledger_line (entry_id, line_no, posted_on, company_id, account_code, debit, credit)
SELECT pg_temp.id(c, n), line_no, posted_on, c, code, debit, credit
FROM entry, LATERAL (VALUES
    ('invoice', 1, '1200', total + tax, 0), ('invoice', 2, '4400', 0, total), ('invoice', 3, '3800', 0, tax),
    ('receipt', 1, '1800', total, 0), ('receipt', 2, '1200', 0, total),
    ('bill', 1, '5400', total, 0), ('bill', 2, '3300', 0, total),
    ('payout', 1, '3300', total, 0), ('payout', 2, '1800', 0, total)) AS v (kind, line_no, code, debit, credit)
WHERE kind = source_type;

-- attachments, notes, audit ------------------------------------------------------------

INSERT INTO core.attachment (id, invoice_id, file_name, content)
SELECT pg_temp.uid('a-invoice', id), id, format('invoice %s "ümlaut" 📎.pdf', n), decode(repeat(md5('pdf' || id), 1 + n % 60), 'hex')
FROM invoice WHERE n % 16 = 1;
INSERT INTO core.attachment (id, bill_id, file_name, content)
SELECT pg_temp.uid('a-bill', id), id, '../bill\' || id, CASE WHEN id % 2 = 0 THEN decode(md5('bill' || id), 'hex') ELSE '' END
FROM purchasing.bill WHERE id % 10 = 1;
INSERT INTO core.attachment (id, work_order_id, file_name, content)
SELECT pg_temp.uid('a-work', id), id, 'drawing.dxf', NULL FROM production.work_order WHERE id % 8 = 0;

INSERT INTO core.note (id, company_id, subject_type, subject_id, author_id, mentioned_user_ids, body, tags, written_at)
SELECT id, c, (ARRAY['customer', 'invoice', 'work_order'])[1 + n % 3],
       pg_temp.id(c, CASE n % 3 WHEN 0 THEN 1 + pg_temp.pick(id, 95, customers) WHEN 1 THEN 8 * pg_temp.pick(id, 95, orders / 8) + 1
                     ELSE 1 + pg_temp.pick(id, 95, work_orders) END),
       c, CASE WHEN n % 2 = 0 THEN ARRAY[c, c + :companies] ELSE '{}'::bigint[] END,
       'Called back: ' || md5(id::text) || E'\n' || md5((id + 1)::text), CASE WHEN n % 4 = 0 THEN ARRAY['urgent', 'né', E'it''s'] END,
       pg_temp.moment(id, n * 2.0 / orders)
FROM gen, generate_series(1, orders / 2) AS n, pg_temp.id(c, n) AS id;

INSERT INTO audit.change (id, company_id, table_name, row_id, action, actor_user_id, old_row, new_row, changed_at)
OVERRIDING SYSTEM VALUE
SELECT row_number() OVER (ORDER BY n, c, k), c, 'sales.invoice', id::text, (ARRAY['INSERT', 'UPDATE'])[k], CASE WHEN n % 6 > 0 THEN c END,
       CASE k WHEN 2 THEN jsonb_build_object('id', id, 'total', 0.00) END, jsonb_build_object('id', id, 'total', (k - 1) * total, 'tax', tax),
       issued_on + k * interval '06:07:08.091011'
FROM invoice, generate_series(1, 2) AS k;

\ir load_end.sql
COMMIT;
ANALYZE;
RESET timezone;
RESET client_min_messages;
