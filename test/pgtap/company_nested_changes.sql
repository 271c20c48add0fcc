-- Whose backups are whose when triggers of the application change a company while its change is being told.
\ir begin.psql
CREATE TABLE public.company (slug text PRIMARY KEY, name text, closed boolean NOT NULL DEFAULT false);
CREATE TABLE public.item (company text NOT NULL REFERENCES public.company ON UPDATE CASCADE ON DELETE CASCADE, id int, name text, PRIMARY KEY (company, id));
SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}');
INSERT INTO public.company VALUES ('acme', 'Acme'), ('bolt', 'Bolt');
INSERT INTO public.item VALUES ('acme', 1, 'secret of acme'), ('bolt', 1, 'of bolt');
SELECT cb.backup_company('acme'), cb.backup_company('bolt');
\ir newcomer.psql
CREATE FUNCTION public.lower_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE public.company SET slug = lower(slug) WHERE slug = NEW.slug AND slug <> lower(slug); RETURN NULL; END $$;
CREATE FUNCTION public.purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.closed THEN DELETE FROM public.company WHERE slug = NEW.slug; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.keep_backup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM cb.backup_company(NEW.slug); RETURN NULL; END $$;
-- Turns the companies that were not reached yet into others.
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.name = 'Acme' THEN UPDATE public.company SET slug = 'x-' || slug WHERE name = 'Bolt'; END IF;
  IF NEW.name = 'Acme!' THEN DELETE FROM public.company WHERE name = 'Bolt!'; END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION public.of_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE public.company SET slug = lower(slug) WHERE slug = NEW.company AND slug <> lower(slug); RETURN NULL; END $$;
SAVEPOINT before;

CREATE TRIGGER after_update AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.lower_key();
UPDATE public.company SET slug = 'ACME-inc' WHERE slug = 'acme';
SELECT is(pg_temp.backups_of('acme-inc'), 1, 'a key that is changed twice takes its backups along');
SELECT is(pg_temp.taken_anew('ACME-inc'), 0, 'what it was in between is nobody''s');
SELECT is(pg_temp.taken_anew('acme'), 0, 'nor is what it was before');
ROLLBACK TO before;
-- even if that trigger comes before ours (and foreign keys would not find the key any more)
DELETE FROM public.item;
CREATE TRIGGER " first" AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.lower_key();
UPDATE public.company SET slug = 'ACME-inc' WHERE slug = 'acme';
SELECT is(pg_temp.backups_of('acme-inc'), 1, 'told in the wrong order: the key that the row has now');
SELECT is(pg_temp.taken_anew('ACME-inc'), 0, '... and no other');
ROLLBACK TO before;
CREATE TRIGGER after_item AFTER UPDATE ON public.item FOR EACH ROW EXECUTE FUNCTION public.of_item();
UPDATE public.company SET slug = 'ACME-inc' WHERE slug = 'acme';
SELECT is(pg_temp.backups_of('acme-inc'), 1, 'a trigger on a table that a foreign key updates');
SELECT is(pg_temp.taken_anew('ACME-inc'), 0, '... leaves nothing behind');
ROLLBACK TO before;
CREATE TRIGGER after_update AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.purge();
UPDATE public.company SET slug = 'acme-closed', closed = true WHERE slug = 'acme';
SELECT is(pg_temp.taken_anew('acme-closed') + pg_temp.taken_anew('acme'), 0, 'a company that is deleted when it changes has ended');
ROLLBACK TO before;
DELETE FROM public.item;
CREATE TRIGGER " first" AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.purge();
UPDATE public.company SET slug = 'acme-closed', closed = true WHERE slug = 'acme';
SELECT is(pg_temp.taken_anew('acme-closed') + pg_temp.taken_anew('acme'), 0, '... also told in the wrong order');
ROLLBACK TO before;
CREATE TRIGGER after_update AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.keep_backup();
UPDATE public.company SET slug = 'acme-inc' WHERE slug = 'acme';
SELECT is(pg_temp.backups_of('acme-inc'), 2, 'what a trigger stores of a company stays with it');
ROLLBACK TO before;
-- Several rows at once: all are changed before the first is told of, and before foreign keys follow.
DELETE FROM public.item;
SAVEPOINT before;
CREATE TRIGGER after_update AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle();
UPDATE public.company SET slug = slug || '-inc';
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company ORDER BY name $$, $$ VALUES ('acme-inc', 1), ('x-bolt-inc', 1) $$,
  'a trigger of one row changes another');
SELECT is(pg_temp.taken_anew('bolt-inc') + pg_temp.taken_anew('bolt'), 0, '... and leaves nothing behind');
ROLLBACK TO before;
CREATE TRIGGER after_update AFTER UPDATE ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle();
UPDATE public.company SET slug = slug || '-inc', name = name || '!';
SELECT is(pg_temp.backups_of('acme-inc'), 1, 'a trigger of one row deletes another');
SELECT is(pg_temp.taken_anew('bolt-inc') + pg_temp.taken_anew('bolt'), 0, '... which has ended');
SELECT * FROM finish();
ROLLBACK;
