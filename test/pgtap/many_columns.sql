-- One statement for many columns: a list of columns, a column name in all tables, references of all tables.
\ir app.psql
SELECT plan(62);

\ir told.psql
CREATE FUNCTION pg_temp.asked(wanted text, severities text[] = '{error}') RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(DISTINCT object COLLATE "C", ' ') FROM check_company_scope() WHERE object LIKE wanted AND severity = ANY (severities) $$;

CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE app.customer (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, external_id text, foreign_id text, "Odd Id" text,
    created_by bigint, seen_by bigint[], info jsonb);
CREATE TABLE app.invoice (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, external_id uuid, foreign_id int, "Odd Id" int,
    created_by bigint, about_id bigint, about_kind text);
CREATE TABLE app.note (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, customer_id bigint REFERENCES app.customer,
    created_by bigint REFERENCES app.person);
CREATE TABLE app.old_note (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, customer_id text, created_by text);
CREATE TABLE app.event (id bigint, company_id bigint NOT NULL REFERENCES app.company, external_id bigint, created_by int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE app.event_1 PARTITION OF app.event FOR VALUES FROM (0) TO (1000);
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.person VALUES (1, 'ann@example.com'), (2, 'bob@example.com');
INSERT INTO app.customer VALUES (1, 1, 'x1', 'f1', 'o1', 1, '{1,2}', '{"by": 2}'), (2, 2, 'x2', 'f2', 'o2', 2, NULL, NULL);
INSERT INTO app.invoice VALUES (1, 1, gen_random_uuid(), 5, 6, 99, 1, 'customer');
INSERT INTO app.event VALUES (1, 1, 10, 98);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.person', 'people', match_columns => '{email}');

-- A list of columns.
SELECT is(pg_temp.asked('app.customer.%'), 'app.customer."Odd Id" app.customer.external_id app.customer.foreign_id', 'the check asks about each');
SELECT is(pg_temp.told($$SELECT set_column_rule('app.customer', ARRAY['external_id', 'Odd Id'], 'data')$$), 'ok', 'a list of columns');
SELECT is(pg_temp.asked('app.customer.%'), 'app.customer.foreign_id', '... settles them all');
SELECT is(pg_temp.told($$SELECT set_column_rule('app.customer', '{foreign_id,info}', 'data')$$), 'ok', 'also as a literal without a type');
SELECT is(pg_temp.told($$SELECT set_column_rule(target => 'app.customer', columns => '{external_id,foreign_id,Odd Id,info}', treatment => 'identity')$$), 'ok', 'also by name');
SELECT results_eq($$SELECT column_name::text COLLATE "default", treatment FROM company_backup.column_rule ORDER BY 1$$,
  $$VALUES ('Odd Id', 'identity'), ('external_id', 'identity'), ('foreign_id', 'identity'), ('info', 'identity')$$, 'the rules are replaced');
SELECT is(pg_temp.told($$SELECT set_column_rule('app.customer', ARRAY['external_id', 'nowhere'], 'data')$$), '42703 column "nowhere" of table "app.customer" does not exist', 'one wrong name');
SELECT is((SELECT treatment FROM company_backup.column_rule WHERE column_name = 'external_id'), 'identity', '... and nothing has changed');
SELECT is(pg_temp.told($$SELECT set_column_rule('app.customer', '{}'::name[], 'data')$$), '22023 columns must not be empty', 'no name');
SELECT is(pg_temp.told($$SELECT set_column_rule('app.customer', NULL::name[], 'data')$$), '22023 columns must not be empty', 'no list');
SELECT pg_temp.tells(format('SELECT set_column_rule(''app.customer'', %L, ''data'')', '{' || repeat('external_id,', 9) || 'foreign_id}'), '42703 % / A list of columns is an array: ARRAY[''a'', ''b''].');
SELECT set_column_rule('app.customer', ARRAY['external_id', 'foreign_id'], 'secret', $$'none'$$);
SELECT is((SELECT count(*)::int FROM company_backup.column_rule WHERE replacement IS NOT NULL), 2, 'each gets the replacement');
SELECT set_column_rule('app.customer', ARRAY['external_id', 'foreign_id', 'Odd Id', 'info'], 'auto');
SELECT is_empty('SELECT * FROM company_backup.column_rule', 'auto removes all of them');

-- A column name in all tables.
SELECT is(pg_temp.asked('%.external_id'), 'app.customer.external_id app.event.external_id app.invoice.external_id', 'each table asks');
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, 'external_id', 'data')$$), 'ok', 'one rule for all tables');
SELECT is(pg_temp.asked('%.external_id'), NULL, '... settles them all');
CREATE TABLE app.later (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, external_id text);
SELECT is(pg_temp.asked('%.external_id'), NULL, 'also in a table that is made later');
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, ARRAY['foreign_id', 'Odd Id'], 'data')$$), 'ok', 'a list of names, and one that needs quotes');
SELECT is(pg_temp.asked('%'), 'app.invoice.about_id app.old_note.customer_id', 'what is left to be asked');
SELECT set_column_rule('app.later', 'external_id', 'secret');
SELECT set_reference('app.invoice', '{about_id}', 'app.customer', when_column => 'about_kind', when_value => 'customer');
SELECT set_column_rule('app.old_note', 'customer_id', 'data');
SELECT is(pg_temp.asked('%'), NULL, 'all is settled');
SELECT backup_company('1') AS backup \gset
SELECT results_eq(format($$SELECT t ->> 'name', o ->> 'column' FROM jsonb_array_elements(backup_manifest(%s) -> 'tables') t, jsonb_array_elements(t -> 'omitted') o$$, :backup),
  $$VALUES ('app.later', 'external_id')$$, 'a rule for one table wins');
SELECT set_column_rule(NULL, 'external_id', 'secret');
SELECT set_column_rule('app.later', 'external_id', 'data');
SELECT backup_company('1') AS backup \gset
SELECT results_eq(format($$SELECT t ->> 'name' FROM jsonb_array_elements(backup_manifest(%s) -> 'tables') t, jsonb_array_elements(t -> 'omitted') o WHERE o ->> 'column' = 'external_id' ORDER BY 1$$, :backup),
  $$VALUES ('app.customer'), ('app.event'), ('app.invoice')$$, '... whichever it is; a secret travels from no other table');
SELECT set_column_rule('app.later', 'external_id', 'auto');
SELECT set_column_rule(NULL, 'external_id', 'data');

SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, 'nowhere', 'data')$$), '42703 no table has a column "nowhere"', 'a name that no table has');
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, ARRAY['info', 'event_1'], 'data')$$), '42703 no table has a column "event_1"', 'one of several');
SELECT is_empty($$SELECT * FROM company_backup.column_rule WHERE column_name = 'info'$$, '... and nothing has changed');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'info', 'renew', 'old')$$, '22023 a rule for all tables cannot have a replacement / % / %');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'info', 'secret', '''{}''')$$, '22023 a rule for all tables cannot have a replacement / % / %');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'info', 'hidden')$$, '22023 %"hidden"%');

-- Foreign keys say otherwise.
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, 'customer_id', 'data')$$), 'KB085 column "customer_id" cannot be called data in all tables: foreign keys are on it'
  ' / Foreign key note_customer_id_fkey of table app.note says that it refers to app.customer.'
  ' / Name the tables that the rule is for. Or set a rule of its own for each of those with such a key first, which wins: SELECT set_column_rule(''app.note'', ''customer_id'', ''data'').', 'what has a foreign key is no data');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'company_id', 'secret')$$, 'KB085 % / %refers to app.company.%');
SELECT set_column_rule('app.note', 'customer_id', 'data');
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, 'customer_id', 'data')$$), 'ok', 'what the hint says helps');
CREATE TABLE app.visit (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, customer_id bigint REFERENCES app.customer);
SELECT is(pg_temp.asked('%'), 'app.visit.customer_id', 'a foreign key that comes later is asked about');
SELECT hint AS settle FROM check_company_scope() WHERE object = 'app.visit.customer_id' \gset
:settle
SELECT is(pg_temp.asked('%'), NULL, '... until that table has its own rule');
SELECT pg_temp.tells($$SELECT check_company_data('1')$$, 'ok');

-- References of all tables.
SELECT is_empty($$SELECT * FROM check_company_data('1')$$, 'nobody looks who created it');
SELECT is(pg_temp.told($$SELECT set_reference(NULL, ARRAY['created_by'], 'app.person')$$), 'ok', 'one reference rule for all tables');
SELECT results_eq($$SELECT table_name, reference FROM check_company_data('1') ORDER BY table_name COLLATE "C"$$, $$VALUES ('app.event', 'created_by'), ('app.invoice', 'created_by')$$, 'it is followed in each');
SELECT is(pg_temp.asked('%.created_by', '{error,warning,notice}'), 'app.old_note.created_by', 'a column of another type is told');
SELECT set_column_rule('app.invoice', 'created_by', 'data');
SELECT results_eq($$SELECT table_name FROM check_company_data('1')$$, $$VALUES ('app.event')$$, 'a rule for one table wins');
ALTER TABLE app.later ADD created_by bigint;
INSERT INTO app.later VALUES (1, 1, 'x', 97);
SELECT results_eq($$SELECT table_name FROM check_company_data('1') ORDER BY table_name COLLATE "C"$$, $$VALUES ('app.event'), ('app.later')$$, 'also for a column that is added later');
SELECT set_reference('app.later', '{created_by}', 'app.person', outside => 'keep');
UPDATE app.later SET created_by = NULL;
SELECT is((SELECT string_agg(table_name, ' ') FROM check_company_data('1')), 'app.event', '... of which another reference rule wins');
SELECT is(pg_temp.told($$SELECT set_reference(NULL, '{seen_by}', 'app.person')$$), 'ok', 'lists of IDs');
UPDATE app.customer SET seen_by = '{2,55}' WHERE id = 1;
SELECT is(pg_temp.told($$SELECT set_reference(NULL, '{info}', 'app.person', json_path => '.by')$$), 'ok', 'documents');
UPDATE app.customer SET info = '{"by": 77}' WHERE id = 1;
SELECT is((SELECT string_agg(table_name || ' ' || reference, ', ' ORDER BY 1) FROM check_company_data('1') WHERE table_name = 'app.customer'), 'app.customer info $.by, app.customer seen_by', '... are followed');
UPDATE app.customer SET seen_by = '{2}', info = '{"by": 2}' WHERE id = 1;

SELECT is(pg_temp.told($$SELECT set_reference(NULL, '{nowhere}', 'app.person')$$), '42703 no table has the column nowhere', 'columns that no table has');
SELECT is(pg_temp.told($$SELECT set_reference(NULL, '{external_id,about_kind,info}', 'app.person', '{id,id,id}')$$), 'KB009 (id, id, id) is not a key of table "app.person"'
  ' / No unique index is on just these columns, so several rows can have the same value. / Refer to a key. If the value is the number of a group of rows that is the key of no table, say so first: SELECT set_column_rule(''app.person'', ''id'', ''group'').', 'no key');
SELECT is(pg_temp.told($$SELECT set_reference('-', '{created_by}', 'app.person')$$), 'KB009 the table does not exist', 'no table is not all tables');
SELECT pg_temp.tells($$SELECT set_reference(NULL, '{name}', 'app.person')$$, 'KB009 (name) cannot refer to table "app.person" in all tables / %another type% / %');
SELECT pg_temp.tells($$SELECT set_reference(NULL, '{external_id}', 'app.person')$$, 'KB085 % / A column rule for all tables says data. / Take that back first%');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'created_by', 'secret')$$, 'KB085 % / A reference rule for all tables says that it refers to app.person. / Take that back first%');
SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{about_id}');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'about_id', 'data')$$, 'KB085 % / It is a scope column%');
SELECT set_company_table('app.company', identity_columns => '{}');

-- Kinds.
CREATE TABLE app.mark (id bigint PRIMARY KEY, about_id bigint NOT NULL, about_kind text NOT NULL);
SELECT is(pg_temp.told($$SELECT set_reference(NULL, '{about_id}', 'app.customer', when_column => 'about_kind', when_value => 'customer')$$), 'ok', 'kinds');
SELECT results_eq($$SELECT route, decided_by FROM company_scope() WHERE table_name = 'app.mark'$$, $$VALUES ('about_id (''customer'') > customer_company_id_fkey', 'reference')$$, '... say whose a row is');
SELECT set_reference(NULL, '{about_id}', NULL, when_column => 'about_kind', when_value => 'customer');
SELECT is_empty($$SELECT * FROM company_scope() WHERE table_name = 'app.mark' AND decided_by = 'reference'$$, 'a NULL target takes it back');
DROP TABLE app.mark;

-- Names that are gone.
SELECT backup_company('1', on_error => 'record') AS backup \gset
DROP TABLE app.later;
ALTER TABLE app.customer DROP external_id, DROP seen_by;
ALTER TABLE app.invoice DROP external_id;
ALTER TABLE app.event DROP external_id;
SELECT is(pg_temp.asked('*%'), '*.external_id *.seen_by', 'a rule for a column that no table has any more');
SELECT is(forget_stale_rules(), 3::bigint, '... is forgotten, with that of the table that is gone');
SELECT is(pg_temp.asked('%'), NULL, 'the others are not');
SELECT set_eq($$SELECT column_name::text FROM company_backup.column_rule WHERE table_name = ''$$, ARRAY['foreign_id', 'Odd Id', 'customer_id'], '... are still there');
SELECT set_column_rule(NULL, '{foreign_id,Odd Id,nowhere}', 'auto');
SELECT is(pg_temp.asked('%'), 'app.customer."Odd Id" app.customer.foreign_id app.invoice."Odd Id" app.invoice.foreign_id', 'auto takes a rule back');
SELECT set_column_rule(NULL, '{foreign_id,Odd Id}', 'data');

-- Tables of others prove nothing.
CREATE ROLE stranger;
CREATE SCHEMA strange AUTHORIZATION stranger;
SET ROLE stranger;
CREATE TABLE strange.thing (id bigint PRIMARY KEY, foreign_id bigint, created_by bigint);
CREATE TABLE strange.part (id bigint PRIMARY KEY, foreign_id bigint REFERENCES strange.thing);
RESET ROLE;
SELECT is(pg_temp.told($$SELECT set_column_rule(NULL, 'foreign_id', 'data')$$), 'ok', 'a stranger''s foreign key stops nobody');
SELECT is(pg_temp.asked('%', '{error,warning}'), NULL, 'nor do his columns');
SELECT pg_temp.tells($$SELECT set_reference(NULL, '{created_by}', 'app.person')$$, 'ok');

SELECT * FROM finish();
ROLLBACK;
