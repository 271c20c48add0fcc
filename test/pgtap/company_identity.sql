-- A company is more than its key: what is stored of a deleted one is not its successor's, and an upload
-- for no company is its uploader's. Everything is run by the application's role, under the guard of docs/APPLICATION.md.
\ir begin.psql
CREATE ROLE cb_app;
CREATE ROLE cb_other;
CREATE TABLE company (slug text PRIMARY KEY, name text);
CREATE TABLE item (company text NOT NULL REFERENCES company ON UPDATE CASCADE ON DELETE CASCADE, id int, name text, PRIMARY KEY (company, id));
CREATE TABLE member (company text NOT NULL REFERENCES company ON UPDATE CASCADE ON DELETE CASCADE, user_id text NOT NULL);
GRANT USAGE ON SCHEMA cb TO cb_app, cb_other;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cb_app, cb_other;
SELECT cb.set_company_table('company', 'slug');
SELECT cb.set_table_rule('member', 'excluded', 'who may do what');
SELECT cb.grant_company_backup('cb_app'), cb.grant_company_backup('cb_other');
-- The application says in a setting who acts, since some functions take no actor.
CREATE FUNCTION public.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT pg_has_role(current_user, 'pg_database_owner', 'member')
    OR company IS NULL AND current_setting('app.user', true) LIKE 'uploader%'
    OR EXISTS (SELECT FROM public.member m WHERE m.company = $2 AND m.user_id = current_setting('app.user', true)) $$;
SELECT set_config('app.user', '', true);
SELECT cb.set_company_guard('public.guard');

CREATE FUNCTION pg_temp.found(slug text, who text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO company VALUES (slug, 'Of ' || who);
  INSERT INTO item VALUES (slug, 1, 'secret of ' || who);
  INSERT INTO member VALUES (slug, who) $$;
-- What a call says to a user of the application. All is undone.
CREATE FUNCTION pg_temp.answer(who text, sql text, role name = 'cb_app') RETURNS text LANGUAGE sql AS
  $$ SELECT pg_temp.told_to(role, sql, 'app.user', who) $$;
CREATE FUNCTION pg_temp.count_of(who text, sql text, role name = 'cb_app') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
  PERFORM set_config('app.user', who, true);
  EXECUTE format('SET LOCAL ROLE %I', role);
  EXECUTE 'SELECT count(*) FROM ' || sql INTO result;
  RESET ROLE;
  RETURN result;
END $$;
-- Every way to something stored, each for a backup, a restore and an upload.
CREATE FUNCTION pg_temp.ways(backup bigint, restore bigint, upload bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format(way, backup, restore, upload) FROM unnest(ARRAY[
    'SELECT * FROM cb.read_backup(%1$s)', 'SELECT * FROM cb.backup_contents(%1$s)', 'SELECT cb.backup_manifest(%1$s)',
    'SELECT cb.delete_backup(%1$s)', 'SELECT cb.publish_template(%1$s, ''x'')',
    'SELECT cb.restore_company(''acme'', %1$s)', 'SELECT * FROM cb.preview_restore(''acme'', %1$s)',
    'SELECT * FROM cb.plan_ids(''acme'', %1$s)', 'SELECT cb.create_company_from_backup(%1$s, ''{"slug": "new"}'')',
    'SELECT cb.keep_restore(%2$s)', 'SELECT cb.revert_restore(%2$s)', 'SELECT * FROM cb.restore_problems(%2$s)',
    'SELECT * FROM cb.restore_id_map(%2$s)', 'SELECT cb.append_upload(%3$s, 99, ''x'')', 'SELECT cb.finish_upload(%3$s)']) way
  WHERE restore IS NOT NULL OR way LIKE '%%1$s%' $$;

SELECT pg_temp.found('acme', 'ann');
SELECT pg_temp.found('bolt', 'bob');
SELECT cb.backup_company('acme') AS old \gset
UPDATE item SET name = 'spoilt' WHERE company = 'acme';
SELECT cb.restore_company('acme', :old) AS old_restore \gset
SELECT cb.begin_upload('acme') AS old_upload \gset
CREATE TABLE file AS SELECT seq, data FROM cb.read_backup(:old);
UPDATE company_backup.upload SET created_by = 'cb_app'::regrole;
SELECT is(pg_temp.answer('ann', way), CASE WHEN way LIKE '%create_company%' OR way LIKE '%finish%' OR way LIKE '%restore_company%'
    THEN pg_temp.answer('ann', way) ELSE 'ok' END, 'its own member: ' || way)
FROM pg_temp.ways(:old, :old_restore, :old_upload) way WHERE way NOT LIKE '%plan%';
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('acme')$$), 1::bigint, 'it has a backup');

-- A deleted company's key, taken anew ------------------------------------------------------------
CREATE FUNCTION pg_temp.nothing_is_left(old bigint, old_restore bigint, old_upload bigint, how text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT is(pg_temp.count_of('eve', $q$cb.company_backups('acme')$q$), 0::bigint, how || ': no backups')
  UNION ALL SELECT is(pg_temp.count_of('eve', $q$cb.company_restores('acme')$q$), 0::bigint, how || ': no restores')
  UNION ALL SELECT matches(pg_temp.answer('eve', way), '^KB0(08|10) ', how || ': ' || way) FROM pg_temp.ways(old, old_restore, old_upload) way $$;
SELECT isnt((SELECT count(*) FROM cb.plan_ids('acme', :old) WHERE why = 'it is the company''s own backup'), 0::bigint, 'which is its own');
SAVEPOINT before;
DELETE FROM company WHERE slug = 'acme';
SELECT is(pg_temp.count_of('ann', format('pg_temp.answer(''ann'', %L) a WHERE a LIKE ''KB008 %%''', way)), 1::bigint, 'gone: ' || way)
FROM pg_temp.ways(:old, :old_restore, :old_upload) way WHERE way NOT LIKE '%acme%';
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'DELETE');
SELECT is(pg_temp.answer('eve', $$SELECT cb.backup_company('acme')$$), 'ok', 'the newcomer makes backups of its own');
SELECT cb.backup_company('acme') AS new \gset
SELECT is(pg_temp.count_of('eve', $$cb.company_backups('acme')$$), 1::bigint, 'and sees these');
UPDATE item SET name = 'x' WHERE company = 'acme';
SELECT is(pg_temp.answer('eve', format('SELECT cb.restore_company(''acme'', %s)', :new)), 'ok', 'the old review is not in its way');
SELECT is(pg_temp.answer('postgres', format('SELECT cb.revert_restore(%s)', :old_restore), current_user), format(
  'KB002 the company of restore %s does not exist any more / Company "acme" is another one: it took the key after the restore. / keep_restore() ends the review.',
  :old_restore), 'nor can anybody revert it over the newcomer');
SELECT is(pg_temp.answer('postgres', format('SELECT cb.keep_restore(%s)', :old_restore), current_user), 'ok', 'which the owner ends');
SELECT is((SELECT count(*) FROM cb.company_backups()), 2::bigint, 'the owner of the database sees all');
SELECT is((SELECT count(*) FROM cb.plan_ids('acme', :old) WHERE why = 'it is the company''s own backup'), 0::bigint,
  'to the newcomer the old backup is another company''s');
-- the old company's file: not the newcomer's own either
SELECT cb.begin_upload('acme') AS upload \gset
SELECT cb.append_upload(:upload, seq, data) FROM file;
SELECT cb.finish_upload(:upload) AS uploaded \gset
SELECT is((SELECT count(*) FROM cb.plan_ids('acme', :uploaded) WHERE why = 'it is the company''s own backup'), 0::bigint, 'nor does its file become so');
ROLLBACK TO before;

TRUNCATE company CASCADE;
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'TRUNCATE');
ROLLBACK TO before;

WITH gone AS (DELETE FROM company WHERE slug = 'acme' RETURNING slug) SELECT count(*) FROM gone;
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'WITH');
ROLLBACK TO before;

SET LOCAL session_replication_role = replica;
DELETE FROM company WHERE slug = 'acme';
DELETE FROM item WHERE company = 'acme';
DELETE FROM member WHERE company = 'acme';
SET LOCAL session_replication_role = origin;
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'replicated');
ROLLBACK TO before;

-- Another key, and the old one taken
UPDATE company SET slug = 'acme-inc' WHERE slug = 'acme';
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'UPDATE');
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('acme-inc')$$), 1::bigint, 'under its new key the company keeps what it has');
SELECT is(pg_temp.answer('ann', format('SELECT * FROM cb.read_backup(%s)', :old)), 'ok', 'to read');
SELECT is(pg_temp.answer('ann', format('SELECT cb.keep_restore(%s)', :old_restore)), 'ok', 'and to settle');
ROLLBACK TO before;
-- one after the other
UPDATE company SET slug = 'was-acme' WHERE slug = 'acme';
UPDATE company SET slug = 'acme' WHERE slug = 'bolt';
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('was-acme')$$), 1::bigint, 'keys that move on take their backups along');
SELECT is(pg_temp.count_of('bob', $$cb.company_backups('acme')$$), 0::bigint, 'to nobody else');
ROLLBACK TO before;

-- Another table
CREATE TABLE shop (slug text PRIMARY KEY, name text);
INSERT INTO shop VALUES ('acme', 'Another one');
SELECT cb.set_company_table('shop', 'slug');
SELECT is((SELECT count(*) FROM cb.company_backups('acme')), 0::bigint, 'companies of another table are others');
ROLLBACK TO before;

-- Brought back by its owner ------------------------------------------------------------------------
DELETE FROM company WHERE slug = 'acme';
SELECT is((SELECT count(*) FROM cb.company_backups('acme')), 1::bigint, 'the owner of the database finds what it left');
SELECT is(cb.create_company_from_backup(:old), 'acme', 'it comes back');
INSERT INTO member VALUES ('acme', 'ann');
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('acme')$$), 1::bigint, 'the same company as before');
SELECT is(pg_temp.answer('ann', format('SELECT * FROM cb.read_backup(%s)', :old)), 'ok', 'with its backups');
SELECT is((SELECT status FROM cb.company_restores('acme') WHERE id = :old_restore), 'review', 'and its review');
ROLLBACK TO before;
DELETE FROM company WHERE slug = 'acme';
SELECT is(cb.create_company_from_backup(:old, '{"slug": "acme2"}'), 'acme2', 'under another key');
INSERT INTO member VALUES ('acme2', 'ann');
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('acme2')$$), 0::bigint, '... it is a new one');
ROLLBACK TO before;

-- While nobody watches -------------------------------------------------------------------------------
ALTER TABLE company DISABLE TRIGGER USER;
DELETE FROM company WHERE slug = 'acme';
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'disabled');
SELECT is((SELECT severity || ' ' || object || ': ' || hint FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'),
  'error public.company: SELECT cb.set_company_table(''public.company'', key_column => ''slug'', name_column => ''name'');', 'the check says how to mend it');
SELECT alike(pg_temp.answer('eve', $$SELECT cb.backup_company('acme')$$), 'KB003 %', 'and nothing is done meanwhile');
SELECT cb.set_company_table('public.company', 'slug', 'name');
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0::bigint, 'it is mended');
ROLLBACK TO before;
DROP TRIGGER "!company_backup_follow" ON company;
DELETE FROM company WHERE slug = 'acme';
SELECT cb.set_company_table('company', 'slug');
SELECT pg_temp.found('acme', 'eve');
SELECT pg_temp.nothing_is_left(:old, :old_restore, :old_upload, 'found out');
ROLLBACK TO before;
SELECT pg_temp.tells('SELECT company_backup.follow_company()', '39P01 %');
SET LOCAL ROLE cb_app;
CREATE TEMP TABLE mine (slug text);
SELECT pg_temp.tells('CREATE TRIGGER t AFTER DELETE OR UPDATE OF slug ON mine FOR EACH ROW EXECUTE FUNCTION company_backup.follow_company()', '42501 %');
RESET ROLE;

-- Partitions
CREATE TABLE tenant (slug text, region int, PRIMARY KEY (slug, region)) PARTITION BY LIST (region);
CREATE TABLE tenant_1 PARTITION OF tenant FOR VALUES IN (1);
CREATE TABLE tenant_2 PARTITION OF tenant FOR VALUES IN (2);
SELECT pg_temp.tells($$SELECT cb.set_company_table('tenant', 'slug')$$, 'KB009 %');
CREATE TABLE firm (slug text PRIMARY KEY, name text) PARTITION BY RANGE (slug);
CREATE TABLE firm_1 PARTITION OF firm FOR VALUES FROM ('a') TO ('m');
CREATE TABLE firm_2 PARTITION OF firm FOR VALUES FROM ('m') TO ('z');
CREATE TABLE part (firm text NOT NULL REFERENCES firm ON UPDATE CASCADE ON DELETE CASCADE, id int, PRIMARY KEY (firm, id));
SELECT cb.set_company_table('firm', 'slug');
SELECT cb.set_table_rule('item', 'auto');
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0::bigint, 'partitions are watched');
INSERT INTO firm VALUES ('b', 'Bee'), ('c', 'Cat'), ('n', 'Newt');
SET LOCAL company_backup.strict = off;
SELECT cb.backup_company(slug) FROM firm ORDER BY slug;
SELECT results_eq('SELECT company FROM cb.company_backups(''b'')', $$VALUES ('b')$$, 'a company of a partition');
DELETE FROM firm_1 WHERE slug = 'b';
INSERT INTO firm VALUES ('b', 'Newcomer');
SELECT is((SELECT count(*) FROM cb.company_backups('b')), 0::bigint, 'deleted from its partition');
SELECT is((SELECT count(*) FROM cb.company_backups('c')), 1::bigint, 'which leaves others alone');
TRUNCATE firm_1 CASCADE;
INSERT INTO firm VALUES ('c', 'Newcomer');
SELECT is((SELECT count(*) FROM cb.company_backups('c')), 0::bigint, 'a partition truncated');
SELECT is((SELECT count(*) FROM cb.company_backups('n')), 1::bigint, '... but not that one');
CREATE TABLE firm_3 PARTITION OF firm FOR VALUES FROM ('z') TO ('zzz');
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 1::bigint, 'a new partition is asked for');
SELECT cb.set_company_table('firm', 'slug');
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0::bigint, 'and watched');
SELECT is((SELECT count(*) FROM cb.company_backups('n')), 1::bigint, 'nobody has lost anything');
CREATE FUNCTION pg_temp.after_losing(how text, OUT problem bigint, OUT answer text, OUT newcomer bigint, OUT lost bigint, OUT others bigint) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO firm VALUES ('a', 'Ant');
  PERFORM cb.backup_company('a');
  EXECUTE how;
  CREATE TABLE firm_new PARTITION OF firm FOR VALUES FROM ('a') TO ('m');
  INSERT INTO firm VALUES ('a', 'Newcomer');
  problem := (SELECT count(*) FROM cb.check_company_scope() c WHERE c.problem LIKE 'nothing tells%');
  answer := pg_temp.answer('eve', 'SELECT * FROM cb.read_backup(' || (SELECT max(id) FROM company_backup.backup) || ')');
  PERFORM cb.set_company_table('firm', 'slug');
  newcomer := (SELECT count(*) FROM cb.company_backups('a'));
  lost := (SELECT count(*) FROM cb.company_backups() WHERE company = 'a');
  others := (SELECT count(*) FROM cb.company_backups('n'));
END $$;
SAVEPOINT partitions;
SELECT alike(pg_temp.after_losing('ALTER TABLE part DROP CONSTRAINT part_firm_fkey; DROP TABLE firm_1; ALTER TABLE part ADD CONSTRAINT part_firm_fkey FOREIGN KEY (firm) REFERENCES firm ON UPDATE CASCADE ON DELETE CASCADE')::text, '(1,"KB008 the guard refused action ""export"" / Backup %, actor (none).",0,1,1)', 'a partition dropped: its companies have ended');
ROLLBACK TO partitions;
SELECT alike(pg_temp.after_losing('ALTER TABLE firm DETACH PARTITION firm_1')::text, '(1,"KB008 the guard refused action ""export"" / Backup %, actor (none).",0,1,1)', 'a partition detached: so they have');
ROLLBACK TO partitions;
-- also when nothing asks for the triggers
ALTER TABLE firm DETACH PARTITION firm_1;
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 0::bigint, 'a partition without companies may go');
INSERT INTO firm VALUES ('o', 'Owl');
SELECT cb.backup_company('o');
ALTER TABLE part DROP CONSTRAINT part_firm_fkey; DROP TABLE firm_2; ALTER TABLE part ADD CONSTRAINT part_firm_fkey FOREIGN KEY (firm) REFERENCES firm ON UPDATE CASCADE ON DELETE CASCADE;
SELECT is((SELECT count(*) FROM cb.check_company_scope() WHERE problem LIKE 'nothing tells%'), 1::bigint, 'one with companies is missed');
ROLLBACK TO before;

-- Companies of which nothing is stored: what is theirs elsewhere, in a file, is not the newcomer's.
CREATE FUNCTION pg_temp.own_after(how text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE u bigint; result bigint;
BEGIN
  INSERT INTO company VALUES ('unseen', 'Unseen');
  CREATE TEMP TABLE its_file AS SELECT seq, data FROM cb.stream_backup('unseen');
  EXECUTE how;
  INSERT INTO company VALUES ('unseen', 'Newcomer');
  u := cb.begin_upload('unseen');
  PERFORM cb.append_upload(u, seq, data) FROM its_file;
  u := cb.finish_upload(u);
  result := (SELECT count(*) FROM cb.plan_ids('unseen', u) WHERE why = 'it is the company''s own backup');
  DROP TABLE its_file;
  RETURN result;
END $$;
SAVEPOINT unseen;
SELECT is(pg_temp.own_after($$DELETE FROM company WHERE slug = 'unseen'$$), 0::bigint, 'unseen, deleted');
ROLLBACK TO unseen;
SELECT is(pg_temp.own_after('TRUNCATE company CASCADE'), 0::bigint, 'unseen, truncated');
ROLLBACK TO before;

-- Uploads for no company ---------------------------------------------------------------------------
SET LOCAL ROLE cb_app;
SELECT set_config('app.user', 'uploader', true);
SELECT cb.begin_upload() AS upload \gset
RESET ROLE;
GRANT SELECT ON file TO cb_app;
SET LOCAL ROLE cb_app;
SELECT cb.append_upload(:upload, seq, data) FROM file;
SELECT cb.finish_upload(:upload) AS nobodys \gset
RESET ROLE;
SELECT is(pg_temp.count_of('ann', $$cb.company_backups('acme')$$), 1::bigint, 'it is not filed under the company that has its key');
SELECT matches(pg_temp.answer('ann', way), '^KB008 ', 'nor may its members: ' || way) FROM pg_temp.ways(:nobodys, NULL, NULL) way;
SELECT is(pg_temp.count_of('uploader', $$cb.company_backups() WHERE origin = 'upload'$$), 1::bigint, 'its uploader sees it');
SELECT is(pg_temp.answer('uploader', way), 'ok', 'and may ' || way) FROM pg_temp.ways(:nobodys, NULL, NULL) way WHERE way !~ 'acme|publish';
SELECT is(pg_temp.count_of('uploader2', $$cb.company_backups() WHERE origin = 'upload'$$, 'cb_other'), 0::bigint, 'nobody else does');
SELECT alike(pg_temp.answer('uploader2', way, 'cb_other'), 'KB010 backup % does not exist%', 'or may ' || way)
FROM pg_temp.ways(:nobodys, NULL, NULL) way WHERE way !~ 'acme';
SELECT set_config('app.user', 'uploader', true);
SAVEPOINT unused;
SELECT cb.create_company_from_backup(:nobodys, '{"slug": "fresh"}');
INSERT INTO member VALUES ('fresh', 'fred');
SELECT is(pg_temp.count_of('fred', $$cb.company_backups('fresh')$$), 1::bigint, 'used, it belongs to the company made of it');
ROLLBACK TO unused;
SELECT cb.keep_restore(:old_restore);
SELECT cb.restore_company('bolt', :nobodys);
SELECT is(pg_temp.count_of('bob', $$cb.company_backups('bolt')$$), 1::bigint, 'or to the one that it was restored to');
ROLLBACK TO unused;
SELECT cb.publish_template(:nobodys, 'from a file');
SELECT cb.create_company_from_template('from a file', '{"slug": "fresh"}');
INSERT INTO member VALUES ('fresh', 'fred');
SELECT is(pg_temp.count_of('fred', $$cb.company_backups('fresh')$$), 0::bigint, 'but a template stays nobody''s');

SELECT * FROM finish();
ROLLBACK;
