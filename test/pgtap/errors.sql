-- What bad input is told: the SQLSTATE a program can act on, and the table, column or row it is
-- about; where something can be done, a hint.
\ir begin.psql
CREATE SCHEMA app;

-- Not set up --------------------------------------------------------------------------------------
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB001 % / %set_company_table%');
SELECT pg_temp.tells($$SELECT * FROM cb.company_scope()$$, 'KB001 %');
SELECT pg_temp.tells($$SELECT * FROM cb.company_contents('1')$$, 'KB001 %');

CREATE TABLE app.alone (id int PRIMARY KEY, name text);
CREATE TABLE app.lonely (id int PRIMARY KEY);
SELECT cb.set_company_table('app.alone', identity_columns => '{}');
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB004 %app.alone% / %');
DROP TABLE app.alone, app.lonely;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB005 %app.alone%');

-- Set-up ------------------------------------------------------------------------------------------
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, nick text UNIQUE, parent int);
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
    number text, replaces int REFERENCES app.invoice, meta jsonb, "when" date) ;
CREATE TABLE app.part (id int NOT NULL, company_id int NOT NULL REFERENCES app.company) PARTITION BY RANGE (id);
CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES FROM (0) TO (100);
CREATE VIEW app.v AS SELECT * FROM app.company;
CREATE SEQUENCE app.s;
CREATE FUNCTION app.wrong_guard(text, text, text, jsonb) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION pg_temp.temporary_guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';

SELECT pg_temp.tells($$SELECT cb.set_company_table(NULL)$$, '22023 company_table must not be null%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.none')$$, '42P01 %app.none%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.v')$$, 'KB009 "app.v" is not a table / %tables%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.s')$$, 'KB009 "app.s" is not a table / %');
SELECT pg_temp.tells($$SELECT cb.set_company_table('pg_class')$$, 'KB009 %pg_class%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('company_backup.backup')$$, 'KB009 %company_backup.backup%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', 'key')$$, '42703 column "key" of table "app.company" does not exist%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', 'name')$$, 'KB009 column "name" does not identify a company / % / %');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', 'nick')$$, 'KB009 column "nick" does not identify a company / % / %');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', NULL)$$, '22023 key_column must not be null');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', name_column => 'title')$$, '42703 %"title"%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', owner_column => 'owner')$$, '42703 %"owner"%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', identity_columns => '{id,slug}')$$, '42703 %"slug"%');
SELECT pg_temp.tells($$SELECT cb.set_company_table('app.company', identity_columns => ARRAY['id', NULL]::name[])$$, '22023 %null%');
SELECT cb.set_company_table('app.company', identity_columns => '{}');

SELECT pg_temp.tells($$SELECT cb.set_table_rule(NULL, 'company')$$, '22023 target must not be null');
SELECT pg_temp.tells($$SELECT cb.set_table_rule('app.invoice', NULL)$$, '22023 treatment must not be null');
SELECT pg_temp.tells($$SELECT cb.set_table_rule('app.invoice', 'tenant')$$, '22023 %"tenant"% / Possible values: company, append_only, excluded, shared, people, global, auto.');
SELECT pg_temp.tells($$SELECT cb.set_table_rule('app.invoice', 'shared', match_columns => '{code}')$$, '42703 %"code"%app.invoice%');
SELECT pg_temp.tells($$SELECT cb.set_table_rule('app.part_1', 'company')$$, 'KB009 "app.part_1" is a partition / %');
SELECT pg_temp.tells($$SELECT cb.set_column_rule('app.invoice', 'number', 'hidden')$$, '22023 %"hidden"% / Possible values: data, secret, identity, counter, file, renew, group, path, auto.');
SELECT pg_temp.tells($$SELECT cb.set_column_rule('app.invoice', 'nummer', 'secret')$$, '42703 %"nummer"%app.invoice%');
SELECT pg_temp.tells($$SELECT cb.set_column_rule('app.invoice', NULL, 'secret')$$, '22023 target_column must not be null');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{}', 'app.company')$$, '22023 columns must not be empty');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', NULL, 'app.company')$$, '22023 columns must not be empty');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number,id}', 'app.company')$$, '22023 %differ in number / 2 and 1%');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{nummer}', 'app.company')$$, '42703 %"nummer"%');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number}', 'app.company', '{code}')$$, '42703 %"code"%app.company%');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number}', 'app.company', outside => 'ignore')$$, '22023 %"ignore"% / Possible values: refuse, keep, null.');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number}', 'app.company', outside => NULL)$$, '22023 outside must not be null');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number}', 'app.company', when_column => 'id')$$, '22023 when_column and when_value must be given together');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{number}', 'app.company', when_value => 'x')$$, '22023 when_column and when_value must be given together');
SELECT pg_temp.tells($$SELECT cb.set_reference('app.invoice', '{meta}', 'app.company', json_path => '.a ? (@ > 1)')$$, 'KB009 invalid JSON path: % / %position% / %');
SELECT pg_temp.tells($$SELECT cb.set_membership('app.invoice', NULL)$$, '22023 person_column must not be null');
SELECT pg_temp.tells($$SELECT cb.set_company_guard('app.no_guard')$$, 'KB009 function app.no_guard(%) does not exist / %');
SELECT pg_temp.tells($$SELECT cb.set_company_guard('app.wrong_guard')$$, 'KB009 %must return boolean / It returns text.');
SELECT pg_temp.tells($$SELECT cb.set_company_guard('pg_temp.temporary_guard')$$, 'KB009 %is temporary / %');
SELECT pg_temp.tells($$SELECT cb.set_company_hook('restoring', NULL)$$, '22023 invalid event: "restoring" / Possible values: restored, reverted, kept, cloned, created, deleted.');
SELECT pg_temp.tells($$SELECT cb.set_company_hook('restored', 'app.no_hook')$$, 'KB009 %app.no_hook%');
SELECT pg_temp.tells($$SELECT cb.trust_origin(NULL, sha256('x'))$$, '22023 name must not be null');
SELECT pg_temp.tells($$SELECT cb.trust_origin('x', 'short')$$, '22023 the key is too short / It has 5 bytes% / %archive_key()%');
SELECT pg_temp.tells($$SELECT cb.grant_company_backup('cb_no_such_role')$$, '42704 role "cb_no_such_role" does not exist');
SELECT pg_temp.tells($$SELECT cb.grant_company_backup(NULL)$$, '22023 role must not be null');

-- Companies -----------------------------------------------------------------------------------------
INSERT INTO app.company (id, name) VALUES (1, 'Ant'), (2, 'Bee'), (10, 'Cat');
INSERT INTO app.invoice VALUES (1, 1, 'A1', NULL), (2, 1, 'A2', 1), (3, 2, 'B1', NULL);
SELECT cb.set_column_rule('app.company', 'parent', 'data');
SELECT is(pg_temp.told($$SELECT cb.backup_company('1')$$), 'ok', 'a company that is there');
SELECT is(pg_temp.told(format('SELECT cb.backup_company(%L)', way)), 'ok', 'also as ' || way) FROM unnest('{01," 1","1 ",+1}'::text[]) way;
SELECT is((SELECT count(DISTINCT company)::int FROM cb.company_backups()), 1, 'which are one company');
SELECT pg_temp.tells($$SELECT cb.backup_company('99')$$, 'KB002 company "99" does not exist / No row of table "app.company" has this value in column "id".');
SELECT pg_temp.tells($$SELECT cb.backup_company(99)$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.backup_company('Ant')$$, 'KB002 company "Ant" does not exist%');
SELECT pg_temp.tells($$SELECT cb.backup_company('')$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.backup_company('1; DROP TABLE app.invoice')$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.backup_company(gen_random_uuid())$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.backup_company('99999999999999999999')$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.backup_company(NULL::text)$$, '22023 company must not be null');
SELECT pg_temp.tells($$SELECT cb.company_contents(NULL::text)$$, '22023 company must not be null');
SELECT pg_temp.tells($$SELECT cb.check_company_data(NULL::text)$$, '22023 company must not be null');
SELECT pg_temp.tells($$SELECT cb.stream_backup(NULL::text)$$, '22023 company must not be null');
SELECT pg_temp.tells($$SELECT cb.stream_backup('99')$$, 'KB002 %');
SELECT pg_temp.tells($$SELECT cb.begin_upload('99')$$, 'KB002 %');
SELECT is_empty($$SELECT * FROM cb.company_backups('99')$$, 'a company that is gone has no backups, which is no error');
SELECT pg_temp.tells($$SELECT cb.backup_company('1', on_error => 'skip')$$, '22023 invalid on_error: "skip" / Possible values: abort, record.');
SELECT pg_temp.tells($$SELECT cb.backup_company('1', on_error => NULL)$$, '22023 on_error must not be null');

-- References --------------------------------------------------------------------------------------------
UPDATE app.invoice SET replaces = 3 WHERE id = 2;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$,
  'KB006 company "1" has 1 reference% / app.invoice (2), invoice_replaces_fkey: leads to a row of another company in app.invoice: 3 / SELECT * FROM cb.check_company_data(''1'') lists them all.%');
SELECT is(pg_temp.told($$SELECT cb.backup_company('1', on_error => 'record')$$), 'ok', 'recorded, it goes through');
SELECT is((SELECT status FROM cb.company_backups() ORDER BY id DESC LIMIT 1), 'with problems', 'and says so');
SELECT is((SELECT cb.backup_manifest(max(id)) -> 'problems' -> 0 ->> 'row_key' FROM cb.company_backups()), '(2)', 'by row');
UPDATE app.invoice SET replaces = NULL;

-- Undecided -------------------------------------------------------------------------------------------
CREATE TABLE app.api_token (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, token text);
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB003 %undecided% / %app.api_token%: % / %check_company_scope()%');
SELECT pg_temp.tells($$SELECT cb.stream_backup('1')$$, 'KB003 %');
SELECT is(pg_temp.told($$SELECT cb.company_contents('1')$$), 'ok', 'what is decided can be looked at');
SET LOCAL company_backup.strict = off;
SELECT is(pg_temp.told($$SELECT cb.backup_company('1')$$), 'ok', 'a superuser may take it upon himself');
SET LOCAL company_backup.strict = on;
CREATE ROLE cb_app;
SET LOCAL ROLE cb_app;
SELECT pg_temp.tells('SET company_backup.' || name || ' = ' || value, '42501 %')
FROM (VALUES ('strict', 'off'), ('require_signature', 'off'), ('max_expansion', '10000')) s(name, value);
RESET ROLE;
SELECT pg_temp.tells('SET company_backup.strikt = off', '42602 %');
DROP TABLE app.api_token;

-- Backups ---------------------------------------------------------------------------------------------
SELECT set_config('t.backup', cb.backup_company('1')::text, true) \gset ignored_
SELECT pg_temp.tells(format('SELECT * FROM cb.%s(%s)', f, id), state || '%')
FROM unnest('{backup_contents,backup_manifest,delete_backup,read_backup}'::text[]) f,
     (VALUES ('-1', 'KB010 backup -1 does not exist / company_backups()'), ('9223372036854775807', 'KB010'),
             ('NULL', '22023 backup must not be null')) bad(id, state);
SELECT pg_temp.tells('SELECT cb.restore_company(10, -1)', 'KB010 backup -1 does not exist%');
SELECT pg_temp.tells('SELECT cb.create_company_from_backup(-1)', 'KB010 backup -1 does not exist%');

-- Uploads ----------------------------------------------------------------------------------------------
CREATE TEMP TABLE file AS SELECT string_agg(data, '' ORDER BY seq) AS data FROM cb.read_backup(current_setting('t.backup')::bigint);
SELECT pg_temp.tells(format('SELECT cb.delete_backup(%s)', current_setting('t.backup')), 'ok');
SELECT pg_temp.tells(format('SELECT cb.delete_backup(%s)', current_setting('t.backup')), 'KB010 %');
SELECT pg_temp.tells(format('SELECT cb.read_backup(%s)', current_setting('t.backup')), 'KB010 %');

-- What a file, cut into parts of a size, appended in an order, is told.
CREATE FUNCTION pg_temp.upload(data bytea, part int DEFAULT 1000, backwards boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE u bigint := cb.begin_upload('1'); n int := greatest(1, (length(data) + part - 1) / part);
BEGIN
  FOR i IN 0 .. n - 1 LOOP
    PERFORM cb.append_upload(u, CASE WHEN backwards THEN n - 1 - i ELSE i END,
      substr(data, CASE WHEN backwards THEN n - 1 - i ELSE i END * part + 1, part));
  END LOOP;
  RETURN pg_temp.told(format('SELECT cb.finish_upload(%s)', u));
END $$;
SELECT is(pg_temp.upload(data), 'ok', 'an upload') FROM file;
SELECT is(pg_temp.upload(data, 1), 'ok', 'a byte at a time') FROM (SELECT data FROM file) f;
SELECT is(pg_temp.upload(data, 100, true), 'ok', 'from the last part to the first') FROM file;
SELECT is(pg_temp.upload(data, 10000000), 'ok', 'in one piece') FROM file;
SELECT is((SELECT count(DISTINCT cb.backup_manifest(id))::int FROM cb.company_backups() WHERE origin = 'upload'), 1, 'always the same');

SELECT alike(pg_temp.upload(''), 'KB02_ %', 'nothing at all');
SELECT alike(pg_temp.upload('hello'), 'KB020 %', 'something else');
SELECT alike(pg_temp.upload('\x1f8b'), 'KB02_ %', 'hardly a beginning');
SELECT alike(pg_temp.upload(data || '\x01'), 'KB02_ %', 'with more behind') FROM file;
SELECT is(pg_temp.upload(data || '\x00'), 'ok', 'a tape pads with zeros, and so may a file') FROM file;
SELECT alike(pg_temp.upload(data || data), 'KB02_ %', 'twice in a row') FROM file;
SELECT is_empty($$SELECT n, told FROM file, generate_series(0, length(data) - 1, greatest(1, length(data) / 60)) n,
    LATERAL pg_temp.upload(substr(data, 1, n), 100000) told WHERE told NOT LIKE 'KB02_ %'$$, 'cut off anywhere');
-- A gzip header has bytes that mean nothing (a time, an operating system): such a file is the same.
SELECT is_empty($$SELECT n, told FROM file, generate_series(0, length(data) - 1, greatest(1, length(data) / 300)) n,
    LATERAL pg_temp.upload(set_byte(data, n, get_byte(data, n) # 1), 100000) told
    WHERE told NOT LIKE 'KB02_ %' AND told <> 'ok'$$, 'one bit changed anywhere: refused by name');
SELECT is((SELECT count(DISTINCT cb.backup_manifest(id))::int FROM cb.company_backups() WHERE origin = 'upload'), 1,
  'or without any meaning');

CREATE TEMP TABLE up AS SELECT cb.begin_upload('1') AS id;
SELECT pg_temp.tells('SELECT cb.finish_upload(id) FROM up', 'KB024 the upload has no first part / %');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 0, substr(data, 1, 500)) FROM up, file', 'ok');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 0, substr(data, 1, 500)) FROM up, file', 'ok');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 0, substr(data, 2, 500)) FROM up, file', 'KB024 part 0 was sent before with other bytes / %');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 2, substr(data, 501)) FROM up, file', 'ok');
SELECT pg_temp.tells('SELECT cb.finish_upload(id) FROM up', 'KB02_ %');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 1, '''') FROM up', 'ok');
SELECT pg_temp.tells('SELECT cb.finish_upload(id) FROM up', 'ok');
SELECT pg_temp.tells('SELECT cb.finish_upload(id) FROM up', 'KB010 upload % does not exist / %');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 3, ''x'') FROM up', 'KB010 %');
SELECT pg_temp.tells('SELECT cb.append_upload(NULL, 0, ''x'')', '22023 upload must not be null');
UPDATE up SET id = cb.begin_upload('1');
SELECT pg_temp.tells('SELECT cb.append_upload(id, -1, ''x'') FROM up', '22023 seq must be 0 or greater');
SELECT pg_temp.tells('SELECT cb.append_upload(id, NULL, ''x'') FROM up', '22023 seq must be 0 or greater');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 0, NULL) FROM up', '22023 data must not be null');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 2147483647, data) FROM up, file', 'ok');
SELECT pg_temp.tells('SELECT cb.append_upload(id, 0, substr(data, 1, 50)) FROM up, file', 'ok');
SELECT pg_temp.tells('SELECT cb.finish_upload(id) FROM up', 'KB02_ %');

-- A stranger: this database under another name, with another key
SELECT set_config('t.key', encode(cb.archive_key(), 'hex'), true) \gset ignored_
UPDATE company_backup.database_identity SET identity = gen_random_uuid(), archive_key = sha256('another');
SELECT alike(pg_temp.upload(data), 'KB022 %not trusted / % / %trust_origin(%', 'an archive of a stranger') FROM file;
SELECT cb.trust_origin('elsewhere', sha256('not its key'));
SELECT alike(pg_temp.upload(data), 'KB022 %', 'trust in somebody else does not help') FROM file;
SELECT cb.trust_origin('elsewhere', decode(current_setting('t.key'), 'hex'));
SELECT is(pg_temp.upload(data), 'ok', 'trusted, it is taken') FROM file;
SELECT cb.trust_origin('elsewhere', NULL);
SELECT alike(pg_temp.upload(data), 'KB022 %', 'until the trust ends') FROM file;
SET LOCAL company_backup.require_signature = off;
SELECT is(pg_temp.upload(data), 'ok', 'or a superuser asks for no signature') FROM file;
SET LOCAL company_backup.require_signature = on;

-- Read-only transactions -----------------------------------------------------------------------------------
SELECT set_config('t.backup', cb.backup_company('1')::text, true) \gset ignored_
SAVEPOINT read_only;
SET TRANSACTION READ ONLY;
SELECT matches(pg_temp.told(sql), '^25006 .*read-only', sql) FROM (VALUES
  ($$SELECT cb.backup_company('1')$$), ($$SELECT cb.delete_backup(1)$$), ($$SELECT cb.begin_upload()$$),
  ($$SELECT cb.append_upload(1, 0, 'x')$$), ($$SELECT cb.finish_upload(1)$$),
  ($$SELECT cb.restore_company(1, 1)$$), ($$SELECT cb.create_company_from_backup(1)$$)) s(sql);
SELECT is(pg_temp.told($$SELECT * FROM cb.stream_backup('1')$$), 'ok', 'a stream changes nothing');
SELECT is(pg_temp.told($$SELECT * FROM cb.check_company_data('1')$$), 'ok', 'nor does a check');
ROLLBACK TO read_only;

-- Row-level security -----------------------------------------------------------------------------------------
CREATE ROLE cb_table_owner;
CREATE ROLE cb_wrapper BYPASSRLS;
GRANT USAGE, CREATE ON SCHEMA app TO cb_table_owner, cb_wrapper;
GRANT USAGE ON SCHEMA app, cb TO cb_app, cb_table_owner, cb_wrapper;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO cb_app, cb_table_owner, cb_wrapper;
ALTER TABLE app.invoice OWNER TO cb_table_owner;
ALTER TABLE app.invoice ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_some ON app.invoice USING (id <> 1);
CREATE FUNCTION app.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT cb.set_company_guard('app.guard');
SELECT cb.grant_company_backup(r) FROM unnest('{cb_app,cb_table_owner,cb_wrapper}'::name[]) r;

SET LOCAL ROLE cb_app;
SELECT pg_temp.tells(format('SELECT %s', call), 'KB012 row-level security would hide rows of table "app.invoice" from this role / % / %SECURITY DEFINER%BYPASSRLS%')
FROM unnest(ARRAY[$$cb.backup_company('1')$$, $$cb.company_contents('1')$$, $$cb.check_company_data('1')$$, $$cb.stream_backup('1')$$]) call;
SET LOCAL row_security = off;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB012 %');
RESET row_security;
RESET ROLE;
SET LOCAL ROLE cb_table_owner;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'ok');
RESET ROLE;
ALTER TABLE app.invoice FORCE ROW LEVEL SECURITY;
SET LOCAL ROLE cb_table_owner;
SELECT pg_temp.tells($$SELECT cb.backup_company('1')$$, 'KB012 %');
RESET ROLE;
SET LOCAL ROLE cb_wrapper;
CREATE FUNCTION app.back_up(company text, actor text) RETURNS bigint LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$ SELECT cb.backup_company(company, actor => actor) $$;
REVOKE ALL ON FUNCTION app.back_up FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.back_up TO cb_app;
RESET ROLE;
SET LOCAL ROLE cb_app;
SELECT set_config('t.wrapped', app.back_up('1', 'ann')::text, true) \gset ignored_
SELECT pg_temp.tells(format('SELECT * FROM cb.backup_contents(%s)', current_setting('t.wrapped')), 'KB012 %');
RESET ROLE;
SET LOCAL ROLE cb_wrapper;
SELECT is((SELECT row_count FROM cb.backup_contents(current_setting('t.wrapped')::bigint) WHERE table_name = 'app.invoice'),
  2::bigint, 'the wrapper of a BYPASSRLS role backs up every row');
RESET ROLE;
SELECT is((SELECT created_by || ' for ' || actor FROM cb.company_backups() WHERE id = current_setting('t.wrapped')::bigint),
  'cb_wrapper for ann', 'in its name, for the actor');

SELECT * FROM finish();
ROLLBACK;
