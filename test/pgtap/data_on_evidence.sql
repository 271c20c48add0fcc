-- Columns that are data because no value is the key of anything: asked about again when that stops being true.
\ir app.psql
SELECT * FROM no_plan();

\ir told.psql
CREATE FUNCTION pg_temp.told_of(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(severity || ' ' || problem || coalesce(' > ' || nullif(hint, ''), ''), E'\n' ORDER BY object) FROM check_company_scope() WHERE object = wanted $$;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || n)::uuid $$;

CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, number bigint UNIQUE);
CREATE TABLE app.job (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, trace_id uuid, person_id uuid, customer_id bigint, lot_id bigint, body jsonb);
CREATE TABLE app.remark (id bigint PRIMARY KEY, subject_id uuid, words text);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.customer SELECT pg_temp.id('customer', n), 1 + n % 2, n FROM generate_series(1, 40) n;
INSERT INTO app.job SELECT 10000 + n, 1 + n % 2, pg_temp.id('trace', n), pg_temp.id('person', n), 100000 + n, 200000 + n, jsonb_build_object('span', pg_temp.id('span', n)) FROM generate_series(1, 40) n;
INSERT INTO app.remark SELECT 20000 + n, pg_temp.id('subject', n), 'w' FROM generate_series(1, 40) n;
SELECT set_company_table('app.company', identity_columns => '{}');

SELECT is((SELECT confidence || ' ' || statement FROM propose_company_rules() WHERE statement LIKE '%trace_id%'),
  'confident SELECT public.set_column_rule(''app.job'', ''{lot_id,person_id,trace_id}''::name[], ''data'', evidence => true);', 'what no key has is proposed as data, on evidence');
DO $$ DECLARE proposal text;
BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() LOOP EXECUTE proposal; END LOOP; END $$;
SELECT set_column_rule('app.job', 'person_id', 'data');
SELECT set_column_rule('app.job', ARRAY['lot_id', 'customer_id'], 'data', evidence => true);
SELECT set_column_rule('app.job', 'body', 'data', evidence => true);
SELECT set_column_rule('app.remark', 'subject_id', 'data', evidence => true);
SELECT is((SELECT string_agg(column_name || ' ' || evidence, ', ' ORDER BY table_name, column_name) FROM company_backup.column_rule WHERE column_name IN ('trace_id', 'person_id', 'lot_id')),
  'lot_id true, person_id false, trace_id true', 'the rules say which');
SELECT is(pg_temp.told_of('app.job.trace_id'), NULL, 'as long as it is so, nothing is asked');

-- Now they are keys.
UPDATE app.job SET trace_id = pg_temp.id('customer', id - 10000), person_id = pg_temp.id('customer', id - 10000), customer_id = id - 10000, lot_id = id - 10000,
    body = jsonb_build_object('span', pg_temp.id('customer', id - 10000));
UPDATE app.remark SET subject_id = pg_temp.id('customer', id - 20000);
SELECT is(pg_temp.told_of('app.job.trace_id'),
  'warning its rule says data, as none of its values was a key, but by now 40 of 40 sampled values are keys of app.customer; no other table has more than 3% > SELECT public.set_reference(''app.job'', ''{trace_id}'', ''app.customer'');',
  'the check says so, with the statement');
SELECT is((SELECT confidence FROM propose_company_rules() WHERE statement LIKE '%trace_id%'), 'confident', 'which is proposed, too');
SELECT is(pg_temp.told_of('app.job.person_id'), NULL, 'a rule without evidence is not asked about again');
SELECT alike(pg_temp.told_of('app.job.customer_id'), 'warning %set_reference(''app.job'', ''{customer_id}'', ''app.customer'', target_columns => ''{number}'');', 'numbers are, if they are called so');
SELECT is(pg_temp.told_of('app.job.lot_id'), NULL, 'other numbers may be keys of anything');
SELECT alike(pg_temp.told_of('app.job.body'), 'warning % by now at $.span 40 of 40 %json_path => ''$.span'');', 'what is in documents, too');
SELECT alike(pg_temp.told_of('app.remark.subject_id'), 'warning %set_reference(''app.remark'', ''{subject_id}'', ''app.customer'');', 'also of tables that nothing reaches');

-- Some of them are.
UPDATE app.job SET trace_id = pg_temp.id('trace', id) WHERE id > 10010;
SELECT alike(pg_temp.told_of('app.job.trace_id'), 'warning %but by now 10 of 40 sampled values are keys of app.customer; say of which table with set_reference(), or that it is data all the same with set_column_rule(..., ''data'')', 'what is true of some');

-- Either answer settles it.
SELECT set_column_rule('app.job', 'trace_id', 'data');
SELECT is(pg_temp.told_of('app.job.trace_id'), NULL, 'that it is data all the same');
SELECT set_reference('app.remark', '{subject_id}', 'app.customer');
SELECT is(pg_temp.told_of('app.remark.subject_id'), NULL, 'that it is a reference');
SELECT set_reference('app.job', '{body}', 'app.customer', json_path => '$.span');
SELECT is(pg_temp.told_of('app.job.body'), NULL, '... in a document');

SELECT pg_temp.tells($$SELECT set_column_rule('app.job', 'trace_id', 'secret', evidence => true)$$, '22023 only a column that is data can be so on evidence / %');
SELECT pg_temp.tells($$SELECT set_column_rule(NULL, 'trace_id', 'data', evidence => true)$$, 'ok');
SELECT * FROM finish();
ROLLBACK;
