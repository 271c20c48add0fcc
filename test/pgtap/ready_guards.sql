-- Guards that nobody has to write a function for, and actors that come from a setting.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text, owner_id int);
CREATE TABLE app.member (company_id int NOT NULL REFERENCES app.company, person text, may text[]);
SELECT set_company_table('app.company', identity_columns => '{}', owner_column => 'owner_id');
SELECT set_table_rule('app.member', 'excluded', 'who may do what');
SELECT set_column_rule('app.company', 'owner_id', 'data');
INSERT INTO app.company VALUES (1, 'one', 11), (2, 'two', 12);
INSERT INTO app.member VALUES (1, 'ann', '{backup,list}'), (1, 'bob', '{list}'), (2, 'ann', '{}');

-- What is no guard
SELECT pg_temp.tells(format('SELECT set_company_guard_query(%L)', bad), 'KB009 the guard query cannot be run / ' || told || ' / Give one SELECT with one boolean column. %') FROM (VALUES
  ('', 'syntax error %'), ('SELECT', '%'), ('SELECT 1', 'function pg_catalog.bool_or(integer) does not exist'), ('SELECT true FROM member', 'relation "member" does not exist'),
  ('SELECT true) AS answer(allowed); SELECT set_config(''a.b'', ''c'', false) FROM (SELECT true', 'it is more than one query'), ('SELECT $5', 'there is no parameter $5'),
  ('DELETE FROM app.member RETURNING true', 'syntax error %')) v(bad, told);
SELECT is((SELECT guard_query FROM company_backup.settings), NULL, 'none of it is stored');

-- Only the owner of the company
SELECT set_company_guard_query('SELECT owner_id::text = $3 FROM app.company WHERE id::text = $2 -- whoever pays');
SELECT lives_ok('SELECT backup_company(1, actor => ''11'')', 'the owner');
SELECT is(pg_temp.told('SELECT backup_company(1, actor => ''12'')'), 'KB008 the guard refused action "backup" / Company 1, actor 12.', 'of another company');
SELECT pg_temp.tells('SELECT backup_company(1)', 'KB008 %');
SELECT pg_temp.tells('SELECT backup_company(99, actor => ''12'')', 'KB008 %');
SELECT pg_temp.tells('SELECT * FROM company_backups()', 'KB008 %');

-- Members with a permission
SELECT set_company_guard_query('SELECT $1 = ANY (may) FROM app.member WHERE company_id::text = $2 AND person = $3 UNION ALL SELECT $4 ->> ''include_files'' = ''true'' AND $3 = ''files''');
SELECT lives_ok('SELECT backup_company(1, actor => ''ann'')', 'a member who may');
SELECT pg_temp.tells('SELECT backup_company(1, actor => ''bob'')', 'KB008 %');
SELECT pg_temp.tells('SELECT backup_company(2, actor => ''ann'')', 'KB008 %');
SELECT lives_ok('SELECT backup_company(2, include_files => true, actor => ''files'')', 'the detail is known');
SELECT pg_temp.tells('SELECT backup_company(2, actor => ''files'')', 'KB008 %');

-- It is run with the rights of whoever calls.
CREATE ROLE cb_app;
GRANT USAGE ON SCHEMA app TO cb_app;
GRANT SELECT ON app.company TO cb_app;
SELECT grant_company_backup('cb_app');
SET LOCAL ROLE cb_app;
SELECT throws_ok('SELECT backup_company(1, actor => ''ann'')', '42501', 'permission denied for table member');
RESET ROLE;
GRANT SELECT ON app.member TO cb_app;
SET LOCAL ROLE cb_app;
SELECT lives_ok('SELECT backup_company(1, actor => ''ann'')', 'with its right on the table');

-- The actor of a transaction
SELECT pg_temp.tells('SELECT * FROM company_backups(1)', 'KB008 the guard refused action "list" / Company 1, actor (none).');
SET LOCAL company_backup.actor = 'bob';
SELECT lives_ok('SELECT * FROM company_backups(1)', 'functions without an argument for the actor know it, too');
SELECT is(pg_temp.told('SELECT backup_company(1)'), 'KB008 the guard refused action "backup" / Company 1, actor bob.', 'where the call says nothing');
SELECT lives_ok('SELECT backup_company(1, actor => ''ann'')', 'what it says goes first');
SELECT set_config('company_backup.actor', 'ann', true);
SELECT backup_company(1) AS backup \gset
SELECT is((SELECT actor FROM company_backups(1) WHERE id = :backup), 'ann', 'it is recorded');
SAVEPOINT s;
SET LOCAL company_backup.actor = 'bob';
ROLLBACK TO s;
SELECT lives_ok('SELECT backup_company(1)', 'as it is after a savepoint');
SAVEPOINT s;
SET company_backup.actor = 'ann';
SELECT is(pg_temp.told('SELECT backup_company(1)'), 'KB092 company_backup.actor is set for longer than the transaction / Whoever uses this connection next would act for the same person. / Use SET LOCAL, or set_config(''company_backup.actor'', ..., true), in the transaction.', 'not for a session');
SELECT lives_ok('SELECT backup_company(1, actor => ''ann'')', 'unless the call says it');
SET LOCAL company_backup.actor = 'ann';
SELECT lives_ok('SELECT backup_company(1)', 'and for the transaction as well');
ROLLBACK TO s;
SET LOCAL company_backup.actor = '';
SELECT pg_temp.tells('SELECT backup_company(1)', 'KB008 %, actor (none).');
CREATE FUNCTION pg_temp.for_ann() RETURNS bigint LANGUAGE sql SET company_backup.actor = 'ann' AS 'SELECT public.backup_company(1)';
SELECT lives_ok('SELECT pg_temp.for_ann()', 'or from a function that sets it');
RESET ROLE;

-- One guard at a time
CREATE FUNCTION app.nobody(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT false';
SELECT set_company_guard('app.nobody');
SELECT pg_temp.tells('SELECT backup_company(1, actor => ''ann'')', 'KB008 %');
SELECT set_company_guard_query('SELECT true');
SELECT lives_ok('SELECT backup_company(1)', 'the query takes its place');
SELECT set_company_guard_query(NULL);
SELECT lives_ok('SELECT backup_company(1)', 'without one the owner of the database acts');
SET LOCAL ROLE cb_app;
SELECT throws_ok('SELECT backup_company(1)', '42501');
SELECT * FROM finish();
ROLLBACK;
