-- Reviews of companies that get another key meanwhile, while a newcomer takes the old one.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
\ir told.psql
CREATE TABLE public.company (slug text PRIMARY KEY, name text);
CREATE TABLE public.item (company text NOT NULL REFERENCES public.company ON UPDATE CASCADE, id int, name text, PRIMARY KEY (company, id));
-- the key comes last, so that the order of a table's lines can change with it
CREATE TABLE public.part (no int, company text NOT NULL, item int NOT NULL, partner text REFERENCES public.company ON UPDATE CASCADE, note text,
  FOREIGN KEY (company, item) REFERENCES public.item ON UPDATE CASCADE ON DELETE CASCADE, PRIMARY KEY (company, item, no));
CREATE TABLE public.line (company text NOT NULL REFERENCES public.company ON UPDATE CASCADE, what text);  -- without a key
CREATE TABLE public.secret (company text NOT NULL REFERENCES public.company ON UPDATE CASCADE, id int, item int,
  FOREIGN KEY (company, item) REFERENCES public.item (company, id) ON UPDATE CASCADE ON DELETE CASCADE, PRIMARY KEY (company, id));
CREATE TABLE public.seen (id int PRIMARY KEY, company text, item int,
  FOREIGN KEY (company, item) REFERENCES public.item ON UPDATE CASCADE ON DELETE SET NULL);
CREATE TABLE public.deal (partner text NOT NULL REFERENCES public.company ON UPDATE CASCADE, id int, company text NOT NULL REFERENCES public.company ON UPDATE CASCADE,
  amount int, PRIMARY KEY (partner, id));
CREATE TABLE public.tag (id int PRIMARY KEY, company text NOT NULL REFERENCES public.company ON UPDATE CASCADE);
SELECT cb.set_company_table('public.company', 'slug', identity_columns => '{}');
SELECT cb.set_table_rule('public.secret', 'excluded', 'secrets stay');
SELECT cb.set_table_rule('public.seen', 'excluded', 'who has seen what');
SELECT cb.set_table_rule('public.deal', 'company', route => '{deal_company_fkey}');
SELECT cb.set_reference('public.deal', '{partner}', 'public.company', outside => 'keep');
SELECT cb.set_reference('public.part', '{partner}', 'public.company', outside => 'keep');
CREATE FUNCTION pg_temp.rows(company text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT replace(t, company, '?') AS r FROM (
    SELECT x::text t FROM public.company x WHERE slug = $1 UNION ALL SELECT x::text FROM public.item x WHERE x.company = $1
    UNION ALL SELECT x::text FROM public.part x WHERE x.company = $1 UNION ALL SELECT x::text FROM public.line x WHERE x.company = $1
    UNION ALL SELECT x::text FROM public.secret x WHERE x.company = $1 UNION ALL SELECT x::text FROM public.seen x WHERE x.company = $1
    UNION ALL SELECT x::text FROM public.tag x WHERE x.company = $1 UNION ALL SELECT x::text FROM public.deal x WHERE x.company = $1) all_rows ORDER BY replace(t, company, '?') COLLATE "C" $$;
INSERT INTO public.company VALUES ('acme', 'Acme'), ('bolt', 'Bolt'), ('mid', 'Mid'), ('other', 'Other');
INSERT INTO public.item VALUES ('acme', 1, 'one'), ('acme', 2, 'two'), ('other', 1, 'theirs');
INSERT INTO public.part VALUES (1, 'acme', 1, 'acme', 'a'), (2, 'acme', 1, 'bolt', 'b'), (1, 'acme', 2, NULL, 'c');
INSERT INTO public.line VALUES ('acme', 'x'), ('acme', 'x'), ('acme', 'y');
INSERT INTO public.deal VALUES ('acme', 1, 'acme', 10), ('bolt', 1, 'acme', 20), ('mid', 1, 'acme', 30);
INSERT INTO public.tag VALUES (1, 'acme');
SELECT cb.backup_company('acme') AS backup \gset
INSERT INTO public.item VALUES ('acme', 3, 'three');
INSERT INTO public.part VALUES (1, 'acme', 3, NULL, 'd');
INSERT INTO public.secret VALUES ('acme', 1, 3), ('acme', 2, 1);
INSERT INTO public.seen VALUES (1, 'acme', 3), (2, 'acme', 1);
INSERT INTO public.line VALUES ('acme', 'z');
UPDATE public.item SET name = 'changed' WHERE company = 'acme' AND id = 1;
DELETE FROM public.part WHERE company = 'acme' AND item = 2;
UPDATE public.deal SET amount = amount + 1;
DELETE FROM public.deal WHERE partner = 'mid';
CREATE TABLE pg_temp.before AS SELECT * FROM pg_temp.rows('acme') r;
SELECT cb.restore_company('acme', :backup) AS restore \gset
SELECT is((SELECT count(*)::int FROM pg_temp.rows('acme')), 15, 'restored: the outside rows have followed');
CREATE TABLE pg_temp.restored AS SELECT * FROM pg_temp.rows('acme') r;
SELECT results_eq($$SELECT company FROM public.seen ORDER BY id$$, $$VALUES (NULL), ('acme')$$, 'one is left empty');

UPDATE public.company SET slug = 'zeta' WHERE slug = 'acme';
INSERT INTO public.company VALUES ('acme', 'Newcomer');
INSERT INTO public.item VALUES ('acme', 1, 'of the newcomer');
SAVEPOINT changed;
SELECT results_eq(format('SELECT company, status FROM cb.company_restores(%L)', 'zeta'), $$VALUES ('acme', 'review')$$, 'the review is the company''s');
SELECT is((SELECT count(*)::int FROM cb.company_restores('acme')), 0, 'the newcomer has none');
SELECT pg_temp.tells(format('SELECT * FROM cb.restore_problems(%s)', :restore), 'ok');
SELECT pg_temp.tells(format('SELECT * FROM cb.restore_id_map(%s)', :restore), 'ok');
SELECT pg_temp.tells(format('SELECT cb.restore_company(%L, %s)', 'zeta', :backup), 'KB0__ % is in review%');
SELECT is((SELECT sum(added + changed + removed)::int FROM cb.preview_restore('zeta', :backup)), 0, 'a preview finds the company as it was restored');
SELECT is((SELECT count(*)::int FROM cb.plan_ids('zeta', :backup) WHERE decision <> 'kept'), 0, 'its backup keeps its IDs');
SELECT isnt((SELECT count(*)::int FROM cb.plan_ids('acme', :backup) WHERE decision = 'renewed'), 0, '... but not in the newcomer');
SELECT isnt((SELECT count(*)::int FROM cb.plan_ids(NULL, :backup) WHERE decision = 'renewed'), 0, '... nor in a new company');
SELECT lives_ok(format('SELECT cb.revert_restore(%s)', :restore), 'it can be reverted');
SELECT results_eq($$SELECT * FROM pg_temp.rows('zeta')$$, 'SELECT * FROM pg_temp.before', 'and is as it was, under its new key');
SELECT results_eq($$SELECT * FROM pg_temp.rows('acme')$$, $$VALUES ('(?,1,"of the newcomer")'), ('(?,Newcomer)')$$, 'the newcomer is left alone');
SELECT is((SELECT count(*)::int FROM cb.restore_problems(:restore)), 0, 'no edit was discarded, and no row left alone');
SELECT pg_temp.tells(format('SELECT cb.revert_restore(%s)', :restore), 'KB0__ % is not in review%');
SELECT cb.restore_company('zeta', :backup) AS again \gset
SELECT results_eq($$SELECT * FROM pg_temp.rows('zeta')$$, 'SELECT * FROM pg_temp.restored', 'the backup can be restored again');
SELECT cb.revert_restore(:again);
SELECT results_eq($$SELECT * FROM pg_temp.rows('zeta')$$, 'SELECT * FROM pg_temp.before', 'and reverted');
ROLLBACK TO changed;

-- Edits of the review are told from what the change of the key did.
UPDATE public.item SET name = 'edited' WHERE company = 'zeta' AND id = 2;
DELETE FROM public.part WHERE company = 'zeta' AND item = 2;
INSERT INTO public.item VALUES ('zeta', 9, 'new');
UPDATE public.deal SET amount = 99 WHERE company = 'zeta' AND partner = 'zeta';
DELETE FROM public.line WHERE company = 'zeta' AND what = 'y';
SELECT cb.revert_restore(:restore);
SELECT results_eq($$SELECT * FROM pg_temp.rows('zeta')$$, 'SELECT * FROM pg_temp.before', 'reverted with edits of the review');
SELECT results_eq(format('SELECT table_name, row_key FROM cb.restore_problems(%s) ORDER BY 1, 2', :restore), $$VALUES
  ('public.deal', '(zeta, 1)'), ('public.item', '(zeta, 2)'), ('public.item', '(zeta, 9)'), ('public.line', '(no key)')$$, 'only these were discarded');
ROLLBACK TO changed;

-- The company is gone meanwhile, and its key with it.
DELETE FROM public.deal; DELETE FROM public.seen; DELETE FROM public.secret; DELETE FROM public.part; DELETE FROM public.line; DELETE FROM public.item; DELETE FROM public.tag;
DELETE FROM public.company WHERE slug = 'zeta';
SELECT pg_temp.tells(format('SELECT cb.revert_restore(%s)', :restore), 'KB002 the company of restore % does not exist any more%');
SELECT pg_temp.tells(format('SELECT cb.keep_restore(%s)', :restore), 'ok');
ROLLBACK TO changed;

-- Companies that change their keys with each other
UPDATE public.company SET slug = 'tmp' WHERE slug = 'zeta';
UPDATE public.company SET slug = 'zeta' WHERE slug = 'other';
UPDATE public.company SET slug = 'other' WHERE slug = 'tmp';
SELECT cb.revert_restore(:restore);
SELECT results_eq($$SELECT * FROM public.item WHERE company IN ('other', 'zeta') ORDER BY 1, 2$$,
  $$VALUES ('other', 1, 'changed'), ('other', 2, 'two'), ('other', 3, 'three'), ('zeta', 1, 'theirs')$$, 'keys that companies have exchanged');
SELECT results_eq($$SELECT company, item FROM public.seen ORDER BY id$$, $$VALUES ('other', 3), ('other', 1)$$, '... also in rows outside');
SELECT * FROM finish();
ROLLBACK;
