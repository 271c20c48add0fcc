-- What the extension reads of its own tables is what is there now, also what the same statement has
-- just written; a question without an answer is an error, not a crash.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE TABLE public.company (id int PRIMARY KEY, name text);
CREATE TABLE public.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES public.company, note text);
INSERT INTO public.company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO public.item SELECT n, 1 + n % 2, repeat('x', n) FROM generate_series(1, 500) AS n;
SELECT set_company_table('public.company', identity_columns => '{}');
CREATE FUNCTION public.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
SELECT set_company_guard('public.yes');
CREATE ROLE clerk;
SELECT grant_company_backup('clerk');
GRANT USAGE ON SCHEMA cb TO clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.company, public.item TO clerk;
CREATE FUNCTION pg_temp.bytes(bigint) RETURNS bytea LANGUAGE sql AS
  $$ SELECT string_agg(data, '' ORDER BY seq) FROM cb.read_backup($1) $$;

SELECT backup_company('1') AS backup \gset
SELECT pg_temp.bytes(:backup) AS archive \gset

SET ROLE clerk;
SELECT lives_ok($$ SELECT cb.append_upload(cb.begin_upload(), 0, '\x00') $$, 'an upload is begun and fed in one statement, by a role that owns nothing');
SELECT lives_ok($$ SELECT cb.append_upload(u, 0, '\x00'), cb.append_upload(u, 0, '\x00') FROM cb.begin_upload('1') AS u $$, 'a part sent twice in one statement');
SELECT alike(pg_temp.told($$ SELECT cb.append_upload(u, 0, '\x00'), cb.append_upload(u, 0, '\x01') FROM cb.begin_upload('1') AS u $$), 'KB024 %', 'other bytes under the number of a part are told, also in one statement');
SELECT alike(pg_temp.told('SELECT cb.append_upload(0, 0, ''\x00'')'), 'KB010 upload 0 does not exist%', 'an upload that is not there');
RESET ROLE;

SELECT is(length(pg_temp.bytes(backup_company('1'))) > 0, true, 'a backup is read in the statement that makes it');
SELECT is((SELECT count(*)::int FROM (SELECT cb.finish_upload(u) FROM (
  SELECT u, cb.append_upload(u, 0, :'archive'::bytea) FROM cb.begin_upload('1') AS u OFFSET 0) AS s(u, done)) AS f), 1,
  'an upload is begun, fed and finished in one statement');
SELECT is((SELECT count(*)::int FROM (
  SELECT encode(pg_temp.bytes(b), 'hex') FROM (SELECT backup_company('1') AS b OFFSET 0) AS s) AS r(hex)
  WHERE length(hex) > 1000), 1, 'all of a backup that the same statement has made is read');
SELECT lives_ok($$ SELECT cb.preview_restore('1', cb.backup_company('1')) $$, 'a preview of a backup that the same statement makes');
SELECT lives_ok($$ SELECT cb.keep_restore(cb.restore_company('1', cb.backup_company('1'))) $$, 'a backup, a restore and its keep in one statement');
SELECT lives_ok($$ SELECT cb.revert_restore(cb.restore_company('1', cb.backup_company('1'))) $$, 'and its revert');
SELECT lives_ok($$ SELECT cb.delete_backup(cb.backup_company('1')) $$, 'a backup made and deleted in one statement');
SELECT is((SELECT count(*)::int FROM (SELECT cb.create_company_from_backup(cb.backup_company('2'), '{"id": 7}')) AS c), 1,
  'a company is made of a backup that the same statement makes');
SELECT is((SELECT count(*)::int FROM public.item WHERE company_id = 7), 250, 'with all rows');

-- An error between the parts of a set-returning call leaves one owner of what it holds.
CREATE FUNCTION public.drops(action text, text, text, jsonb) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN IF action = 'export' THEN DROP EXTENSION company_backup CASCADE; END IF; RETURN true; END $$;
SELECT set_company_guard('public.drops');
SAVEPOINT before;
SELECT throws_ok(format('SELECT count(*) FROM cb.read_backup(%s)', :backup), NULL, NULL, 'the extension is dropped by the guard that read_backup() asks');
ROLLBACK TO before;
SELECT throws_ok('SELECT count(*) FROM cb.stream_backup(1)', NULL, NULL, 'and by that of stream_backup()');
ROLLBACK TO before;
SELECT set_company_guard('public.yes');
SELECT is((SELECT count(*) > 0 FROM read_backup(:backup)), true, 'the session goes on');

-- A cursor reads one state to its end, whatever is deleted meanwhile.
DECLARE reading CURSOR FOR SELECT length(data) FROM (SELECT (read_backup(:backup)).*) AS r;
FETCH 1 FROM reading;
SELECT delete_backup(:backup);
SELECT lives_ok('MOVE ALL FROM reading', 'a backup that is deleted while it is read');
CLOSE reading;
SELECT alike(pg_temp.told(format('SELECT read_backup(%s)', :backup)), 'KB010 %', 'it is gone afterwards');
SELECT * FROM finish();
ROLLBACK;
