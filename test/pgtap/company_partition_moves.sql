-- Whose backups are whose where the company table is partitioned by its key, so that a new key moves the row.
\ir begin.psql
CREATE TABLE public.company (slug text PRIMARY KEY, name text) PARTITION BY RANGE (slug);
CREATE TABLE public.company_a PARTITION OF public.company FOR VALUES FROM ('a') TO ('m');
CREATE TABLE public.company_m PARTITION OF public.company FOR VALUES FROM ('m') TO ('zzz') PARTITION BY RANGE (slug);
CREATE TABLE public.company_m1 PARTITION OF public.company_m FOR VALUES FROM ('m') TO ('s');
CREATE TABLE public.company_m2 (name text, gone int, slug text NOT NULL);
ALTER TABLE public.company_m2 DROP COLUMN gone;
ALTER TABLE public.company_m ATTACH PARTITION public.company_m2 FOR VALUES FROM ('s') TO ('zzz');
CREATE TABLE public.item (company text NOT NULL REFERENCES public.company ON UPDATE CASCADE ON DELETE CASCADE, id int, name text, PRIMARY KEY (company, id));
SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}', scope_columns => '{company}');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0, 'all partitions are followed');
INSERT INTO public.company VALUES ('acme', 'Acme'), ('bolt', 'Bolt'), ('zeta', 'Zeta'), ('never', 'Never seen');
INSERT INTO public.item VALUES ('acme', 1, 'good'), ('bolt', 1, 'of bolt'), ('zeta', 1, 'of zeta');
SELECT cb.backup_company('acme') AS backup, cb.backup_company('bolt'), cb.backup_company('zeta') \gset
\ir newcomer.psql
UPDATE public.item SET name = 'bad' WHERE company = 'acme';
SELECT cb.restore_company('acme', :backup) AS restore \gset
SAVEPOINT before;

UPDATE public.company SET slug = 'north' WHERE slug = 'acme';
SELECT is(pg_temp.backups_of('north'), 1, 'a company that moves to another partition keeps what it has');
SELECT is(pg_temp.taken_anew('acme'), 0, 'its old key is nobody''s');
SELECT is((SELECT status FROM cb.company_restores('north')), 'review', 'its restore is in review');
SELECT lives_ok(format('SELECT cb.keep_restore(%s)', :restore), '... and can be settled');
UPDATE public.company SET slug = 'south' WHERE slug = 'north';
SELECT is(pg_temp.backups_of('south'), 1, 'on to one with columns in another order');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0, 'its partition is known');
SAVEPOINT moved;
ALTER TABLE public.company_m DETACH PARTITION public.company_m1;
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0, 'it is not in the one that it passed through');
ROLLBACK TO moved;
ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
ALTER TABLE public.company_m DETACH PARTITION public.company_m2;
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 1, '... but in this one');
ROLLBACK TO before;

UPDATE public.company SET slug = 'x' || slug WHERE slug IN ('acme', 'bolt', 'never');
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company ORDER BY name $$, $$ VALUES ('xacme', 1), ('xbolt', 1), ('xnever', 0), ('zeta', 1) $$, 'several at once, one never seen');
SELECT is((SELECT sum(pg_temp.taken_anew(key))::int FROM unnest('{acme,bolt,never}'::text[]) key), 0, '... leave their keys');
ROLLBACK TO before;
MERGE INTO public.company c USING (VALUES ('acme', 'none'), ('new', 'newcomer'), ('bolt', 'west')) v (slug, becomes) ON c.slug = v.slug
  WHEN MATCHED THEN UPDATE SET slug = v.becomes WHEN NOT MATCHED THEN INSERT VALUES (v.becomes, 'Newcomer');
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company ORDER BY slug $$, $$ VALUES ('never', 0), ('newcomer', 0), ('none', 1), ('west', 1), ('zeta', 1) $$, 'by MERGE');
ROLLBACK TO before;
WITH d AS (DELETE FROM public.company WHERE slug = 'bolt' RETURNING slug) INSERT INTO public.company SELECT slug, 'Newcomer' FROM d;
SELECT is(pg_temp.backups_of('bolt'), 0, 'deleted and taken anew by one statement');
ROLLBACK TO before;
WITH d AS (DELETE FROM public.company WHERE slug = 'bolt' RETURNING slug) INSERT INTO public.company SELECT 'n-' || slug, 'Newcomer' FROM d;
SELECT is(pg_temp.backups_of('n-bolt'), 0, '... also in another partition');
ROLLBACK TO before;
WITH u AS (UPDATE public.company SET slug = 'south' WHERE slug = 'bolt' RETURNING 1) INSERT INTO public.company SELECT key, 'Newcomer' FROM u, unnest('{bravo,queen}'::text[]) key;
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company WHERE slug IN ('bravo', 'queen', 'south') ORDER BY slug $$, $$ VALUES ('bravo', 0), ('queen', 0), ('south', 1) $$, 'moved, and newcomers by the same statement');
ROLLBACK TO before;

-- Triggers of the application: on the row that leaves, or arrives, or does not.
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_ARGV[0] = 'nested' AND OLD.name = 'Bolt' THEN UPDATE public.company SET slug = 'c' || slug WHERE name = 'Zeta'; END IF;
  IF TG_ARGV[0] = 'newcomer' AND OLD.name = 'Bolt' THEN INSERT INTO public.company VALUES ('bolt', 'Newcomer'), ('peter', 'Newcomer'); END IF;
  IF TG_ARGV[0] = 'lower' THEN UPDATE public.company SET slug = lower(slug) WHERE slug <> lower(slug); END IF;
  IF TG_ARGV[0] = 'delete' THEN DELETE FROM public.company WHERE slug = 'south'; END IF;
  RETURN NULL;
END $$;
SAVEPOINT before;
CREATE TRIGGER t AFTER DELETE ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle('nested');
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company WHERE name IN ('Bolt', 'Zeta') ORDER BY slug $$, $$ VALUES ('czeta', 1), ('south', 1) $$, 'a trigger moves another one');
ROLLBACK TO before;
CREATE TRIGGER t AFTER DELETE ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle('newcomer');
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
SELECT results_eq($$ SELECT slug, pg_temp.backups_of(slug) FROM public.company WHERE slug IN ('bolt', 'peter', 'south') ORDER BY slug $$, $$ VALUES ('bolt', 0), ('peter', 0), ('south', 1) $$, 'a trigger lets newcomers in');
ROLLBACK TO before;
ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
CREATE TRIGGER t AFTER INSERT ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle('delete');
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
DROP TRIGGER t ON public.company;
SELECT is(pg_temp.taken_anew('south') + pg_temp.taken_anew('bolt'), 0, 'a trigger deletes it where it arrives');
ROLLBACK TO before;
ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
CREATE TRIGGER t AFTER DELETE ON public.company FOR EACH ROW EXECUTE FUNCTION public.meddle('delete');
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
SELECT is(pg_temp.taken_anew('south') + pg_temp.taken_anew('bolt'), 0, '... or before that is told');
ROLLBACK TO before;
ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t BEFORE INSERT ON public.company_m2 FOR EACH ROW EXECUTE FUNCTION public.refuse();
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
DROP TRIGGER t ON public.company_m2;
SELECT is(pg_temp.taken_anew('south') + pg_temp.taken_anew('bolt'), 0, 'a row that does not arrive is gone');
ROLLBACK TO before;
-- A change within another one: it is told of first.
ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
CREATE FUNCTION public.run(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RETURN 1; END $$;
CREATE FUNCTION pg_temp.whose() RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(c.slug || ':' || coalesce((SELECT DISTINCT b.company FROM cb.company_backups(c.slug) b), ''), ' ' ORDER BY c.name) FROM public.company c WHERE c.name <> 'Never seen' $$;
SAVEPOINT nested;
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt' RETURNING public.run($$ UPDATE public.company SET slug = 'bolt' WHERE slug = 'zeta' $$);
SELECT is(pg_temp.whose(), 'acme:acme south:bolt bolt:zeta', 'a company that moves gets the key of one that moves');
ROLLBACK TO nested;
UPDATE public.company SET slug = 'bcme' WHERE slug = 'acme' RETURNING public.run($$ UPDATE public.company SET slug = 'south' WHERE slug = 'bcme'; UPDATE public.company SET slug = 'acme' WHERE slug = 'bolt' $$);
SELECT is(pg_temp.whose(), 'south:acme acme:bolt zeta:zeta', 'one moves that has got another key before');
ROLLBACK TO nested;
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt' RETURNING public.run($$ UPDATE public.company SET slug = 'north' WHERE slug = 'south'; UPDATE public.company SET slug = 'bolt' WHERE slug = 'north'; UPDATE public.company SET slug = 'south' WHERE slug = 'zeta' $$);
SELECT is(pg_temp.whose(), 'acme:acme bolt:bolt south:zeta', 'there and back');
ROLLBACK TO nested;
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt' RETURNING public.run($$ INSERT INTO public.company VALUES ('bolt', 'Newcomer'); UPDATE public.company SET slug = 'x' WHERE slug = 'bolt' $$);
SELECT is(pg_temp.whose(), 'acme:acme south:bolt x: zeta:zeta', 'a newcomer passes by');
ROLLBACK TO nested;
-- Nothing tells of a partition that is by itself. (Zeta's row is seen again: changes of it were rolled back.)
SELECT cb.backup_company('zeta');
ALTER TABLE public.company DETACH PARTITION public.company_a;
UPDATE public.company_a SET slug = 'was-acme' WHERE slug = 'acme';
UPDATE public.company_a SET slug = 'acme' WHERE slug = 'bolt';
UPDATE public.company_a SET slug = 'bolt' WHERE slug = 'was-acme';
ALTER TABLE public.company ATTACH PARTITION public.company_a FOR VALUES FROM ('a') TO ('m');
SELECT is((SELECT count(*)::int FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 1, 'a partition that was detached for a while is noticed');
SELECT is(pg_temp.whose(), 'bolt: acme: zeta:', '... and nothing is anybody''s');
SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}', scope_columns => '{company}');
SELECT is(pg_temp.whose(), 'bolt: acme: zeta:zeta', '... until it is settled');
ROLLBACK TO before;
SAVEPOINT undone;
UPDATE public.company SET slug = 'south' WHERE slug = 'bolt';
ROLLBACK TO undone;
SELECT is(pg_temp.backups_of('bolt'), 1, 'a move that is undone');
SELECT is(pg_temp.taken_anew('south'), 0, '... has not been');
-- An upload for a company of which nothing is stored yet, whose partition goes, or all of its table.
SELECT cb.keep_restore(:restore);
CREATE FUNCTION pg_temp.finished(how text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE u bigint; state text;
BEGIN
  u := cb.begin_upload('never');
  PERFORM cb.append_upload(u, seq, data) FROM cb.stream_backup('never');
  EXECUTE how;
  PERFORM cb.finish_upload(u);
  RETURN 'finished';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
  RETURN state;
END $$;
SELECT is(pg_temp.finished($q$
  ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
  DROP TABLE public.company_m1;
  CREATE TABLE public.company_new PARTITION OF public.company_m FOR VALUES FROM ('m') TO ('s');
  INSERT INTO public.company VALUES ('never', 'Newcomer');
  SELECT cb.set_company_table('public.company', key_column => 'slug', identity_columns => '{}', scope_columns => '{company}') $q$), 'KB010', 'its partition is dropped, and its key taken anew');
SELECT is(pg_temp.finished($q$
  CREATE TABLE public.shop (slug text PRIMARY KEY, name text);
  INSERT INTO public.shop VALUES ('never', 'Newcomer');
  ALTER TABLE public.item DROP CONSTRAINT item_company_fkey;
  SELECT cb.set_company_table('public.shop', key_column => 'slug', identity_columns => '{}', scope_columns => '{company}') $q$), 'KB010', 'another table has the companies now');
SELECT is(pg_temp.finished($q$ UPDATE public.company SET slug = 'x' WHERE slug = 'never' $q$), 'KB010', 'it got another key');
SELECT is(pg_temp.finished($q$ INSERT INTO public.company VALUES ('other', 'Newcomer') $q$), 'finished', 'nothing of the kind');
SELECT * FROM finish();
ROLLBACK;
