-- Rows of a company that live on another server, in a table without a key.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE EXTENSION postgres_fdw;
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.item VALUES (1, 1), (2, 2);
SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id}');

-- A table that only a transaction of its own can make.
\! psql -X -q -d postgres -c 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS delete_foreign CASCADE; CREATE SCHEMA delete_foreign; CREATE TABLE delete_foreign.event (company_id int, what text, at timestamptz, amount numeric)' -c "INSERT INTO delete_foreign.event SELECT 1 + n % 2, nullif('e' || n % 3, 'e0'), '2024-01-01 12:00:00.123456+00', n % 5 FROM generate_series(1, 3000) n"
SELECT current_setting('port') AS port, coalesce(nullif(split_part(current_setting('unix_socket_directories'), ',', 1), ''), 'localhost') AS host \gset
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port', dbname 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere;
CREATE FOREIGN TABLE app.event (company_id int, what text, at timestamptz, amount numeric) SERVER elsewhere OPTIONS (schema_name 'delete_foreign', table_name 'event');
SELECT set_table_rule('app.event', 'excluded', 'elsewhere');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');
SELECT is((SELECT removed FROM preview_delete(1) WHERE table_name = 'app.event'), 1500::bigint, 'a preview counts them');
SELECT lives_ok($$SELECT delete_company(1, 'one')$$, 'deleted');
SELECT results_eq('SELECT company_id, count(*) FROM app.event GROUP BY 1', 'VALUES (2, 1500::bigint)', 'with its rows elsewhere, and only with them');

SELECT * FROM finish();
ROLLBACK;
\! psql -X -q -d postgres -c 'SET client_min_messages = warning; DROP SCHEMA delete_foreign CASCADE'
