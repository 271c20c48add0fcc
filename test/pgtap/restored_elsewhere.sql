-- A restore that would give rows of its archive to another company is refused for that, not as if somebody else had
-- been at the company meanwhile: also where rows below them, which it did not touch, would go along.
\ir begin.psql
CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE TABLE public.deal (id int PRIMARY KEY, seller int NOT NULL CONSTRAINT deal_seller REFERENCES public.co, buyer int NOT NULL CONSTRAINT deal_buyer REFERENCES public.co);
CREATE TABLE public.deal_line (id int PRIMARY KEY, deal_id int NOT NULL REFERENCES public.deal, amount int);
INSERT INTO public.co VALUES (1, 'one'), (2, 'two');
INSERT INTO public.deal VALUES (1, 1, 1), (2, 1, 2);
INSERT INTO public.deal_line VALUES (1, 1, 10), (2, 2, 20);
SELECT cb.set_company_table('public.co');
SELECT cb.set_table_rule('public.deal', 'company', 'x', route => '{deal_seller}');
SELECT cb.set_reference('public.deal', '{buyer}', 'public.co', outside => 'keep');
SELECT cb.backup_company(1) AS backup \gset
-- Deals are the buyer's from now on.
SELECT cb.set_table_rule('public.deal', 'company', 'x', route => '{deal_buyer}');
SELECT cb.set_reference('public.deal', '{buyer}', NULL);
SELECT cb.set_reference('public.deal', '{seller}', 'public.co', outside => 'keep');
SELECT is_empty($$SELECT object, problem FROM cb.check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');
UPDATE public.deal SET buyer = 1 WHERE id = 2;
CREATE TEMPORARY TABLE before AS SELECT d::text FROM public.deal d UNION ALL SELECT l::text FROM public.deal_line l;
SELECT alike(pg_temp.told(format('SELECT cb.restore_company(1, %s)', :backup)),
  'KB034 rows of table "public.deal" would not belong to company "1" / Rows written: 1; of these, the company would have: 0.%', 'refused, with the table');
SELECT set_eq('SELECT d::text FROM public.deal d UNION ALL SELECT l::text FROM public.deal_line l', 'TABLE before', 'nothing has changed');
DELETE FROM public.deal_line WHERE id = 2;
SELECT alike(pg_temp.told(format('SELECT cb.restore_company(1, %s)', :backup)), 'KB034 rows of table "public.deal" %', 'the same where the rows below are written, too');
SELECT * FROM finish();
ROLLBACK;
