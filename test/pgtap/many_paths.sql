-- Documents with very many paths, and very long ones: nothing is lost without a word.
\ir app.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.told_of(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(severity || ' ' || problem || coalesce(' > ' || nullif(hint, ''), ''), E'\n' ORDER BY severity, problem) FROM check_company_scope() WHERE object = wanted $$;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(kind || n)::uuid $$;

CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company);
CREATE TABLE app.page (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, members jsonb, slots jsonb, numbered jsonb, mixed jsonb, long jsonb, deep jsonb, about_type text, about_id uuid);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.person SELECT pg_temp.id('person', n), 1 + n % 2 FROM generate_series(1, 400) n;
INSERT INTO app.page SELECT n, 1 + n % 2,
    -- 10,000 paths in all: names that look like nothing, of people
    (SELECT jsonb_object_agg('key ' || (n * 100 + k), pg_temp.id('person', 1 + (n + k) % 400)) FROM generate_series(1, 100) k),
    -- below an object, one level deeper
    jsonb_build_object('of', (SELECT jsonb_object_agg('s' || (n * 10 + k), jsonb_build_object('who', pg_temp.id('person', 1 + (n + k) % 400), 'n', k)) FROM generate_series(1, 10) k)),
    -- names that are numbers
    jsonb_build_object(n::text, jsonb_build_object('who', pg_temp.id('person', n))),
    -- some members say what they are, others do not: half are keys
    (SELECT jsonb_object_agg('k' || (n * 100 + k), pg_temp.id(CASE k % 2 WHEN 0 THEN 'person' ELSE 'trace' END, 1 + (n + k) % 400)) FROM generate_series(1, 20) k),
    CASE WHEN n = 1 THEN (SELECT jsonb_build_object('all', jsonb_agg(pg_temp.id('person', 1 + k % 400))) FROM generate_series(1, 5000) k) END,
    -- 500 objects with two members each: none has very many
    (SELECT jsonb_object_agg('a' || a, (SELECT jsonb_object_agg('b' || b, (SELECT jsonb_object_agg('c' || (n % 9) || c, pg_temp.id('person', 1 + (n + c) % 400)) FROM generate_series(1, 9) c)) FROM generate_series(1, 9) b)) FROM generate_series(1, 9) a),
    'Kind' || n, pg_temp.id('thing', n)
  FROM generate_series(1, 400) n;
SELECT set_company_table('app.company', identity_columns => '{}');

SELECT alike((SELECT confidence || ' ' || statement FROM propose_company_rules() WHERE statement LIKE '%{members}%'),
  'confident SELECT public.set_reference(''app.page'', ''{members}'', ''app.person'', json_path => ''$.*'');', 'members whose names are data are one place');
SELECT alike(pg_temp.told_of('app.page.members'), '%notice its documents have more than 20,000 different paths; the members of some objects were looked at together, as $.*; what single ones refer to is said with set_reference(..., json_path => ...)%', '... which is said, with their number');
SELECT alike((SELECT statement FROM propose_company_rules() WHERE statement LIKE '%{slots}%'), '%json_path => ''$.of.*.who'');', 'also deeper');
SELECT alike((SELECT statement FROM propose_company_rules() WHERE statement LIKE '%{numbered}%'), '%json_path => ''$.*.who'');', 'a name that is a number is data');
SELECT is(pg_temp.told_of('app.page.numbered') LIKE '%different paths%', false, '... and nothing is to be said of it');
SELECT alike(pg_temp.told_of('app.page.mixed'), '%error %at $.* %sampled values are keys of app.person%set_reference()%', 'members that differ are asked about');
SELECT alike((SELECT statement FROM propose_company_rules() WHERE statement LIKE '%{long}%'), '%json_path => ''$.all[*]'');', 'a long document is looked at, too');
SELECT alike(pg_temp.told_of('app.page.deep'), '%different paths; %', 'many objects of few members');
SELECT alike(pg_temp.told_of('app.page.about_id'), '%error no rule says of which table it is the ID for 400 values of about_type; if these name no tables, say set_column_rule(..., ''data'') > SELECT %''about_id'', ''data'');', 'nor are so many kinds told one by one');

-- The statements settle all that is known.
SELECT set_column_rule('app.page', ARRAY['deep', 'mixed', 'about_id'], 'data');
DO $$ DECLARE proposal text;
BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() LOOP EXECUTE proposal; END LOOP; END $$;
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity IN ('error', 'warning')$$, 'and nothing is open');

-- What is too long.
UPDATE app.page SET long = (SELECT jsonb_build_object('all', jsonb_agg(pg_temp.id('x', k))) FROM generate_series(1, 120000) k) WHERE id IN (1, 2);
SELECT set_reference('app.page', '{long}', NULL, json_path => '$.all[*]');
SELECT alike(pg_temp.told_of('app.page.long'), '%notice 2 of its values in the sample are too long to be looked at%', 'what is not looked at is said');
SELECT set_column_rule('app.page', 'long', 'data');
SELECT is(pg_temp.told_of('app.page.long'), NULL, '... unless a rule says what it is');
SELECT * FROM finish();
ROLLBACK;
