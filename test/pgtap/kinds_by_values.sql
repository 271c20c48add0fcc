-- IDs that mean rows of different tables, as another column tells: found by the values, whatever the two are called.
\ir proposals.psql
CREATE FUNCTION pg_temp.asked(wanted text, severities text[] = '{error}') RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY problem COLLATE "C") FROM check_company_scope() WHERE object = wanted AND severity = ANY (severities) $$;

CREATE TYPE app.shade AS ENUM ('red', 'blue', 'grey');
CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.issue (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, number int UNIQUE);
CREATE TABLE app.step (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, number int UNIQUE);
CREATE TABLE app.tag (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company);
CREATE TABLE app.setting (tag_id uuid PRIMARY KEY REFERENCES app.tag);
CREATE TABLE app.edit (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, field text, verb text NOT NULL, note text, was uuid, now uuid);
CREATE TABLE app.move (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, place text, shade app.shade, ref text);
CREATE TABLE app.count (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, field text NOT NULL, before_id int, lot uuid);
CREATE TABLE app.loose (id bigint PRIMARY KEY, field text NOT NULL, ref uuid);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.issue SELECT pg_temp.id('issue', n), 1 + n % 2, n FROM generate_series(1, 40) n;
INSERT INTO app.step SELECT pg_temp.id('step', n), 1 + n % 2, 40 + n FROM generate_series(1, 40) n;
INSERT INTO app.tag SELECT pg_temp.id('tag', n), 1 + n % 2 FROM generate_series(1, 40) n;
INSERT INTO app.setting SELECT pg_temp.id('tag', n) FROM generate_series(1, 40) n;
-- The verb says nothing, the note says too much; a trace is the key of nothing, and a title has no ID.
INSERT INTO app.edit SELECT n, 1 + n % 2, k.field, CASE WHEN n % 3 = 0 THEN 'add' ELSE 'change' END, 'note ' || n,
    CASE WHEN k.kind <> '' AND n % 3 <> 0 THEN pg_temp.id(k.kind, 1 + n % 40) END, CASE WHEN k.kind <> '' THEN pg_temp.id(k.kind, 1 + (n + 6) % 40) END
  FROM generate_series(1, 300) n, LATERAL (SELECT (ARRAY['parent', 'state', 'labels', 'trace', NULL])[1 + n / 2 % 5], (ARRAY['issue', 'step', 'tag', 'trace', ''])[1 + n / 2 % 5]) k(field, kind);

SELECT set_company_table('app.company', identity_columns => '{}');
SELECT is(pg_temp.proposed('{now}'),
  'confident SELECT public.set_reference(''app.edit'', ''{now}'', ''app.issue'', when_column => ''field'', when_value => ''parent'');
confident SELECT public.set_reference(''app.edit'', ''{now}'', ''app.step'', when_column => ''field'', when_value => ''state'');
confident SELECT public.set_reference(''app.edit'', ''{now}'', ''app.tag'', when_column => ''field'', when_value => ''labels'');', 'the values tell the kinds');
SELECT is((SELECT count(*)::int FROM propose_company_rules() WHERE statement LIKE '%{was}%' AND confidence = 'confident'), 3, '... of each column of IDs');
SELECT alike((SELECT evidence FROM propose_company_rules() WHERE statement LIKE '%{now}%parent%'),
  '% of % sampled values are keys of app.issue;%; whatever field is, such values are keys of one table', 'the evidence says how');
DO $$ DECLARE proposal text;
BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() WHERE statement LIKE '%app.edit%{now}%' LOOP EXECUTE proposal; END LOOP; END $$;
SELECT alike(pg_temp.asked('app.edit.now'), 'app.edit.now: no rule says of which table it is the ID where field is ''trace'': %', 'accepted, they leave the kind whose values are no keys');
SELECT set_column_rule('app.edit', 'now', 'data');
SELECT is(pg_temp.asked('app.edit.now'), NULL, 'which is data, if it is said');
SELECT is(pg_temp.proposed('{now}'), NULL, '... for good');

-- A row with an ID and without a kind: the column does not tell.
SAVEPOINT without;
UPDATE app.edit SET field = NULL WHERE id = (SELECT min(id) FROM app.edit WHERE was IS NOT NULL);
SELECT is(pg_temp.proposed('{was}'), NULL, 'a column that is NULL beside an ID tells no kinds');
SELECT alike(pg_temp.asked('app.edit.was'), '% are keys of %', 'it is asked about as before');
ROLLBACK TO without;

-- One value of another table, and no kind is clear.
UPDATE app.edit SET was = pg_temp.id('step', 1) WHERE id = (SELECT min(id) FROM app.edit WHERE was IS NOT NULL AND field = 'parent');
UPDATE app.edit SET was = pg_temp.id('step', 2) WHERE id = (SELECT max(id) FROM app.edit WHERE was IS NOT NULL AND field = 'parent');
UPDATE app.edit SET was = pg_temp.id('tag', 2) WHERE id = (SELECT max(id) FROM app.edit WHERE was IS NOT NULL AND field = 'state');
SELECT is(pg_temp.proposed('{was}'), NULL, 'kinds that lead to several tables are none');
ROLLBACK TO without;

-- Two columns that tell alike; texts, and an enum.
INSERT INTO app.move SELECT n, 1 + n % 2, (ARRAY['here', 'there', 'away'])[1 + n % 3], (ARRAY['red', 'blue', 'grey'])[1 + n % 3]::app.shade, pg_temp.id((ARRAY['issue', 'step', 'tag'])[1 + n % 3], 1 + n % 40)::text
  FROM generate_series(1, 60) n;
SELECT is(pg_temp.proposed('{ref}'), NULL, 'of two columns that tell alike none is chosen');
SELECT alike(pg_temp.asked('app.move'  || '.ref'), '%; of which table each is, place and shade tell alike (when_column)%', 'but the question names them');
UPDATE app.move SET place = (ARRAY['here', 'there'])[1 + id / 3 % 2];
SELECT is((SELECT count(*)::int FROM propose_company_rules() WHERE statement LIKE '%app.move%{ref}%when_column => ''shade''%' AND confidence = 'confident'), 3, 'an enum tells, if it alone does');

-- Small numbers are keys of every table; a column that has the keys of one needs no kinds.
INSERT INTO app.count SELECT n, 1 + n % 2, (ARRAY['parent', 'state'])[1 + n % 2], CASE n % 2 WHEN 0 THEN 1 + n % 40 ELSE 41 + n % 40 END, pg_temp.id('issue', 1 + n % 40) FROM generate_series(1, 80) n;
SELECT is((SELECT count(*)::int FROM propose_company_rules() WHERE statement LIKE '%app.count%when_column%'), 0, 'integers prove nothing');
SELECT is(pg_temp.proposed('{lot}'), 'confident SELECT public.set_reference(''app.count'', ''{lot}'', ''app.issue'');', 'nor is one table several');

-- A table that nothing else reaches.
INSERT INTO app.loose SELECT n, (ARRAY['parent', 'state'])[1 + n % 2], pg_temp.id((ARRAY['issue', 'step'])[1 + n % 2], 1 + n % 40) FROM generate_series(1, 60) n;
SELECT is((SELECT count(*)::int FROM propose_company_rules() WHERE statement LIKE '%app.loose%{ref}%when_column => ''field''%' AND confidence = 'confident'), 2, 'rows that only such kinds lead to a company');

SELECT * FROM finish();
ROLLBACK;
