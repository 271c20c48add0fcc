-- A merge into a company that has rows in a table which the backup does not know: they stay, also after a revert, which is
-- refused where they need what it would remove.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, stage text);
INSERT INTO app.company VALUES (1, 'one');
INSERT INTO app.invoice VALUES (1, 1, 'sent'), (2, 1, 'sent');
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT backup_company(1) AS backup \gset
CREATE TABLE app.remark (id int PRIMARY KEY, invoice_id int NOT NULL REFERENCES app.invoice, body text);
INSERT INTO app.remark VALUES (1, 1, 'new');
DELETE FROM app.invoice WHERE id = 2;
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'KB031 %', 'to replace all is refused');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
SELECT results_eq('SELECT id FROM app.invoice ORDER BY 1', 'VALUES (1), (2)', 'a merge adds to what it knows');
UPDATE app.remark SET body = 'edited';
INSERT INTO app.remark VALUES (2, 2, 'needs what was added');
SELECT alike(pg_temp.told(format('SELECT revert_restore(%s)', :restore)), 'KB034 %remark_invoice_id_fkey%', 'a revert does not leave a row without what it refers to');
DELETE FROM app.remark WHERE id = 2;
SELECT revert_restore(:restore);
SELECT results_eq('SELECT id FROM app.invoice ORDER BY 1', 'VALUES (1)', 'a revert removes what was added');
SELECT results_eq('SELECT id, body FROM app.remark ORDER BY 1', $$VALUES (1, 'edited')$$, '... and leaves the other table alone');

-- The same where the new table leads to the company itself, and to nothing that the backup has
CREATE TABLE app.label (company_id int PRIMARY KEY REFERENCES app.company, body text);
INSERT INTO app.label VALUES (1, 'a');
SELECT restore_company(1, :backup, mode => 'merge') AS restore \gset
UPDATE app.label SET body = 'b';
SELECT revert_restore(:restore);
SELECT results_eq('SELECT * FROM app.label', $$VALUES (1, 'b')$$, 'a settings row of a new table');

SELECT * FROM finish();
ROLLBACK;
