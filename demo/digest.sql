-- Digests of one company and of everything else, in plain SQL: a second opinion that
-- shares nothing with the extension. The ownership of every table is written by hand.
--   SELECT * FROM proof.company_digest(1);   the rows of company 1 that a backup holds
--   SELECT * FROM proof.other_digest(1);     all that a restore of company 1 must leave alone
--   SELECT * FROM proof.portable_digest(1);  company_digest for use in two databases: see below
--   SELECT * FROM proof.broken_invariants(); what the books forbid; no row is good news
-- Two things differ after an honest restore of a company that went on working:
-- audit.change keeps what was added, and core.number_counter does not go back.
\set ON_ERROR_STOP on
\set QUIET on
CREATE SCHEMA IF NOT EXISTS proof;

-- Every table, with the condition under which its row t travels with company $1.
CREATE OR REPLACE FUNCTION proof.ownership() RETURNS TABLE (table_name text, condition text)
LANGUAGE sql IMMUTABLE AS $ownership$
VALUES
    ('core.currency', 'false'), ('core.unit', 'false'), ('core.country', 'false'), ('core.industry', 'false'),
    ('core."user"', 'false'), ('core.role', 'false'), ('core.company_user', 'false'), ('core.invitation', 'false'),
    ('core.api_key', 'false'), ('core.outbox', 'false'), ('core.job', 'false'),
    ('core.company', 't.id = $1'),
    ('core.company_settings', 't.company_id = $1'),
    ('core.integration', 't.company_id = $1'),
    ('core.number_counter', 't.company_id = $1'),
    ('core.document_body', 't.id IN (SELECT body_id FROM sales.contract WHERE company_id = $1)'),
    ('core."Saved View"', 't."companyId" = $1'),
    ('core.note', 't.company_id = $1'),
    ('core.attachment', $$t.invoice_id IN (SELECT id FROM sales.invoice WHERE company_id = $1)
                       OR t.bill_id IN (SELECT id FROM purchasing.bill WHERE company_id = $1)
                       OR t.work_order_id IN (SELECT id FROM production.work_order WHERE company_id = $1)$$),
    ('hr.department', 't.company_id = $1'),
    ('hr.employee', 't.company_id = $1'),
    ('hr.absence', 't.employee_id IN (SELECT id FROM hr.employee WHERE company_id = $1)'),
    ('stock.warehouse_settings', 't.id IN (SELECT settings_id FROM stock.warehouse WHERE company_id = $1)'),
    ('stock.warehouse', 't.company_id = $1'),
    ('stock.location', 't.warehouse_id IN (SELECT id FROM stock.warehouse WHERE company_id = $1)'),
    ('stock.category', 't.company_id = $1'),
    ('stock.item', 't.company_id = $1'),
    ('stock.item_price', 't.item_public_id IN (SELECT public_id FROM stock.item WHERE company_id = $1)'),
    ('stock.lot', 't.item_id IN (SELECT id FROM stock.item WHERE company_id = $1)'),
    ('stock.transfer', 't.company_id = $1'),
    ('stock.stock_move', 't.company_id = $1'),
    ('stock.move_cost', 't.move_id IN (SELECT id FROM stock.stock_move WHERE company_id = $1)'),
    ('stock.sensor_reading', 't.warehouse_id IN (SELECT id FROM stock.warehouse WHERE company_id = $1)'),
    ('sales.customer', 't.company_id = $1'),
    ('sales.address', 't.customer_id IN (SELECT id FROM sales.customer WHERE company_id = $1)'),
    ('sales."order"', 't.company_id = $1'),
    ('sales.order_line', 't.company_id = $1'),
    ('sales.invoice', 't.company_id = $1'),
    ('sales.invoice_line', 't.invoice_id IN (SELECT id FROM sales.invoice WHERE company_id = $1)'),
    ('sales.contract', 't.company_id = $1'),
    ('sales.price_rule', 't.company_id = $1'),
    ('purchasing.supplier', 't.company_id = $1'),
    ('purchasing.purchase_order', 't.supplier_id IN (SELECT id FROM purchasing.supplier WHERE company_id = $1)'),
    ('purchasing.purchase_order_line', $$t.purchase_order_id IN
        (SELECT o.id FROM purchasing.purchase_order AS o JOIN purchasing.supplier AS s ON s.id = o.supplier_id WHERE s.company_id = $1)$$),
    ('purchasing.bill', 't.company_id = $1'),
    ('production.bom', 't.item_id IN (SELECT id FROM stock.item WHERE company_id = $1)'),
    ('production.bom_line', $$t.bom_id IN
        (SELECT b.id FROM production.bom AS b JOIN stock.item AS i ON i.id = b.item_id WHERE i.company_id = $1)$$),
    ('production.work_center', 't.company_id = $1'),
    ('production.work_order', 't.company_id = $1'),
    ('production.operation', 't.work_order_id IN (SELECT id FROM production.work_order WHERE company_id = $1)'),
    ('accounting.account', 't.company_id = $1'),
    ('accounting.tax_rate', 't.company_id = $1'),
    ('accounting.fiscal_period', 't.company_id = $1'),
    ('accounting.journal_entry', 't.company_id = $1'),
    ('accounting.ledger_line', 't.company_id = $1'),
    ('accounting.payment', 't.company_id = $1'),
    ('quality.inspection', 't.work_order_id IN (SELECT id FROM production.work_order WHERE company_id = $1)'),
    ('quality.defect', $$t.inspection_id IN
        (SELECT i.id FROM quality.inspection AS i JOIN production.work_order AS w ON w.id = i.work_order_id WHERE w.company_id = $1)$$),
    ('audit.change', 't.company_id = $1')
$ownership$;

-- All columns of a row count, secrets too: md5 over the sorted md5 of the rows. Settings
-- are pinned, so that the same rows have the same text in every session.
CREATE OR REPLACE FUNCTION proof.digest(company bigint, inside boolean)
RETURNS TABLE (table_name text, rows bigint, digest text)
LANGUAGE plpgsql STABLE
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET row_security = off SET work_mem = '64MB'
AS $$
DECLARE
    o record;
BEGIN
    FOR o IN SELECT * FROM proof.ownership() LOOP
        table_name := o.table_name;
        EXECUTE format('SELECT count(*), md5(coalesce(string_agg(h, '''' ORDER BY h), ''''))
                        FROM (SELECT md5(t::text) COLLATE "C" AS h FROM %s AS t WHERE (%s) IS %s) AS x',
                       o.table_name, o.condition, CASE WHEN inside THEN 'TRUE' ELSE 'NOT TRUE' END)
            INTO rows, digest USING company;
        IF rows > 0 OR (inside AND o.condition <> 'false') OR NOT inside THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION proof.company_digest(company bigint) RETURNS TABLE (table_name text, rows bigint, digest text)
LANGUAGE sql STABLE AS 'SELECT * FROM proof.digest(company, true)';

CREATE OR REPLACE FUNCTION proof.other_digest(company bigint) RETURNS TABLE (table_name text, rows bigint, digest text)
LANGUAGE sql STABLE AS 'SELECT * FROM proof.digest(company, false)';

-- What may differ when the same company stands in two databases, by hand again: IDs of rows
-- that all companies share are shown by their codes, people by their e-mail; and what stays
-- behind when a company moves is left out. Every other column must be the same to the letter. An
-- ID that was forgotten here, or that leads to the wrong row, makes the digests differ.
CREATE OR REPLACE FUNCTION proof.different_elsewhere() RETURNS TABLE (table_name text, column_name text, shown_as text)
LANGUAGE sql IMMUTABLE AS $elsewhere$
WITH reference (table_name, column_name, kind) AS (VALUES
    ('core.company', 'owner_id', 'user'), ('core.company', 'country_id', 'country'),
    ('core.company', 'currency_id', 'currency'), ('core.company', 'industry_id', 'industry'),
    ('core."Saved View"', 'user', 'user'), ('core.note', 'author_id', 'user'), ('core.note', 'mentioned_user_ids', 'users'),
    ('hr.employee', 'user_id', 'user'), ('stock.item', 'unit_id', 'unit'), ('stock.item_price', 'currency_id', 'currency'),
    ('sales.customer', 'country_id', 'country'), ('sales.address', 'country_id', 'country'), ('sales."order"', 'user', 'user'),
    ('sales.invoice', 'currency_id', 'currency'), ('sales.invoice_line', 'tax_rate_id', 'tax_rate'),
    ('purchasing.supplier', 'country_id', 'country'), ('purchasing.purchase_order', 'ordered_by', 'user'),
    ('purchasing.bill', 'currency_id', 'currency'), ('audit.change', 'actor_user_id', 'user'),
    ('core.company', 'integration_token', 'secret'), ('core.integration', 'access_token', 'secret'),
    ('core.integration', 'webhook_secret', 'secret'), ('core.company', 'billing_customer_id', 'identity'))
SELECT table_name, column_name, format(CASE kind
    WHEN 'user' THEN '(SELECT email FROM core."user" AS r WHERE r.id = t.%I)'
    WHEN 'users' THEN '(SELECT array_agg(r.email ORDER BY n) FROM unnest(t.%I) WITH ORDINALITY AS u (id, n) LEFT JOIN core."user" AS r USING (id))'
    WHEN 'tax_rate' THEN '(SELECT CASE WHEN r.company_id IS NULL THEN r.code ELSE r.id::text END FROM accounting.tax_rate AS r WHERE r.id = t.%I)'
    WHEN 'secret' THEN $l$'left behind'$l$ WHEN 'identity' THEN $l$'left behind'$l$
    ELSE '(SELECT code FROM core.' || kind || ' AS r WHERE r.id = t.%I)' END, column_name)
FROM reference
$elsewhere$;

CREATE OR REPLACE FUNCTION proof.portable_digest(company bigint) RETURNS TABLE (table_name text, rows bigint, digest text)
LANGUAGE plpgsql STABLE
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET row_security = off SET work_mem = '64MB'
AS $$
DECLARE
    o record;
    columns text;
BEGIN
    FOR o IN SELECT * FROM proof.ownership() AS x WHERE x.condition <> 'false' LOOP
        table_name := o.table_name;
        SELECT string_agg(coalesce(d.shown_as, format('t.%I', a.attname)), ', ' ORDER BY a.attnum) INTO columns
        FROM pg_attribute AS a
        LEFT JOIN proof.different_elsewhere() AS d ON d.table_name = o.table_name AND d.column_name = a.attname
        WHERE a.attrelid = o.table_name::regclass AND a.attnum > 0 AND NOT a.attisdropped;
        EXECUTE format('SELECT count(*), md5(coalesce(string_agg(h, '''' ORDER BY h), ''''))
                        FROM (SELECT md5(ROW(%s)::text) COLLATE "C" AS h FROM %s AS t WHERE %s) AS x',
                       columns, o.table_name, o.condition)
            INTO rows, digest USING company;
        RETURN NEXT;
    END LOOP;
END $$;

-- Only broken rules come back, with the number of documents that break them.
CREATE OR REPLACE FUNCTION proof.broken_invariants(company bigint = NULL) RETURNS TABLE (invariant text, broken bigint)
LANGUAGE sql STABLE AS $$
SELECT * FROM (
    SELECT 'debits equal credits', count(*) FROM (
        SELECT entry_id FROM accounting.ledger_line AS l WHERE coalesce(l.company_id = $1, true)
        GROUP BY entry_id HAVING sum(debit) <> sum(credit)) AS x
    UNION ALL
    SELECT 'an entry has lines of its own company and day', count(*) FROM accounting.journal_entry AS e
    WHERE coalesce(e.company_id = $1, true) AND NOT EXISTS (
        SELECT FROM accounting.ledger_line AS l
        WHERE l.entry_id = e.id AND l.company_id = e.company_id AND l.posted_on = e.posted_on)
    UNION ALL
    SELECT 'an invoice is the sum of its lines', count(*) FROM sales.invoice AS i
    LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM sales.invoice_line GROUP BY 1) AS l ON l.invoice_id = i.id
    WHERE coalesce(i.company_id = $1, true) AND i.total IS DISTINCT FROM l.amount
    UNION ALL
    SELECT 'an order is the sum of its lines', count(*) FROM sales."order" AS o
    LEFT JOIN (SELECT company_id, order_number, sum(amount) AS amount FROM sales.order_line GROUP BY 1, 2) AS l
        ON (l.company_id, l.order_number) = (o.company_id, o.number)
    WHERE coalesce(o.company_id = $1, true) AND o.total IS DISTINCT FROM l.amount
    UNION ALL
    SELECT 'an invoice is posted', count(*) FROM sales.invoice AS i
    WHERE coalesce(i.company_id = $1, true) AND NOT EXISTS (
        SELECT FROM accounting.journal_entry AS e JOIN accounting.ledger_line AS l ON l.entry_id = e.id
        WHERE e.source_type = 'invoice' AND e.source_id = i.id AND e.company_id = i.company_id
          AND l.account_code = '1200' AND l.debit = i.total + i.tax)
    UNION ALL
    SELECT 'a payment pays what the document asks', count(*) FROM accounting.payment AS p
    LEFT JOIN sales.invoice AS i ON i.id = p.invoice_id LEFT JOIN purchasing.bill AS b ON b.id = p.bill_id
    WHERE coalesce(p.company_id = $1, true)
      AND (p.amount, p.company_id) IS DISTINCT FROM (coalesce(i.total + i.tax, b.total), coalesce(i.company_id, b.company_id))
    UNION ALL
    SELECT 'a bill is the sum of its order', count(*) FROM purchasing.bill AS b
    LEFT JOIN (SELECT purchase_order_id, round(sum(quantity * unit_price), 2) AS amount
               FROM purchasing.purchase_order_line GROUP BY 1) AS l USING (purchase_order_id)
    WHERE coalesce(b.company_id = $1, true) AND b.purchase_order_id IS NOT NULL AND b.total IS DISTINCT FROM l.amount
) AS checks (invariant, broken) WHERE broken > 0
$$;

-- A table that was forgotten above would make every proof worthless.
DO $$
DECLARE
    forgotten text;
BEGIN
    SELECT string_agg(t.oid::regclass::text, ', ') INTO forgotten
    FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
    WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition
      AND n.nspname IN ('core', 'hr', 'stock', 'sales', 'purchasing', 'production', 'accounting', 'quality', 'audit')
      AND NOT EXISTS (SELECT FROM proof.ownership() AS o WHERE o.table_name::regclass = t.oid);
    IF forgotten IS NOT NULL THEN
        RAISE EXCEPTION 'proof.ownership() does not say whose rows these tables hold: %', forgotten;
    END IF;
END $$;

DO $$
DECLARE
    unknown text;
BEGIN
    SELECT string_agg(d.table_name || '.' || d.column_name, ', ') INTO unknown FROM proof.different_elsewhere() AS d
    WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = d.table_name::regclass AND attname = d.column_name)
       OR NOT EXISTS (SELECT FROM proof.ownership() AS o WHERE o.table_name = d.table_name);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'proof.different_elsewhere() names columns that do not exist: %', unknown;
    END IF;
END $$;
