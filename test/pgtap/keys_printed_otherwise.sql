-- References whose values are equal to the keys they mean, and printed otherwise: char(n) of another length, numeric of
-- another scale. Lists of char(n) and name. Columns that are inherited without the foreign keys that explain them.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE SEQUENCE public.numbers START 100;
ALTER TABLE public.co ALTER id SET DEFAULT nextval('public.numbers');
INSERT INTO public.co VALUES (1, 'one'), (2, 'two');
SELECT set_company_table('public.co');
SAVEPOINT empty;

-- Of char(n)
CREATE TABLE public.item (id char(8) PRIMARY KEY DEFAULT 'I' || nextval('public.numbers'), co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.line (id serial PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, held char(12) REFERENCES public.item, soft char(12), left_out char(5),
  list char(8)[], long_list char(20)[], names name[]);
INSERT INTO public.item VALUES ('A', 1), ('B', 1), ('C', 2);
INSERT INTO public.line (co_id, held, soft, left_out, list, long_list, names) SELECT co_id, id, id, id, ARRAY[id, NULL], ARRAY[id], ARRAY[rtrim(id)]::name[] FROM public.item;
SELECT set_reference('public.line', '{soft}', 'public.item');
SELECT set_reference('public.line', '{left_out}', 'public.item', outside => 'null');
SELECT set_reference('public.line', ARRAY[c], 'public.item') FROM unnest('{list,long_list,names}'::name[]) c;
CREATE FUNCTION pg_temp.copied(company int) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', old.id, held = new.id, soft = new.id, left_out = new.id, list[1] = new.id AND list[2] IS NULL, long_list[1] = new.id, names[1] = rtrim(new.id), new.id <> old.id)
  FROM (SELECT *, row_number() OVER (ORDER BY id) n FROM public.line WHERE co_id = company) l
  JOIN (SELECT *, row_number() OVER (ORDER BY length(rtrim(id)), id) n FROM public.item WHERE co_id = company) new USING (n)
  JOIN (SELECT *, row_number() OVER (ORDER BY id) n FROM public.item WHERE co_id = 1) old USING (n) ORDER BY 1 $$;
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'char(n): the scope is decided');
SELECT is_empty('SELECT * FROM check_company_data(1)', 'the data are sound');
SELECT clone_company(1) AS copy \gset
SELECT results_eq(format('SELECT pg_temp.copied(%s)', :copy), $$VALUES ('A        t t t t t t t'), ('B        t t t t t t t')$$, 'all references of a clone lead to its own rows');
SELECT is_empty(format('SELECT * FROM check_company_data(%L)', :copy), 'nothing of it dangles');
SELECT backup_company(1) AS backup \gset
CREATE TEMPORARY TABLE before AS SELECT t::text FROM public.line t WHERE co_id IN (1, 2);
UPDATE public.line SET soft = NULL, left_out = NULL, list = NULL, long_list = NULL, names = NULL WHERE co_id = 1;
SELECT keep_restore(restore_company(1, :backup));
SELECT set_eq('SELECT t::text FROM public.line t WHERE co_id IN (1, 2)', 'TABLE before', 'a restore in place brings all back');
SELECT create_company_from_backup(:backup, '{"id": 50}', ids => 'remap');
SELECT results_eq('SELECT pg_temp.copied(50)', $$VALUES ('A        t t t t t t t'), ('B        t t t t t t t')$$, 'a new company of the backup has its own, too');
ROLLBACK TO empty;

-- Of numeric, also as the company's key
DROP TABLE public.co CASCADE;
CREATE TABLE public.firm (id numeric(10,2) PRIMARY KEY DEFAULT nextval('public.numbers'), name text);
CREATE TABLE public.item (id numeric(10,2) PRIMARY KEY DEFAULT nextval('public.numbers'), firm numeric NOT NULL REFERENCES public.firm);
CREATE TABLE public.line (id serial PRIMARY KEY, firm numeric(12,4) NOT NULL REFERENCES public.firm, held numeric REFERENCES public.item, soft numeric, left_out numeric(12,3),
  kept numeric, whole bigint);
INSERT INTO public.firm VALUES (10, 'one'), (2, 'two');
INSERT INTO public.item VALUES (1, 10), (20, 10.0), (3.5, 10.00), (4, 2);
INSERT INTO public.line (firm, held, soft, left_out, kept, whole) SELECT firm, id, trim_scale(id), id, trim_scale(id), CASE WHEN id = floor(id) THEN id::bigint END FROM public.item;
SELECT set_company_table('public.firm');
SELECT set_reference('public.line', '{soft}', 'public.item');
SELECT set_reference('public.line', '{left_out}', 'public.item', outside => 'null');
SELECT set_reference('public.line', '{kept}', 'public.item', outside => 'keep');
SELECT set_column_rule('public.line', 'whole', 'data');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'numeric: the scope is decided');
SELECT is_empty('SELECT * FROM check_company_data(''10.00'')', 'the data are sound');
SELECT clone_company('10.00') AS copy \gset
SELECT set_eq(format('SELECT held = soft AND held = left_out AND held = kept, count(*)::int FROM public.line WHERE firm = %s AND held IN (SELECT id FROM public.item WHERE firm = %1$s) GROUP BY 1', :copy),
  'VALUES (true, 3)', 'all references of a clone lead to its own rows');
SELECT is_empty(format('SELECT * FROM check_company_data(%L)', :copy), 'nothing of it dangles');
SELECT backup_company('10.00') AS backup \gset
CREATE TEMPORARY TABLE before AS SELECT t::text FROM public.line t WHERE firm IN (10, 2);
UPDATE public.line SET soft = NULL, left_out = NULL, kept = NULL WHERE firm = 10;
SELECT is((SELECT note FROM preview_restore('10.00', :backup) WHERE table_name = 'public.line'), NULL, 'a preview drops no reference');
SELECT keep_restore(restore_company('10.00', :backup));
SELECT set_eq('SELECT t::text FROM public.line t WHERE firm IN (10, 2)', 'TABLE before', 'a restore in place brings all back');
ROLLBACK TO empty;

-- Inherited
CREATE TABLE public.event (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.note (id int PRIMARY KEY, event int REFERENCES public.event, above int REFERENCES public.note, co_id int NOT NULL REFERENCES public.co);
CREATE TABLE public.letter (words text) INHERITS (public.note);
ALTER TABLE public.letter ADD PRIMARY KEY (id), ADD FOREIGN KEY (co_id) REFERENCES public.co;
CREATE TABLE public.other (event int, id int PRIMARY KEY, above int, co_id int NOT NULL REFERENCES public.co);
INSERT INTO public.event VALUES (1, 1), (2, 2);
INSERT INTO public.note VALUES (1, 1, NULL, 1);
INSERT INTO public.letter VALUES (2, 1, 1, 1, 'x');
SELECT results_eq($$SELECT object, hint FROM check_company_scope() WHERE severity = 'error' ORDER BY 1$$,
  $$VALUES ('public.letter.above', 'SELECT cb.set_reference(''public.letter'', ''{above}'', ''public.note'');'), ('public.letter.event', 'SELECT cb.set_reference(''public.letter'', ''{event}'', ''public.event'');')$$,
  'what is inherited without its foreign key is asked about');
SELECT alike(pg_temp.told('SELECT cb.clone_company(1)'), 'KB003 %', 'no clone is made');
DO $$ DECLARE statement text; BEGIN
  FOR statement IN SELECT hint FROM check_company_scope() WHERE severity = 'error' LOOP EXECUTE statement; END LOOP;
END $$;
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'the statements settle it');
SELECT clone_company(1) AS copy \gset
SELECT results_eq(format('SELECT e.co_id, n.co_id FROM ONLY public.letter l JOIN public.event e ON e.id = l.event JOIN ONLY public.note n ON n.id = l.above WHERE l.co_id = %s', :copy),
  format('VALUES (%s, %1$s)', :copy), 'a clone''s lead to its own rows');

SELECT * FROM finish();
ROLLBACK;
