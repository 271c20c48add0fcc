-- What we write can be read by us: values as deep as the server holds, long keys, names and labels, lists of many problems.
\ir app.psql
SELECT plan(27);

CREATE TABLE app.company (id text PRIMARY KEY, name text, note jsonb);
CREATE TABLE app.doc (id int PRIMARY KEY, company_id text NOT NULL REFERENCES app.company, j jsonb, t json);
CREATE TABLE app.loose (company_id text NOT NULL REFERENCES app.company, j jsonb);
CREATE TABLE app.link (id int PRIMARY KEY, company_id text NOT NULL REFERENCES app.company, doc int REFERENCES app.doc);
INSERT INTO app.company VALUES ('a', 'A');
INSERT INTO app.doc VALUES (1, 'a', '{}', '{}');
INSERT INTO app.loose VALUES ('a', '1');
SELECT set_company_table('app.company', identity_columns => '{}');

CREATE FUNCTION app.nested(depth int) RETURNS text LANGUAGE sql AS $$
    SELECT repeat('[', depth) || repeat(']', depth)
$$;
-- The deepest document that a statement of this session can store.
CREATE FUNCTION app.deepest() RETURNS int LANGUAGE plpgsql AS $$
DECLARE low int := 1; high int := 200000; middle int;
BEGIN
    WHILE high - low > 1 LOOP
        middle := (low + high) / 2;
        BEGIN
            PERFORM app.nested(middle)::jsonb;
            low := middle;
        EXCEPTION WHEN statement_too_complex THEN
            high := middle;
        END;
    END LOOP;
    RETURN low;
END $$;
CREATE FUNCTION app.digest() RETURNS text LANGUAGE sql AS $$
    SELECT md5(coalesce((SELECT string_agg(d::text, ',' ORDER BY id) FROM app.doc d), '') ||
        coalesce((SELECT string_agg(l::text, ',' ORDER BY l::text) FROM app.loose l), '') ||
        (SELECT string_agg(c::text, ',' ORDER BY id) FROM app.company c))
$$;

-- Deep documents: as present data under older backups and reverts, and in backups.
SELECT app.deepest() AS deepest \gset
SELECT cmp_ok(:deepest, '>', 1000, 'documents of more than 1,000 levels can be stored');
SELECT app.digest() AS empty \gset
SELECT backup_company('a') AS old \gset
SELECT restore_company('a', :old) AS review \gset
INSERT INTO app.doc SELECT 1 + n, 'a', app.nested(depth)::jsonb, app.nested(depth)::json
    FROM unnest(ARRAY[999, 1000, 5000, :deepest]) WITH ORDINALITY d(depth, n);
INSERT INTO app.loose VALUES ('a', app.nested(:deepest)::jsonb);
UPDATE app.company SET note = app.nested(:deepest)::jsonb;
SELECT app.digest() AS deep \gset
SELECT lives_ok(format('SELECT revert_restore(%s)', :review), 'a revert over deep documents');
SELECT is(app.digest(), :'empty', 'removes them');
INSERT INTO app.doc SELECT 1 + n, 'a', app.nested(depth)::jsonb, app.nested(depth)::json
    FROM unnest(ARRAY[999, 1000, 5000, :deepest]) WITH ORDINALITY d(depth, n);
INSERT INTO app.loose VALUES ('a', app.nested(:deepest)::jsonb);
UPDATE app.company SET note = app.nested(:deepest)::jsonb;
SELECT is(app.digest(), :'deep', 'they are stored again');
SELECT lives_ok(format('SELECT restore_company(''a'', %s)', :old), 'an older backup over deep documents');
SELECT is(app.digest(), :'empty', 'is restored');
SELECT lives_ok('SELECT revert_restore(max(id)) FROM company_restores()', 'and reverted');
SELECT is(app.digest(), :'deep', 'to the deep documents');
SELECT lives_ok('SELECT backup_company(''a'')', 'a backup of them');
SELECT max(id) AS backup FROM company_backups('a') \gset
DELETE FROM app.doc;
DELETE FROM app.loose;
UPDATE app.company SET note = NULL;
SELECT lives_ok(format('SELECT count(*) FROM preview_restore(''a'', %s)', :backup), 'a preview of it');
SELECT lives_ok(format('SELECT restore_company(''a'', %s)', :backup), 'its restore');
SELECT is(app.digest(), :'deep', 'brings them back');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT begin_upload() AS upload \gset
SELECT append_upload(:upload, seq, data) FROM read_backup(:backup) \g /dev/null
SELECT lives_ok(format('SELECT finish_upload(%s)', :upload), 'and its archive can be uploaded');
SELECT lives_ok($$SELECT clone_company('a', '{"id": "deep"}')$$, 'a clone');
SELECT is((SELECT md5(string_agg(j::text, ',' ORDER BY id)) FROM app.doc WHERE company_id = 'deep'),
    (SELECT md5(string_agg(j::text, ',' ORDER BY id)) FROM app.doc WHERE company_id = 'a'), 'has them, too');
DELETE FROM app.doc WHERE id > 1;
DELETE FROM app.loose;
UPDATE app.company SET note = NULL;

-- Deeper than readers of archives go: such a server can be made, but then the backup fails by the row.
SELECT lives_ok($$SELECT set_config('max_stack_depth', '7000', true)$$);
INSERT INTO app.doc VALUES (7, 'a', app.nested(20000)::jsonb, NULL);
RESET max_stack_depth;
SELECT lives_ok($$SELECT backup_company('a')$$, 'what a session with more stack has stored');
DELETE FROM app.doc WHERE id = 7;

-- Long names, labels and keys.
UPDATE app.company SET name = repeat('n', 34000000) WHERE id = 'a';
SELECT lives_ok($$SELECT backup_company('a')$$, 'a company with a name of 34 MB');
SELECT is((SELECT length(backup_manifest(max(id))->'company'->>'name') FROM company_backups()), 1003, 'its beginning is in the manifest');
SELECT begin_upload() AS upload \gset
SELECT append_upload(:upload, seq, data) FROM read_backup((SELECT max(id) FROM company_backups())) \g /dev/null
SELECT lives_ok(format('SELECT finish_upload(%s)', :upload), 'and its archive is read');
UPDATE app.company SET name = 'A' WHERE id = 'a';
SELECT throws_ok($$SELECT backup_company('a', repeat('l', 10001))$$, '22023', 'label is too long', 'labels have a limit');
SELECT throws_ok($$SELECT backup_company('a', actor => repeat('l', 10001))$$, '22023', 'actor is too long', 'so do actors');
SELECT throws_ok($$SELECT set_table_rule('app.doc', 'company', repeat('r', 10001))$$, '22023', 'reason is too long', 'and reasons');
INSERT INTO app.company VALUES (repeat('k', 9000), 'Long');
INSERT INTO app.doc VALUES (8, repeat('k', 9000), '[]', NULL);
SELECT backup_company(repeat('k', 9000)) AS long \gset
DELETE FROM app.doc WHERE id = 8;
SELECT lives_ok(format('SELECT restore_company(repeat(''k'', 9000), %s)', :long), 'a key of 9,000 characters fits into no notification, but is restored');
SELECT lives_ok('SELECT revert_restore(max(id)) FROM company_restores()', 'and reverted');

-- Very many problems: named up to a number, counted beyond it, and still a backup that can be read.
SET LOCAL session_replication_role = replica;
INSERT INTO app.link SELECT n, 'a', -n FROM generate_series(1, 10500) n;
SET LOCAL session_replication_role = origin;
SELECT lives_ok($$SELECT backup_company('a', on_error => 'record')$$, 'a backup of a company with thousands of bad references');
SELECT is((SELECT backup_manifest(max(id))->'problems'->>-1 FROM company_backups()),
    '{"table": "app.link", "problem": "500 more; check_company_data(''a'') lists them", "row_key": "", "reference": "link_doc_fkey"}',
    'names 10,000 of them and counts the rest');

SELECT * FROM finish();
ROLLBACK;
