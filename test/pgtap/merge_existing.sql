-- mode => 'merge': rows of the backup that become rows which the company has. Singletons always do, others with
-- on_conflict => 'keep_existing'.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.setting (id serial PRIMARY KEY, company_id int NOT NULL UNIQUE REFERENCES app.company, theme text);
CREATE TABLE app.setting_line (id serial PRIMARY KEY, setting_id int NOT NULL REFERENCES app.setting, content text);
CREATE TABLE app.tax (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), company_id int NOT NULL REFERENCES app.company, name text NOT NULL, code text, UNIQUE (company_id, name), UNIQUE (company_id, code));
CREATE TABLE app.unit (company_id int NOT NULL REFERENCES app.company, code text, name text NOT NULL, PRIMARY KEY (company_id, code), UNIQUE (company_id, name));
CREATE TABLE app.account (id serial PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, email text NOT NULL, parent int REFERENCES app.account);
CREATE UNIQUE INDEX account_email ON app.account (company_id, lower(email));
CREATE TABLE app.item (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES app.account, tax_id uuid NOT NULL REFERENCES app.tax, company_id int NOT NULL, unit text NOT NULL,
  FOREIGN KEY (company_id, unit) REFERENCES app.unit, taxes jsonb);
SELECT set_company_table('app.company', identity_columns => '{name}');
SELECT set_reference('app.item', '{taxes}', 'app.tax', json_path => '$[*]');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

INSERT INTO app.company (name) VALUES ('source'), ('target'), ('third');
INSERT INTO app.setting (company_id, theme) SELECT id, 'theme of ' || name FROM app.company;
INSERT INTO app.setting_line (setting_id, content) SELECT id, 'line of ' || theme FROM app.setting;
INSERT INTO app.tax (company_id, name, code) SELECT c.id, 'VAT ' || n, c.id || '-' || n FROM app.company c, generate_series(c.id * 5, c.id * 5 + 7) n;
INSERT INTO app.unit SELECT c.id, c.id || 'u' || n, 'unit ' || n FROM app.company c, generate_series(c.id * 5, c.id * 5 + 7) n;
INSERT INTO app.account (company_id, email) SELECT c.id, CASE c.id WHEN 1 THEN 'A' ELSE 'a' END || n || '@x' FROM app.company c, generate_series(c.id * 5, c.id * 5 + 7) n;
UPDATE app.account a SET parent = p.id FROM app.account p WHERE p.company_id = a.company_id AND lower(a.email) > lower(p.email) AND p.email ~ '[02468]@';
INSERT INTO app.item (account_id, tax_id, company_id, unit, taxes) SELECT a.id, t.id, a.company_id, u.code, to_jsonb(ARRAY[t.id]) FROM app.account a JOIN app.tax t USING (company_id) JOIN app.unit u USING (company_id)
  WHERE right(t.name, -4) = substr(a.email, 2, length(a.email) - 3) AND right(u.name, -5) = right(t.name, -4);
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION pg_temp.content(company int, OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 'setting', theme FROM app.setting WHERE company_id = company UNION ALL
  SELECT 'setting_line', s.theme || ': ' || l.content FROM app.setting_line l JOIN app.setting s ON s.id = l.setting_id WHERE company_id = company UNION ALL
  SELECT 'tax', name || ' ' || code FROM app.tax WHERE company_id = company UNION ALL
  SELECT 'unit', code || ' ' || name FROM app.unit WHERE company_id = company UNION ALL
  SELECT 'account', a.email || coalesce(' < ' || p.email, '') FROM app.account a LEFT JOIN app.account p ON p.id = a.parent AND p.company_id = company WHERE a.company_id = company UNION ALL
  SELECT 'item', concat_ws(' ', a.email, t.name, i.unit, j.name) FROM app.item i JOIN app.account a ON a.id = i.account_id JOIN app.tax t ON t.id = i.tax_id LEFT JOIN app.tax j ON j.id::text = i.taxes->>0 AND j.company_id = company
    WHERE a.company_id = company AND t.company_id = company $$;
CREATE TEMP TABLE source AS SELECT * FROM pg_temp.content(1);
CREATE TEMP TABLE target AS SELECT * FROM pg_temp.content(2);
CREATE TEMP TABLE third AS SELECT * FROM pg_temp.content(3);

-- Without it all conflicts are listed.
SELECT is((SELECT count(*) FROM preview_restore(2, :backup, mode => 'merge') WHERE note LIKE '%refused%'), 3::bigint, 'a preview says what is in the way');
SELECT alike(pg_temp.told(format('SELECT restore_company(2, %s, mode => ''merge'')', :backup)), 'KB047 9 rows of the backup have unique values that other rows have / %app.account, key account_email%app.tax, (company_id, name) = (2, VAT 10)%on_conflict => ''keep_existing''%', 'conflicts, but for singletons');
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM target', '... and nothing has changed');

-- With it what refers to them refers to the company's own rows.
SELECT results_eq(format('SELECT sum(added), count(*) FILTER (WHERE note LIKE ''%%refused%%'') FROM preview_restore(2, %s, mode => ''merge'', on_conflict => ''keep_existing'')', :backup), 'SELECT 24::numeric, 0::bigint', 'a preview says that none is');
SELECT restore_company(2, :backup, mode => 'merge', on_conflict => 'keep_existing') AS restore \gset
SELECT is((SELECT added FROM company_restores(2) WHERE id = :restore), 24::bigint, '... as it is');
SELECT bag_eq('SELECT * FROM pg_temp.content(2) WHERE relation LIKE ''setting%''', $$VALUES ('setting', 'theme of target'), ('setting_line', 'theme of target: line of theme of target'), ('setting_line', 'theme of target: line of theme of source')$$, 'settings stay, and what is below them is added');
SELECT bag_eq('SELECT * FROM pg_temp.content(2) WHERE relation IN (''tax'', ''unit'')', $$SELECT * FROM target WHERE relation IN ('tax', 'unit') UNION ALL SELECT * FROM source WHERE relation IN ('tax', 'unit') AND line !~ ' 1[012]( |$)'$$, 'rows with a value of their own come');
SELECT bag_eq('SELECT * FROM pg_temp.content(2) WHERE relation = ''item''', $$SELECT relation, CASE WHEN line ~ 'VAT 1[012]' THEN replace(replace(line, '1u', '2u'), 'A1', 'a1') ELSE line END FROM source WHERE relation = 'item' UNION ALL SELECT * FROM target WHERE relation = 'item'$$, 'what refers to the others refers to the company''s');
SELECT bag_eq('SELECT * FROM pg_temp.content(1)', 'SELECT * FROM source', 'the source is as it was');
SELECT bag_eq('SELECT * FROM pg_temp.content(3)', 'SELECT * FROM third', 'and so are others');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM pg_temp.content(2)', 'SELECT * FROM target', 'a revert removes what was added');
SELECT restore_company(2, :backup, mode => 'merge', on_conflict => 'keep_existing') AS restore \gset
SELECT keep_restore(:restore);
CREATE TEMP TABLE merged AS SELECT * FROM pg_temp.content(2);
SELECT is((SELECT sum(added) FROM preview_restore(2, :backup, mode => 'merge', on_conflict => 'keep_existing')), 0::numeric, 'the second time nothing comes');

-- The company's own backup: a row that was made anew under another ID.
SELECT backup_company(3) AS own \gset
DELETE FROM app.setting_line WHERE setting_id IN (SELECT id FROM app.setting WHERE company_id = 3);
DELETE FROM app.setting WHERE company_id = 3;
INSERT INTO app.setting (company_id, theme) VALUES (3, 'theme of third');
UPDATE app.account SET email = 'moved' || id WHERE company_id = 3 AND email IN ('a15@x', 'a20@x');
INSERT INTO app.account (company_id, email) VALUES (3, 'a15@X');
DELETE FROM app.item WHERE account_id IN (SELECT id FROM app.account WHERE company_id = 3 AND email LIKE '%6@x');
DELETE FROM app.unit WHERE company_id = 3 AND name = 'unit 16';
INSERT INTO app.unit VALUES (3, 'new', 'unit 16');
SELECT restore_company(3, :own, mode => 'merge', on_conflict => 'keep_existing') AS restore \gset
SELECT bag_eq('SELECT * FROM pg_temp.content(3)', $$SELECT relation, replace(replace(replace(line, 'a15@x', 'moved17'), 'a20@x', 'moved22'), '3u16', 'new') FROM third UNION ALL VALUES ('account', 'a15@X')$$,
  'a row whose key is there stays, the others become the new ones');
SELECT revert_restore(:restore);
SELECT throws_ok(format('SELECT restore_company(3, %s, on_conflict => ''keep_existing'')', :own), '22023', 'on_conflict => ''keep_existing'' is for merges only');
SELECT throws_like(format('SELECT restore_company(3, %s, mode => ''merge'', on_conflict => ''other'')', :own), '%on_conflict%');

-- A row that would have to become two.
UPDATE app.tax SET code = '1-6' WHERE company_id = 3 AND name = 'VAT 15';
INSERT INTO app.tax (company_id, name, code) VALUES (3, 'VAT 6', '3-6');
SELECT alike(pg_temp.told(format('SELECT restore_company(3, %s, mode => ''merge'', on_conflict => ''keep_existing'')', :backup)), 'KB047 a row of the backup has unique values of two rows of the company / table app.tax: row (%) of the backup, rows (%) and (%) of the company / It cannot become both%', 'it is refused');

-- Two rows of the backup that become one: an account was deleted, and another one got its name.
CREATE TABLE app.ledger (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text UNIQUE);
CREATE TABLE app.entry (id int PRIMARY KEY, ledger_id int NOT NULL REFERENCES app.ledger);
INSERT INTO app.ledger VALUES (1, 3, 'A'), (2, 3, 'B'), (3, 3, 'C');
INSERT INTO app.entry VALUES (1, 1), (2, 2), (3, 3);
SELECT backup_company(3) AS ledgers \gset
DELETE FROM app.entry WHERE ledger_id = 1;
DELETE FROM app.ledger WHERE id = 1;
UPDATE app.ledger SET code = 'A' WHERE id = 2;
SELECT results_eq(format('SELECT table_name, added, unchanged FROM preview_restore(3, %s, mode => ''merge'', on_conflict => ''keep_existing'') WHERE table_name IN (''app.ledger'', ''app.entry'') ORDER BY 1', :ledgers),
  $$VALUES ('app.entry', 1::bigint, 2::bigint), ('app.ledger', 0, 2)$$, 'foreseen');
SELECT restore_company(3, :ledgers, mode => 'merge', on_conflict => 'keep_existing') AS restore \gset
SELECT bag_eq('SELECT * FROM app.entry', 'VALUES (1, 2), (2, 2), (3, 3)', 'its entries come under the one that has its name');
SELECT bag_eq('SELECT * FROM app.ledger', $$VALUES (2, 3, 'A'), (3, 3, 'C')$$, 'which stays as it is');
SELECT * FROM finish();
ROLLBACK;
