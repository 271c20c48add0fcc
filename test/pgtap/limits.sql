-- How many backups a company may make and keep, and for how long.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.item SELECT n, 1 + n % 3, 'item ' || n FROM generate_series(1, 30) n;

-- What cannot be a limit
SELECT pg_temp.tells($$SELECT set_company_limits(backups_per_day => -1)$$, '22023 backups_per_day must not be negative / 0 allows none, NULL any number.');
SELECT pg_temp.tells($$SELECT set_company_limits(1, kept_backups => -1)$$, '22023 kept_backups must not be negative / %');
SELECT pg_temp.tells($$SELECT set_company_limits(1, kept_bytes => -1)$$, '22023 kept_bytes must not be negative / %');
SELECT pg_temp.tells($$SELECT set_company_limits(retention => '0')$$, '22023 retention must be longer than nothing / %');
SELECT pg_temp.tells($$SELECT set_company_limits(retention => '-1 day')$$, '22023 retention must be longer than nothing / %');
SELECT pg_temp.tells($$SELECT set_company_limits(99, kept_backups => 1)$$, 'KB002 %');
SELECT is_empty('SELECT * FROM company_backup.company_limit', 'none of it is stored');

-- A day
SELECT set_company_limits(backups_per_day => 2);
SELECT lives_ok('SELECT delete_backup(backup_company(1))', 'the first');
SELECT lives_ok('SELECT backup_company(1)', 'the second');
SELECT alike(pg_temp.told('SELECT backup_company(1)'), 'KB090 company "1" has reached its limit of 2 backups a day / 2 backups were made in the last 24 hours. / The next one can be made at %',
  'one that was deleted counts');
SELECT lives_ok('SELECT backup_company(2)', 'other companies have their own count');
SELECT set_company_limits(1, backups_per_day => 3);
SELECT lives_ok('SELECT backup_company(1)', 'a company''s own limit goes before that of all');
SELECT pg_temp.tells('SELECT backup_company(1)', 'KB090 company "1" has reached its limit of 3 backups a day / %');
UPDATE company_backup.backup_made SET made_at = made_at - interval '1 day';
SELECT lives_ok('SELECT backup_company(1)', 'the next day');
SELECT is((SELECT count(*) FROM company_backup.backup_made WHERE company = (SELECT owner FROM company_backup.backup WHERE company = '1' LIMIT 1)), 1::bigint, 'nothing older than a day is remembered');
SELECT set_company_limits(3, backups_per_day => 0);
SELECT pg_temp.tells('SELECT backup_company(3)', 'KB090 company "3" has reached its limit of 0 backups a day / 0 backups were made in the last 24 hours. / This company may make none. %');
SELECT set_company_limits(3);
SELECT lives_ok('SELECT backup_company(3)', 'without limits of its own it has those of all');
SELECT set_company_limits();
SELECT lives_ok('SELECT backup_company(3), backup_company(3), backup_company(3)', 'no limit any more');
SELECT is((SELECT count(*) FROM company_backup.company_limit), 1::bigint, 'but that of company 1');

-- What is kept
SELECT set_company_limits(1);
SELECT delete_backup(id) FROM company_backups(1);
SELECT set_company_limits(1, kept_backups => 2);
SELECT backup_company(1) AS first, backup_company(1) AS second \gset
SELECT is(pg_temp.told('SELECT backup_company(1)'), 'KB090 company "1" has reached its limit of 2 stored backups / With this one there would be 3. / Delete a backup first, with delete_backup(). Whoever owns the database can change limits with set_company_limits().', 'full');
CREATE TABLE file AS SELECT seq, data FROM read_backup(:first);
SELECT begin_upload(1) AS upload \gset
SELECT append_upload(:upload, seq::int - 1, data) FROM (SELECT row_number() OVER (ORDER BY seq) AS seq, data FROM file) f;
SELECT pg_temp.tells(format('SELECT finish_upload(%s)', :upload), 'KB090 company "1" has reached its limit of 2 stored backups / %');
SELECT publish_template(:second, 'base');
SELECT lives_ok(format('SELECT finish_upload(%s)', :upload), 'a template does not count, an upload does');
SELECT pg_temp.tells('SELECT backup_company(1)', 'KB090 %');
SELECT set_company_limits(1, kept_bytes => (SELECT sum(byte_count)::bigint FROM company_backups(1) WHERE origin <> 'template') + 10);
SELECT pg_temp.tells('SELECT backup_company(1)', 'KB090 company "1" has reached its limit of % bytes in stored backups / With this one there would be %. / %');
DELETE FROM app.item WHERE company_id = 1;
SELECT delete_backup(:first);
SELECT lives_ok('SELECT backup_company(1)', 'when there is room again');

-- Expiry
SELECT set_company_limits(1, retention => '1 day');
SELECT backup_company(1) AS backup \gset
SELECT is((SELECT expires_at FROM company_backups(1) WHERE id = :backup), now() + interval '1 day', 'a backup says when it expires');
SELECT lives_ok(format('SELECT * FROM backup_contents(%s)', :backup), 'until then it can be read');
UPDATE company_backup.backup SET expires_at = now() - interval '1 second' WHERE id = :backup;
SELECT alike(pg_temp.told(format(statement, :backup)), format('KB091 backup %s has expired / It could be read until %% / purge_expired() removes it. %%', :backup), statement) FROM unnest(ARRAY[
  'SELECT * FROM backup_contents(%s)', 'SELECT backup_manifest(%s)', 'SELECT * FROM read_backup(%s)', 'SELECT * FROM compare_schema(%s)', 'SELECT * FROM preview_restore(1, %s)',
  'SELECT * FROM preview_rows(1, %s)', 'SELECT restore_company(1, %s)', 'SELECT restore_company(2, %s)', 'SELECT create_company_from_backup(%s)', 'SELECT * FROM plan_ids(2, %s)',
  'SELECT publish_template(%s, ''late'')']) statement;
SELECT is(purge_expired(), 1::bigint, 'it is removed');
SELECT is_empty(format('SELECT FROM company_backup.backup_chunk WHERE backup = %s', :backup), 'with all that it was');
SELECT pg_temp.tells(format('SELECT * FROM backup_contents(%s)', :backup), 'KB010 %');
SELECT is(purge_expired(), 0::bigint, 'once');
SELECT backup_company(1) AS backup \gset
UPDATE company_backup.backup SET expires_at = now() - interval '1 second' WHERE id = :backup;
SELECT backup_company(2);
SELECT is_empty(format('SELECT FROM company_backup.backup WHERE id = %s', :backup), 'each backup removes some that have expired, of whatever company');
SELECT backup_company(1) AS backup \gset
UPDATE company_backup.backup SET expires_at = now() - interval '1 second' WHERE id = :backup;
SELECT lives_ok(format('SELECT delete_backup(%s)', :backup), 'one that has expired can be deleted');
SELECT backup_company(1) AS backup \gset
SELECT publish_template(:backup, 'kept');
SELECT is((SELECT expires_at FROM company_backups(1) WHERE id = :backup), NULL, 'a template does not expire');

-- With the company go its limits.
SELECT set_company_limits(3, kept_backups => 100);
SELECT backup_company(3) IS NOT NULL;
SELECT delete_company(3, 'three') IS NOT NULL;
SELECT is_empty($$SELECT FROM company_backup.company_limit l JOIN company_backup.company c ON c.id = l.company WHERE c.key = '3'$$, 'a deleted company has no limits');
SELECT is_empty($$SELECT FROM company_backup.backup_made m JOIN company_backup.company c ON c.id = m.company WHERE c.key = '3'$$, 'and no count');
SELECT * FROM finish();
ROLLBACK;
