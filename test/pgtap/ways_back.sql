-- Ways that can lead back to their own table: what a proposed route may leave out.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE FUNCTION pg_temp.proposed(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(confidence || ' ' || statement || ' -- ' || evidence, E'\n' ORDER BY statement COLLATE "C") FROM cb.propose_company_rules() WHERE statement LIKE '%set_table_rule(''' || wanted || '''%' $$;
CREATE TABLE public.firm (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO public.firm SELECT n, 'f' || n FROM generate_series(1, 5) n;
SELECT set_company_table('public.firm', identity_columns => '{}');

-- Scales of courses, and courses with scales: a course has its firm.
CREATE TABLE public.scale (id int PRIMARY KEY, course_id int, firm_id int REFERENCES public.firm);
CREATE TABLE public.course (id int PRIMARY KEY, firm_id int REFERENCES public.firm, scale_id int REFERENCES public.scale);
ALTER TABLE public.scale ADD CONSTRAINT scale_course FOREIGN KEY (course_id) REFERENCES public.course;
INSERT INTO public.scale SELECT n, NULL, CASE WHEN n % 2 = 0 THEN 1 + n % 5 END FROM generate_series(1, 40) n;
INSERT INTO public.course SELECT n, 1 + n % 5, CASE WHEN n % 4 = 0 THEN n END FROM generate_series(1, 40) n;
UPDATE public.scale SET course_id = id WHERE firm_id IS NULL;
SELECT alike(pg_temp.proposed('public.course'), '%route => ''{course_firm_id_fkey}'');%', 'a way back is left out where each row has another');
SELECT alike(pg_temp.proposed('public.scale'), '%route => ''{scale_course,scale_firm_id_fkey}'');%', '... and kept where some have not');
DO $$ DECLARE proposal text; BEGIN
  FOR proposal IN SELECT statement FROM cb.propose_company_rules() WHERE statement LIKE '%set_table_rule%' LOOP EXECUTE proposal; END LOOP; END $$;
SELECT is_empty($$ SELECT * FROM cb.check_company_scope() WHERE severity = 'error' $$, 'what is proposed is no circle, and leaves no row behind');
SELECT is((SELECT string_agg(table_name || ' ' || row_count, ', ' ORDER BY table_name) FROM company_contents(2)), 'public.course 8, public.firm 1, public.scale 8', 'all rows of a firm');

-- It is another firm's than the column that stays says.
CREATE TABLE public.folder (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES public.firm, cover int);
CREATE TABLE public.document (id int PRIMARY KEY, folder_id int REFERENCES public.folder, partner_firm_id int REFERENCES public.firm);
ALTER TABLE public.folder ADD FOREIGN KEY (cover) REFERENCES public.document;
INSERT INTO public.folder SELECT n, 1 + n % 5 FROM generate_series(1, 50) n;
INSERT INTO public.document SELECT n, 1 + n % 50, 1 + (n + 2) % 5 FROM generate_series(1, 300) n;
SELECT alike(pg_temp.proposed('public.document'), 'guess %document_folder_id_fkey%folder_id and partner_firm_id lead rows to different companies%', 'ways that contradict each other stay, and prove nothing');

-- It leads to rows that may be nobody's.
CREATE TABLE public.binder (id int PRIMARY KEY, firm_id int REFERENCES public.firm, title text UNIQUE);
CREATE TABLE public.thing (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES public.firm, paper_id int);
CREATE TABLE public.paper (id int PRIMARY KEY, binder_id int NOT NULL REFERENCES public.binder, thing_id int REFERENCES public.thing);
ALTER TABLE public.thing ADD FOREIGN KEY (paper_id) REFERENCES public.paper;
INSERT INTO public.binder SELECT n, CASE WHEN n > 10 THEN 1 + n % 5 END, 't' || n FROM generate_series(1, 50) n;
INSERT INTO public.thing SELECT n, 1 + n % 5 FROM generate_series(1, 50) n;
INSERT INTO public.paper SELECT n, 1 + n % 50, CASE WHEN n % 50 < 11 THEN 1 + n % 50 END FROM generate_series(1, 200) n;
SELECT alike(pg_temp.proposed('public.paper'), '%route => ''{paper_binder_id_fkey,paper_thing_id_fkey}'');%', 'a column that is never NULL does not place rows that hang on nobody''s');
SELECT * FROM finish();
ROLLBACK;
