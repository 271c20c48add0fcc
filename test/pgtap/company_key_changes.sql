-- Whose backups are whose when keys of companies change in ways that no statement says.
\ir begin.psql
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
ALTER TABLE public.company ALTER slug SET NOT NULL;
SELECT lives_ok($$ ALTER TABLE public.company ALTER slug TYPE varchar(80) $$, 'the type of the key can be changed');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE '%company_backup_follow%'), 1, '... which may have written any keys');
SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE '%company_backup_follow%'), 0, 'set_company_table() settles it');
-- The key column renamed: nobody is let to anything, and the companies are followed all the same.
SELECT cb.backup_company('bee') AS of_bee, cb.backup_company('zeta') \gset
SAVEPOINT named;
ALTER TABLE public.company RENAME slug TO handle;
SELECT lives_ok($$ UPDATE public.company SET handle = 'zeta2' WHERE id = 1 $$, 'the application goes on after a rename');
DELETE FROM public.company WHERE handle = 'bee';
INSERT INTO public.company VALUES (2, 'bee', 'Newcomer');
SELECT pg_temp.tells($$ SELECT cb.backup_company('zeta2') $$, 'KB005 %');
CREATE FUNCTION public.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT company IS NOT NULL $$;
SELECT cb.set_company_guard('public.guard');
CREATE ROLE cb_app;
SELECT cb.grant_company_backup('cb_app');
GRANT USAGE ON SCHEMA cb TO cb_app;
GRANT ALL ON ALL TABLES IN SCHEMA public TO cb_app;
SET LOCAL ROLE cb_app;
SELECT pg_temp.tells(format('SELECT * FROM cb.read_backup(%s)', :of_zeta), 'KB008 %');
SELECT pg_temp.tells(format('SELECT * FROM cb.backup_contents(%s)', :of_zeta), 'KB008 %');
RESET ROLE;
SELECT cb.set_company_guard(NULL);
SAVEPOINT renamed;
SELECT cb.set_company_table('public.company', key_column => 'handle', identity_columns => '{}');
SELECT isnt((SELECT count(*)::int FROM cb.company_backups('zeta2')), 0, 'a company keeps what it has under another name of its key');
SELECT is((SELECT count(*)::int FROM cb.company_backups('bee')), 0, 'and one that was deleted meanwhile has ended');
ROLLBACK TO renamed;
ALTER TABLE public.company RENAME handle TO slug;
SELECT is((SELECT count(*)::int FROM cb.company_backups('bee')), 0, '... also if the column has its name again');
SELECT isnt((SELECT count(*)::int FROM cb.company_backups('zeta2')), 0, '... and others keep theirs');
ROLLBACK TO renamed;
-- another column has the name
ALTER TABLE public.company ADD slug text;
UPDATE public.company SET slug = 'x' || id;
ALTER TABLE public.company ALTER slug SET NOT NULL, ADD UNIQUE (slug);
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE severity = 'error' AND problem LIKE '%company_backup_follow%'), 1, 'another column with its name is not the key');
ROLLBACK TO named;
-- What a dump of it brings: the number of another table, and by it no number of a column.
CREATE FUNCTION pg_temp.as_dumped() RETURNS void LANGUAGE plpgsql AS $f$
DECLARE t record;
BEGIN
  FOR t IN SELECT tgname, pg_get_triggerdef(oid) AS sql FROM pg_trigger WHERE tgrelid = 'public.company'::regclass AND tgname LIKE '%company_backup%' LOOP
    EXECUTE format('DROP TRIGGER %I ON public.company', t.tgname);
    EXECUTE replace(t.sql, format('%L', 'public.company'::regclass::oid::text), quote_literal('1'));
    EXECUTE format('ALTER TABLE public.company ENABLE ALWAYS TRIGGER %I', t.tgname);
  END LOOP;
  UPDATE company_backup.followed SET database = gen_random_uuid();
END $f$;
SELECT pg_temp.as_dumped();
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE '%company_backup_follow%'), 0, 'from a dump: the triggers are still those');
UPDATE public.company SET slug = 'bee2' WHERE slug = 'bee';
SELECT is((SELECT count(*)::int FROM cb.company_backups('bee2')), 1, '... and follow');
SELECT cb.backup_company('bee2');
ALTER TABLE public.company RENAME slug TO handle;
SELECT pg_temp.tells($$ UPDATE public.company SET handle = 'bee3' WHERE handle = 'bee2' $$, '42703 %');
SELECT cb.set_company_table('public.company', key_column => 'handle', identity_columns => '{}');
UPDATE public.company SET handle = 'bee3' WHERE handle = 'bee2';
SELECT is((SELECT count(*)::int FROM cb.company_backups('bee3')), 2, 'set_company_table() puts new ones in their place');
SELECT * FROM finish();
ROLLBACK;
