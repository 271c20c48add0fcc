-- The guard decides about both sides, whose data is read and whose is written: function x side x answer.
-- And whoever it refuses does not learn what there is.
\ir begin.psql
CREATE ROLE cb_app;
CREATE TABLE company (id bigint PRIMARY KEY, name text);
CREATE TABLE item (company_id bigint NOT NULL REFERENCES company, id int, name text, PRIMARY KEY (company_id, id));
CREATE TABLE member (company_id bigint NOT NULL REFERENCES company, user_id bigint NOT NULL, PRIMARY KEY (company_id, user_id));
GRANT USAGE ON SCHEMA cb TO cb_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cb_app;
INSERT INTO company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO item VALUES (1, 1, 'leaf'), (2, 1, 'honey');
INSERT INTO member VALUES (1, 11), (2, 22);
SELECT cb.set_company_table('company');
SELECT cb.set_table_rule('member', 'excluded', 'who may do what');
SELECT cb.grant_company_backup('cb_app');

SELECT cb.backup_company(1) AS own \gset
SELECT cb.backup_company(2) AS other \gset
SELECT set_config('t.own', :'own', true), set_config('t.other', :'other', true);
SELECT set_config('t.review', cb.restore_company(2, :other)::text, true);
SELECT cb.publish_template(:other, 'bees');
CREATE FUNCTION pg_temp.begin_as(caller name, for_company text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE u bigint;
BEGIN
  u := cb.begin_upload(for_company);
  UPDATE company_backup.upload SET created_by = caller::text::regrole WHERE id = u;
  RETURN u;
END $$;
SELECT set_config('t.upload', pg_temp.begin_as('cb_app', '2')::text, true);

-- Answers true for these companies; '-' stands for no one company.
CREATE FUNCTION public.some(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS
  $$ SELECT coalesce($2, '-') = ANY (current_setting('t.yes')::text[]) $$;

-- What a call says to the application's role where the guard answers yes for these. All is undone.
CREATE FUNCTION pg_temp.answer(sql text, yes text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  PERFORM cb.set_company_guard('public.some'), set_config('t.yes', yes::text, true);
  SET LOCAL ROLE cb_app;
  result := pg_temp.told(sql);
  RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
  RETURN SQLERRM;
END $$;

-- Function x side x answer ---------------------------------------------------------------------
-- Each takes from company 2; `target` is the company it goes to.
CREATE TABLE side (call text PRIMARY KEY, target text);
INSERT INTO side VALUES
  ($$SELECT cb.restore_company(1, %2$s)$$, '1'),
  ($$SELECT * FROM cb.preview_restore(1, %2$s)$$, '1'),
  ($$SELECT * FROM cb.plan_ids(1, %2$s)$$, '1'),
  ($$SELECT * FROM cb.plan_ids(NULL::text, %2$s)$$, '-'),
  ($$SELECT cb.create_company_from_backup(%2$s, '{"id": 3}')$$, '-'),
  ($$SELECT cb.create_company_from_template('bees', '{"id": 3}')$$, '-'),
  ($$SELECT cb.clone_company(2, '{"id": 3}')$$, NULL),
  ($$SELECT * FROM cb.read_backup(%2$s)$$, NULL),
  ($$SELECT * FROM cb.backup_contents(%2$s)$$, NULL),
  ($$SELECT cb.backup_manifest(%2$s)$$, NULL),
  ($$SELECT cb.delete_backup(%2$s)$$, NULL),
  ($$SELECT cb.publish_template(%2$s, 'new')$$, NULL),
  ($$SELECT cb.unpublish_template('bees')$$, NULL),
  ($$SELECT cb.keep_restore(%3$s)$$, NULL),
  ($$SELECT cb.revert_restore(%3$s)$$, NULL),
  ($$SELECT * FROM cb.restore_problems(%3$s)$$, NULL),
  ($$SELECT * FROM cb.restore_id_map(%3$s)$$, NULL),
  ($$SELECT cb.append_upload(%4$s, 0, 'x')$$, NULL),
  ($$SELECT cb.finish_upload(%4$s)$$, NULL),
  ($$SELECT cb.begin_upload(2)$$, NULL),
  ($$SELECT cb.backup_company(2)$$, NULL),
  ($$SELECT * FROM cb.stream_backup(2)$$, NULL),
  ($$SELECT * FROM cb.company_backups(2)$$, NULL),
  ($$SELECT * FROM cb.company_restores(2)$$, NULL),
  ($$SELECT cb.company_busy(2)$$, NULL),
  ($$SELECT * FROM cb.company_contents(2)$$, NULL),
  ($$SELECT * FROM cb.check_company_data(2)$$, NULL);
CREATE VIEW ready AS SELECT format(call, current_setting('t.own'), current_setting('t.other'),
  current_setting('t.review'), current_setting('t.upload')) AS sql, target FROM side;

-- Whoever may act where no one company is meant is told that there is no such backup.
SELECT matches(pg_temp.answer(sql, ARRAY[target]), CASE target WHEN '-' THEN '^KB0(10|50) ' ELSE '^KB008 ' END,
  'the target alone does not do: ' || sql) FROM ready WHERE target IS NOT NULL;
SELECT alike(pg_temp.answer(sql, '{2}'), CASE WHEN target IS NULL THEN '%' ELSE 'KB008 %' END,
  'the source alone: ' || sql) FROM ready;
SELECT unalike(pg_temp.answer(sql, ARRAY['2', target]), 'KB008 %', 'both sides: ' || sql) FROM ready;
SELECT alike(pg_temp.answer(sql, '{1}'), 'KB008 %', 'another company is not enough: ' || sql) FROM ready;
SELECT is(pg_temp.answer(format('SELECT cb.restore_company(1, %s)', :own), '{1}'), 'ok', 'one''s own into one''s own');

-- Nobody who is refused learns what there is ----------------------------------------------------
-- Answers to calls that differ in one value, which is there or not; the value itself is left out.
CREATE FUNCTION pg_temp.same(call text, there text, missing text, yes text[]) RETURNS text LANGUAGE sql AS $$
  SELECT is(regexp_replace(pg_temp.answer(format(call, there), yes), '\m' || there || '\M', '*', 'g'),
            regexp_replace(pg_temp.answer(format(call, missing), yes), '\m' || missing || '\M', '*', 'g'),
            yes::text || ' is told the same: ' || call) $$;

-- by company: 2 is there, 7 is not
SELECT pg_temp.same(call, '2', '7', yes::text[]) FROM
  (VALUES ('SELECT cb.backup_company(%s)'), ('SELECT * FROM cb.stream_backup(%s)'), ('SELECT cb.begin_upload(%s)'),
    ('SELECT * FROM cb.company_backups(%s)'), ('SELECT * FROM cb.company_restores(%s)'), ('SELECT cb.company_busy(%s)'),
    ('SELECT * FROM cb.company_contents(%s)'), ('SELECT * FROM cb.check_company_data(%s)'),
    ('SELECT cb.clone_company(%s)'), ('SELECT cb.restore_company(%s, current_setting(''t.own'')::bigint)'),
    ('SELECT * FROM cb.preview_restore(%s, current_setting(''t.own'')::bigint)'),
    ('SELECT * FROM cb.plan_ids(%s, current_setting(''t.own'')::bigint)')) c (call),
  (VALUES ('{}'), ('{1}'), ('{-}'), ('{1,-}')) y (yes);
SELECT is(pg_temp.answer(format('SELECT cb.backup_company(%L)', key), '{1}'),
  format('KB008 the guard refused action "backup" / Company %s, actor (none).', key), 'the key as it was written: ' || key)
FROM unnest('{2,02, 2,7,07,x}'::text[]) key;

-- by ID: a backup of company 2, a restore of it, an upload for it
SELECT pg_temp.same(call, current_setting('t.other'), '12345', yes::text[]) FROM
  (VALUES ('SELECT cb.restore_company(1, %s)'), ('SELECT * FROM cb.preview_restore(1, %s)'),
    ('SELECT * FROM cb.plan_ids(1, %s)'), ('SELECT * FROM cb.plan_ids(NULL::text, %s)'), ('SELECT cb.create_company_from_backup(%s)'),
    ('SELECT * FROM cb.read_backup(%s)'), ('SELECT * FROM cb.backup_contents(%s)'), ('SELECT cb.backup_manifest(%s)'),
    ('SELECT cb.delete_backup(%s)'), ('SELECT cb.publish_template(%s, ''new'')')) c (call),
  (VALUES ('{}'), ('{1}'), ('{-}'), ('{1,-}')) y (yes);
SELECT pg_temp.same(call, current_setting('t.review'), '12345', yes::text[]) FROM
  (VALUES ('SELECT cb.keep_restore(%s)'), ('SELECT cb.revert_restore(%s)'), ('SELECT * FROM cb.restore_problems(%s)'),
    ('SELECT * FROM cb.restore_id_map(%s)')) c (call),
  (VALUES ('{}'), ('{1}'), ('{-}'), ('{1,-}')) y (yes);
SELECT pg_temp.same(call, current_setting('t.upload'), '12345', yes::text[]) FROM
  (VALUES ('SELECT cb.append_upload(%s, 0, ''x'')'), ('SELECT cb.finish_upload(%s)')) c (call),
  (VALUES ('{}'), ('{1}'), ('{-}'), ('{1,-}')) y (yes);
SELECT pg_temp.same(call, 'bees', 'wasps', yes::text[]) FROM
  (VALUES ('SELECT cb.unpublish_template(%L)'), ('SELECT cb.create_company_from_template(%L, ''{"id": 3}'')')) c (call),
  (VALUES ('{}'), ('{1}'), ('{-}'), ('{1,-}')) y (yes);

-- Whoever is allowed is helped.
SELECT alike(pg_temp.answer('SELECT cb.backup_company(7)', '{7}'), 'KB002 company "7" does not exist%', 'no such company');
SELECT alike(pg_temp.answer('SELECT * FROM cb.backup_contents(12345)', '{-}'), 'KB010 backup 12345 does not exist%', 'no such backup');
SELECT alike(pg_temp.answer('SELECT cb.keep_restore(12345)', '{-}'), 'KB010 restore 12345 does not exist%', 'no such restore');
SELECT alike(pg_temp.answer('SELECT cb.finish_upload(12345)', '{-}'), 'KB010 upload 12345 does not exist%', 'no such upload');
SELECT alike(pg_temp.answer('SELECT cb.unpublish_template(''x'')', '{-}'), 'KB050 %', 'no such template');

-- The guard of docs/APPLICATION.md -----------------------------------------------------------------
CREATE FUNCTION public.backup_guard(action text, company text, actor text, detail jsonb) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT pg_has_role(current_user, 'pg_database_owner', 'member')
        OR EXISTS (SELECT FROM public.member AS m
                   WHERE m.company_id::text = $2 AND m.user_id::text = $3)
$$;
SELECT cb.set_company_guard('public.backup_guard');
SET LOCAL ROLE cb_app;
SELECT pg_temp.tells(format('SELECT cb.restore_company(1, %s, actor => ''11'')', :own), 'ok');
SELECT pg_temp.tells(sql, 'KB008 the guard refused action "use"%') FROM unnest(ARRAY[
  format('SELECT cb.restore_company(1, %s, actor => ''11'')', :other),
  format('SELECT * FROM cb.preview_restore(1, %s, actor => ''11'')', :other)]) sql;
SELECT pg_temp.tells(sql, 'KB008 %') FROM unnest(ARRAY[
  format('SELECT * FROM cb.plan_ids(1, %s)', :other),
  format('SELECT cb.create_company_from_backup(%s, ''{"id": 3}'', actor => ''11'')', :other),
  'SELECT cb.clone_company(2, ''{"id": 3}'', actor => ''11'')']) sql;
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
