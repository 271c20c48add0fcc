-- What can happen on a Friday afternoon: company 1 meant to empty its "test data" and to correct a few
-- prices. The application's triggers fire as always.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;
-- Prices in cents, somebody believed; of every item.
UPDATE stock.item SET list_price = list_price * 100 WHERE company_id = 1;
-- "The test invoices": all of 2026, with their lines, attachments and payments. Their entries in the books
-- stay, and say so of invoices that are gone.
DELETE FROM accounting.payment AS p USING sales.invoice AS i
    WHERE i.id = p.invoice_id AND i.company_id = 1 AND i.issued_on >= '2026-01-01';
DELETE FROM sales.invoice WHERE company_id = 1 AND issued_on >= '2026-01-01';
-- The company's own settings, and customers that are none.
UPDATE core.company SET settings = '{}' WHERE id = 1;
INSERT INTO sales.customer (company_id, name, email, country_id)
    SELECT 1, 'Test ' || n, format('test%s@example.com', n), 1 FROM generate_series(1, 3) AS n;
-- Honest work of the same day: three new orders, numbered as usual.
INSERT INTO sales."order" (company_id, number, customer_id, placed_at)
    SELECT 1, c.next_value + n, (SELECT min(id) FROM sales.customer WHERE company_id = 1), now()
    FROM core.number_counter AS c, generate_series(0, 2) AS n WHERE c.company_id = 1 AND c.document = 'order';
INSERT INTO sales.order_line (company_id, order_number, line_no, item_id, quantity, unit_price)
    SELECT 1, c.next_value + n, 1, (SELECT min(id) FROM stock.item WHERE company_id = 1), 5, 12.50
    FROM core.number_counter AS c, generate_series(0, 2) AS n WHERE c.company_id = 1 AND c.document = 'order';
UPDATE core.number_counter SET next_value = next_value + 3 WHERE company_id = 1 AND document = 'order';
COMMIT;
