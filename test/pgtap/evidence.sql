-- What the rows say: proposals with their evidence, in one round; what may not be read is said.
\set ON_ERROR_STOP on
BEGIN;
CREATE SCHEMA app;
CREATE EXTENSION company_backup;
SELECT plan(36);

\ir told.psql
CREATE FUNCTION pg_temp.proposed(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(confidence || ' ' || statement, E'\n' ORDER BY statement COLLATE "C") FROM propose_company_rules() WHERE statement LIKE '%' || wanted || '%' $$;
CREATE FUNCTION pg_temp.asked(wanted text, severities text[] = '{error}') RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(DISTINCT object || ': ' || problem, E'\n') FROM check_company_scope() WHERE object LIKE wanted AND severity = ANY (severities) $$;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || n)::uuid $$;

CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, code text UNIQUE);
CREATE TABLE app.job (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, parent_id bigint, customer_id bigint, stripe_id text, started_by uuid,
    about_type text, about_id text, body jsonb, tags uuid[], thing_id bigint, note text, empty_id bigint, customer_code text);
CREATE TABLE app.remark (id bigint PRIMARY KEY, subject uuid, words text);
CREATE TABLE app.attachment (id bigint PRIMARY KEY, job_id bigint REFERENCES app.job, customer_id uuid REFERENCES app.customer);
CREATE TABLE app.global_rate (code text PRIMARY KEY, rate numeric);
SELECT set_company_table('app.company', identity_columns => '{}');

-- Without rows names decide, and the check says so.
SELECT alike(pg_temp.asked('app.company', '{notice}'), '%no rows to look at%', 'nothing to look at');
SELECT is(pg_temp.proposed('empty_id'), 'guess SELECT public.set_column_rule(''app.job'', ''empty_id'', ''data'');', 'a name alone is a guess');
SELECT alike(pg_temp.proposed('set_reference'), 'likely %parent_id%', 'a name of a table is likely') WHERE false;

INSERT INTO app.company SELECT n, 'c' || n FROM generate_series(1, 4) n;
INSERT INTO app.customer SELECT pg_temp.id('customer', n), 1 + n % 4, 'code' || n FROM generate_series(1, 40) n;
INSERT INTO app.job SELECT n, 1 + n % 4, nullif(n / 2, 0), 100000 + n, 'sub_' || substr(md5('s' || n), 1, 14), pg_temp.id('customer', n),
    CASE n % 2 WHEN 0 THEN 'Customer' ELSE 'Job' END, CASE n % 2 WHEN 0 THEN pg_temp.id('customer', n)::text ELSE n::text END,
    jsonb_build_object('lines', jsonb_build_array(jsonb_build_object('who', pg_temp.id('customer', n)))), ARRAY[pg_temp.id('customer', n)], 1 + n % 30, 'see ' || n, NULL, 'code' || n
  FROM generate_series(1, 40) n;
INSERT INTO app.remark SELECT n, pg_temp.id('customer', n), 'a' || n FROM generate_series(1, 20) n;
INSERT INTO app.attachment SELECT n, CASE WHEN n % 2 = 0 THEN n END, CASE WHEN n % 2 = 1 THEN pg_temp.id('customer', n) END FROM generate_series(1, 20) n;

SELECT is(pg_temp.proposed('started_by'), 'confident SELECT public.set_reference(''app.job'', ''{started_by}'', ''app.customer'');', 'UUIDs prove by a match');
SELECT alike((SELECT evidence FROM propose_company_rules() WHERE statement LIKE '%started_by%'), '40 of 40 sampled values are keys of app.customer;%', 'the evidence counts');
SELECT is(pg_temp.proposed('{tags}'), 'confident SELECT public.set_reference(''app.job'', ''{tags}'', ''app.customer'');', 'the elements of an array, too, whatever it is called');
SELECT is(pg_temp.proposed('{body}'), 'confident SELECT public.set_reference(''app.job'', ''{body}'', ''app.customer'', json_path => ''$.lines[*].who'');', 'and what is in documents');
SELECT is(pg_temp.proposed('parent_id'), 'confident SELECT public.set_reference(''app.job'', ''{parent_id}'', ''app.job'');', 'a parent is a row of its own table, as the values say');
SELECT is(pg_temp.proposed('stripe_id'), 'confident SELECT public.set_column_rule(''app.job'', ''stripe_id'', ''data'');', 'what is the key of nothing is data');
SELECT is(pg_temp.proposed('{customer_id}'), NULL, 'a name that the values contradict is no reference');
SELECT is(pg_temp.proposed('''customer_id'''), 'likely SELECT public.set_column_rule(''app.job'', ''customer_id'', ''data'');', 'but nothing that is sure either');
SELECT is(pg_temp.proposed('thing_id'), NULL, 'small numbers are keys of anything: no statement');
SELECT alike(pg_temp.asked('app.job.thing_id'), '%sampled values are keys of app.job%', '... but a question');
SELECT alike(pg_temp.proposed('about_id'), E'confident %''app.customer'', when_column => ''about_type'', when_value => ''Customer'');\nconfident %''app.job'', when_column => ''about_type'', when_value => ''Job'');', 'each kind by its values');
SELECT is(pg_temp.proposed('app.remark'), E'confident SELECT public.set_reference(''app.remark'', ''{subject}'', ''app.customer'');\nconfident SELECT public.set_table_rule(''app.remark'', ''company'', ''belongs to the company of subject'', route => ''{subject}'');',
  'a table that nothing reaches, and in the same round what follows');
SELECT alike(pg_temp.proposed('app.attachment'), 'confident %route => ''{attachment_customer_id_fkey,attachment_job_id_fkey}'');', 'each row has one of the columns');
SELECT is(pg_temp.proposed('note'), NULL, 'texts are texts');
SELECT is(pg_temp.proposed('global_rate'), NULL, 'a table of everybody''s');

-- One round is enough.
DO $$ DECLARE proposal text;
BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() LOOP EXECUTE proposal; END LOOP; END $$;
SELECT alike(pg_temp.asked('%'), 'app.job.thing_id: %', 'one question is left after one round');
SELECT set_column_rule('app.job', 'thing_id', 'data');
SELECT is(pg_temp.asked('%'), NULL, 'and then none');
SELECT is_empty('SELECT * FROM propose_company_rules()', 'and nothing is proposed');

-- The copy shows that the rules are right.
SELECT clone_company('1') AS copy \gset
SELECT is((SELECT count(*)::int FROM app.job j WHERE company_id = :'copy' AND started_by IN (SELECT id FROM app.customer WHERE company_id = :'copy')), 10, 'references');
SELECT is((SELECT count(*)::int FROM app.job j WHERE company_id = :'copy' AND (body #>> '{lines,0,who}')::uuid IN (SELECT id FROM app.customer WHERE company_id = :'copy')), 10, 'in documents');
SELECT is((SELECT count(*)::int FROM app.remark WHERE subject IN (SELECT id FROM app.customer WHERE company_id = :'copy')), 5, 'rows of what was not reached');

-- What may not be read is said, what is switched off is not looked at.
SELECT auto_rules() WHERE false;
CREATE ROLE evidence_reader;
GRANT USAGE ON SCHEMA app TO evidence_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO evidence_reader;
REVOKE SELECT ON app.remark FROM evidence_reader;
ALTER TABLE app.attachment ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON app.attachment USING (true);
