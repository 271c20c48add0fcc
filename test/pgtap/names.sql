-- Names in messages and arguments: quoted once; a column that is named must be there; people who are missing
-- are told apart.
\ir app.psql
SELECT plan(9);

\ir told.psql

CREATE TABLE app."Tenant" ("Id" int PRIMARY KEY, title text);
INSERT INTO app."Tenant" VALUES (1, 'one');
SELECT is(pg_temp.told($$SELECT set_company_table('app."Tenant"', 'Id', name_column => 'name')$$), '42703 column "name" of table app."Tenant" does not exist', 'a name_column that is given must be there');
SELECT is(pg_temp.told($$SELECT set_company_table('app."Tenant"', 'Id', 'name')$$), '42703 column "name" of table app."Tenant" does not exist', '... also by position');
SELECT is(pg_temp.told($$SELECT set_company_table('app."Tenant"', 'Id')$$), 'ok', 'its default need not');
SELECT is((SELECT name_column::text FROM company_backup.settings), 'Id', '... the key serves');
PREPARE named(name) AS SELECT set_company_table('app."Tenant"', 'Id', name_column => $1);
SELECT is(pg_temp.told($$EXECUTE named('name')$$), '42703 column "name" of table app."Tenant" does not exist', 'a parameter is given');
DEALLOCATE named;

CREATE TABLE app."Order" (id int PRIMARY KEY, "TenantId" int NOT NULL REFERENCES app."Tenant", person_id int);
CREATE TABLE app."Person" (id int PRIMARY KEY, email text);
INSERT INTO app."Person" SELECT n, NULL FROM generate_series(1, 5) n;
ALTER TABLE app."Order" ADD FOREIGN KEY (person_id) REFERENCES app."Person";
INSERT INTO app."Order" SELECT n, 1, n FROM generate_series(1, 5) n;
SELECT set_table_rule('app."Person"', 'people', match_columns => '{email}');
SELECT is(pg_temp.told('SELECT backup_company(99)'), 'KB002 company "99" does not exist / No row of table app."Tenant" has this value in column "Id".', 'a quoted name is not quoted again');
SELECT backup_company(1) AS backup \gset
SELECT alike(pg_temp.told(format($$SELECT create_company_from_backup(%s, '{"Id": 2}', ids => 'keep')$$, :backup)),
    '23505 a row of table app."Order" cannot be loaded: another row has its unique value / Key (id)=(1) already exists. duplicate key value violates unique constraint "Order_pkey". / %', 'nor that of a row that is written');
UPDATE company_backup.database_identity SET identity = gen_random_uuid();
UPDATE company_backup.backup SET origin = 'upload' WHERE id = :backup;
SELECT alike(pg_temp.told(format($$SELECT create_company_from_backup(%s, '{"Id": 3}', ids => 'remap')$$, :backup)),
    E'KB033 5 rows that the company refers to are missing here / app."Person" (email = null), in the backup (id = 1)\napp."Person" (email = null), in the backup (id = 2)\napp."Person" (email = null), in the backup (id = 3)\napp."Person" (email = null), in the backup (id = 4)\napp."Person" (email = null), in the backup (id = 5) / %', 'people without an address are told apart');
UPDATE app."Person" SET email = 'a' WHERE id = 1;
SELECT matches((SELECT note FROM preview_restore('1', :backup) WHERE table_name = 'app."Person"'), 'missing: app."Person" \(email = null\), in the backup \(id = 1\), ', 'in a preview, too');

SELECT * FROM finish();
ROLLBACK;
