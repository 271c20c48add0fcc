-- Links: what they are asked for with, what a token is good for, and what becomes of one whose asker may not do it any
-- more. What needs a commit between redemption and transfer is in test/t/521_links_meet.t.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, name text);
SELECT set_company_table('app.company', identity_columns => '{}');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.item SELECT n, 1 + n % 3, 'item ' || n FROM generate_series(1, 30) n;
SELECT backup_company(1) AS backup, backup_company(2) AS other, backup_company(3) AS third \gset
-- app_role asks for links and may read what they are of; gate redeems them and has nothing else.
CREATE ROLE app_role;
CREATE ROLE gate;
GRANT USAGE ON SCHEMA app, public TO app_role, gate;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO app_role;
SELECT grant_company_backup('app_role'), grant_company_transfer('gate');
CREATE TABLE app.may (actor text, company text);
CREATE TABLE app.asked (n int GENERATED ALWAYS AS IDENTITY, action text, company text, actor text, by name, session_actor text);
SELECT set_table_rule('app.may', 'global'), set_table_rule('app.asked', 'global');
GRANT SELECT ON app.may TO app_role;
GRANT INSERT ON app.asked TO app_role;
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO app.asked (action, company, actor, by, session_actor)
    VALUES (action, company, actor, current_user, current_setting('company_backup.actor'));
  RETURN EXISTS (SELECT FROM app.may m WHERE m.actor IS NOT DISTINCT FROM guard.actor AND m.company IS NOT DISTINCT FROM guard.company);
END $$;
SELECT set_company_guard('app.guard');
INSERT INTO app.may VALUES ('ann', '1'), ('ann', '2'), ('ann', '3'), (NULL, '1'), ('ann', NULL);

-- What a link cannot be asked for with
SELECT pg_temp.tells(format('SELECT request_download(%s, %s)', :backup, duration), '22023 valid_for must be longer than nothing and at most a day / Write for example %')
  FROM unnest('{''0'',''-1 minute'',''25 hours''}'::text[]) duration;
SELECT pg_temp.tells(format('SELECT request_download(%s, NULL)', :backup), '22023 valid_for must not be null / Write %');
SELECT pg_temp.tells('SELECT request_download(NULL)', '22023 backup must not be null%');
SELECT pg_temp.tells('SELECT request_download(999, actor => ''ann'')', 'KB010 %');
SELECT pg_temp.tells(format('SELECT request_upload(1, max_bytes => %s)', n), '22023 max_bytes must be greater than 0 / NULL allows any number.') FROM unnest('{0,-1}'::int[]) n;
SELECT pg_temp.tells('SELECT request_upload(99, actor => ''ann'')', 'KB008 %');
SELECT pg_temp.tells(format('SELECT request_download(%s, actor => ''bob'')', :backup), 'KB008 %');
SELECT pg_temp.tells('SELECT request_upload(1, actor => ''bob'')', 'KB008 %');
SELECT is_empty('SELECT FROM company_backup.link', 'no link is made');
REVOKE EXECUTE ON FUNCTION read_backup(bigint), begin_upload(text) FROM app_role;
SELECT is(pg_temp.told_to('app_role', format('SELECT request_download(%s, actor => ''ann'')', :backup)),
  '42501 permission denied for function read_backup(bigint) / A link does only what the role that asks for it may do itself.', 'who may not read a backup gets no link for it');
SELECT is(pg_temp.told_to('app_role', 'SELECT request_upload(1, actor => ''ann'')'),
  '42501 permission denied for function begin_upload(text) / A link does only what the role that asks for it may do itself.', 'nor for an upload');
GRANT EXECUTE ON FUNCTION read_backup(bigint), begin_upload(text) TO app_role;
REVOKE SELECT ON app.item FROM app_role;
SELECT alike(pg_temp.told_to('app_role', format('SELECT request_download(%s, actor => ''ann'')', :backup)), '42501 permission denied for table app.item%', 'nor who may not read its tables');
GRANT SELECT ON app.item TO app_role;

-- A token
SET ROLE app_role;
SELECT request_download(:backup, actor => 'ann') AS token, request_download(:backup, actor => 'ann') AS other_token \gset
SELECT request_upload(1, actor => 'ann') AS up \gset
SET LOCAL company_backup.actor = 'ann';
SELECT request_download(:backup) AS by_setting \gset
SET LOCAL company_backup.actor = '';
SELECT request_download(:backup) AS by_nobody \gset
RESET ROLE;
SELECT matches(:'token'::text, '^[0-9a-f]{64}$', 'a token is 32 bytes');
SELECT isnt(:'token'::text, :'other_token'::text, 'each link has its own');
SELECT is_empty(format('SELECT FROM company_backup.link l WHERE l::text LIKE ''%%%s%%''', :'token'), 'the token is not stored');
SELECT is((SELECT digest FROM company_backup.link ORDER BY id LIMIT 1), sha256(:'token'::bytea), 'but its digest');
SELECT is((SELECT string_agg(coalesce(actor, '-'), ' ' ORDER BY id) FROM company_backup.link), 'ann ann ann ann -', 'with whom it acts for');

-- Who redeems needs no other right. The guard is asked as the role, and about the actor, that asked for the link.
TRUNCATE app.asked;
SELECT set_config('company_backup.actor', 'eve', true);
SET ROLE gate;
SELECT redeem_download(:'token') AS transfer \gset
SELECT redeem_download(:'by_nobody') IS NOT NULL;
SELECT redeem_upload(:'up') IS NOT NULL;
RESET ROLE;
SELECT is(current_setting('company_backup.actor'), 'eve', 'the session keeps its own actor');
SELECT set_config('company_backup.actor', '', true);
SELECT is((SELECT string_agg(concat_ws(' ', action, company, coalesce(actor, '-'), by, nullif(session_actor, '')), ', ' ORDER BY n) FROM app.asked),
  'export 1 ann app_role, export 1 - app_role, upload 1 ann app_role', 'what the guard is asked');
SELECT matches(:'transfer'::text, '^[0-9a-f]{64}$', 'a transfer has a secret of its own');
SELECT is_empty(format('SELECT FROM company_backup.link l WHERE l::text LIKE ''%%%s%%''', :'transfer'), 'which is not stored');
SELECT is(pg_temp.told_to('gate', format('SELECT * FROM read_transfer(%L)', :'transfer')),
  'KB098 the link has not been redeemed yet / The transaction that redeems it has not been committed. / COMMIT first, then transfer in another transaction.',
  'not one byte before the redemption is committed');
SAVEPOINT inner_one;
SELECT alike(pg_temp.told_to('gate', format('SELECT * FROM read_transfer(%L)', :'transfer')), 'KB098 %', '... also not from a subtransaction');
RELEASE inner_one;

-- What a token is not good for
SELECT alike(pg_temp.told_to('gate', format('SELECT redeem_download(%L)', :'token')), 'KB094 the link has been used / It was redeemed at %. / Ask for a new one.', 'a second time');
SELECT is(pg_temp.told_to('gate', format('SELECT redeem_download(%L)', guess)),
  'KB093 the link does not exist / Its token is not complete, or what it was for has been deleted. Ask for a new one.', format('"%s"', left(guess, 8)))
  FROM unnest(ARRAY['', 'x', repeat('0', 64), left(:'other_token', 63), upper(:'other_token'), :'transfer', (SELECT encode(digest, 'hex') FROM company_backup.link ORDER BY id LIMIT 1)]) guess;
SELECT is(pg_temp.told_to('gate', format('SELECT redeem_upload(%L)', :'other_token')),
  'KB093 the link is not for this: it is for a download / Redeem it with redeem_download().', 'a download is no upload');
SELECT pg_temp.tells('SELECT redeem_download(NULL)', '22023 token must not be null%');
SELECT pg_temp.tells('SELECT redeem_upload(NULL)', '22023 token must not be null%');
SELECT is(pg_temp.told_to('gate', call), 'KB097 the transfer does not exist, or it is over / A backup can be read once, within 5 minutes after its link was redeemed; an upload takes parts for a day. / Ask for a new one.', call)
  FROM unnest(ARRAY[format('SELECT * FROM read_transfer(%L)', :'other_token'), format('SELECT append_transfer(%L, 0, ''x'')', :'transfer'), 'SELECT finish_transfer(repeat(''0'', 64))']) call;
SELECT pg_temp.tells('SELECT * FROM read_transfer(NULL)', '22023 transfer must not be null%');
SELECT pg_temp.tells('SELECT append_transfer(NULL, 0, ''x'')', '22023 transfer must not be null%');
SELECT pg_temp.tells('SELECT append_transfer(''x'', -1, ''x'')', '22023 seq must be 0 or greater');
SELECT pg_temp.tells('SELECT append_transfer(''x'', 0, NULL)', '22023 data must not be null%');
UPDATE company_backup.link SET expires_at = clock_timestamp() - interval '1 second' WHERE digest = sha256(:'other_token'::bytea);
SELECT alike(pg_temp.told_to('gate', format('SELECT redeem_download(%L)', :'other_token')), 'KB095 the link has expired / It could be redeemed until %. / Ask for a new one.', 'when it has expired');
SELECT is_empty(format('SELECT FROM company_backup.link WHERE digest = sha256(%L::bytea) AND redeemed_at IS NOT NULL', :'other_token'), 'a refusal redeems nothing');

-- The one who redeems can do nothing else, and sees nothing.
SELECT alike(pg_temp.told_to('gate', call), '42501 permission denied%', call) FROM unnest(ARRAY[
  format('SELECT * FROM read_backup(%s)', :'backup'), 'SELECT * FROM company_backups(1)', 'SELECT begin_upload(1)', format('SELECT request_download(%s)', :'backup'),
  'SELECT request_upload(1)', 'TABLE app.item', 'TABLE company_backup.link', 'SELECT grant_company_transfer(''gate'')']) call;

-- Whoever asked for it may not do it any more.
SELECT request_download(:backup, actor => 'ann') AS of_owner \gset
SET ROLE app_role;
SELECT request_download(:backup, actor => 'ann') AS token, request_upload(1, actor => 'ann') AS up \gset
RESET ROLE;
CREATE FUNCTION pg_temp.after(change text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE change;
  result := pg_temp.told_to('gate', call);
  RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
  RETURN SQLERRM;
END $$;
SELECT is(pg_temp.after(change, format('SELECT redeem_download(%L)', :'token')), format('KB096 the link is not valid any more / Whoever asked for it may not do this now: %s. / Ask for a new one.', why), change)
FROM (VALUES
  ('DELETE FROM app.may', 'the guard refused action "export"'),
  ('REVOKE EXECUTE ON FUNCTION read_backup(bigint) FROM app_role', 'permission denied for function read_backup(bigint)'),
  ('REVOKE SELECT ON app.item FROM app_role', 'permission denied for table app.item'),
  ('ALTER TABLE app.item ENABLE ROW LEVEL SECURITY', 'row-level security would hide rows of table "app.item" from this role'),
  ('SELECT set_company_guard(NULL)', 'permission denied to act on companies'),
  ('DROP TABLE app.asked CASCADE', 'relation "app.asked" does not exist'),
  (format('UPDATE company_backup.backup SET expires_at = now() WHERE id = %s', :backup), format('backup %s has expired', :backup)),
  ('REASSIGN OWNED BY app_role TO CURRENT_USER; DROP OWNED BY app_role; DROP ROLE app_role', 'the role does not exist any more')
) AS c(change, why);
SELECT is(pg_temp.after(change, format('SELECT redeem_upload(%L)', :'up')), format('KB096 the link is not valid any more / Whoever asked for it may not do this now: %s. / Ask for a new one.', why), change)
FROM (VALUES
  ('DELETE FROM app.may', 'the guard refused action "upload"'),
  ('REVOKE EXECUTE ON FUNCTION begin_upload(text) FROM app_role', 'permission denied for function begin_upload(text)')
) AS c(change, why);
SELECT is(pg_temp.after(change, format('SELECT redeem_download(%L)', :'token')), 'KB093 the link does not exist / Its token is not complete, or what it was for has been deleted. Ask for a new one.', change)
  FROM unnest(ARRAY[format('SELECT delete_backup(%s)', :backup), $$SELECT set_company_guard(NULL), delete_company(1, 'one')$$]) change;
SELECT alike(pg_temp.after($$SELECT set_company_guard(NULL), delete_company(1, 'one')$$, format('SELECT redeem_upload(%L)', :'up')), 'KB093 %', 'with the company goes its upload');
SELECT alike(pg_temp.after('SELECT 1', format('SELECT redeem_download(%L)', token)), 'ok', 'without any of that they are valid') FROM unnest(ARRAY[:'token', :'of_owner']) token;

-- What the one who redeems puts in the way is not found.
SET ROLE gate;
CREATE TEMP TABLE may AS SELECT 'bob' AS actor;
CREATE FUNCTION pg_temp.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
RESET ROLE;
SELECT is(pg_temp.after('DELETE FROM app.may', format('SET LOCAL search_path = pg_temp, public; SELECT redeem_download(%L)', :'token')),
  'KB096 the link is not valid any more / Whoever asked for it may not do this now: the guard refused action "export". / Ask for a new one.', 'temporary objects change nothing');

-- Old links go.
UPDATE company_backup.link SET expires_at = now() - interval '8 days';
SELECT request_download(:other, actor => 'ann') IS NOT NULL;
SELECT is((SELECT count(*) FROM company_backup.link), 1::bigint, 'links that have long expired are removed when another is made');
SELECT * FROM finish();
ROLLBACK;
