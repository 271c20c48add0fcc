-- mode => 'merge': what is there stays as it is, what is missing comes back under its own ID.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, next_number int NOT NULL DEFAULT 1, note text);
CREATE TABLE app.setting (company_id int PRIMARY KEY REFERENCES app.company, theme text);
CREATE TABLE app.customer (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL, email text);
CREATE UNIQUE INDEX customer_email ON app.customer (company_id, lower(email));
CREATE TABLE app.invoice (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, customer_id int NOT NULL REFERENCES app.customer,
  number int NOT NULL, stage text, UNIQUE (company_id, number));
CREATE TABLE app.line (id int PRIMARY KEY, invoice_id int NOT NULL REFERENCES app.invoice, amount numeric);
CREATE TABLE app.body (id int PRIMARY KEY, invoice_id int REFERENCES app.invoice ON DELETE SET NULL, content text);
CREATE TABLE app.stay (
  id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, room int NOT NULL, days int4range NOT NULL);
CREATE EXTENSION btree_gist;
ALTER TABLE app.stay ADD CONSTRAINT stay_room EXCLUDE USING gist (company_id WITH =, room WITH =, days WITH &&);
CREATE TABLE app.trail (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, what text);
CREATE TABLE app.word (company_id int NOT NULL REFERENCES app.company, word text);

SELECT set_company_table('app.company', identity_columns => '{note}');
SELECT set_column_rule('app.company', 'next_number', 'counter');
SELECT set_table_rule('app.trail', 'append_only');
SELECT set_table_rule('app.body', 'company', route => '{body_invoice_id_fkey}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company VALUES (1, 'one', 10), (2, 'two', 20);
INSERT INTO app.setting VALUES (1, 'dark'), (2, 'light');
INSERT INTO app.customer SELECT n, 1 + n % 2, 'c' || n, 'c' || n || '@x' FROM generate_series(1, 10) n;
INSERT INTO app.invoice SELECT n, 1 + n % 2, n, n, 'sent' FROM generate_series(1, 10) n;
INSERT INTO app.line SELECT n, 1 + n % 10, n FROM generate_series(1, 40) n;
INSERT INTO app.body SELECT n, n, 'b' || n FROM generate_series(1, 10) n;
INSERT INTO app.stay SELECT n, 1 + n % 2, n, '[1,5)' FROM generate_series(1, 10) n;
INSERT INTO app.trail SELECT n, 1 + n % 2, 't' || n FROM generate_series(1, 10) n;
INSERT INTO app.word SELECT 1 + n % 2, 'w' || n % 3 FROM generate_series(1, 12) n;
SELECT backup_company(1) AS backup, backup_company(2) AS other \gset

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'company', t::text FROM app.company t UNION ALL SELECT 'setting', t::text FROM app.setting t UNION ALL
  SELECT 'customer', t::text FROM app.customer t UNION ALL SELECT 'invoice', t::text FROM app.invoice t UNION ALL
  SELECT 'line', t::text FROM app.line t UNION ALL SELECT 'body', t::text FROM app.body t UNION ALL
  SELECT 'stay', t::text FROM app.stay t UNION ALL SELECT 'trail', t::text FROM app.trail t UNION ALL
  SELECT 'word', t::text FROM app.word t $$;
CREATE TEMP TABLE original AS SELECT * FROM pg_temp.rows();

-- Nothing is missing
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM original', 'a backup of what is there changes nothing');
SELECT results_eq('SELECT mode, added, changed, removed FROM company_restores(1)', $$VALUES ('merge', 0::bigint, 0::bigint, 0::bigint)$$,
  'and says so');
SELECT keep_restore(:restore);

-- Some is missing, some is other, some is new
UPDATE app.company SET name = 'uno', next_number = 5 WHERE id = 1;
UPDATE app.setting SET theme = 'blue' WHERE company_id = 1;
DELETE FROM app.line WHERE invoice_id = 4;
DELETE FROM app.invoice WHERE id = 4;  -- its body is nobody's now
UPDATE app.body SET content = 'changed' WHERE id = 4;
UPDATE app.invoice SET stage = 'paid' WHERE id = 2;
UPDATE app.line SET amount = 1000 WHERE id = 1;
INSERT INTO app.invoice VALUES (100, 1, 2, 100, 'new');
INSERT INTO app.line VALUES (100, 100, 1), (101, 2, 1);
DELETE FROM app.trail WHERE id = 4;
UPDATE app.trail SET what = 'other' WHERE id = 6;
DELETE FROM app.word WHERE company_id = 1 AND word = 'w0';
INSERT INTO app.word VALUES (1, 'w9'), (1, 'w1');
CREATE TEMP TABLE damaged AS SELECT * FROM pg_temp.rows();
CREATE TEMP TABLE expected AS SELECT * FROM damaged
  UNION ALL SELECT * FROM original WHERE relation IN ('line', 'invoice', 'trail') AND line ~ '^\(4,|^\(\d+,4,'
    AND (relation <> 'invoice' OR line LIKE '(4,%') AND (relation <> 'line' OR line ~ '^\(\d+,4,') AND (relation <> 'trail' OR line LIKE '(4,%')
  UNION ALL SELECT * FROM original WHERE relation = 'word' AND line = '(1,w0)';
UPDATE expected SET line = '(1,uno,10,)' WHERE relation = 'company' AND line LIKE '(1,%';
UPDATE expected SET line = '(4,4,changed)' WHERE relation = 'body' AND line LIKE '(4,%';

SELECT results_eq(format('SELECT table_name, added, changed, removed, unchanged, note FROM preview_restore(1, %s, mode => ''merge'') ORDER BY 1', :backup),
  $$VALUES ('app.body', 0::bigint, 1::bigint, 0::bigint, 4::bigint, NULL),
    ('app.company', 0, 1, 0, 0, NULL), ('app.customer', 0, 0, 0, 5, NULL),
    ('app.invoice', 1, 0, 0, 5, '1 row other than in the backup, which stays; 1 row that the backup does not have, which stays'),
    ('app.line', 4, 0, 0, 18, '1 row other than in the backup, which stays; 2 rows that the backup does not have, which stay'),
    ('app.setting', 0, 0, 0, 1, '1 row other than in the backup, which stays'), ('app.stay', 0, 0, 0, 5, NULL),
    ('app.trail', 1, 0, 0, 4, 'append-only: rows are added, never changed or removed; 1 row other than in the backup, which stays'),
    ('app.word', 2, 0, 0, 6, '2 rows that the backup does not have, which stay')$$, 'a preview says what is added, and what stays');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM expected', 'what is missing comes back, all else is as it was');
SELECT results_eq('SELECT mode, added, changed, removed, status FROM company_restores(1) ORDER BY id DESC LIMIT 1',
  $$VALUES ('merge', 8::bigint, 2::bigint, 0::bigint, 'review')$$, 'the restore says what it did');
SELECT is_empty(format('SELECT * FROM preview_restore(1, %s, mode => ''merge'') WHERE added + changed + removed > 0', :backup), 'a second merge finds nothing to do');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM damaged', 'a revert removes what was added');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
UPDATE app.line SET amount = 7 WHERE id IN (3, 101);
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM damaged', 'later edits are discarded');
SELECT results_eq(format('SELECT table_name, row_key FROM restore_problems(%s) ORDER BY 2', :restore),
  $$VALUES ('app.line', '(101)'), ('app.line', '(3)')$$, '... and told');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
SELECT keep_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM expected', 'kept');

-- Rows that are in the way
DELETE FROM app.line WHERE invoice_id IN (4, 6, 8);
DELETE FROM app.body WHERE invoice_id IN (4, 6, 8);
DELETE FROM app.invoice WHERE id IN (4, 6, 8);
INSERT INTO app.invoice VALUES (104, 1, 2, 4, 'again'), (106, 1, 2, 6, 'again'), (8, 2, 1, 108, 'elsewhere');
DELETE FROM app.stay WHERE id IN (2, 4);
INSERT INTO app.stay VALUES (102, 1, 2, '[4,6)');
UPDATE app.invoice SET customer_id = 4 WHERE customer_id = 2 AND company_id = 1;
DELETE FROM app.customer WHERE id = 2;
INSERT INTO app.customer VALUES (202, 1, 'second', 'C2@X');
CREATE TEMP TABLE blocked AS SELECT * FROM pg_temp.rows();
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, mode => ''merge'')', :backup)),
  'KB047 5 rows of the backup have unique values that other rows have / '
  'table app.customer, key customer_email: row (2) of the backup, row (202) of the company
table app.invoice, (company_id, number) = (1, 4): row (4) of the backup, row (104) of the company
table app.invoice, (company_id, number) = (1, 6): row (6) of the backup, row (106) of the company
table app.invoice, (id) = (8): row (8) of the backup, a row of another company, or of none
table app.stay, key stay_room: row (2) of the backup, row (102) of the company / '
  'A merge leaves rows that are there as they are. Change or remove one row of each pair, or say on_conflict => ''keep_existing'': a row of the backup becomes the one of the company that has its value.',
  'all rows that are in the way are listed');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM blocked', 'and nothing has changed');
SELECT results_eq(format('SELECT table_name, regexp_replace(note, ''.*?refused'', ''refused'') FROM preview_restore(1, %s, mode => ''merge'') WHERE note LIKE ''%%refused%%'' ORDER BY 1', :backup),
  $$VALUES ('app.customer', 'refused: key customer_email: 1 row has the value of another row'),
    ('app.invoice', 'refused: key invoice_company_id_number_key: 2 rows have values of other rows: (1, 4), (1, 6); refused: key invoice_pkey: 1 row has the value of another row: (8)'),
    ('app.stay', 'refused: key stay_room: 1 row is excluded by another row')$$, 'a preview says so, too');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, mode => ''%s'')', :backup, mode)),
  format('22023 invalid mode: "%s" / Possible values: replace, merge.', mode), mode) FROM unnest('{add,create,clone,MERGE}'::text[]) mode;

SELECT * FROM finish();
ROLLBACK;
