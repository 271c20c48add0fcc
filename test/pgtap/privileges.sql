-- Who may call what: every function of the extension for every kind of role, and what the guard is
-- asked. A new function without a row in `call` fails.
\ir begin.psql

CREATE ROLE cb_owner;
CREATE ROLE cb_nothing;
CREATE ROLE cb_granted;
CREATE ROLE cb_partial;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO cb_owner', current_database()); END $$;

CREATE SCHEMA app;
CREATE TABLE app.company (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.invoice (id int, company_id text NOT NULL REFERENCES app.company, total numeric, PRIMARY KEY (company_id, id));
CREATE TABLE app.salary (id int, company_id text NOT NULL REFERENCES app.company, amount numeric, PRIMARY KEY (company_id, id));
INSERT INTO app.company VALUES ('1', 'Ant'), ('00000000-0000-0000-0000-000000000001', 'Bee'),
    ('2', 'Cat, without rows'), ('00000000-0000-0000-0000-000000000002', 'Dog, without rows'), ('4', 'Elk, to be deleted');
INSERT INTO app.invoice VALUES (1, '1', 10), (2, '00000000-0000-0000-0000-000000000001', 20);
INSERT INTO app.salary SELECT * FROM app.invoice;
GRANT USAGE ON SCHEMA app, cb TO cb_owner, cb_granted, cb_partial, cb_nothing;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO cb_owner, cb_granted, cb_partial;
REVOKE SELECT ON app.salary FROM cb_partial;
SELECT cb.set_company_table('app.company', identity_columns => '{}');
SELECT cb.set_reference('app.salary', '{company_id,id}', 'app.invoice');

CREATE TABLE app.asked (n int GENERATED ALWAYS AS IDENTITY, action text, company text, actor text, detail jsonb, by name);
SELECT cb.set_column_rule(NULL, 'company', 'data');
GRANT INSERT, SELECT ON app.asked TO PUBLIC;
CREATE FUNCTION app.guard_yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION app.guard_no(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION app.guard_null(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT NULL::boolean';
CREATE FUNCTION app.guard_raises(text, text, text, jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ask your administrator' USING ERRCODE = 'AP001'; END $$;
CREATE FUNCTION app.guard_dropped(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION app.guard_records(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO app.asked (action, company, actor, detail, by) VALUES (action, company, actor, detail, current_user);
  RETURN true;
END $$;

-- What each call works on: a backup, a restore in review, a template, and an upload begun by whoever calls, who has also
-- asked for the links "down" and "up".
SELECT set_config('t.backup', cb.backup_company('1')::text, true);
SELECT set_config('t.restore', cb.restore_company('1', current_setting('t.backup')::bigint)::text, true);
SELECT cb.publish_template(cb.backup_company('2'), 'base');
INSERT INTO app.company VALUES ('5', 'Fly, deleted');
SELECT set_config('t.deletion', cb.delete_company('5', 'Fly, deleted')::text, true);
CREATE TABLE file AS SELECT seq, data FROM cb.read_backup(current_setting('t.backup')::bigint);
WITH job AS (INSERT INTO company_backup.job (action, company, owner, options, state, waits, session_user_role, role, by_membership)
    SELECT 'backup', '1', id, '{}', 'done', false, 0, 0, false FROM company_backup.company WHERE key = '1' RETURNING id)
SELECT set_config('t.job', id::text, true) FROM job;
CREATE FUNCTION pg_temp.prepare(caller name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE u bigint;
BEGIN
  INSERT INTO company_backup.upload (owner, created_by) SELECT id, coalesce(to_regrole(caller::text), current_user::regrole) FROM company_backup.company WHERE key = '1' RETURNING id INTO u;
  INSERT INTO company_backup.upload_part SELECT u, seq, data FROM file;
  PERFORM set_config('t.upload', u::text, true);
  DELETE FROM company_backup.link;
  INSERT INTO company_backup.link (digest, kind, backup, upload, asked_by, actor, expires_at) SELECT sha256(token), kind, backup, upload, created_by, 'ann', 'infinity'
    FROM company_backup.upload, (VALUES ('down'::bytea, 'download', current_setting('t.backup')::bigint, NULL), ('up', 'upload', NULL, u)) l(token, kind, backup, upload) WHERE id = u;
END $$;

CREATE TABLE call (
    function text PRIMARY KEY,
    kind text NOT NULL,   -- setup; else what it needs: catalog, list, data, backup, upload, write, read, link, uplink, transfer
    sql text NOT NULL,
    action text,          -- what the guard is asked
    company text,
    actor text,
    source text           -- the company about which it is asked "use"
);
INSERT INTO call VALUES    -- jobs; where no worker is free they wait
  ('export_company(text,text,boolean,text,interval,text)', 'data', $$SELECT cb.export_company('1', actor => 'ann')$$, 'export', '1', 'ann', NULL),
  ('export_company(bigint,text,boolean,text,interval,text)', 'data', $$SELECT cb.export_company(1, actor => 'ann')$$, 'export', '1', 'ann', NULL),
  ('export_company(uuid,text,boolean,text,interval,text)', 'data', $$SELECT cb.export_company('00000000-0000-0000-0000-000000000001'::uuid, actor => 'ann')$$, 'export', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('start_job(text,text,jsonb,text,boolean)', 'backup', $$SELECT cb.start_job('backup', '1', actor => 'ann', queue => true)$$, 'backup', '1', 'ann', NULL),
  ('start_job(text,bigint,jsonb,text,boolean)', 'backup', $$SELECT cb.start_job('backup', 1, actor => 'ann', queue => true)$$, 'backup', '1', 'ann', NULL),
  ('start_job(text,uuid,jsonb,text,boolean)', 'backup', $$SELECT cb.start_job('backup', '00000000-0000-0000-0000-000000000001'::uuid, actor => 'ann', queue => true)$$, 'backup', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('company_jobs(text)', 'list', $$SELECT * FROM cb.company_jobs('1')$$, 'list', '1', NULL, NULL),
  ('company_jobs(bigint)', 'list', $$SELECT * FROM cb.company_jobs(1)$$, 'list', '1', NULL, NULL),
  ('company_jobs(uuid)', 'list', $$SELECT * FROM cb.company_jobs('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('cancel_job(bigint,text)', 'backup', $$SELECT cb.cancel_job(current_setting('t.job')::bigint, 'ann')$$, 'cancel_job', '1', 'ann', NULL),
  ('wait_for_job(bigint,interval)', 'list', $$SELECT cb.wait_for_job(current_setting('t.job')::bigint)$$, 'list', '1', NULL, NULL);
INSERT INTO call (function, kind, sql) VALUES
  ('set_company_table(regclass,name,name,name,name[],name[],text)', 'setup', $$SELECT cb.set_company_table('app.company')$$),
  ('set_table_rule(regclass,text,text,text,name[],name[])', 'setup', $$SELECT cb.set_table_rule('app.salary', 'excluded', 'secret')$$),
  ('set_column_rule(regclass,name,text,text,boolean)', 'setup', $$SELECT cb.set_column_rule('app.salary', 'amount', 'secret')$$),
  ('set_column_rule(regclass,name[],text,text,boolean)', 'setup', $$SELECT cb.set_column_rule(NULL, ARRAY['amount', 'total'], 'data')$$),
  ('set_reference(regclass,name[],regclass,name[],text,name,text,text)', 'setup', $$SELECT cb.set_reference('app.salary', '{company_id,amount}', 'app.invoice', outside => 'keep')$$),
  ('set_table_rename(text,regclass)', 'setup', $$SELECT cb.set_table_rename('app.wage', 'app.salary')$$),
  ('set_column_rename(regclass,name,name)', 'setup', $$SELECT cb.set_column_rename('app.salary', 'sum', 'amount')$$),
  ('set_column_default(regclass,name,text)', 'setup', $$SELECT cb.set_column_default('app.salary', 'amount', NULL)$$),
  ('set_row_check(regclass,text)', 'setup', $$SELECT cb.set_row_check('app.salary', NULL)$$),
  ('set_membership(regclass,name)', 'setup', $$SELECT cb.set_membership('app.salary', 'id')$$),
  ('set_company_guard(text)', 'setup', $$SELECT cb.set_company_guard('app.guard_no')$$),
  ('set_company_guard_query(text)', 'setup', $$SELECT cb.set_company_guard_query('SELECT true')$$),
  ('set_company_hook(text,text)', 'setup', $$SELECT cb.set_company_hook('restored', NULL)$$),
  ('set_company_limits(text,integer,integer,bigint,interval)', 'setup', $$SELECT cb.set_company_limits(backups_per_day => 9)$$),
  ('set_company_limits(bigint,integer,integer,bigint,interval)', 'setup', $$SELECT cb.set_company_limits(1, kept_backups => 9)$$),
  ('set_company_limits(uuid,integer,integer,bigint,interval)', 'setup', $$SELECT cb.set_company_limits('00000000-0000-0000-0000-000000000001'::uuid, retention => '1 day')$$),
  ('purge_expired()', 'setup', $$SELECT cb.purge_expired()$$),
  ('set_table_retention(regclass,text)', 'setup', $$SELECT cb.set_table_retention('app.salary', NULL)$$),
  ('set_delete_precondition(text,text,text)', 'setup', $$SELECT cb.set_delete_precondition('paid', NULL, NULL)$$),
  ('set_reauthentication(text)', 'setup', $$SELECT cb.set_reauthentication(NULL)$$),
  ('forget_stale_rules()', 'setup', $$SELECT cb.forget_stale_rules()$$),
  ('trust_origin(text,bytea)', 'setup', $$SELECT cb.trust_origin('other', sha256('x'))$$),
  ('archive_key()', 'setup', $$SELECT cb.archive_key()$$),
  ('grant_company_backup(name)', 'setup', $$SELECT cb.grant_company_backup('cb_nothing')$$),
  ('grant_company_transfer(name)', 'setup', $$SELECT cb.grant_company_transfer('cb_nothing')$$);
INSERT INTO call VALUES
  ('company_scope()', 'catalog', $$SELECT * FROM cb.company_scope()$$, 'scope', NULL, NULL, NULL),
  ('check_company_scope()', 'catalog', $$SELECT * FROM cb.check_company_scope()$$, 'scope', NULL, NULL, NULL),
  ('company_rules(boolean)', 'catalog', $$SELECT * FROM cb.company_rules()$$, 'scope', NULL, NULL, NULL),
  ('propose_company_rules()', 'catalog', $$SELECT * FROM cb.propose_company_rules()$$, 'scope', NULL, NULL, NULL),
  ('company_backups(text)', 'list', $$SELECT * FROM cb.company_backups('1')$$, 'list', '1', NULL, NULL),
  ('company_backups(bigint)', 'list', $$SELECT * FROM cb.company_backups(1)$$, 'list', '1', NULL, NULL),
  ('company_backups(uuid)', 'list', $$SELECT * FROM cb.company_backups('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('check_company_data(text)', 'data', $$SELECT * FROM cb.check_company_data('1')$$, 'check', '1', NULL, NULL),
  ('check_company_data(bigint)', 'data', $$SELECT * FROM cb.check_company_data(1)$$, 'check', '1', NULL, NULL),
  ('check_company_data(uuid)', 'data', $$SELECT * FROM cb.check_company_data('00000000-0000-0000-0000-000000000001'::uuid)$$, 'check', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('company_contents(text)', 'data', $$SELECT * FROM cb.company_contents('1')$$, 'contents', '1', NULL, NULL),
  ('company_contents(bigint)', 'data', $$SELECT * FROM cb.company_contents(1)$$, 'contents', '1', NULL, NULL),
  ('company_contents(uuid)', 'data', $$SELECT * FROM cb.company_contents('00000000-0000-0000-0000-000000000001'::uuid)$$, 'contents', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('backup_company(text,text,boolean,text,text)', 'data', $$SELECT cb.backup_company('1', actor => 'ann')$$, 'backup', '1', 'ann', NULL),
  ('backup_company(bigint,text,boolean,text,text)', 'data', $$SELECT cb.backup_company(1, actor => 'ann')$$, 'backup', '1', 'ann', NULL),
  ('backup_company(uuid,text,boolean,text,text)', 'data', $$SELECT cb.backup_company('00000000-0000-0000-0000-000000000001'::uuid, actor => 'ann')$$, 'backup', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('stream_backup(text,boolean)', 'data', $$SELECT * FROM cb.stream_backup('1')$$, 'export', '1', NULL, NULL),
  ('stream_backup(bigint,boolean)', 'data', $$SELECT * FROM cb.stream_backup(1)$$, 'export', '1', NULL, NULL),
  ('stream_backup(uuid,boolean)', 'data', $$SELECT * FROM cb.stream_backup('00000000-0000-0000-0000-000000000001'::uuid)$$, 'export', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('backup_contents(bigint)', 'read', $$SELECT * FROM cb.backup_contents(current_setting('t.backup')::bigint)$$, 'inspect', '1', NULL, NULL),
  ('backup_manifest(bigint)', 'read', $$SELECT cb.backup_manifest(current_setting('t.backup')::bigint)$$, 'inspect', '1', NULL, NULL),
  ('compare_schema(bigint)', 'read', $$SELECT * FROM cb.compare_schema(current_setting('t.backup')::bigint)$$, 'inspect', '1', NULL, NULL),
  ('delete_backup(bigint)', 'backup', $$SELECT cb.delete_backup(current_setting('t.backup')::bigint)$$, 'delete', '1', NULL, NULL),
  ('read_backup(bigint)', 'read', $$SELECT * FROM cb.read_backup(current_setting('t.backup')::bigint)$$, 'export', '1', NULL, NULL),
  ('company_restores(text)', 'list', $$SELECT * FROM cb.company_restores('1')$$, 'list', '1', NULL, NULL),
  ('company_restores(bigint)', 'list', $$SELECT * FROM cb.company_restores(1)$$, 'list', '1', NULL, NULL),
  ('company_restores(uuid)', 'list', $$SELECT * FROM cb.company_restores('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('company_deletions(text)', 'list', $$SELECT * FROM cb.company_deletions('1')$$, 'list', '1', NULL, NULL),
  ('company_deletions(bigint)', 'list', $$SELECT * FROM cb.company_deletions(1)$$, 'list', '1', NULL, NULL),
  ('company_deletions(uuid)', 'list', $$SELECT * FROM cb.company_deletions('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('erase_record(regclass,text,text,text)', 'write', $$SELECT cb.erase_record('app.salary', '["00000000-0000-0000-0000-000000000001", "2"]', actor => 'ann')$$, 'erase', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('find_in_backups(regclass,text,text)', 'read', $$SELECT * FROM cb.find_in_backups('app.salary', '["1", "1"]', 'ann')$$, 'inspect', NULL, 'ann', NULL),
  ('freeze_company(text,text)', 'list', $$SELECT cb.freeze_company('1', 'ann')$$, 'freeze', '1', 'ann', NULL),
  ('freeze_company(bigint,text)', 'list', $$SELECT cb.freeze_company(1, 'ann')$$, 'freeze', '1', 'ann', NULL),
  ('freeze_company(uuid,text)', 'list', $$SELECT cb.freeze_company('00000000-0000-0000-0000-000000000001'::uuid, 'ann')$$, 'freeze', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('unfreeze_company(text,text)', 'list', $$SELECT cb.unfreeze_company('1', 'ann')$$, 'freeze', '1', 'ann', NULL),
  ('unfreeze_company(bigint,text)', 'list', $$SELECT cb.unfreeze_company(1, 'ann')$$, 'freeze', '1', 'ann', NULL),
  ('unfreeze_company(uuid,text)', 'list', $$SELECT cb.unfreeze_company('00000000-0000-0000-0000-000000000001'::uuid, 'ann')$$, 'freeze', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('deletion_report(bigint,text)', 'list', $$SELECT * FROM cb.deletion_report(current_setting('t.deletion')::bigint, 'ann')$$, 'delete_company', NULL, 'ann', NULL),
  ('company_backup_log(text)', 'list', $$SELECT * FROM cb.company_backup_log('1')$$, 'list', '1', NULL, NULL),
  ('company_backup_log(bigint)', 'list', $$SELECT * FROM cb.company_backup_log(1)$$, 'list', '1', NULL, NULL),
  ('company_backup_log(uuid)', 'list', $$SELECT * FROM cb.company_backup_log('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('company_busy(text)', 'list', $$SELECT cb.company_busy('1')$$, 'list', '1', NULL, NULL),
  ('company_busy(bigint)', 'list', $$SELECT cb.company_busy(1)$$, 'list', '1', NULL, NULL),
  ('company_busy(uuid)', 'list', $$SELECT cb.company_busy('00000000-0000-0000-0000-000000000001'::uuid)$$, 'list', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('restore_company(text,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'write', $$SELECT cb.restore_company('2', current_setting('t.backup')::bigint, actor => 'ann')$$, 'restore', '2', 'ann', '1'),
  ('restore_company(bigint,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'write', $$SELECT cb.restore_company(2, current_setting('t.backup')::bigint, actor => 'ann')$$, 'restore', '2', 'ann', '1'),
  ('restore_company(uuid,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'write', $$SELECT cb.restore_company('00000000-0000-0000-0000-000000000002'::uuid, current_setting('t.backup')::bigint, actor => 'ann')$$, 'restore', '00000000-0000-0000-0000-000000000002', 'ann', '1'),
  ('plan_ids(text,bigint)', 'data', $$SELECT cb.plan_ids('2', current_setting('t.backup')::bigint)$$, 'preview', '2', NULL, '1'),
  ('plan_ids(bigint,bigint)', 'data', $$SELECT cb.plan_ids(2, current_setting('t.backup')::bigint)$$, 'preview', '2', NULL, '1'),
  ('plan_ids(uuid,bigint)', 'data', $$SELECT cb.plan_ids('00000000-0000-0000-0000-000000000002'::uuid, current_setting('t.backup')::bigint)$$, 'preview', '00000000-0000-0000-0000-000000000002', NULL, '1'),
  ('clone_company(text,jsonb,text)', 'write', $$SELECT cb.clone_company('1', '{"id": "new"}', actor => 'ann')$$, 'clone', '1', 'ann', NULL),
  ('clone_company(bigint,jsonb,text)', 'write', $$SELECT cb.clone_company(1, '{"id": "new"}', actor => 'ann')$$, 'clone', '1', 'ann', NULL),
  ('clone_company(uuid,jsonb,text)', 'write', $$SELECT cb.clone_company('00000000-0000-0000-0000-000000000001'::uuid, '{"id": "new"}', actor => 'ann')$$, 'clone', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('preview_restore(text,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'data', $$SELECT cb.preview_restore('2', current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '2', 'ann', '1'),
  ('preview_restore(bigint,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'data', $$SELECT cb.preview_restore(2, current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '2', 'ann', '1'),
  ('preview_restore(uuid,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text)', 'data', $$SELECT cb.preview_restore('00000000-0000-0000-0000-000000000002'::uuid, current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '00000000-0000-0000-0000-000000000002', 'ann', '1'),
  ('preview_rows(text,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text,integer)', 'data', $$SELECT cb.preview_rows('2', current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '2', 'ann', '1'),
  ('preview_rows(bigint,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text,integer)', 'data', $$SELECT cb.preview_rows(2, current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '2', 'ann', '1'),
  ('preview_rows(uuid,bigint,text,text,boolean,text,text,text,text,text,text[],text,jsonb,text,integer)', 'data', $$SELECT cb.preview_rows('00000000-0000-0000-0000-000000000002'::uuid, current_setting('t.backup')::bigint, actor => 'ann')$$, 'preview', '00000000-0000-0000-0000-000000000002', 'ann', '1'),
  ('forget_id_map(text,bigint,text)', 'backup', $$SELECT cb.forget_id_map('2', actor => 'ann')$$, 'restore', '2', 'ann', NULL),
  ('forget_id_map(bigint,bigint,text)', 'backup', $$SELECT cb.forget_id_map(2, actor => 'ann')$$, 'restore', '2', 'ann', NULL),
  ('forget_id_map(uuid,bigint,text)', 'backup', $$SELECT cb.forget_id_map('00000000-0000-0000-0000-000000000002'::uuid, actor => 'ann')$$, 'restore', '00000000-0000-0000-0000-000000000002', 'ann', NULL),
  ('keep_restore(bigint,text)', 'backup', $$SELECT cb.keep_restore(current_setting('t.restore')::bigint, 'ann')$$, 'keep', '1', 'ann', NULL),
  ('revert_restore(bigint,text)', 'write', $$SELECT cb.revert_restore(current_setting('t.restore')::bigint, 'ann')$$, 'revert', '1', 'ann', NULL),
  ('restore_id_map(bigint)', 'backup', $$SELECT * FROM cb.restore_id_map(current_setting('t.restore')::bigint)$$, 'inspect', '1', NULL, NULL),
  ('restore_problems(bigint)', 'backup', $$SELECT * FROM cb.restore_problems(current_setting('t.restore')::bigint)$$, 'inspect', '1', NULL, NULL),
  ('create_company_from_backup(bigint,jsonb,text,text)', 'write', $$SELECT cb.create_company_from_backup(current_setting('t.backup')::bigint, '{"id": "3"}', actor => 'ann')$$, 'create', NULL, 'ann', '1'),
  ('publish_template(bigint,text,text,text)', 'backup', $$SELECT cb.publish_template(current_setting('t.backup')::bigint, 'new')$$, 'publish', '1', NULL, NULL),
  ('unpublish_template(text)', 'backup', $$SELECT cb.unpublish_template('base')$$, 'unpublish', '2', NULL, NULL),
  ('company_templates()', 'list', $$SELECT * FROM cb.company_templates()$$, 'list', NULL, NULL, NULL),
  ('create_company_from_template(text,jsonb,text)', 'write', $$SELECT cb.create_company_from_template('base', '{"id": "3"}', 'ann')$$, 'create', NULL, 'ann', '2'),
  ('preview_delete(text,text)', 'data', $$SELECT * FROM cb.preview_delete('4', 'ann')$$, 'delete_company', '4', 'ann', NULL),
  ('preview_delete(bigint,text)', 'data', $$SELECT * FROM cb.preview_delete(4, 'ann')$$, 'delete_company', '4', 'ann', NULL),
  ('preview_delete(uuid,text)', 'data', $$SELECT * FROM cb.preview_delete('00000000-0000-0000-0000-000000000002'::uuid, 'ann')$$, 'delete_company', '00000000-0000-0000-0000-000000000002', 'ann', NULL),
  ('delete_company(text,text,boolean,boolean,text,text)', 'write', $$SELECT cb.delete_company('4', 'Elk, to be deleted', actor => 'ann')$$, 'delete_company', '4', 'ann', NULL),
  ('delete_company(bigint,text,boolean,boolean,text,text)', 'write', $$SELECT cb.delete_company(4, 'Elk, to be deleted', actor => 'ann')$$, 'delete_company', '4', 'ann', NULL),
  ('delete_company(uuid,text,boolean,boolean,text,text)', 'write', $$SELECT cb.delete_company('00000000-0000-0000-0000-000000000002'::uuid, 'Dog, without rows', actor => 'ann')$$, 'delete_company', '00000000-0000-0000-0000-000000000002', 'ann', NULL),
  ('begin_upload(text)', 'upload', $$SELECT cb.begin_upload('1')$$, 'upload', '1', NULL, NULL),
  ('begin_upload(bigint)', 'upload', $$SELECT cb.begin_upload(1)$$, 'upload', '1', NULL, NULL),
  ('begin_upload(uuid)', 'upload', $$SELECT cb.begin_upload('00000000-0000-0000-0000-000000000001'::uuid)$$, 'upload', '00000000-0000-0000-0000-000000000001', NULL, NULL),
  ('append_upload(bigint,integer,bytea)', 'upload', $$SELECT cb.append_upload(current_setting('t.upload')::bigint, 999, 'x')$$, 'upload', '1', NULL, NULL),
  ('finish_upload(bigint)', 'upload', $$SELECT cb.finish_upload(current_setting('t.upload')::bigint)$$, 'upload', '1', NULL, NULL),
  ('request_download(bigint,interval,text)', 'read', $$SELECT cb.request_download(current_setting('t.backup')::bigint, actor => 'ann')$$, 'export', '1', 'ann', NULL),
  ('request_upload(text,interval,bigint,text)', 'upload', $$SELECT cb.request_upload('1', actor => 'ann')$$, 'upload', '1', 'ann', NULL),
  ('request_upload(bigint,interval,bigint,text)', 'upload', $$SELECT cb.request_upload(1, actor => 'ann')$$, 'upload', '1', 'ann', NULL),
  ('request_upload(uuid,interval,bigint,text)', 'upload', $$SELECT cb.request_upload('00000000-0000-0000-0000-000000000001'::uuid, actor => 'ann')$$, 'upload', '00000000-0000-0000-0000-000000000001', 'ann', NULL),
  ('redeem_download(text)', 'link', $$SELECT cb.redeem_download('down')$$, 'export', '1', 'ann', NULL),
  ('redeem_upload(text)', 'uplink', $$SELECT cb.redeem_upload('up')$$, 'upload', '1', 'ann', NULL),
  ('read_transfer(text)', 'transfer', $$SELECT * FROM cb.read_transfer('down')$$, NULL, NULL, NULL, NULL),
  ('append_transfer(text,integer,bytea)', 'transfer', $$SELECT cb.append_transfer('up', 0, 'x')$$, NULL, NULL, NULL, NULL),
  ('finish_transfer(text)', 'transfer', $$SELECT cb.finish_transfer('up')$$, NULL, NULL, NULL, NULL);

-- The functions themselves ------------------------------------------------------------------
CREATE VIEW extension_function AS
  SELECT p.*, regexp_replace(p.oid::regprocedure::text, '^cb\.', '') AS signature
  FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
  WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'company_backup');

SELECT set_eq($$SELECT signature FROM extension_function WHERE signature !~ '^company_backup\.' AND prorettype <> 'trigger'::regtype$$, 'SELECT function FROM call',
              'every function has its row in this test');
SELECT is_empty($$SELECT signature FROM extension_function f, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
                  WHERE a.grantee = 0$$, 'nothing is for PUBLIC');
SELECT is_empty($$SELECT signature FROM extension_function
                  WHERE proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}'$$, 'search_path is pinned');
SELECT is_empty('SELECT signature FROM extension_function WHERE prosecdef', 'nothing is SECURITY DEFINER');
SELECT is_empty('SELECT signature FROM extension_function WHERE proleakproof', 'nothing is LEAKPROOF');
SELECT is_empty($$SELECT signature FROM extension_function WHERE proparallel <> 'u'$$, 'nothing runs in parallel workers');
SELECT is_empty($$SELECT signature FROM extension_function WHERE obj_description(oid, 'pg_proc') IS NULL$$,
                'every function has a COMMENT');
SELECT is_empty($$SELECT objid::regclass FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'
                  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'company_backup')
                  AND (SELECT relkind FROM pg_class WHERE oid = objid) = 'r'
                  AND obj_description(objid, 'pg_class') IS NULL$$, 'every table has a COMMENT');
SELECT is_empty($$SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
                  WHERE c.relnamespace = 'company_backup'::regnamespace AND a.grantee <> c.relowner$$,
                'the extension''s tables and sequences are for its owner alone');
SELECT is_empty($$SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'cb\_%'
                  AND has_schema_privilege(r.oid, 'company_backup', 'USAGE')$$, 'and so is their schema');

-- Role by role ----------------------------------------------------------------------------------
CREATE TABLE expected (case_no int, role name, guard text, kind text, outcome text);
INSERT INTO expected
SELECT c.n, c.role, c.guard, k.kind, split_part(s.outcomes, ' ', k.n::int)
FROM unnest('{setup,catalog,list,data,backup,upload,write,read,link,uplink,transfer}'::text[]) WITH ORDINALITY k(kind, n),
(VALUES
  --                                   setup catalog list  data  backup upload write  read   link   uplink transfer
  (1, 'superuser',  NULL,           'ok    ok    ok    ok    ok    ok     ok  ok  ok  ok  KB097'),
  (2, 'cb_owner',   NULL,           'ok    ok    ok    ok    ok    ok     ok  ok  ok  ok  KB097'),
  (3, 'cb_nothing', NULL,           '42501 42501 42501 42501 42501 42501  42501  42501  42501  42501  42501'),
  (4, 'cb_granted', NULL,           '42501 42501 42501 42501 42501 42501  42501  42501  KB096  KB096  KB097'),
  (5, 'cb_nothing', 'guard_yes',    '42501 42501 42501 42501 42501 42501  42501  42501  42501  42501  42501'),
  (6, 'cb_granted', 'guard_yes',    '42501 ok    ok    ok    ok    ok     ok  ok  ok  ok  KB097'),
  (7, 'cb_granted', 'guard_no',     '42501 KB008 KB008 KB008 KB008 KB008  KB008  KB008  KB096  KB096  KB097'),
  (8, 'cb_granted', 'guard_null',   '42501 KB007 KB007 KB007 KB007 KB007  KB007  KB007  KB096  KB096  KB097'),
  (9, 'cb_granted', 'guard_raises', '42501 AP001 AP001 AP001 AP001 AP001  AP001  AP001  KB096  KB096  KB097'),
  (10, 'cb_partial', 'guard_yes',   '42501 ok    ok    42501 ok    ok     42501  42501  KB096  ok  KB097'),
  (11, 'cb_owner',  'guard_no',     'ok    KB008 KB008 KB008 KB008 KB008  KB008  KB008  KB096  KB096  KB097'),
  (12, 'superuser', 'guard_no',     'ok    KB008 KB008 KB008 KB008 KB008  KB008  KB008  KB096  KB096  KB097'),
  (13, 'cb_granted', 'guard_dropped', '42501 KB007 KB007 KB007 KB007 KB007  KB007  KB007  KB096  KB096  KB097'),
  (14, 'cb_owner',  'guard_dropped', 'ok    KB007 KB007 KB007 KB007 KB007  KB007  KB007  KB096  KB096  KB097')
) AS c(n, role, guard, spaced), LATERAL (SELECT regexp_replace(c.spaced, ' +', ' ', 'g')) AS s(outcomes);

-- The SQLSTATE of a call, whose effects are undone. What it works on is made before its guard is set.
CREATE FUNCTION pg_temp.outcome(role name, guard text, sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.prepare(role);
  BEGIN
    PERFORM cb.set_company_guard('app.' || guard);
    IF guard = 'guard_dropped' THEN DROP FUNCTION app.guard_dropped; END IF;
    IF role <> 'superuser' THEN EXECUTE format('SET LOCAL ROLE %I', role); END IF;
    EXECUTE sql;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
  EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'ZZ000' THEN 'ok' ELSE SQLSTATE END;
  END;
END $$;

SELECT is_empty($$SELECT signature FROM extension_function WHERE has_function_privilege('cb_granted', oid, 'EXECUTE')$$,
                'a role has nothing before grant_company_backup()');
SELECT cb.grant_company_backup('cb_granted'), cb.grant_company_backup('cb_partial');
SELECT set_eq($$SELECT signature FROM extension_function WHERE has_function_privilege('cb_granted', oid, 'EXECUTE')$$,
              $$SELECT function FROM call WHERE kind <> 'setup'$$, 'grant_company_backup() grants all but the set-up');

SELECT is(pg_temp.outcome(e.role, e.guard, c.sql), e.outcome,
          format('%s, %s: %s', e.role, coalesce(e.guard, 'no guard'), c.function))
FROM expected e JOIN call c USING (kind) ORDER BY e.case_no, c.kind, c.function;

-- What the guard is asked --------------------------------------------------------------------
CREATE FUNCTION pg_temp.asked(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  PERFORM pg_temp.prepare('cb_granted');
  BEGIN
    PERFORM cb.set_company_guard('app.guard_records');
    SET LOCAL ROLE cb_granted;
    EXECUTE sql;
    SELECT string_agg(DISTINCT concat_ws(' ', a.action, coalesce(a.company, '-'), coalesce(a.actor, '-'), a.by), ', ')
      INTO answer FROM app.asked a;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = coalesce(answer, 'nothing');
  EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
  END;
END $$;

SELECT is(pg_temp.asked(sql),
          concat_ws(' ', action, coalesce(company, '-'), coalesce(actor, '-'), 'cb_granted')
            || coalesce(', use ' || source || ' ' || coalesce(actor, '-') || ' cb_granted', ''),
          'the guard is asked by ' || function)
FROM call WHERE action IS NOT NULL ORDER BY function;
SELECT is(pg_temp.asked($$SELECT * FROM cb.company_backups()$$), 'list - - cb_granted', 'all backups: no one company');
SELECT is(pg_temp.asked($$SELECT cb.begin_upload()$$), 'upload - - cb_granted', 'an upload for a new company: none');

-- Others' uploads ------------------------------------------------------------------------------
SELECT cb.set_company_guard('app.guard_yes');
SELECT pg_temp.prepare('cb_granted');
SET LOCAL ROLE cb_partial;
SELECT throws_ok($$SELECT cb.append_upload(current_setting('t.upload')::bigint, 0, 'x')$$, 'KB010', NULL,
                 'nobody appends to the upload of another role');
SELECT throws_ok($$SELECT cb.finish_upload(current_setting('t.upload')::bigint)$$, 'KB010', NULL,
                 'or finishes it');
RESET ROLE;

-- Tables of the extension, directly -----------------------------------------------------------
SET LOCAL ROLE cb_granted;
SELECT throws_ok(format('SELECT * FROM company_backup.%I', t), '42501', NULL, 'no look at ' || t)
FROM unnest('{company,known_table,settings,table_rule,column_rule,reference_rule,hook,database_identity,trusted_origin,backup,backup_chunk,backup_file,template,upload,upload_part,link,log_entry,tombstone,erasure_key,frozen,deletion,job,restore,restore_problem,undo,undo_chunk}'::text[]) t;
SELECT throws_ok($$SELECT nextval('company_backup.backup_id_seq')$$, '42501', NULL, 'nor at a sequence');
RESET ROLE;
SET LOCAL ROLE cb_owner;
SELECT throws_ok('SELECT * FROM company_backup.database_identity', '42501', NULL,
                 'not even for the database owner, who has archive_key()');
RESET ROLE;

-- What a stranger learns: nothing ----------------------------------------------------------------
SELECT cb.set_company_guard(NULL);
SET LOCAL ROLE cb_granted;
SELECT throws_ok($$SELECT cb.backup_company('no such company')$$, '42501', NULL,
                 'without a guard nobody finds out which companies exist');
SELECT throws_ok($$SELECT cb.read_backup(-1)$$, '42501', NULL, 'or which backups');
SELECT throws_ok($$SELECT cb.keep_restore(-1)$$, '42501', NULL, 'or which restores');
SELECT throws_ok($$SELECT cb.create_company_from_template('no such template')$$, '42501', NULL, 'or which templates');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
