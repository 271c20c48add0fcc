-- mode => 'merge' of another company's rows: they come under new IDs, and do not come twice.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text NOT NULL, number int, UNIQUE (company_id, number));
CREATE TABLE app.project (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), company_id int NOT NULL REFERENCES app.company, title text,
  parent uuid REFERENCES app.project ON DELETE SET NULL);
CREATE TABLE app.invoice (id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, project_id uuid REFERENCES app.project ON DELETE SET NULL, stage text);
CREATE TABLE app.line (invoice_id int REFERENCES app.invoice ON DELETE CASCADE, position int, amount numeric, PRIMARY KEY (invoice_id, position));
CREATE TABLE app.note (id text PRIMARY KEY DEFAULT 'note_' || substr(md5(random()::text), 1, 16), customer_id int REFERENCES app.customer ON DELETE CASCADE, reply_to text REFERENCES app.note ON DELETE CASCADE, content text);
CREATE TABLE app.label (company_id int NOT NULL REFERENCES app.company, word text, seen int[]);

SELECT set_company_table('app.company', identity_columns => '{name}');
SELECT set_reference('app.label', '{seen}', 'app.customer');
SELECT set_table_rule('app.note', 'company', route => '{note_customer_id_fkey,note_reply_to_fkey}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company (name) VALUES ('source'), ('target'), ('third');
INSERT INTO app.customer (company_id, name, number) SELECT 1 + n % 3, 'c' || n, n FROM generate_series(0, 29) n;
INSERT INTO app.project (id, company_id, title) SELECT md5('p' || n)::uuid, 1 + n % 3, 'p' || n FROM generate_series(0, 11) n;
UPDATE app.project SET parent = md5('p' || substr(title, 2)::int - 3)::uuid WHERE substr(title, 2)::int > 2;
INSERT INTO app.invoice (customer_id, project_id, stage) SELECT id, md5('p' || (id - 1) % 12)::uuid, 'sent' FROM app.customer;
INSERT INTO app.line SELECT i.id, n, n * 1.5 FROM app.invoice i, generate_series(1, 3) n;
INSERT INTO app.note (customer_id, content) SELECT id, 'n' || id FROM app.customer;
INSERT INTO app.note (reply_to, content) SELECT id, 're ' || content FROM app.note;
INSERT INTO app.label SELECT c.id, 'w' || n, ARRAY(SELECT u.id FROM app.customer u WHERE u.company_id = c.id AND u.number > n) FROM app.company c, generate_series(1, 3) n;

-- A company's rows without their IDs.
CREATE FUNCTION pg_temp.content(company int, OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'customer', t.name || ' ' || t.number FROM app.customer t WHERE company_id = company UNION ALL
  SELECT 'project', t.title || coalesce(' < ' || p.title, '') FROM app.project t LEFT JOIN app.project p ON p.id = t.parent AND p.company_id = company WHERE t.company_id = company UNION ALL
  SELECT 'invoice', c.name || ' ' || coalesce(p.title, '-') || ' ' || t.stage FROM app.invoice t JOIN app.customer c ON c.id = t.customer_id LEFT JOIN app.project p ON p.id = t.project_id AND p.company_id = company WHERE c.company_id = company UNION ALL
  SELECT 'line', c.name || ' ' || t.position || ' ' || t.amount FROM app.line t JOIN app.invoice i ON i.id = t.invoice_id JOIN app.customer c ON c.id = i.customer_id WHERE c.company_id = company UNION ALL
  SELECT 'note', c.name || ' ' || t.content FROM app.note t LEFT JOIN app.note o ON o.id = t.reply_to JOIN app.customer c ON c.id = coalesce(t.customer_id, o.customer_id) WHERE c.company_id = company UNION ALL
  SELECT 'label', t.word || ' ' || (SELECT string_agg(c.name, ',' ORDER BY c.number) FROM unnest(t.seen) u JOIN app.customer c ON c.id = u AND c.company_id = company) FROM app.label t WHERE company_id = company $$;
CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'company', t::text FROM app.company t UNION ALL SELECT 'customer', t::text FROM app.customer t UNION ALL
  SELECT 'project', t::text FROM app.project t UNION ALL SELECT 'invoice', t::text FROM app.invoice t UNION ALL
  SELECT 'line', t::text FROM app.line t UNION ALL SELECT 'note', t::text FROM app.note t UNION ALL SELECT 'label', t::text FROM app.label t $$;
CREATE TEMP TABLE original AS SELECT * FROM pg_temp.rows();
CREATE TEMP TABLE source AS SELECT * FROM pg_temp.content(1);
CREATE TEMP TABLE target AS SELECT * FROM pg_temp.content(2);
CREATE TEMP TABLE third AS SELECT * FROM pg_temp.content(3);
SELECT backup_company(1) AS backup \gset

-- The first time.
SELECT results_eq(format('SELECT sum(added), sum(changed), sum(removed) FROM preview_restore(2, %s, mode => ''merge'')', :backup),
  'SELECT count(*)::numeric, 0::numeric, 0::numeric FROM source', 'the preview tells what comes');
SELECT restore_company(2, :backup, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM target UNION ALL SELECT * FROM source', 'all rows come, and refer to each other');
SELECT bag_eq('SELECT * FROM pg_temp.content(1)', 'SELECT * FROM source', 'the source is as it was');
SELECT bag_eq('SELECT * FROM pg_temp.content(3)', 'SELECT * FROM third', 'and so are others');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM original', 'a revert removes what was added');
SELECT is((SELECT count(*) FROM company_backup.id_map), 0::bigint, '... and forgets it');
SELECT restore_company(2, :backup, mode => 'merge') AS restore \gset
SELECT keep_restore(:restore);
CREATE TEMP TABLE merged AS SELECT * FROM pg_temp.rows();
CREATE TEMP TABLE merged_target AS SELECT * FROM pg_temp.content(2);

-- The second time.
SELECT is((SELECT sum(added) FROM preview_restore(2, :backup, mode => 'merge')), 0::numeric, 'the same rows do not come twice');
SELECT restore_company(2, :backup, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM merged', '... in fact');
SELECT keep_restore(:restore);

-- A newer backup.
INSERT INTO app.customer (company_id, name, number) VALUES (1, 'new', 100);
INSERT INTO app.invoice (customer_id, stage) SELECT id, 'new' FROM app.customer WHERE company_id = 1 AND number < 4;
INSERT INTO app.line SELECT id, 9, 9 FROM app.invoice WHERE customer_id IN (SELECT id FROM app.customer WHERE company_id = 1);
INSERT INTO app.project (id, company_id, title, parent) SELECT md5('new')::uuid, 1, 'new', id FROM app.project WHERE title = 'p9' AND company_id = 1;
INSERT INTO app.note (reply_to, content) SELECT id, 'again ' || content FROM app.note WHERE content LIKE 're %';
SELECT backup_company(1) AS newer \gset
CREATE TEMP TABLE newer AS SELECT * FROM pg_temp.content(1) EXCEPT ALL SELECT * FROM source;
SELECT restore_company(2, :newer, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM merged_target UNION ALL SELECT * FROM newer', 'of a newer backup only what is new comes');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM merged_target', 'a revert leaves what came before');

-- Rows that were removed meanwhile.
DELETE FROM app.project WHERE company_id = 2 AND title = 'p9';
DELETE FROM app.invoice WHERE customer_id IN (SELECT id FROM app.customer WHERE company_id = 2 AND number = 3);
DELETE FROM app.note WHERE content = 're n1' AND reply_to IN (SELECT n.id FROM app.note n JOIN app.customer c ON c.id = n.customer_id WHERE c.company_id = 2);
CREATE TEMP TABLE less AS SELECT * FROM pg_temp.content(2);
SELECT results_eq(format('SELECT table_name, added, note FROM preview_restore(2, %s, mode => ''merge'') WHERE note LIKE ''%%away%%'' ORDER BY 1', :newer),
  $$VALUES ('app.invoice', 2::bigint, '2 rows other than in the backup, which stay; 10 rows that the backup does not have, which stay; 1 row that came before and was removed since, and stays away; new IDs'),
    ('app.line', 11, '30 rows that the backup does not have, which stay; 3 rows that came before and were removed since, and stay away; 1 row that needs such rows, and stays away, too; new IDs'),
    ('app.note', 9, '39 rows that the backup does not have, which stay; 1 row that came before and was removed since, and stays away; 1 row that needs such rows, and stays away, too; new IDs'),
    ('app.project', 1, '4 rows that the backup does not have, which stay; 1 row that came before and was removed since, and stays away; new IDs')$$, 'the preview says what stays away');
SELECT restore_company(2, :newer, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', $$SELECT * FROM less UNION ALL SELECT relation, CASE line WHEN 'new < p9' THEN 'new' ELSE line END FROM newer WHERE (relation, line) <> ('line', 'c3 9 9')
  UNION ALL VALUES ('line', 'c3 9 9')$$, 'what is new comes, but for what needs them; where it can be without them, it is');
SELECT keep_restore(:restore);
SELECT is((SELECT sum(added) FROM preview_restore(2, :newer, mode => 'merge')), 0::numeric, 'then nothing is left to come');
SELECT restore_company(2, :newer, mode => 'merge', on_deleted => 'add') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', $$SELECT relation, CASE line WHEN 'c9 p9 sent' THEN 'c9 - sent' WHEN 'c21 p9 sent' THEN 'c21 - sent' WHEN 'new < p9' THEN 'new' ELSE line END FROM (SELECT * FROM merged_target UNION ALL SELECT * FROM newer) t$$, 'on request they come again, and all that needs them');
SELECT keep_restore(:restore);

-- What is kept can be forgotten.
SELECT is(forget_id_map(3), 0::bigint, 'there is nothing to forget');
SELECT is(forget_id_map(2, :newer), 4::bigint, 'all merges of a company''s backups are forgotten');
SELECT is((SELECT count(*) FROM company_backup.id_map_piece), 0::bigint, '... as a whole');
SELECT throws_like(format('SELECT restore_company(2, %s, mode => ''merge'')', :backup), '%have unique values that other rows have%', 'then all is new, and meets what came before');

-- Into a company without rows: as they are, unless their own company has them; the next time likewise.
INSERT INTO app.company (name) VALUES ('empty');
SELECT restore_company(4, :backup, mode => 'merge') AS restore \gset
SELECT keep_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.content(4)', 'SELECT * FROM source', 'the rows of a company that lives get new IDs');
SELECT is((SELECT sum(added) FROM preview_restore(4, :backup, mode => 'merge')), 0::numeric, '... once');
DELETE FROM app.line WHERE invoice_id IN (SELECT i.id FROM app.invoice i JOIN app.customer c ON c.id = i.customer_id WHERE company_id = 1);
DELETE FROM app.note WHERE customer_id IN (SELECT id FROM app.customer WHERE company_id = 1);
DELETE FROM app.invoice WHERE customer_id IN (SELECT id FROM app.customer WHERE company_id = 1);
DELETE FROM app.customer WHERE company_id = 1;
DELETE FROM app.project WHERE company_id = 1;
DELETE FROM app.label WHERE company_id = 1;
DELETE FROM app.company WHERE id = 1;
INSERT INTO app.company (name) VALUES ('heir');
SELECT restore_company(5, :backup, mode => 'merge') AS restore \gset
SELECT keep_restore(:restore);
SELECT is((SELECT count(*) FROM original o JOIN pg_temp.rows() r USING (relation, line) WHERE relation IN ('line', 'note', 'invoice')), (SELECT count(*) FROM original WHERE relation IN ('line', 'note', 'invoice')), 'the rows of one that is gone keep their IDs');
CREATE TEMP TABLE heir AS SELECT * FROM pg_temp.rows();
SELECT restore_company(5, :backup, mode => 'merge') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM heir', '... the next time, too');
SELECT keep_restore(:restore);
DELETE FROM app.line WHERE position = 2;
SELECT is((SELECT sum(added) FROM preview_restore(5, :backup, mode => 'merge')), 0::numeric, 'and what was removed stays away');
SELECT is((SELECT sum(added) FROM preview_restore(5, :backup, mode => 'merge', on_deleted => 'add')), 10::numeric, '... unless it is asked for');

-- Refusals.
SELECT backup_company(2) AS own \gset
SELECT throws_ok(format('SELECT restore_company(2, %s, mode => ''merge'', ids => ''remap'')', :own), '22023', 'a company cannot be merged into itself under new IDs');
SELECT throws_ok(format('SELECT restore_company(2, %s, on_deleted => ''add'')', :own), '22023', 'on_deleted => ''add'' is for merges only');
SELECT throws_like(format('SELECT restore_company(2, %s, mode => ''merge'', on_deleted => ''keep'')', :own), '%on_deleted%');
SELECT throws_like(format('SELECT restore_company(2, %s, mode => ''merge'', on_deleted => NULL)', :own), '%on_deleted%');
SELECT throws_like('SELECT forget_id_map(77)', '%77%');
SELECT throws_like('SELECT forget_id_map(2, 7777)', '%7777%');
SELECT * FROM finish();
ROLLBACK;
