-- Ten companies with about 1.5 million rows, the first of them with more than 600,000. The
-- same rows on every run.
--   psql -v rows=1500000 -f data.sql      (as superuser)
\set ON_ERROR_STOP on
\set QUIET on
\if :{?rows} \else \set rows 1500000 \endif
SET timezone = 'UTC';
-- The rows fit together by construction; looking up every reference would double the time.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '128MB';
BEGIN;

CREATE FUNCTION pg_temp.pick(seed bigint, salt integer, below bigint) RETURNS integer LANGUAGE sql IMMUTABLE
    AS 'SELECT ((hashint8extended(seed, salt) & 9223372036854775807) % below)::integer';
-- IDs of the companies interleave, as they do where companies work side by side.
CREATE FUNCTION pg_temp.id(company bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT n * 11 + company';
CREATE FUNCTION pg_temp.moment(seed bigint, share numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    AS $$SELECT timestamptz '2024-01-02 06:00:00+00' + floor(share * 890) * interval '1 day'
              + pg_temp.pick(seed, 1, 50000) * interval '1 s' + pg_temp.pick(seed, 2, 1000000) * interval '1 us'$$;
CREATE FUNCTION pg_temp.words(seed bigint, count integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg((string_to_array('the and of to a in is for order customer invoice delivery please asked about new price '
        'again called today tomorrow shipment late parts missing arrived broken replaced credit note agreed discount percent '
        'next week meeting with buyer wants sample before contract signed paid reminder sent waiting answer warehouse pallet '
        'colour Größe naïve über machine service engineer visit planned quarter forecast stock "urgent" München (see offer) — ok', ' '))
        [1 + pg_temp.pick(seed, k, 68)], ' ') || '.' FROM generate_series(100, 99 + count) AS k $$;

CREATE TEMP TABLE gen AS
SELECT c, (w * 0.030)::int AS customers, (w * 0.010)::int AS products, (w * 0.130)::int AS orders,
       (w * 0.175)::int AS moves, (w * 0.130)::int AS notes
FROM (SELECT c, greatest(1000, :rows * CASE c WHEN 1 THEN 0.42 ELSE 0.58 / 9 END) AS w FROM generate_series(1, 10) AS c) AS weights;
ANALYZE gen;

INSERT INTO app_user (id, email, full_name)
SELECT u, format('person%s@example.com', u), 'Person ' || u FROM generate_series(1, 100) AS u;
INSERT INTO company (id, name, owner_id, settings, created_at)
SELECT c, 'Company ' || c, c, jsonb_build_object('language', 'en', 'decimals', 2), pg_temp.moment(c, 0) FROM gen ORDER BY c;
INSERT INTO company_member (company_id, user_id) SELECT c, c + 10 * k FROM gen, generate_series(0, 9) AS k;

INSERT INTO customer (id, company_id, name, email, phone, street, city, credit_limit, profile, created_at)
SELECT id, c, initcap(pg_temp.words(id, 2)) || ' Ltd', format('buyer%s@example.org', id), '+49 ' || pg_temp.pick(id, 3, 100000000),
       pg_temp.pick(id, 4, 200) || ' Market Square', 'Town ' || pg_temp.pick(id, 5, 500), pg_temp.pick(id, 6, 5000000) / 100.0,
       jsonb_build_object('segment', pg_temp.pick(id, 7, 5), 'newsletter', n % 3 = 0), pg_temp.moment(id, n::numeric / customers)
FROM gen, generate_series(1, customers) AS n, pg_temp.id(c, n) AS id ORDER BY n, c;
INSERT INTO product (id, company_id, sku, name, price, attributes, active)
SELECT id, c, 'SKU-' || lpad(n::text, 7, '0'), pg_temp.words(id, 3), 1 + pg_temp.pick(id, 8, 9000000) / 10000.0,
       jsonb_build_object('weight', pg_temp.pick(id, 9, 100000) / 1000.0, 'tags', ARRAY['a' || n % 9, 'b' || n % 5]), n % 20 > 0
FROM gen, generate_series(1, products) AS n, pg_temp.id(c, n) AS id ORDER BY n, c;

CREATE TEMP TABLE line AS
SELECT c, n, pg_temp.id(c, n) AS order_id, line_no, product_id, (1 + pg_temp.pick(id, 20 + line_no, 400) / 8.0)::numeric(12,3) AS quantity,
       (1 + pg_temp.pick(product_id, 8, 9000000) / 10000.0)::numeric(12,4) AS unit_price
FROM gen, generate_series(1, orders) AS n, pg_temp.id(c, n) AS id, generate_series(1, 1 + pg_temp.pick(id, 10, 5)) AS line_no,
     LATERAL (SELECT pg_temp.id(c, 1 + pg_temp.pick(id, 30 + line_no, products)) AS product_id) AS p;
INSERT INTO "order" (id, company_id, customer_id, number, status, placed_at, total, remark)
SELECT id, c, pg_temp.id(c, 1 + pg_temp.pick(id, 11, customers)), n, (ARRAY['open', 'shipped', 'paid', 'paid', 'paid'])[1 + n % 5],
       pg_temp.moment(id, n::numeric / orders), t.total, CASE WHEN n % 6 = 0 THEN pg_temp.words(id, 8) END
FROM gen JOIN (SELECT c, n, order_id AS id, sum(round(quantity * unit_price, 2)) AS total FROM line GROUP BY 1, 2, 3) AS t USING (c)
ORDER BY n, c;
INSERT INTO order_line (id, order_id, product_id, line_no, description, quantity, unit_price, amount)
SELECT row_number() OVER (ORDER BY n, c, line_no), order_id, product_id, line_no,
       format('Position %s, batch %s', line_no, substr(md5(product_id::text), 1, 12)), quantity, unit_price, round(quantity * unit_price, 2)
FROM line;
INSERT INTO payment (id, company_id, order_id, method, amount, paid_at)
SELECT overlay(overlay(md5('payment' || id) PLACING '4' FROM 13) PLACING 'a' FROM 17)::uuid, company_id, id,
       (ARRAY['card', 'transfer', 'cash', 'direct debit'])[1 + number % 4], total, placed_at + pg_temp.pick(id, 12, 2000000) * interval '1 s'
FROM "order" WHERE number % 10 > 0;
INSERT INTO stock_move (id, company_id, product_id, quantity, cost, reason, moved_at)
SELECT id, c, pg_temp.id(c, 1 + pg_temp.pick(id, 13, products)), (pg_temp.pick(id, 14, 200000) - 100000) / 1000.0,
       pg_temp.pick(id, 15, 1000000) / 77.0, (ARRAY['sale', 'purchase', 'count', 'return'])[1 + n % 4], pg_temp.moment(id, n::numeric / moves)
FROM gen, generate_series(1, moves) AS n, pg_temp.id(c, n) AS id ORDER BY n, c;
INSERT INTO note (id, company_id, customer_id, author_id, body, meta, written_at)
SELECT id, c, CASE WHEN n % 7 > 0 THEN pg_temp.id(c, 1 + pg_temp.pick(id, 16, customers)) END, c + 10 * (n % 10),
       pg_temp.words(id, 30 + pg_temp.pick(id, 17, 36)),
       jsonb_build_object('channel', (ARRAY['mail', 'phone', 'chat'])[1 + n % 3], 'ip', format('192.0.2.%s', n % 256), 'ms', pg_temp.pick(id, 18, 90000)),
       pg_temp.moment(id, n::numeric / notes)
FROM gen, generate_series(1, notes) AS n, pg_temp.id(c, n) AS id ORDER BY n, c;

SELECT setval(pg_get_serial_sequence('app_user', 'id'), max(id)) FROM app_user \g /dev/null
SELECT setval(pg_get_serial_sequence('company', 'id'), max(id)) FROM company \g /dev/null
SELECT setval(pg_get_serial_sequence('customer', 'id'), max(id)) FROM customer \g /dev/null
SELECT setval(pg_get_serial_sequence('product', 'id'), max(id)) FROM product \g /dev/null
SELECT setval(pg_get_serial_sequence('"order"', 'id'), max(id)) FROM "order" \g /dev/null
SELECT setval(pg_get_serial_sequence('order_line', 'id'), max(id)) FROM order_line \g /dev/null
SELECT setval(pg_get_serial_sequence('stock_move', 'id'), max(id)) FROM stock_move \g /dev/null
SELECT setval(pg_get_serial_sequence('note', 'id'), max(id)) FROM note \g /dev/null
COMMIT;
RESET session_replication_role;
RESET synchronous_commit;
RESET work_mem;
RESET timezone;
VACUUM ANALYZE;
