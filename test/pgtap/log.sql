-- The log: what is done within a transaction, that nobody changes it, and who sees whose lines. What survives a rollback
-- is in test/t/522_log.t: its worker does not see what this transaction has not committed.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id text PRIMARY KEY, name text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id text NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES ('1', 'one'), ('2', 'two'), ('3', 'three');
INSERT INTO app.item SELECT n, 1 + n % 3 FROM generate_series(1, 30) n;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT backup_company('1', actor => 'ann') AS backup \gset
SELECT restore_company('1', :backup, actor => repeat('ö', 50));
SELECT keep_restore(max(id)) FROM company_restores('1');
SELECT backup_company('2');
SELECT begin_upload('2') AS upload \gset
SELECT append_upload(:upload, 0, 'x');
SELECT delete_company('3', 'three', actor => 'ann') IS NOT NULL;
SELECT request_download(:backup, actor => 'ann') IS NOT NULL;
SELECT is((SELECT string_agg(concat_ws(' ', action, coalesce(company, '-'), coalesce(backup::text, '-'), coalesce(actor, '-'), outcome, coalesce(row_count::text, '-')), E'\n' ORDER BY id) FROM company_backup.log_entry),
  format(E'set_company_table - - - done -\nbackup 1 %1$s ann done 11\nrestore 1 %1$s %2$s done 0\nkeep 1 - - done -\nbackup 2 %3$s - done 11\nupload 2 - - done -\ndelete_company 3 - ann done 11\nrequest_download 1 %1$s ann done -',
    :backup, repeat('ö', 39), (SELECT max(id) FROM company_backup.backup)), 'what was done, each once; long texts are cut between letters');
SELECT is((SELECT count(*) FROM company_backup.log_entry WHERE role = current_user AND sqlstate IS NULL AND duration > '0' AND logged_at >= now()), 8::bigint, 'by whom, when and how long');
SELECT is((SELECT count(*) FROM company_backup.log_entry l JOIN company_backup.company c ON c.id = l.owner AND c.key = l.company), 7::bigint, 'and the very company');
SAVEPOINT undone;
SELECT backup_company('1');
ROLLBACK TO undone;
SELECT is((SELECT count(*) FROM company_backup.log_entry), 8::bigint, 'what is undone was not done');
SET LOCAL transaction_read_only = on;
SELECT lives_ok($$SELECT * FROM company_backup_log()$$, 'a transaction that only reads may look');
RESET transaction_read_only;

SAVEPOINT job;
SELECT start_job('backup', '1') IS NOT NULL;
SELECT is((SELECT string_agg(action || ' ' || company, ' ' ORDER BY id) FROM company_backup.log_entry WHERE id > (SELECT max(id) - 1 FROM company_backup.log_entry)), 'start_job 1', 'a job is not done when it is started');
SELECT is((SELECT count(*) FROM company_backup.log_entry), 9::bigint, '... which is one line');
ROLLBACK TO job;

-- Nobody changes it.
SELECT pg_temp.tells(statement, '42501 lines of the log are not changed or removed / They go when they are older than company_backup.log_retention.') FROM unnest(ARRAY[
  'UPDATE company_backup.log_entry SET actor = ''bob''', 'DELETE FROM company_backup.log_entry', 'TRUNCATE company_backup.log_entry',
  'SET LOCAL session_replication_role = replica; DELETE FROM company_backup.log_entry']) statement;
SELECT pg_temp.tells('SELECT company_backup.keep_log()', '0A000 %');
INSERT INTO company_backup.log_entry (logged_at, role, action, outcome, duration) VALUES (now() - interval '401 days', 'x', 'old', 'done', '0'), (now() - interval '399 days', 'x', 'young', 'done', '0');
SELECT lives_ok('SELECT purge_expired()', 'what is too old');
SELECT is((SELECT string_agg(action, ' ') FROM company_backup.log_entry WHERE role = 'x'), 'young', 'goes');
SET LOCAL company_backup.log_retention = '398 d';
SELECT purge_expired();
SELECT is_empty('SELECT FROM company_backup.log_entry WHERE role = ''x''', 'and the setting says when');

-- Who sees what
CREATE ROLE lister;
GRANT USAGE ON SCHEMA app, public TO lister;
GRANT SELECT ON app.company TO lister;
SELECT grant_company_backup('lister');
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT action = 'list' AND coalesce(company, 'none') = current_setting('app.mine') $$;
SELECT set_company_guard('app.guard');
CREATE FUNCTION pg_temp.seen(mine text, company text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  PERFORM set_config('app.mine', mine, true);
  SET LOCAL ROLE lister;
  SELECT string_agg(DISTINCT coalesce(l.company, '-'), ' ' ORDER BY coalesce(l.company, '-')) INTO result FROM company_backup_log(seen.company) l WHERE l.outcome = 'done' AND l.action <> 'list';
  RESET ROLE;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.seen('1', '1'), '1', 'whoever may list a company sees its lines');
SELECT is(pg_temp.seen('1', '2'), 'KB008', 'not those of another one');
SELECT is(pg_temp.seen('1', NULL), 'KB008', 'not all');
SELECT is(pg_temp.seen('none', NULL), '- 1 2 3', 'whoever may list all sees all');
SELECT is(pg_temp.seen('none', '3'), 'KB008', 'a key that nobody has: the guard is asked about it first');
INSERT INTO app.company VALUES ('3', 'three again');
SELECT is(pg_temp.seen('3', '3'), NULL, 'whoever takes the key of a deleted company sees none of its lines');
SELECT * FROM finish();
ROLLBACK;
