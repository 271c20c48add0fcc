-- Columns treated as files: their contents travel as files of the archive, each distinct one once.
\ir app.psql
SELECT no_plan();

CREATE DOMAIN app.scan AS bytea CHECK (octet_length(VALUE) < 30000000);
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, logo bytea);
CREATE TABLE app.document (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
    body bytea, plain bytea, "the scan %" app.scan, words text);
CREATE TABLE app.loose (company_id int NOT NULL REFERENCES app.company, attachment bytea);
CREATE TABLE app.needed (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, body bytea NOT NULL, code int UNIQUE);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_column_rule('app.company', 'logo', 'file');
SELECT set_column_rule('app.document', 'body', 'file');
SELECT set_column_rule('app.document', 'the scan %', 'file');
SELECT set_column_rule('app.document', 'words', 'file');
SELECT set_column_rule('app.loose', 'attachment', 'file');
SELECT set_column_rule('app.needed', 'body', 'file');

-- 20 MB that cannot be compressed, as long as two pieces, one byte more, a zero byte, nothing, NULL
CREATE TEMP TABLE content (name text, bytes bytea);
INSERT INTO content VALUES ('empty', ''), ('zero', '\x00'), ('text', 'hello'),
    ('pieces', convert_to(repeat('0123456789abcdef', 32768), 'UTF8')), ('more', convert_to(repeat('0123456789abcdef', 32768) || 'x', 'UTF8'));
INSERT INTO content SELECT 'large', string_agg(sha256(n::text::bytea), '' ORDER BY n) FROM generate_series(1, 655360) n;
INSERT INTO app.company SELECT 1, 'Acme', bytes FROM content WHERE name = 'text';
INSERT INTO app.company VALUES (2, 'Zeta', 'Zeta''s');
INSERT INTO app.document SELECT n, 1, c.bytes, c.bytes, s.bytes, 'words ' || n
    FROM unnest('{empty,text,NULL,large,text,pieces,more,zero}'::text[], '{text,NULL,NULL,text,large,NULL,empty,NULL}'::text[]) WITH ORDINALITY u (body, scan, n)
    LEFT JOIN content c ON c.name = u.body LEFT JOIN content s ON s.name = u.scan;
UPDATE app.document SET plain = NULL WHERE id = 4;
INSERT INTO app.document VALUES (100, 2, 'Zeta''s', NULL, NULL, NULL);
INSERT INTO app.loose SELECT 1, bytes FROM content, generate_series(1, 2) WHERE name IN ('text', 'zero');
INSERT INTO app.loose VALUES (1, NULL);
INSERT INTO app.needed SELECT 1, 1, bytes FROM content WHERE name = 'pieces';
INSERT INTO app.needed SELECT n, 1, bytes, n FROM content, generate_series(2, 3) n WHERE name = 'text';
CREATE TEMP TABLE was AS SELECT 'document' AS t, md5(d::text) AS row FROM app.document d UNION ALL SELECT 'loose', md5(l::text) FROM app.loose l
    UNION ALL SELECT 'needed', md5(n::text) FROM app.needed n UNION ALL SELECT 'company', md5(c::text) FROM app.company c;
CREATE FUNCTION pg_temp.is_as_before(what text) RETURNS text LANGUAGE sql AS $$
SELECT ok(NOT EXISTS (TABLE was EXCEPT ALL (SELECT 'document' AS t, md5(d::text) AS row FROM app.document d UNION ALL SELECT 'loose', md5(l::text) FROM app.loose l
    UNION ALL SELECT 'needed', md5(n::text) FROM app.needed n UNION ALL SELECT 'company', md5(c::text) FROM app.company c)), what) $$;
CREATE FUNCTION pg_temp.members(bigint) RETURNS text LANGUAGE sql AS $$
SELECT md5(string_agg(md5(concat_ws(' ', table_number, column_number, sha256, seq, byte_count, md5(data))), '' ORDER BY table_number, column_number, sha256, seq))
FROM company_backup.backup_file WHERE backup = $1 $$;
CREATE FUNCTION pg_temp.empty_company() RETURNS void LANGUAGE sql AS
$$ DELETE FROM app.document WHERE company_id = 1; DELETE FROM app.loose; DELETE FROM app.needed $$;

SELECT backup_company(1, include_files => true) AS backup \gset
SELECT results_eq(format('SELECT * FROM backup_contents(%s) WHERE area = ''files''', :backup),
    $$VALUES ('files', 'app.company.logo', 1::bigint, 5::bigint, NULL::text), ('files', 'app.document.body', 6, 22020103, NULL),
        ('files', 'app.document."the scan %"', 3, 20971525, NULL), ('files', 'app.loose.attachment', 2, 6, NULL),
        ('files', 'app.needed.body', 2, 524293, NULL)$$, 'contents tell the files of each column');
SELECT results_eq($$SELECT table_name, row_count, byte_count FROM company_contents(1) WHERE area = 'files'$$,
    $$VALUES ('app.company.logo', 1::bigint, 5::bigint), ('app.document.body', 7, 22020108),
        ('app.document."the scan %"', 4, 20971530), ('app.loose.attachment', 4, 12), ('app.needed.body', 3, 524298)$$,
    'the live company tells every value');
SELECT cmp_ok((SELECT sum(byte_count) FROM company_contents(1) WHERE area <> 'files'), '<', 24000000::numeric,
    'they are not counted with their rows');
SELECT is((SELECT byte_count FROM company_backups() WHERE id = :backup), (SELECT sum(byte_count)::bigint FROM backup_contents(:backup)),
    'the size of a backup counts its files');
SELECT is((SELECT array_agg(c ->> 'name' || coalesce(' ' || (c ->> 'files') || ' ' || (c ->> 'bytes'), '')) FROM jsonb_array_elements(backup_manifest(:backup) -> 'tables') t,
    jsonb_array_elements(t -> 'columns') c WHERE t ->> 'name' = 'app.document'),
    '{id,company_id,body 6 22020103,plain,the scan % 3 20971525,words}', 'the manifest, too; text stays in its row');
SELECT is((SELECT count(*)::int FROM company_backup.backup_file WHERE backup = :backup AND seq = 0), 14, 'each distinct content of a column is stored once');

-- Back again.
SELECT pg_temp.empty_company();
SELECT lives_ok(format('SELECT restore_company(1, %s, include_files => true)', :backup), 'restored');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT pg_temp.is_as_before('with every byte');
SELECT pg_temp.empty_company();
UPDATE app.company SET logo = NULL WHERE id = 1;
SELECT lives_ok(format('SELECT restore_company(1, %s, include_files => true)', :backup), 'restored again');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT pg_temp.is_as_before('also the file of the company''s own row');

-- Over rows: files are compared, too.
SELECT results_eq(format('SELECT sum(added), sum(changed), sum(removed), sum(unchanged) FROM preview_restore(1, %s, include_files => true)', :backup),
    'VALUES (0::numeric, 0::numeric, 0::numeric, 17::numeric)', 'nothing has changed yet');
UPDATE app.company SET logo = 'other' WHERE id = 1;
UPDATE app.document SET body = 'other' WHERE id IN (1, 3);
UPDATE app.document SET body = NULL WHERE id = 4;
UPDATE app.document SET words = 'others' WHERE id = 5;
DELETE FROM app.document WHERE id = 6;
INSERT INTO app.document SELECT 9, 1, bytes FROM content WHERE name = 'large';
UPDATE app.loose SET attachment = 'other' WHERE attachment = 'hello';
DELETE FROM app.needed WHERE id = 1;
UPDATE app.needed SET code = 20, body = 'other' WHERE id = 2;  -- removed and loaded again, for its code is unique
UPDATE app.needed SET code = 30 WHERE id = 3;
CREATE TEMP TABLE changed AS TABLE app.document;
CREATE TEMP TABLE needed_changed AS TABLE app.needed;
SELECT results_eq(format('SELECT table_name, added, changed, removed FROM preview_restore(1, %s, include_files => true)', :backup),
    $$VALUES ('app.company', 0::bigint, 1::bigint, 0::bigint), ('app.document', 1, 4, 1), ('app.loose', 2, 0, 2), ('app.needed', 1, 2, 0)$$,
    'a preview tells what differs');
SELECT results_eq(format('SELECT table_name, added, changed, removed FROM preview_restore(1, %s)', :backup),
    $$VALUES ('app.company', 0::bigint, 0::bigint, 0::bigint), ('app.document', 1, 0, 1), ('app.loose', 0, 0, 0), ('app.needed', 1, 2, 0)$$,
    'without files they do not count');
SELECT restore_company(1, :backup, include_files => true) AS restored \gset
SELECT pg_temp.is_as_before('restored over other files');
SELECT revert_restore(:restored);
SELECT is_empty('TABLE needed_changed EXCEPT ALL TABLE app.needed', 'a revert brings back rows that were loaded again');
SELECT is_empty('TABLE changed EXCEPT ALL TABLE app.document', 'a revert brings back the files that were there');
SELECT is((SELECT count(*) FROM app.loose WHERE attachment = 'other'), 2::bigint, 'also in a table without a key');
SELECT restore_company(1, :backup) AS restored \gset
SELECT results_eq('SELECT id, body FROM app.document WHERE company_id = 1 AND id IN (1, 4, 6, 9)', $$VALUES (1, 'other'::bytea), (4, NULL), (6, NULL)$$,
    'a restore without files keeps those that are there');
SELECT results_eq('SELECT id, code, octet_length(body) FROM app.needed ORDER BY id', 'VALUES (1, NULL, 524288), (2, 2, 5), (3, 3, 5)', 'also in rows that are loaded again');
SELECT is((SELECT body FROM app.needed WHERE id = 2), 'other'::bytea, 'with their bytes');
SELECT keep_restore(:restored);
SELECT pg_temp.empty_company();
SELECT lives_ok(format('SELECT restore_company(1, %s)', :backup), 'without files');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT results_eq('SELECT count(*), count(body), count("the scan %"), count(words), (SELECT count(attachment) FROM app.loose), (SELECT max(octet_length(body)) FROM app.needed) FROM app.document WHERE company_id = 1',
    'VALUES (8::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 524288)', 'only those that a row cannot be without');
SELECT pg_temp.empty_company();

-- As an archive, here and without storing anything.
SELECT begin_upload('1') AS upload \gset
SELECT append_upload(:upload, seq, data) FROM read_backup(:backup);
SELECT finish_upload(:upload) AS uploaded \gset
SELECT is(pg_temp.members(:uploaded), pg_temp.members(:backup), 'an upload stores the same members');
SELECT lives_ok(format('SELECT restore_company(1, %s, include_files => true)', :uploaded), 'an upload is restored');
SELECT keep_restore(max(id)) FROM company_restores();
SELECT pg_temp.is_as_before('with every byte');
SELECT begin_upload('1') AS upload \gset
SELECT append_upload(:upload, seq, data) FROM stream_backup('1', include_files => true);
SELECT finish_upload(:upload) AS streamed \gset
SELECT is(pg_temp.members(:streamed), pg_temp.members(:backup), 'a stream has the same files');

-- A new company of it
SELECT pg_temp.empty_company();
DELETE FROM app.company WHERE id = 1;
SELECT is(create_company_from_backup(:uploaded), '1', 'a company is created');
SELECT pg_temp.is_as_before('with its files');
DELETE FROM app.document WHERE company_id = 1; DELETE FROM app.loose; DELETE FROM app.needed; DELETE FROM app.company WHERE id = 1;
SELECT is(create_company_from_backup(:uploaded, '{"logo": "\\x01"}'), '1', 'attributes replace a file');
SELECT is((SELECT logo FROM app.company WHERE id = 1), '\x01'::bytea, 'of its row');

-- What is stored is proved when it is read.
SELECT pg_temp.empty_company();
UPDATE company_backup.backup_file SET data = (SELECT data FROM company_backup.backup_file WHERE backup = :backup AND seq = 0 AND byte_count = 5 LIMIT 1)
    WHERE backup = :backup AND byte_count = 1;
SELECT throws_ok(format('SELECT restore_company(1, %s, include_files => true)', :backup), 'KB021', 'a stored backup is damaged', 'another content is found');
SELECT throws_ok(format('SELECT count(*) FROM read_backup(%s)', :backup), 'KB021', 'a stored backup is damaged', 'also when it is exported');
DELETE FROM company_backup.backup_file WHERE backup = :backup AND byte_count = 1;
SELECT throws_ok(format('SELECT restore_company(1, %s, include_files => true)', :backup), 'KB021', 'a stored backup is damaged', 'a file that is gone is missed');
SELECT throws_ok(format('SELECT count(*) FROM read_backup(%s)', :backup), 'KB021', 'a stored backup is damaged', 'also when it is exported');

-- Without files, nothing of them.
SELECT backup_company(2) AS plain \gset
SELECT ok(backup_manifest(:plain)::text !~ '"files"', 'a backup without files has none in its manifest');
SELECT is_empty(format('SELECT FROM company_backup.backup_file WHERE backup = %s', :plain), 'and stores none');
SELECT throws_ok(format('SELECT restore_company(2, %s, include_files => true)', :plain), '22023', NULL, 'and they cannot be asked for');
SELECT delete_backup(:backup);
SELECT delete_backup(:uploaded);
SELECT delete_backup(:streamed);
SELECT is_empty('SELECT FROM company_backup.backup_file', 'a deleted backup leaves no files');

-- A key cannot be a file.
CREATE TABLE app.keyed (digest bytea PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
SELECT set_column_rule('app.keyed', 'digest', 'file');
SELECT throws_ok('SELECT backup_company(2, include_files => true)', 'KB003', NULL, 'a file in a key is refused');
SET LOCAL company_backup.strict = off;
SELECT throws_ok('SELECT backup_company(2, include_files => true)', 'KB009', 'key column "digest" of table "app.keyed" does not travel', '... also where nothing else is');

SELECT * FROM finish();
ROLLBACK;
