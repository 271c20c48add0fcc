-- records: single records with all that hangs on them, and what they cannot be without.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, favourite int);
CREATE TABLE app.customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL);
CREATE TABLE app.body (id int PRIMARY KEY, content text);
CREATE TABLE app.invoice (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, customer_id int NOT NULL REFERENCES app.customer,
  body_id int NOT NULL UNIQUE REFERENCES app.body, before_id int REFERENCES app.invoice, seller_id int, stage text);
CREATE TABLE app.product (company_id int NOT NULL REFERENCES app.company, code char(4), name text, PRIMARY KEY (company_id, code));
CREATE TABLE app.line (
  id int PRIMARY KEY, company_id int NOT NULL, invoice_id int NOT NULL REFERENCES app.invoice, code char(4) NOT NULL,
  FOREIGN KEY (company_id, code) REFERENCES app.product);
CREATE TABLE app.note (id uuid PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, kind text, about int, content text);
CREATE TABLE app.tag (company_id int NOT NULL REFERENCES app.company, invoice_id int REFERENCES app.invoice, tag text);
CREATE TABLE app.seller (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
ALTER TABLE app.invoice ADD FOREIGN KEY (seller_id) REFERENCES app.seller;

SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.body', 'company', route => '{invoice_body_id_fkey}');
SELECT set_reference('app.note', '{about}', 'app.invoice', when_column => 'kind', when_value => 'invoice');
SELECT set_reference('app.note', '{about}', 'app.customer', when_column => 'kind', when_value => 'customer');
SELECT set_column_rule('app.company', 'favourite', 'data');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

CREATE FUNCTION pg_temp.note(n int) RETURNS uuid LANGUAGE sql AS $$ SELECT lpad(n::text, 32, '0')::uuid $$;
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.customer SELECT n, 1 + n % 2, 'c' || n FROM generate_series(1, 10) n;
INSERT INTO app.product SELECT c, 'p' || n, 'product ' || n FROM generate_series(1, 2) c, generate_series(1, 3) n;
INSERT INTO app.seller SELECT n, 1 + n % 2, 's' || n FROM generate_series(1, 4) n;
INSERT INTO app.body SELECT n, 'b' || n FROM generate_series(1, 20) n;
INSERT INTO app.invoice SELECT n, 1 + n % 2, 1 + (n - 1) % 10, n, CASE WHEN n > 10 THEN n - 10 END, CASE WHEN n = 6 THEN 2 END, 'sent' FROM generate_series(1, 20) n;
INSERT INTO app.line SELECT n, 1 + (1 + (n - 1) % 20) % 2, 1 + (n - 1) % 20, 'p' || 1 + n % 3 FROM generate_series(1, 60) n;
INSERT INTO app.note SELECT pg_temp.note(n), 1 + n % 2, CASE WHEN n > 10 THEN 'customer' ELSE 'invoice' END, CASE WHEN n > 10 THEN n - 10 ELSE n END, 'n' || n
  FROM generate_series(1, 20) n;
INSERT INTO app.tag SELECT 1 + n % 2, n, 't' || n % 4 FROM generate_series(1, 20) n;
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'body', t::text FROM app.body t UNION ALL SELECT 'customer', t::text FROM app.customer t UNION ALL
  SELECT 'invoice', t::text FROM app.invoice t UNION ALL SELECT 'line', t::text FROM app.line t UNION ALL
  SELECT 'note', t::text FROM app.note t UNION ALL SELECT 'product', t::text FROM app.product t UNION ALL
  SELECT 'tag', t::text FROM app.tag t UNION ALL SELECT 'seller', t::text FROM app.seller t UNION ALL
  SELECT 'company', t::text FROM app.company t $$;
CREATE TEMP TABLE damaged AS SELECT * FROM pg_temp.rows();
-- Restores, says what became of it, and that a preview had said so; reverts.
CREATE FUNCTION pg_temp.differences(backup bigint, records jsonb, mode text = 'replace') RETURNS TABLE (what text, relation text, line text)
LANGUAGE plpgsql AS $$
DECLARE
  restore bigint;
  foreseen text;
  done text;
BEGIN
  SELECT (sum(added), sum(changed), sum(removed))::text INTO foreseen FROM preview_restore(1, differences.backup, differences.mode, records => differences.records);
  restore := restore_company(1, differences.backup, differences.mode, records => differences.records);
  SELECT (r.added, r.changed, r.removed)::text INTO done FROM company_restores(1) r WHERE r.id = restore;
  IF foreseen <> done THEN RETURN QUERY SELECT 'preview', foreseen, done; END IF;
  RETURN QUERY (SELECT 'came', * FROM (SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) a)
    UNION ALL SELECT 'went', * FROM (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows()) b ORDER BY 1, 2, 3;
  PERFORM revert_restore(restore);
  IF EXISTS ((SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) UNION ALL
             (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows())) THEN
    RETURN QUERY SELECT 'revert', 'is not exact', '';
  END IF;
END $$;

SELECT is_empty(format('SELECT * FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.customer", "key": 2}]'), 'nothing is missing');

-- An invoice is deleted, with all that hangs on it and its customer; much else is changed
DELETE FROM app.tag WHERE invoice_id IN (12, 2);
DELETE FROM app.note WHERE kind = 'invoice' AND about IN (2, 12) OR kind = 'customer' AND about = 2;
DELETE FROM app.line WHERE invoice_id IN (2, 12);
DELETE FROM app.invoice WHERE id IN (2, 12);  -- their bodies are nobody's now
DELETE FROM app.customer WHERE id = 2;
UPDATE app.body SET content = 'left' WHERE id = 2;
DELETE FROM app.line WHERE code = 'p3' AND company_id = 1;
DELETE FROM app.product WHERE code = 'p3' AND company_id = 1;
UPDATE app.invoice SET stage = 'paid' WHERE company_id = 1;
INSERT INTO app.line VALUES (100, 1, 4, 'p1');
INSERT INTO app.tag VALUES (1, 4, 't9'), (1, 6, 't9');
DELETE FROM app.tag WHERE invoice_id = 4 AND tag = 't0';
UPDATE app.line SET invoice_id = 6 WHERE id = 4;
TRUNCATE damaged;
INSERT INTO damaged SELECT * FROM pg_temp.rows();

SELECT results_eq(format('SELECT * FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.invoice", "key": "2"}]'),
  $$VALUES ('came', 'body', '(2,b2)'), ('came', 'customer', '(2,1,c2)'), ('came', 'invoice', '(12,1,2,12,2,,sent)'), ('came', 'invoice', '(2,1,2,2,,,sent)'),
    ('came', 'line', '(12,1,12,"p1  ")'), ('came', 'line', '(2,1,2,"p3  ")'), ('came', 'line', '(22,1,2,"p2  ")'), ('came', 'line', '(32,1,12,"p3  ")'),
    ('came', 'line', '(42,1,2,"p1  ")'), ('came', 'line', '(52,1,12,"p2  ")'),
    ('came', 'note', '(00000000-0000-0000-0000-000000000002,1,invoice,2,n2)'), ('came', 'product', '(1,"p3  ","product 3")'), ('came', 'tag', '(1,12,t0)'),
    ('came', 'tag', '(1,2,t2)'), ('went', 'body', '(2,left)')$$, 'a record comes with what hangs on it and what it needs, and nothing else');
SELECT bag_eq(format('SELECT table_name, added, changed, removed, unchanged FROM preview_restore(1, %s, records => %L)', :backup, '[{"table": "invoice", "key": ["2"]}]'),
  $$VALUES ('app.body', 0::bigint, 1::bigint, 0::bigint, 1::bigint), ('app.customer', 1, 0, 0, 0), ('app.invoice', 2, 0, 0, 0), ('app.line', 6, 0, 0, 0),
    ('app.note', 1, 0, 0, 0), ('app.product', 1, 0, 0, 0), ('app.tag', 2, 0, 0, 0)$$, 'a preview shows the tables that have such rows');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.invoice", "key": 4}]'),
  $$VALUES ('came', 'invoice', '(14,1,4,14,4,,sent)'), ('came', 'invoice', '(4,1,4,4,,,sent)'), ('came', 'line', '(14,1,14,"p3  ")'), ('came', 'line', '(4,1,4,"p2  ")'),
    ('came', 'line', '(44,1,4,"p3  ")'), ('came', 'product', '(1,"p3  ","product 3")'), ('came', 'tag', '(1,4,t0)'),
    ('went', 'invoice', '(14,1,4,14,4,,paid)'), ('went', 'invoice', '(4,1,4,4,,,paid)'), ('went', 'line', '(100,1,4,"p1  ")'), ('went', 'line', '(4,1,6,"p2  ")'),
    ('went', 'tag', '(1,4,t9)')$$, 'a record that is there becomes what it was');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%s, %L, ''merge'')', :backup, '[{"table": "app.invoice", "key": 4}]'),
  $$VALUES ('came', 'line', '(14,1,14,"p3  ")'), ('came', 'line', '(44,1,4,"p3  ")'), ('came', 'product', '(1,"p3  ","product 3")'), ('came', 'tag', '(1,4,t0)')$$,
  'a merge only adds');
SELECT results_eq(format('SELECT * FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.invoice", "key": 6}]'),
  $$VALUES ('came', 'invoice', '(16,1,6,16,6,,sent)'), ('came', 'invoice', '(6,1,6,6,,2,sent)'), ('came', 'line', '(26,1,6,"p3  ")'),
    ('came', 'line', '(4,1,4,"p2  ")'), ('came', 'line', '(56,1,16,"p3  ")'), ('came', 'product', '(1,"p3  ","product 3")'),
    ('went', 'invoice', '(16,1,6,16,6,,paid)'), ('went', 'invoice', '(6,1,6,6,,2,paid)'), ('went', 'line', '(4,1,6,"p2  ")'), ('went', 'tag', '(1,6,t9)')$$,
  'what hangs on it by now goes back to where it was');
SELECT results_eq(format('SELECT what, relation, line FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.line", "key": "22"}]'),
  $$VALUES ('came', 'body', '(2,b2)'), ('came', 'customer', '(2,1,c2)'), ('came', 'invoice', '(2,1,2,2,,,sent)'), ('came', 'line', '(22,1,2,"p2  ")'), ('went', 'body', '(2,left)')$$,
  'what a line cannot be without');
-- References that are cut, and bad input
CREATE FUNCTION pg_temp.refused(backup bigint, args text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  told text := pg_temp.told(format('SELECT restore_company(1, %s, %s)', backup, args));
BEGIN
  IF EXISTS ((SELECT * FROM pg_temp.rows() EXCEPT ALL SELECT * FROM damaged) UNION ALL
             (SELECT * FROM damaged EXCEPT ALL SELECT * FROM pg_temp.rows())) THEN
    RETURN 'something was changed: ' || told;
  END IF;
  RETURN told;
END $$;
SELECT results_eq(format('SELECT what, relation, line FROM pg_temp.differences(%s, %L)', :backup, '[{"table": "app.line", "key": 52}]'),
  $$VALUES ('came', 'body', '(2,b2)'), ('came', 'customer', '(2,1,c2)'), ('came', 'invoice', '(12,1,2,12,2,,sent)'), ('came', 'invoice', '(2,1,2,2,,,sent)'),
    ('came', 'line', '(52,1,12,"p2  ")'), ('went', 'body', '(2,left)')$$,
  'what its invoice refers to, whether or not it could be without');
SELECT alike(pg_temp.refused(:backup, format('records => %L', records)), '22023 ' || told, records) FROM (VALUES
  ('[]', 'records must not be empty / %'), ('{}', 'records must be a JSON array / %'), ('null', 'records must be a JSON array / %'),
  ('[7]', 'an element of records must be an object / The element is: 7 / %'), ('[null]', 'an element of records must be an object / The element is: null / %'),
  ('[{"key": 7}]', 'an element of records must name its "table" / The element is: {"key": 7} / %'),
  ('[{"table": 7, "key": 7}]', 'an element of records must name its "table" / The element is: {"key": 7, "table": 7} / %'),
  ('[{"table": "app.line"}]', 'an element of records must have the "key" of a row / The element is: {"table": "app.line"} / %'),
  ('[{"table": "app.line", "key": null}]', 'an element of records must have the "key" of a row / The element is: {"key": null, "table": "app.line"} / %'),
  ('[{"table": "app.line", "key": [[1]]}]', 'a key must be made of texts, numbers and booleans / The element is: {"key": [[1]], "table": "app.line"} / %'),
  ('[{"table": "app.line", "key": 1, "id": 1}]', 'an element of records may have the members "table" and "key" only / The element is: {"id": 1, "key": 1, "table": "app.line"} / %'),
  ('[{"table": "app.line", "key": [1, 2]}]', 'the key of table "app.line" is made of other columns than that of a record / It is (id).'),
  ('[{"table": "app.line", "key": {"no": 2}}]', 'the key of table "app.line" is made of other columns than that of a record / It is (id).'),
  ('[{"table": "app.product", "key": "p1"}]', 'the key of table "app.product" is made of other columns than that of a record / It is (company_id, code).'),
  ('[{"table": "app.none", "key": 1}]', 'there is no table "app.none" / company_scope() lists the tables of the database.'),
  ('[{"table": "app.tag", "key": 1}]', 'rows of table "app.tag" cannot be named: it has no key / They come with the records that they refer to.'),
  ('[{"table": "app.company", "key": 1}]', 'the company''s own row is no record / With tables => ''{app.company}'' it alone is restored.'),
  ('[{"table": "app.invoice", "key": 2}, {"table": "invoice", "key": "02"}]', 'row (2) of table "app.invoice" is selected twice / Name each record once.'),
  ('[{"table": "app.invoice", "key": 1}, {"table": "app.invoice", "key": 77}]', 'the backup has no row (1), (77) of table "app.invoice"')
) v(records, told);
SELECT is(pg_temp.refused(:backup, args), '22023 ' || told, args) FROM (VALUES
  ($$records => '[{"table": "app.line", "key": 52}]', tables => '{app.line}'$$,
   'records and tables exclude each other / With a record comes all that hangs on it, in whatever table. / Give one of the two.'),
  ($$records => '[{"table": "app.line", "key": 52}]', "only" => 'deleted'$$,
   'records and only exclude each other / mode => ''merge'' adds what is missing of the records, and changes nothing.'),
  ($$records => '[{"table": "app.line", "key": 52}]', ids => 'remap'$$,
   'a backup whose rows need new IDs can only be restored as a whole / It is of another company, or its IDs are to be new: a part of it would refer to rows that are not there. / Restore it without a selection, or make a new company of it.')
) v(args, told);
SELECT matches(pg_temp.refused(:backup, $$records => '[{"table": "app.line", "key": "x"}]'$$), '^22P02 invalid input syntax for type integer: "x"', 'no value of its column');

-- A revert removes what came, and says what hangs on it by now
SELECT restore_company(1, :backup, records => '[{"table": "app.customer", "key": "2"}]') AS restore \gset
UPDATE app.invoice SET stage = 'void' WHERE id IN (2, 4);
UPDATE app.company SET name = 'uno' WHERE id = 1;
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', $$SELECT relation, CASE line WHEN '(1,one,)' THEN '(1,uno,)' WHEN '(4,1,4,4,,,paid)' THEN '(4,1,4,4,,,void)' ELSE line END FROM damaged$$,
  'a revert leaves all that was not selected as it is now');
SELECT results_eq(format('SELECT table_name, row_key FROM restore_problems(%s)', :restore), $$VALUES ('app.invoice', '(2)')$$, 'edits of what was selected are discarded');

-- The rows themselves
SELECT results_eq(format('SELECT table_name, row_key, change, before::text, after::text FROM preview_rows(1, %s, records => %L)', :backup, '[{"table": "app.note", "key": {"id": "00000000-0000-0000-0000-000000000012"}}]'),
  $$VALUES ('app.customer', '(2)', 'added', NULL, '{"id":2,"company_id":1,"name":"c2"}'),
    ('app.note', '(00000000-0000-0000-0000-000000000012)', 'added', NULL, '{"id":"00000000-0000-0000-0000-000000000012","company_id":1,"kind":"customer","about":2,"content":"n12"}')$$,
  'what would be added');
SELECT results_eq(format('SELECT row_key, change, before->>''stage'', after->>''stage'' FROM preview_rows(1, %s, tables => ''{invoice}'', "only" => ''changed'', max_rows => 2)', :backup),
  $$VALUES ('(4)', 'changed', 'void', 'sent'), ('(6)', 'changed', 'paid', 'sent')$$, 'what would change, as many as are asked for');
SELECT results_eq(format('SELECT row_key, change, before::text, after::text FROM preview_rows(1, %s, tables => ''{line}'', "only" => ''added'')', :backup),
  $$VALUES ('(100)', 'removed', '{"id":100,"company_id":1,"invoice_id":4,"code":"p1  "}', NULL)$$, 'what would go');
SELECT set_column_rule('app.customer', 'name', 'secret');
SELECT results_eq(format('SELECT before::text, after::text FROM preview_rows(1, %s, tables => ''{customer}'')', :backup),
  $$VALUES (NULL, '{"id":2,"company_id":1}')$$, 'without secrets');
SELECT is(pg_temp.told(format('SELECT preview_rows(1, %s, max_rows => %L)', :backup, rows)), '22023 max_rows must be at least 1') FROM unnest('{0,-1,NULL}'::int[]) rows;


-- What is below a row that nobody owns any more, whose key is not that of the record
CREATE TABLE app.shelf (a text, b int, PRIMARY KEY (a, b));
CREATE TABLE app.place (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, a text, b int, CONSTRAINT place_shelf FOREIGN KEY (a, b) REFERENCES app.shelf);
CREATE TABLE app.box (id int PRIMARY KEY, a text NOT NULL, b int NOT NULL, FOREIGN KEY (a, b) REFERENCES app.shelf);
SELECT set_table_rule('app.shelf', 'company', route => '{place_shelf}');
INSERT INTO app.shelf VALUES ('x', 1), ('y', 2);
INSERT INTO app.place VALUES (1, 1, 'x', 1), (2, 2, 'y', 2);
INSERT INTO app.box VALUES (1, 'x', 1), (2, 'y', 2);
SELECT backup_company(1) AS shelves \gset
DELETE FROM app.place WHERE id = 1;
SELECT bag_eq(format('SELECT table_name, added, unchanged FROM preview_restore(1, %s, records => %L)', :shelves, '[{"table": "app.place", "key": 1}]'),
  $$VALUES ('app.place', 1::bigint, 0::bigint), ('app.shelf', 0, 1), ('app.box', 0, 1)$$, 'foreseen');
SELECT lives_ok(format('SELECT restore_company(1, %s, records => %L)', :shelves, '[{"table": "app.place", "key": 1}]'), 'adopted');
SELECT bag_eq('SELECT * FROM app.place', $$VALUES (1, 1, 'x', 1), (2, 2, 'y', 2)$$, 'the place is back');
SELECT bag_eq('SELECT * FROM app.box', $$VALUES (1, 'x', 1), (2, 'y', 2)$$, 'the boxes stay where they are');
SELECT * FROM finish();
ROLLBACK;
