-- Whose backups are whose when keys of companies change in ways that no statement says.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
\ir told.psql
CREATE TABLE public.company (id int PRIMARY KEY, slug text UNIQUE NOT NULL, name text);
CREATE TABLE public.item (id int PRIMARY KEY, company text NOT NULL REFERENCES public.company (slug) ON UPDATE CASCADE);
CREATE FUNCTION public.make_slug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := lower(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER slug BEFORE INSERT OR UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.make_slug();
INSERT INTO public.company VALUES (1, NULL, 'Acme'), (2, NULL, 'Bee');
INSERT INTO public.item VALUES (1, 'acme');
SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}');
SELECT cb.backup_company('acme') AS backup \gset
UPDATE public.company SET name = 'Zeta' WHERE id = 1;
INSERT INTO public.company VALUES (3, NULL, 'Acme');
SELECT is((SELECT count(*)::int FROM cb.company_backups('zeta')), 1, 'a key that a trigger changes takes its backups along');
SELECT is((SELECT count(*)::int FROM cb.company_backups('acme')), 0, 'the newcomer has none');
-- What listeners are told
CREATE TABLE public.told (event text, company text);
CREATE FUNCTION public.hook(event text, company text, detail jsonb) RETURNS void LANGUAGE sql AS 'INSERT INTO public.told VALUES ($1, $2)';
SELECT cb.set_table_rule('public.told', 'shared');
SELECT cb.set_company_hook('kept', 'public.hook');
UPDATE public.company SET name = 'Zeta', slug = NULL WHERE id = 1;
DELETE FROM public.item;
SELECT cb.backup_company('zeta') AS of_zeta \gset
INSERT INTO public.item VALUES (2, 'zeta');
SELECT cb.restore_company('zeta', :of_zeta) AS restore \gset
UPDATE public.company SET name = 'Eta' WHERE id = 1;
INSERT INTO public.company VALUES (5, NULL, 'Zeta');
SELECT cb.keep_restore(:restore);
SELECT results_eq('SELECT company FROM public.told', $$VALUES ('eta')$$, 'a restore that is kept is of the company, not of who has its key');
UPDATE public.company SET name = 'Theta' WHERE id = 5;
UPDATE public.company SET name = 'Zeta' WHERE id = 1;

ALTER TABLE public.company ALTER slug DROP NOT NULL;
DROP TRIGGER slug ON public.company;
INSERT INTO public.company VALUES (4, NULL, 'none');
SELECT lives_ok($$ UPDATE public.company SET slug = 'four' WHERE id = 4 $$, 'a key that was NULL');
SELECT lives_ok($$ UPDATE public.company SET slug = NULL WHERE id = 4 $$, 'and becomes it again');
SELECT lives_ok($$ DELETE FROM public.company WHERE id = 4 $$, 'and goes');
SELECT lives_ok($$ ALTER TABLE public.company ALTER slug TYPE varchar(80) $$, 'the type of the key can be changed');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE '%company_backup_follow%'), 0, 'the triggers are still those');
ALTER TABLE public.company RENAME slug TO handle;
SELECT lives_ok($$ UPDATE public.company SET handle = 'zeta2' WHERE id = 1 $$, 'the application goes on after a rename');
SELECT pg_temp.tells($$ SELECT cb.backup_company('zeta2') $$, 'KB005 %');
ALTER TABLE public.company ALTER handle SET NOT NULL;
SELECT cb.set_company_table('public.company', key_column => 'handle', identity_columns => '{}');
SELECT is((SELECT count(*)::int FROM cb.company_backups('zeta2')), 0, 'what happened meanwhile is not guessed');
SELECT * FROM finish();
ROLLBACK;
