-- Rows that no company would get, though something leads them to one: never left behind in silence. And kinds of
-- IDs that no rule knows.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
-- Runs all that is proposed, round after round, as long as something new is.
CREATE FUNCTION pg_temp.run_proposals() RETURNS void LANGUAGE plpgsql AS $$
DECLARE round int; proposal text;
BEGIN
  FOR round IN 1 .. 5 LOOP
    FOR proposal IN SELECT statement FROM cb.propose_company_rules() LOOP EXECUTE proposal; END LOOP;
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.counted() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(table_name || ' ' || row_count, ', ' ORDER BY table_name) FROM cb.company_contents(1) WHERE table_name <> 'public.co' $$;
CREATE FUNCTION pg_temp.errors() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY object) FROM cb.check_company_scope() WHERE severity = 'error' $$;

CREATE TABLE public.co (id int PRIMARY KEY, name text);
INSERT INTO public.co VALUES (1, 'a'), (2, 'b');
SAVEPOINT empty;

-- A key that is never NULL, but leads to what may be nobody's, beside a company's own that may be NULL.
CREATE TABLE public.method (id int PRIMARY KEY, co_id int REFERENCES public.co, name text);
CREATE TABLE public.step (id int PRIMARY KEY, co_id int REFERENCES public.co, method_id int NOT NULL REFERENCES public.method, note text);
INSERT INTO public.method VALUES (1, 1, 'own'), (2, NULL, 'built in'), (3, 2, 'of two');
INSERT INTO public.step VALUES (1, 1, 1, 'both'), (2, NULL, 1, 'by its method'), (3, 1, 2, 'by its company'), (4, NULL, 2, 'nobody''s'), (5, 2, 3, 'of two'), (6, NULL, 3, 'of two');
SELECT set_company_table('public.co');
SELECT alike((SELECT string_agg(statement, ' ') FROM propose_company_rules()), '%''public.step''%route => ''{step_co_id_fkey,step_method_id_fkey}''%', 'a proposal names all the ways');
SAVEPOINT before_rules;
SELECT set_table_rule('public.method', 'company', 'x', route => '{method_co_id_fkey}');
SELECT alike(pg_temp.errors(), 'public.step: two columns could say which company a row belongs to: step_co_id_fkey and step_method_id_fkey', 'none of two ways decides alone');
SELECT set_table_rule('public.step', 'company', 'x', route => '{step_co_id_fkey}');
SELECT alike(pg_temp.errors(), 'public.step: 2 rows belong to no company by step_co_id_fkey, although step_method_id_fkey leads to one, among them (2);%', 'rows that a route leaves to nobody are counted and named');
SELECT alike(pg_temp.told('SELECT cb.backup_company(1)'), 'KB003 %would be left out% public.step (2), step_method_id_fkey: leads to the company%', 'no backup is made without them');
SELECT alike(pg_temp.told('SELECT cb.clone_company(1)'), 'KB003 %', 'nor a clone');
SELECT results_eq('SELECT table_name, row_key, reference FROM cb.check_company_data(1)', $$VALUES ('public.step', '(2)', 'step_method_id_fkey')$$, 'check_company_data() names those of a company');
SELECT set_table_rule('public.step', 'company', 'x', route => '{step_method_id_fkey}');
SELECT alike(pg_temp.errors(), 'public.step: 1 row belongs to no company by step_method_id_fkey > method_co_id_fkey, although step_co_id_fkey leads to one, among them (3);%', 'the same of the other way');
SELECT set_table_rule('public.step', 'company', 'x', match_columns => '{note}', route => '{step_co_id_fkey}');
SELECT is(pg_temp.errors(), NULL, 'match_columns say that they are nobody''s');
SELECT lives_ok('SELECT cb.backup_company(1)', 'and the backup is made');
ROLLBACK TO before_rules;
SELECT pg_temp.run_proposals();
SELECT is(pg_temp.errors(), NULL, 'what is proposed settles it');
SELECT is(pg_temp.counted(), 'public.method 1, public.step 3', 'and leaves no row behind');
SELECT backup_company(1) AS backup \gset
CREATE TEMPORARY TABLE before AS TABLE public.step;
DELETE FROM public.step WHERE id < 4;
SELECT keep_restore(restore_company(1, :backup));
SELECT set_eq('TABLE public.step', 'TABLE before', 'a restore brings all of them back, and nobody else''s');
SELECT clone_company(1, '{"id": 9}');
SELECT results_eq($$ SELECT s.note FROM public.step s JOIN public.method m ON m.id = s.method_id WHERE 9 IN (s.co_id, m.co_id) ORDER BY 1 $$,
  $$VALUES ('both'), ('by its company'), ('by its method')$$, 'so does a clone');
ROLLBACK TO empty;

-- The only way is not asked about; one that leads each row to a company decides, even a longer one.
CREATE TABLE public.method (id int PRIMARY KEY, co_id int REFERENCES public.co);
CREATE TABLE public.tool (id int PRIMARY KEY, method_id int NOT NULL REFERENCES public.method);
CREATE TABLE public.sheet (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.part (id int PRIMARY KEY, sheet_id int NOT NULL REFERENCES public.sheet);
CREATE TABLE public.piece (id int PRIMARY KEY, part_id int NOT NULL REFERENCES public.part, method_id int NOT NULL REFERENCES public.method);
SELECT set_company_table('public.co');
SELECT set_table_rule('public.method', 'company', 'x', route => '{method_co_id_fkey}');
SELECT is(pg_temp.errors(), NULL, 'nothing is asked where one way is sure, or there is only one');
SELECT is((SELECT string_agg(table_name || ': ' || route, '; ' ORDER BY table_name) FROM company_scope() WHERE table_name IN ('public.tool', 'public.piece')),
  'public.piece: piece_part_id_fkey > part_sheet_id_fkey > sheet_co_id_fkey; public.tool: tool_method_id_fkey > method_co_id_fkey', 'the sure way decides');
SELECT set_table_rule('public.piece', 'excluded', 'x');
SELECT is(pg_temp.errors(), NULL, 'what does not travel is not asked about');
ROLLBACK TO empty;

-- Kinds beside a company's own column, and remarks about remarks.
CREATE TABLE public.visit (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.weather (id int PRIMARY KEY);
CREATE TABLE public.remark (id int PRIMARY KEY, co_id int REFERENCES public.co, about_type text NOT NULL, about_id int NOT NULL, words text);
INSERT INTO public.visit VALUES (1, 1), (2, 2);
INSERT INTO public.weather VALUES (1);
INSERT INTO public.remark VALUES (1, NULL, 'App::Visit', 1, 'by its visit'), (2, 1, 'App::Weather', 1, 'by its company'), (3, 1, 'App::Visit', 1, 'both'),
  (4, NULL, 'App::Visit', 2, 'of two'), (5, NULL, 'App::Weather', 1, 'nobody''s');
SELECT set_company_table('public.co');
SELECT set_reference('public.remark', '{about_id}', 'public.visit', when_column => 'about_type', when_value => 'App::Visit');
SELECT is((SELECT route FROM company_scope() WHERE table_name = 'public.remark'), 'about_id (''App::Visit'') > visit_co_id_fkey', 'a kind that is never NULL decides before a column that can be');
SELECT alike(pg_temp.errors(), 'public.remark: 1 row belongs to no company by about_id (''App::Visit'') > visit_co_id_fkey, although remark_co_id_fkey leads to one, among them (2)%public.remark.about_id: no rule says of which table it is the ID where about_type is ''App::Weather''%', '... if all kinds lead to companies, and each row is placed');
SELECT set_table_rule('public.remark', 'company', 'x', route => '{remark_co_id_fkey}');
SELECT alike(pg_temp.told('SELECT cb.backup_company(1)'), 'KB003 %public.remark (1), about_id (''App::Visit''): leads to the company%', 'nor does the other way');
SELECT set_table_rule('public.remark', 'company', 'x', route => '{remark_co_id_fkey,about_id}');
SAVEPOINT unknown_kind;
SELECT alike(pg_temp.errors(), 'public.remark.about_id: no rule says of which table it is the ID where about_type is ''App::Weather'':%', 'a kind that no rule knows is named');
SELECT is((SELECT hint FROM check_company_scope() WHERE severity = 'error'),
  $$SELECT cb.set_reference('public.remark', '{about_id}', 'public.weather', when_column => 'about_type', when_value => 'App::Weather');$$, 'with the table it seems to mean');
SELECT alike(pg_temp.told('SELECT cb.backup_company(1)'), 'KB003 %App::Weather%', 'no backup is made');
CREATE INDEX ON public.remark (about_type, about_id);
SELECT alike(pg_temp.errors(), 'public.remark.about_id: %App::Weather%', 'an index gives the same kinds');
UPDATE public.remark SET about_type = 'App::Mystery' WHERE id = 5;
SELECT is((SELECT string_agg(substring(problem from $$is ('[^']*')$$) || ' ' || (hint <> ''), ', ' ORDER BY problem) FROM check_company_scope() WHERE severity = 'error'),
  '''App::Mystery'' false, ''App::Weather'' true', 'one finding each; nothing is proposed of what is unknown');
SELECT set_column_rule('public.remark', 'about_id', 'data');
SELECT is(pg_temp.errors(), NULL, 'a rule says that the others are no IDs');
ROLLBACK TO unknown_kind;
SELECT pg_temp.run_proposals();
SELECT is(pg_temp.errors(), NULL, 'what is proposed settles it');
SELECT is(pg_temp.counted(), 'public.remark 3, public.visit 1', 'all rows of the company, by whatever way');
SELECT set_reference('public.remark', '{about_id}', 'public.remark', when_column => 'about_type', when_value => 'Remark');
SELECT is(pg_temp.errors(), NULL, 'a kind that means the table itself is no circle');
INSERT INTO public.remark VALUES (6, NULL, 'Remark', 1, 'an answer'), (7, 1, 'Remark', 6, 'an answer with a company');
SELECT is(pg_temp.errors(), NULL, 'what only another remark leads to a company hangs on that one');
SELECT is(pg_temp.counted(), 'public.remark 5, public.visit 1', 'the answer goes along with the remark');
SELECT lives_ok('SELECT cb.backup_company(1)', 'and is not left behind');
SAVEPOINT one_way;
SELECT set_table_rule('public.remark', 'company', 'x', route => '{remark_co_id_fkey}');
UPDATE public.remark SET co_id = 1 WHERE id = 1;
SELECT alike(pg_temp.told('SELECT cb.backup_company(1)'), 'KB003 %public.remark (6), about_id (''Remark'')%', 'a route that does not go over the table itself leaves it to nobody');
ROLLBACK TO one_way;

-- A way that says whose a row is leads to no other company.
SELECT set_reference('public.remark', '{co_id}', 'public.co', outside => 'keep');
SELECT alike(pg_temp.errors(), 'public.remark: a rule lets remark_co_id_fkey lead to another company, but it is one of the columns that say which company a row belongs to:%', 'a row of two companies is refused');
SELECT alike((SELECT hint FROM check_company_scope() WHERE severity = 'error'), '%''public.remark''%route => ''{about_id}'');', 'the statement leaves the other way');
SELECT set_reference('public.remark', '{co_id}', NULL);

-- Who may not read the rows is told so, and the rest.
CREATE ROLE lost_rows_reader;
GRANT USAGE ON SCHEMA cb TO lost_rows_reader;
SELECT grant_company_backup('lost_rows_reader');
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql RETURN true;
SELECT set_company_guard('public.yes');
SET LOCAL ROLE lost_rows_reader;
SELECT is((SELECT string_agg(severity || ' ' || problem, E'\n') FROM cb.check_company_scope() WHERE problem ~ 'examined'),
  'warning the rows could not be examined, which some questions need: permission denied for table remark', 'rows that cannot be read are told of');
RESET ROLE;

-- Nothing is proposed that would leave rows behind: what the rows say is proposed, else nothing.
ROLLBACK TO empty;
CREATE TABLE public.sheet (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.weather (id int PRIMARY KEY);
CREATE TABLE public.kind_of (id int PRIMARY KEY, model text UNIQUE);
CREATE TABLE public.remark (id int PRIMARY KEY, about_type text, about_id int, words text);
CREATE TABLE public.tagging (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, about_type text, about_id int);
CREATE TABLE public.mark (id int PRIMARY KEY, about_type int REFERENCES public.kind_of, about_id int);
CREATE TABLE public.line (id int PRIMARY KEY, sheet_id int NOT NULL, amount int);
CREATE TABLE public.list (id int PRIMARY KEY, sheets int[]);
INSERT INTO public.sheet VALUES (1, 1), (2, 2);
INSERT INTO public.remark VALUES (1, 'Sheet', 1, 'of one'), (2, 'Sheet', 2, 'of two'), (3, 'Weather', 1, 'nobody''s'), (4, NULL, NULL, 'nobody''s');
INSERT INTO public.tagging VALUES (1, 1, 'Sheet', 1), (2, 2, 'Sheet', 2);
INSERT INTO public.line VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7);
SELECT set_company_table('public.co');
SELECT set_reference('public.list', '{sheets}', 'public.sheet');
SELECT results_eq($$ SELECT object, hint <> '' FROM cb.check_company_scope() WHERE severity = 'error' ORDER BY object COLLATE "C", hint <> '' $$,
  $$VALUES ('public.line', true), ('public.list', false), ('public.mark', false), ('public.remark', true), ('public.remark.about_id', true),
    ('public.tagging.about_id', true)$$, 'tables that nothing reaches are asked about by the names of their columns and by their rules');
SELECT is((SELECT count(*)::int FROM propose_company_rules() WHERE statement ~ 'data|shared|excluded'), 0, 'no proposal leaves a row behind');
SELECT pg_temp.run_proposals();
SELECT is(pg_temp.counted(), 'public.line 2, public.remark 1, public.sheet 1, public.tagging 1', 'what is proposed takes all rows of a company along');
SELECT results_eq($$ SELECT object FROM cb.check_company_scope() WHERE severity = 'error' ORDER BY 1 $$, $$VALUES ('public.list'), ('public.mark')$$, 'what nothing says anything about stays a question');
SELECT set_table_rule('public.list', 'shared', 'nobody''s');
SELECT set_table_rule('public.mark', 'shared', 'nobody''s');
SELECT is(pg_temp.errors(), NULL, 'until a rule answers it');

ROLLBACK TO empty;

-- Rows whose only way leads nowhere are nobody's, whether a key is spelt in another way or gone: that is said.
CREATE TABLE public.thing (id uuid PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.visit (id int PRIMARY KEY, thing text NOT NULL);
CREATE TABLE public.mark (id int PRIMARY KEY, visit_id int NOT NULL REFERENCES public.visit);
INSERT INTO public.thing SELECT md5('t' || n)::uuid, 1 + n % 2 FROM generate_series(1, 20) n;
INSERT INTO public.visit SELECT n, CASE WHEN n <= 3 THEN upper(md5('t' || n)::uuid::text) ELSE md5('t' || n)::uuid::text END FROM generate_series(1, 21) n;
INSERT INTO public.mark VALUES (1, 1), (2, 4);
SELECT set_company_table('public.co', identity_columns => '{}');
SELECT set_reference('public.visit', '{thing}', 'public.thing');
CREATE FUNCTION pg_temp.noticed() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY object) FROM cb.check_company_scope() WHERE severity = 'notice' AND problem LIKE '%no backup%' $$;
SELECT is(pg_temp.noticed(), 'public.mark: 1 row belongs to no company, and no backup has them: they hang on such rows of public.visit, among them (1)
public.visit: 4 rows belong to no company, and no backup has them: thing is the key of no company''s row in public.thing, among them (1)', 'rows that a way leads nowhere are counted and named, and what hangs on them');
SELECT is(pg_temp.counted(), 'public.mark 1, public.thing 10, public.visit 9', '... and are no company''s');
UPDATE public.visit SET thing = lower(thing);
DELETE FROM public.visit WHERE id = 21;
SELECT is(pg_temp.noticed(), NULL, 'until they lead to one');

SELECT * FROM finish();
ROLLBACK;
