-- Kinds of which no rule says what table they mean: where the kind is the key of a row that says it (a Django content
-- type), the finding has the statement that settles it. Of what is unknown nothing is proposed: it would be forgotten.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir told.psql
CREATE EXTENSION company_backup;
CREATE TABLE public.company (id int PRIMARY KEY, name text);
CREATE TABLE public.django_content_type (id int PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL, UNIQUE (app_label, model));
CREATE TABLE public.sales_invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company);
CREATE TABLE public.stock_invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company);
CREATE TABLE public.tag (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company,
  content_type_id int NOT NULL REFERENCES public.django_content_type, object_id int NOT NULL);
INSERT INTO public.company VALUES (1, 'one'), (2, 'two');
INSERT INTO public.django_content_type VALUES (5, 'sales', 'invoice'), (7, 'stock', 'invoice'), (9, 'gone', 'thing');
INSERT INTO public.sales_invoice VALUES (1, 1);
INSERT INTO public.stock_invoice VALUES (1, 1);
INSERT INTO public.tag VALUES (1, 1, 5, 1), (2, 1, 7, 1), (3, 2, 9, 1);
SELECT set_company_table('public.company');
SELECT set_table_rule('public.django_content_type', 'shared', 'kinds', match_columns => '{app_label,model}');
SELECT set_reference('public.tag', '{object_id}', 'public.sales_invoice', when_column => 'content_type_id', when_value => '5');
CREATE FUNCTION pg_temp.settle() RETURNS int LANGUAGE plpgsql AS $$
DECLARE f record; n int := 0;
BEGIN
  FOR f IN SELECT * FROM check_company_scope() WHERE severity = 'error' AND hint <> '' LOOP
    EXECUTE f.hint;
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;
SELECT results_eq($$SELECT substring(problem FROM 'is ''(\d+)'''), hint FROM check_company_scope() WHERE object = 'public.tag.object_id' AND severity = 'error' ORDER BY 1$$, $$VALUES
  ('7', 'SELECT public.set_reference(''public.tag'', ''{object_id}'', ''public.stock_invoice'', when_column => ''content_type_id'', when_value => ''7'');'),
  ('9', '')$$, 'a kind says what table it is, if there is one');
SELECT is(pg_temp.settle(), 1, 'it can be followed');
SELECT set_column_rule('public.tag', 'object_id', 'data');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'and settle it');
SELECT pg_temp.tells('SELECT backup_company(1)', 'ok');
SELECT * FROM finish();
ROLLBACK;
