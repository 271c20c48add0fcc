-- What a user would write to copy company 1 into a new company of the same database: temporary tables
-- that map old IDs to new ones, INSERT ... SELECT with joins, foreign keys on. One transaction.
\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
INSERT INTO company (name, owner_id, settings, created_at)
    SELECT name, owner_id, settings, created_at FROM company WHERE id = 1 RETURNING id AS target \gset

CREATE TEMP TABLE customer_map ON COMMIT DROP AS
    SELECT id AS old, nextval('customer_id_seq') AS new FROM (SELECT id FROM customer WHERE company_id = 1 ORDER BY id) s;
CREATE TEMP TABLE product_map ON COMMIT DROP AS
    SELECT id AS old, nextval('product_id_seq') AS new FROM (SELECT id FROM product WHERE company_id = 1 ORDER BY id) s;
CREATE TEMP TABLE order_map ON COMMIT DROP AS
    SELECT id AS old, nextval('order_id_seq') AS new FROM (SELECT id FROM "order" WHERE company_id = 1 ORDER BY id) s;
CREATE UNIQUE INDEX ON customer_map (old);
CREATE UNIQUE INDEX ON product_map (old);
CREATE UNIQUE INDEX ON order_map (old);
ANALYZE customer_map, product_map, order_map;

INSERT INTO customer
    SELECT m.new, :target, name, email, phone, street, city, credit_limit, profile, created_at
    FROM customer c JOIN customer_map m ON m.old = c.id ORDER BY c.id;
INSERT INTO product
    SELECT m.new, :target, sku, name, price, attributes, active
    FROM product p JOIN product_map m ON m.old = p.id ORDER BY p.id;
INSERT INTO "order"
    SELECT m.new, :target, c.new, number, status, placed_at, total, remark
    FROM "order" o JOIN order_map m ON m.old = o.id JOIN customer_map c ON c.old = o.customer_id ORDER BY o.id;
INSERT INTO order_line (order_id, product_id, line_no, description, quantity, unit_price, amount)
    SELECT o.new, p.new, line_no, description, quantity, unit_price, amount
    FROM order_line l JOIN order_map o ON o.old = l.order_id JOIN product_map p ON p.old = l.product_id ORDER BY l.id;
INSERT INTO payment (company_id, order_id, method, amount, paid_at)
    SELECT :target, o.new, method, amount, paid_at
    FROM payment p JOIN order_map o ON o.old = p.order_id WHERE p.company_id = 1 ORDER BY p.id;
INSERT INTO stock_move (company_id, product_id, quantity, cost, reason, moved_at)
    SELECT :target, p.new, quantity, cost, reason, moved_at
    FROM stock_move s JOIN product_map p ON p.old = s.product_id WHERE s.company_id = 1 ORDER BY s.id;
INSERT INTO note (company_id, customer_id, author_id, body, meta, written_at)
    SELECT :target, c.new, author_id, body, meta, written_at
    FROM note n LEFT JOIN customer_map c ON c.old = n.customer_id WHERE n.company_id = 1 ORDER BY n.id;
COMMIT;
