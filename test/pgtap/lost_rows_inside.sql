-- Rows of nobody that only IDs in lists and documents lead to a company, and IDs without a kind: never left behind in
-- silence.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE FUNCTION pg_temp.errors() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY object, problem) FROM cb.check_company_scope() WHERE severity = 'error' $$;
CREATE FUNCTION pg_temp.told_of(company text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(table_name || ' ' || row_key || ' ' || reference || ': ' || problem, E'\n' ORDER BY table_name, row_key, reference) FROM cb.check_company_data(company) $$;

CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE TABLE public.item (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
INSERT INTO public.co VALUES (1, 'a'), (2, 'b');
INSERT INTO public.item VALUES (1, 1), (2, 2);
SELECT set_company_table('public.co', identity_columns => '{}');
SAVEPOINT empty;

-- A list.
CREATE TABLE public.note (id int PRIMARY KEY, co_id int REFERENCES public.co, items int[], words text);
INSERT INTO public.note VALUES (1, 1, '{1}'), (2, NULL, '{7,1}'), (3, NULL, '{}'), (4, NULL, NULL), (5, NULL, '{2}'), (6, NULL, '{8,NULL}');
SELECT set_reference('public.note', '{items}', 'public.item');
SELECT set_table_rule('public.note', 'company', 'x', route => '{note_co_id_fkey}');
SELECT alike(pg_temp.errors(), 'public.note: 2 rows belong to no company by note_co_id_fkey, although items leads to one, among them (2); give such rows a company, or say with match_columns %', 'rows that only a list leads to companies are counted');
SELECT is((SELECT hint FROM check_company_scope() WHERE severity = 'error'), '', 'no route can name a list');
SELECT is(pg_temp.told_of('1'), 'public.note (2) items: leads to the company, but the row belongs to none by note_co_id_fkey', 'those of a company are named');
SELECT is(pg_temp.told_of('2'), 'public.note (5) items: leads to the company, but the row belongs to none by note_co_id_fkey', '... and those of the other');
SELECT alike(pg_temp.told($$SELECT backup_company('1')$$), 'KB003 %public.note (2), items: leads to the company%', 'no backup leaves them out');
SELECT alike(pg_temp.told($$SELECT clone_company('1')$$), 'KB003 %public.note (2), items%', 'nor a clone');
UPDATE public.note SET co_id = 1 WHERE id = 2;
UPDATE public.note SET items = '{1,NULL}' WHERE id = 2;
SELECT lives_ok($$SELECT backup_company('1')$$, 'with a company they travel');
SELECT set_table_rule('public.note', 'company', 'x', match_columns => '{words}', route => '{note_co_id_fkey}');
SELECT is(pg_temp.errors(), NULL, 'a rule may say that they are nobody''s');
ROLLBACK TO empty;

-- A document; only rows of one kind refer so.
CREATE TABLE public.note (id int PRIMARY KEY, co_id int REFERENCES public.co, d jsonb, j json, kind text NOT NULL DEFAULT 'item');
INSERT INTO public.note (id, co_id, d) VALUES (1, 1, '{"i": 1}'), (2, NULL, '{"i": "1"}'), (3, NULL, '{"i": null}'), (4, NULL, '{"i": 99}'), (5, NULL, '{"i": 2}'),
  (7, NULL, '{"i": {"i": 1}}'), (8, NULL, '1');
INSERT INTO public.note (id, j) VALUES (6, '[1, {"x": 2}]');
SELECT set_reference('public.note', '{d}', 'public.item', json_path => '$.i');
SELECT set_reference('public.note', '{j}', 'public.item', json_path => '$[*].x', when_column => 'kind', when_value => 'item');
SELECT set_table_rule('public.note', 'company', 'x', route => '{note_co_id_fkey}');
SELECT alike(pg_temp.errors(), 'public.note: 1 row belongs to no company by note_co_id_fkey, although j $[*].x (''item'') leads to one, among them (6);%' ||
  E'\n' || 'public.note: 2 rows belong to no company by note_co_id_fkey, although d $.i leads to one, among them (2);%', 'rows that only documents lead to companies are counted');
SELECT is(pg_temp.told_of('1'), 'public.note (2) d $.i: leads to the company, but the row belongs to none by note_co_id_fkey', 'those of a company are named');
SELECT alike(pg_temp.told($$SELECT backup_company('2')$$), 'KB003 %public.note (5), d $.i: leads to the company%public.note (6), j $[*].x (''item''): leads%', 'no backup leaves them out');
UPDATE public.note SET kind = 'other' WHERE id = 6;
SELECT alike(pg_temp.told_of('2'), 'public.note (5) d $.i: %row belongs to none by note_co_id_fkey', 'rows of another kind do not count');
ROLLBACK TO empty;

-- An ID whose kind is NULL: of nobody, and beside a company's own column.
CREATE TABLE public.note (id int PRIMARY KEY, kind text, rid int);
CREATE TABLE public.remark (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, kind text, rids int[]);
SELECT set_reference('public.note', '{rid}', 'public.item', when_column => 'kind', when_value => 'item');
SELECT set_table_rule('public.note', 'company', 'x', route => '{rid}');
SELECT set_reference('public.remark', '{rids}', 'public.item', when_column => 'kind', when_value => 'item');
INSERT INTO public.note VALUES (1, 'item', 1), (3, 'item', NULL), (5, NULL, NULL);
INSERT INTO public.remark VALUES (1, 1, 'item', '{1}'), (2, 1, NULL, NULL), (3, 1, NULL, '{}'), (4, 1, 'other', '{}');
SELECT is(pg_temp.errors(), NULL, 'neither an ID nor a kind is nothing to ask about');
SELECT lives_ok($$SELECT backup_company('1')$$, 'and no obstacle');
INSERT INTO public.note VALUES (2, NULL, 1), (4, NULL, 77);
INSERT INTO public.remark VALUES (5, 1, NULL, '{1}');
SELECT alike(pg_temp.errors(), 'public.note.rid: no rule says of which table it is the ID where kind is null: give such rows a kind, or%' || E'\n' || 'public.remark.rids: no rule says%kind is null%', 'an ID of no kind is told');
SELECT is((SELECT string_agg(hint, '') FROM check_company_scope() WHERE severity = 'error'), '', 'what it means can only be said by hand');
SELECT is(pg_temp.told_of('1'), 'public.note (2) rid: no rule says of which table it is the ID where kind is null' || E'\n' || 'public.remark (5) rids: no rule says of which table it is the ID where kind is null', 'rows that it may lead to the company are named');
SELECT is(pg_temp.told_of('2'), NULL, '... not to another');
SELECT alike(pg_temp.told($$SELECT backup_company('1')$$), 'KB003 %public.note.rid: %kind is null%', 'no backup is made');
CREATE INDEX ON public.note (kind, rid);
SELECT alike(pg_temp.errors(), 'public.note.rid: %kind is null%', 'an index gives the same');
SELECT set_column_rule('public.note', 'rid', 'data');
SELECT set_column_rule('public.remark', 'rids', 'data');
SELECT is(pg_temp.errors(), NULL, 'a rule says that such IDs mean none');
SELECT is(pg_temp.told_of('1'), NULL, '... then no row is named');

SELECT * FROM finish();
ROLLBACK;
