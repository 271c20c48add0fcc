-- on_error => 'skip': rows that their tables refuse are left out, with what needs them, and told of.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.region (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, parent_id int REFERENCES app.region,
  name text NOT NULL);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
  region_id int REFERENCES app.region, name text, email text, UNIQUE (email));
CREATE TABLE app.invoice (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, amount int, due date);
CREATE TABLE app.line (id int PRIMARY KEY, invoice_id int NOT NULL REFERENCES app.invoice, seen_by int, amount int);
CREATE TABLE app.word (company_id int NOT NULL REFERENCES app.company, word text);
SELECT set_company_table('app.company');
SELECT set_reference('app.line', '{seen_by}', 'app.customer', '{id}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.region VALUES (1, 1, NULL, 'north'), (2, 1, 1, 'far north'), (3, 2, NULL, 'south');
INSERT INTO app.customer SELECT n, 1 + n % 2, CASE WHEN n % 2 = 0 THEN 2 ELSE 3 END, 'c' || n, 'c' || n || '@x' FROM generate_series(1, 10) n;
INSERT INTO app.invoice SELECT n, 1 + n % 10, n, date '2026-01-01' + n FROM generate_series(1, 20) n;
INSERT INTO app.line SELECT n, 1 + n % 20, CASE WHEN n % 2 = 0 THEN 2 + 2 * (n % 5) END, n FROM generate_series(1, 60) n;
INSERT INTO app.word SELECT 1 + n % 2, 'w' || n FROM generate_series(1, 6) n;
SELECT backup_company(1) AS backup, backup_company(2) AS other \gset

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'company', t::text FROM app.company t UNION ALL SELECT 'region', t::text FROM app.region t UNION ALL
  SELECT 'customer', t::text FROM app.customer t UNION ALL SELECT 'invoice', t::text FROM app.invoice t UNION ALL
  SELECT 'line', t::text FROM app.line t UNION ALL SELECT 'word', t::text FROM app.word t $$;
CREATE TEMP TABLE original AS SELECT * FROM pg_temp.rows();

-- Nothing is refused
DELETE FROM app.line WHERE id % 6 = 0;
UPDATE app.customer SET name = 'other' WHERE id = 4;
INSERT INTO app.word VALUES (1, 'new');
CREATE TEMP TABLE damaged AS SELECT * FROM pg_temp.rows();
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM original', 'all that is not refused comes back');
SELECT is_empty(format('SELECT * FROM restore_problems(%s)', :restore), 'nothing is told of');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM damaged', 'a revert');

-- A CHECK, a type and a NOT NULL that are new
SELECT restore_company(1, :backup) AS restore \gset
SELECT keep_restore(:restore);
DELETE FROM app.line WHERE invoice_id IN (SELECT i.id FROM app.invoice i JOIN app.customer c ON c.id = customer_id WHERE company_id = 1);
DELETE FROM app.invoice WHERE customer_id IN (SELECT id FROM app.customer WHERE company_id = 1);
DELETE FROM app.customer WHERE id IN (2, 6);
UPDATE app.customer SET name = 'now' WHERE id = 4;
ALTER TABLE app.customer ADD CHECK (name <> 'c2' AND name <> 'c4');
ALTER TABLE app.invoice ADD CHECK (amount <> 15);
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();

SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)),
  '23514 new row for relation "customer" violates check constraint "customer_name_check" / '
  'Failing row contains (4, 1, 2, c4, c4@x).
In all, 14 rows of the backup are refused:
table app.customer, row (2): new row for relation "customer" violates check constraint "customer_name_check"
table app.customer, row (4): new row for relation "customer" violates check constraint "customer_name_check"
table app.invoice, row (1): it needs row (2) of app.customer, which is left out
table app.invoice, row (11): it needs row (2) of app.customer, which is left out
table app.invoice, row (15): new row for relation "invoice" violates check constraint "invoice_amount_check"
table app.line, row (10): it needs row (11) of app.invoice, which is left out
table app.line, row (14): it needs row (15) of app.invoice, which is left out
table app.line, row (20): it needs row (1) of app.invoice, which is left out
table app.line, row (30): it needs row (11) of app.invoice, which is left out
table app.line, row (34): it needs row (15) of app.invoice, which is left out
table app.line, row (40): it needs row (1) of app.invoice, which is left out
table app.line, row (50): it needs row (11) of app.invoice, which is left out
table app.line, row (54): it needs row (15) of app.invoice, which is left out
table app.line, row (60): it needs row (1) of app.invoice, which is left out / '
  'With on_error => ''skip'' such rows are left out, and what needs them.',
  'all that is refused is told at once');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'and nothing has changed');
SELECT results_eq(format('SELECT table_name, added, changed, removed, note FROM preview_restore(1, %s, on_error => ''skip'') WHERE added + changed + removed > 0', :backup),
  $$VALUES ('app.customer', 1::bigint, 0::bigint, 0::bigint, '2 rows of the backup are refused by the table, and left out'),
    ('app.invoice', 7, 0, 0, '1 row of the backup is refused by the table, and left out; 2 rows need some that are left out, and are, too'),
    ('app.line', 21, 0, 0, '9 rows need some that are left out, and are, too')$$, 'a preview counts them');
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, problem, row_data::text FROM restore_problems(%s) WHERE table_name <> ''app.line''', :restore),
  $$VALUES ('app.customer', '(2)', '23514', 'new row for relation "customer" violates check constraint "customer_name_check"', '{"id":2,"company_id":1,"region_id":2,"name":"c2","email":"c2@x"}'),
    ('app.customer', '(4)', '23514', 'new row for relation "customer" violates check constraint "customer_name_check"', '{"id":4,"company_id":1,"region_id":2,"name":"c4","email":"c4@x"}'),
    ('app.invoice', '(1)', 'KB034', 'it needs row (2) of app.customer, which is left out', '{"id":1,"customer_id":2,"amount":1,"due":"2026-01-02"}'),
    ('app.invoice', '(11)', 'KB034', 'it needs row (2) of app.customer, which is left out', '{"id":11,"customer_id":2,"amount":11,"due":"2026-01-12"}'),
    ('app.invoice', '(15)', '23514', 'new row for relation "invoice" violates check constraint "invoice_amount_check"', '{"id":15,"customer_id":6,"amount":15,"due":"2026-01-16"}')$$,
  'every row that is left out is listed with why');
SELECT results_eq(format('SELECT sqlstate, count(*), string_agg(row_key, '' '' ORDER BY row_data ->> ''id'') FROM restore_problems(%s) WHERE table_name = ''app.line'' GROUP BY 1', :restore),
  $$VALUES ('KB034', 9::bigint, '(10) (14) (20) (30) (34) (40) (50) (54) (60)')$$, 'to the last');
-- seen_by of customer 2 is cleared where the line comes
SELECT bag_eq('SELECT * FROM pg_temp.rows()', $$
  SELECT relation, CASE WHEN relation = 'line' THEN regexp_replace(line, '^\((\d+,\d+),2,', '(\1,,') ELSE line END FROM original
  WHERE NOT (relation = 'customer' AND line ~ '^\([24],' OR relation = 'invoice' AND line ~ '^\((1|11|15),'
    OR relation = 'line' AND line ~ '^\(\d+,(1|11|15),') UNION ALL SELECT * FROM before WHERE relation = 'customer' AND line LIKE '(4,%'$$,
  'all else is restored; the customer that is here stays as it is');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'a revert brings back what was there');

-- A tree, an optional reference, a unique value that another company took
DELETE FROM app.customer WHERE company_id = 1;
DELETE FROM app.region WHERE company_id = 1;
INSERT INTO app.customer VALUES (108, 2, NULL, 'taken', 'c8@x');
ALTER TABLE app.region ADD CHECK (name <> 'north');
CREATE TEMP TABLE empty AS SELECT * FROM pg_temp.rows();
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, problem, row_data::text FROM restore_problems(%s) WHERE table_name IN (''app.region'', ''app.customer'')', :restore),
  $$VALUES ('app.region', '(1)', '23514', 'new row for relation "region" violates check constraint "region_name_check"', '{"id":1,"company_id":1,"parent_id":null,"name":"north"}'),
    ('app.region', '(2)', 'KB048', 'column parent_id: it referred to a row that is left out', '{"parent_id":1}'),
    ('app.customer', '(8)', '23505', 'another row has its unique value in "customer_email_key"', '{"id":8,"company_id":1,"region_id":2,"name":"c8","email":"c8@x"}'),
    ('app.customer', '(2)', '23514', 'new row for relation "customer" violates check constraint "customer_name_check"', '{"id":2,"company_id":1,"region_id":2,"name":"c2","email":"c2@x"}'),
    ('app.customer', '(4)', '23514', 'new row for relation "customer" violates check constraint "customer_name_check"', '{"id":4,"company_id":1,"region_id":2,"name":"c4","email":"c4@x"}')$$,
  'what shows only when rows are written is left out in another attempt');
SELECT results_eq('SELECT id, parent_id FROM app.region WHERE company_id = 1', 'VALUES (2, NULL::int)', 'an optional reference is cleared');
SELECT results_eq('SELECT id FROM app.customer WHERE company_id = 1 ORDER BY 1', 'VALUES (6), (10)', 'customers that come');
SELECT results_eq('SELECT DISTINCT customer_id FROM app.invoice i JOIN app.customer c ON c.id = customer_id WHERE company_id = 1 ORDER BY 1', 'VALUES (6), (10)', 'with their invoices');
SELECT is_empty('SELECT FROM app.line l WHERE seen_by IS NOT NULL AND NOT EXISTS (SELECT FROM app.customer WHERE id = seen_by)', 'soft references lead to rows that are there');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM empty', 'a revert');

-- A row that stays needs one that the backup does not have
SELECT set_row_check('app.customer', 'name NOT LIKE ''%6'' AND id > 0');
ALTER TABLE app.customer DROP CONSTRAINT customer_name_check;
ALTER TABLE app.region DROP CONSTRAINT region_name_check;
DELETE FROM app.customer WHERE id = 108;
INSERT INTO app.region VALUES (9, 1, NULL, 'new'), (10, 1, NULL, 'newer');
INSERT INTO app.customer VALUES (6, 1, 9, 'six', 'six@x');
CREATE TEMP TABLE staying AS SELECT * FROM pg_temp.rows();
SELECT restore_company(1, :backup, on_error => 'skip') AS restore \gset
SELECT results_eq(format('SELECT table_name, row_key, sqlstate, problem FROM restore_problems(%s) WHERE table_name = ''app.customer''', :restore),
  $$VALUES ('app.customer', '(6)', '23514', 'new row of table "customer" does not meet its row check')$$, 'a row check refuses');
SELECT results_eq('SELECT id, name FROM app.region WHERE company_id = 1 ORDER BY 1', $$VALUES (1, 'north'), (2, 'far north'), (9, 'new')$$,
  'what a row needs that stays, stays');
SELECT results_eq('SELECT id, region_id, name FROM app.customer WHERE id = 6', $$VALUES (6, 9, 'six')$$, 'and so does the row');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM staying', 'a revert');

-- Row checks
ALTER TABLE app.invoice DROP CONSTRAINT invoice_amount_check;
SELECT set_row_check('app.customer', 'name <> email AND region_id < 3');
DELETE FROM app.customer WHERE company_id = 1;
SELECT results_eq('SELECT object, rule FROM company_rules() WHERE rule LIKE ''rows must%''', $$VALUES ('app.customer', 'rows must meet ''name <> email AND region_id < 3''')$$, 'a rule like others');
SELECT restore_company(1, :backup) AS restore \gset
SELECT is((SELECT count(*)::int FROM app.customer WHERE company_id = 1), 5, 'rows that meet it come');
SELECT revert_restore(:restore);
SELECT set_row_check('app.customer', 'region_id > 2');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup), '23514 new row of table "customer" does not meet its row check / It is: region_id > 2
In all, % rows of the backup are refused:
table app.customer, row (2): new row of table "customer" does not meet its row check
table app.customer, row (4): %');
SELECT set_row_check('app.customer', 'name = NULL');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, on_error => ''skip'')', :backup)),
  'KB009 the row check of table "customer" is null for a row / It is: name = NULL / Let it say true or false of every row, as in coalesce(..., false).', 'null is an error');
SELECT set_row_check('app.customer', '1 / (id - 4) IS DISTINCT FROM NULL');
SELECT pg_temp.tells(format('SELECT restore_company(1, %s, on_error => ''skip'')', :backup), '22012 division by zero%');
SELECT pg_temp.tells(format('SELECT set_row_check(''app.customer'', %L)', check_), 'KB009 the condition cannot be checked for rows of the table / ' || why || ' / Write a condition over %')
FROM (VALUES ('nothing > 1', 'column "nothing" does not exist.'), ('name', 'argument of row check must be type boolean, not type text.'),
  ('EXISTS (SELECT FROM app.customer)', 'cannot use subquery in check constraint.'), ('true, true', '%'), ('random() < 1', 'It calls a function that is volatile: %'),
  ('count(*) > 0', 'aggregate functions are not allowed in check constraints.'), ('true); DROP TABLE app.line; --', '%')) AS x (check_, why);
SELECT set_row_check('app.customer', NULL);
SELECT is_empty('SELECT FROM company_rules() WHERE rule LIKE ''rows must%''', 'NULL removes it');
SELECT pg_temp.tells('SELECT restore_company(1, 1, on_error => ''ignore'')', '22023 invalid on_error: "ignore" / Possible values%');
SELECT * FROM finish();
ROLLBACK;
