-- Where code of several owners would run as one of them, the refusal says who they are and what is theirs.
\ir begin.psql
CREATE ROLE several_ann;
CREATE ROLE several_bob;
CREATE TABLE public.company (id int PRIMARY KEY, name text);
CREATE SCHEMA ann AUTHORIZATION several_ann;
CREATE FUNCTION ann.ok(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE TABLE public.item (id int, company_id int NOT NULL REFERENCES public.company, word text, PRIMARY KEY (id, company_id),
  CHECK (ann.ok(word))) PARTITION BY RANGE (company_id);
CREATE TABLE public.item_1 PARTITION OF public.item FOR VALUES FROM (1) TO (100);
INSERT INTO public.company VALUES (1, 'one');
INSERT INTO public.item VALUES (1, 1, 'a');
SELECT cb.set_company_table('public.company');
SAVEPOINT partitions;
ALTER TABLE public.item OWNER TO several_ann;
ALTER TABLE public.item_1 OWNER TO several_bob;
SELECT pg_temp.tells($$SELECT cb.clone_company(1, '{"id": 2}')$$,
  'KB015 code of several owners would run for table "item_1" / There is table public.item_1 of role "several_bob", table public.item of role "several_ann". None of it % / Let one role %');
ROLLBACK TO partitions;
CREATE FUNCTION public.bobs(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
ALTER FUNCTION public.bobs OWNER TO several_bob;
ALTER FUNCTION ann.ok OWNER TO several_ann;
ALTER TABLE public.item ADD CHECK (public.bobs(word));
SELECT pg_temp.tells($$SELECT cb.clone_company(1, '{"id": 2}')$$,
  'KB015 code of several owners would run for table "item" / There is function ann.ok(text) of role "several_ann", function public.bobs(text) of role "several_bob". None of it % / Let one role %');
ROLLBACK TO partitions;
CREATE DOMAIN ann.short AS text CHECK (length(VALUE) < 10 AND random() < 2);
CREATE DOMAIN public.shorter AS ann.short CHECK (random() < 3);
CREATE FUNCTION public.any_text(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER DOMAIN ann.short ADD CHECK (public.any_text(VALUE));
ALTER DOMAIN public.shorter ADD CHECK (public.any_text(VALUE));
ALTER DOMAIN ann.short OWNER TO several_ann;
ALTER DOMAIN public.shorter OWNER TO several_bob;
ALTER TABLE public.item ADD nick public.shorter;
UPDATE public.item SET nick = 'x';
SELECT cb.backup_company(1) AS backup \gset
DELETE FROM public.item;
SELECT pg_temp.tells(format('SELECT cb.restore_company(1, %s)', :backup),
  'KB015 code of several owners would run for type public.shorter / There is type public.shorter of role "several_bob", type ann.short of role "several_ann". None of it %');
SELECT * FROM finish();
ROLLBACK;
