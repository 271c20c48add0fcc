-- Rows of others that refer to a company which is deleted by what no foreign key says: outside => 'null' clears these
-- references, 'keep' keeps them, 'refuse' stops the deletion.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text, UNIQUE (company_id, code));
CREATE TABLE app.link (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, partner int, item int, firm int NOT NULL DEFAULT 0,
  other_company int, other_code text, items int[], document jsonb, plain json, way text, named jsonb);
CREATE TABLE app.person (id int PRIMARY KEY, email text UNIQUE, last_item int, at_company int);
CREATE TABLE app.job (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, item int);
CREATE TABLE app.remark (id int PRIMARY KEY, kind text NOT NULL, about int NOT NULL);
SELECT set_company_table('app.company', identity_columns => '{}', scope_columns => '{company_id,at_company}');
SELECT set_table_rule('app.person', 'people', match_columns => '{email}');
SELECT set_table_rule('app.job', 'excluded', 'jobs');
SELECT set_reference('app.remark', '{about}', 'app.item', when_column => 'kind', when_value => 'item');

-- All references, with this rule.
CREATE PROCEDURE app.rules(outside text) LANGUAGE sql AS $$
  SELECT set_reference('app.link', '{partner}', 'app.company', outside => $1);
  SELECT set_reference('app.link', '{item}', 'app.item', outside => $1);
  SELECT set_reference('app.link', '{firm}', 'app.item', outside => 'keep');
  SELECT set_reference('app.link', '{other_company,other_code}', 'app.item', '{company_id,code}', outside => $1);
  SELECT set_reference('app.link', '{items}', 'app.item', outside => $1);
  SELECT set_reference('app.link', '{document}', 'app.item', json_path => '$.parts[*].item', outside => $1);
  SELECT set_reference('app.link', '{plain}', 'app.item', json_path => '$.item', outside => $1);
  SELECT set_reference('app.link', '{named}', 'app.item', json_path => '$.keys()', outside => CASE $1 WHEN 'refuse' THEN 'refuse' ELSE 'keep' END);
  SELECT set_column_rule('app.link', 'way', 'path');
  SELECT set_reference('app.link', '{way}', 'app.item', outside => $1);
  SELECT set_reference('app.person', '{last_item}', 'app.item', outside => $1);
  SELECT set_reference('app.person', '{at_company}', 'app.company', outside => $1);
  SELECT set_reference('app.job', '{item}', 'app.item', outside => $1);
$$;
INSERT INTO app.company VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.item SELECT n, 1 + n % 3, 'c' || n FROM generate_series(10, 39) n;  -- 12, 15, 18 ... are of company 1
INSERT INTO app.remark SELECT n, 'item', n FROM generate_series(10, 39) n;
INSERT INTO app.link (id, company_id, partner) VALUES (1, 2, 1), (2, 2, 3);
INSERT INTO app.link (id, company_id, item) VALUES (3, 2, 12), (4, 2, 13), (5, 1, 12);
INSERT INTO app.link (id, company_id, firm) VALUES (6, 2, 12);
INSERT INTO app.link (id, company_id, other_company, other_code) VALUES (7, 2, 1, 'c12'), (8, 2, 2, 'c13'), (9, 2, 1, 'c13');
INSERT INTO app.link (id, company_id, items) VALUES (10, 2, '{13,12,14,12,NULL}'), (11, 2, '{13}'), (12, 1, '{12}');
INSERT INTO app.link (id, company_id, document) VALUES (13, 2, '{"parts": [{"item": 12, "n": 1.50}, {"item": "13"}], "x": 12}'), (14, 2, '{"parts": [{"item": 13}]}'), (15, 3, '[12]');
INSERT INTO app.link (id, company_id, plain) VALUES (16, 2, '{ "item" : "15", "keep":[15]}'), (17, 2, 'null');
INSERT INTO app.link (id, company_id, way) VALUES (18, 2, '/13/12/14/'), (19, 2, '13');
INSERT INTO app.link (id, company_id, named) VALUES (20, 2, '{"12": 1}');
INSERT INTO app.person VALUES (1, 'a', 12, 1), (2, 'b', 13, 2), (3, 'c', NULL, NULL);
INSERT INTO app.job VALUES (1, 2, 12), (2, 1, 12), (3, 2, 13);
CALL app.rules('refuse');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');

CREATE FUNCTION pg_temp.rows(OUT relation text, OUT line text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  FOR relation IN SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' LOOP
    RETURN QUERY EXECUTE format('SELECT %L, t::text FROM %s t', relation, relation);
  END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.rows();

SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB034 rows outside the company refer, as rules say, to rows that would be removed / app.link, document $.parts[*].item: 1 row: (13)
app.link, item: 1 row: (3)
app.link, items: 1 row: (10)
app.link, named $.keys(): 1 row: (20)
app.link, other_company, other_code: 1 row: (7)
app.link, partner: 1 row: (1)
app.link, plain $.item: 1 row: (16)
app.link, way: 1 row: (18)
app.job, item: 1 row: (1)
app.person, at_company: 1 row: (1)
app.person, last_item: 1 row: (1) / Remove or change these rows first, or say with set_reference(..., outside => ''null'' or ''keep'') what becomes of their references.', 'refused, and listed');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', 'SELECT * FROM before', 'then nothing has changed');
SELECT results_eq($$SELECT table_name, removed, regexp_count(in_the_way, 'removed: ') FROM preview_delete(1) WHERE in_the_way IS NOT NULL$$,
  $$VALUES ('app.company', 1::bigint, 2), ('app.item', 10, 9)$$, 'a preview says so');
CALL app.rules('null');
SELECT results_eq('SELECT table_name, removed, changed, in_the_way FROM preview_delete(1)', $$VALUES
  ('app.company', 1::bigint, 0::bigint, NULL), ('app.item', 10, 0, NULL), ('app.job', 1, 1, NULL), ('app.link', 2, 7, NULL),
  ('app.person', 0, 2, NULL), ('app.remark', 10, 0, NULL)$$, 'a preview counts what would be cleared');
SELECT lives_ok($$SELECT delete_company(1, 'one')$$, 'deleted');
SELECT bag_eq('SELECT * FROM pg_temp.rows()', $$SELECT relation, line FROM before WHERE
    NOT (relation = 'app.company' AND line LIKE '(1,%') AND NOT (relation = 'app.item' AND line LIKE '(%,1,%')
    AND NOT (relation = 'app.remark' AND split_part(line, ',', 3)::text IN ('12)','15)','18)','21)','24)','27)','30)','33)','36)','39)'))
    AND NOT (relation = 'app.link' AND line ~ '^\((1|3|5|7|10|12|13|16|18),') AND NOT (relation = 'app.person' AND line LIKE '(1,%') AND NOT (relation = 'app.job' AND line ~ '^\([12],')
  UNION ALL SELECT 'app.person', '(1,a,,)' UNION ALL SELECT 'app.job', '(1,2,)'
  UNION ALL SELECT 'app.link', t::text FROM (VALUES (1, 2, NULL::int, NULL::int, 0, NULL::int, NULL::text, NULL::int[], NULL::jsonb, NULL::text, NULL::text, NULL::jsonb),
    (3, 2, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (7, 2, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (10, 2, NULL, NULL, 0, NULL, NULL, '{13,14,NULL}', NULL, NULL, NULL, NULL),
    (13, 2, NULL, NULL, 0, NULL, NULL, NULL, '{"x": 12, "parts": [{"n": 1.50, "item": null}, {"item": "13"}]}', NULL, NULL, NULL),
    (16, 2, NULL, NULL, 0, NULL, NULL, NULL, NULL, '{ "item" : null, "keep":[15]}', NULL, NULL),
    (18, 2, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, '/13/14/', NULL)) t$$, 'what rules let be null is, all else is as it was');

SELECT * FROM finish();
ROLLBACK;
