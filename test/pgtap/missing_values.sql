-- Columns that must not be null and whose values do not come from the backup: rows that are there keep theirs,
-- only rows that have to be made anew are in the way, and a rule can say what these get.
\ir app.psql
SELECT plan(40);
\ir told.psql

CREATE DOMAIN app.needed AS text NOT NULL;
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, api_token text NOT NULL);
CREATE TABLE app.clerk (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, email text NOT NULL,
    password_digest text NOT NULL, UNIQUE (company_id, email));
CREATE TABLE app.thing (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, made_by int REFERENCES app.clerk, t text);
CREATE TABLE app.scan (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, image bytea NOT NULL);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.clerk', 'company', 'logins of one company');
SELECT set_column_rule('app.company', 'api_token', 'secret');
SELECT set_column_rule('app.clerk', 'password_digest', 'secret');
SELECT set_column_rule('app.scan', 'image', 'file');
INSERT INTO app.company VALUES (1, 'Acme', 'token'), (2, 'Beta', 'token');
INSERT INTO app.clerk VALUES (1, 1, 'a', 'h1'), (2, 1, 'b', 'h2'), (3, 2, 'c', 'h3'), (4, 1, 'd', 'h4');
INSERT INTO app.thing VALUES (1, 1, 1, 'good'), (2, 1, 2, 'good'), (3, 2, 3, 'good');
INSERT INTO app.scan VALUES (1, 1, 'one'), (2, 1, 'two');

SELECT bag_eq('SELECT object, hint FROM check_company_scope() WHERE severity = ''warning''', $$VALUES
    ('app.company.api_token', $h$SELECT public.set_column_rule('app.company', 'api_token', 'secret', replacement => 'gen_random_uuid()::text');$h$),
    ('app.clerk.password_digest', $h$SELECT public.set_column_rule('app.clerk', 'password_digest', 'secret', replacement => 'gen_random_uuid()::text');$h$),
    ('app.scan.image', $h$SELECT public.set_column_rule('app.scan', 'image', 'file', replacement => 'uuid_send(gen_random_uuid())');$h$)$$,
    'the check says beforehand which rows could not be made anew, each with a statement');

SELECT backup_company(1) AS backup \gset

-- Nobody was deleted.
UPDATE app.thing SET t = 'spoilt';
UPDATE app.clerk SET password_digest = 'h1 new' WHERE id = 1;
UPDATE app.clerk SET email = 'bb' WHERE id = 2;
UPDATE app.company SET name = 'Oops', api_token = 'new token' WHERE id = 1;
SELECT is_empty(format('SELECT note FROM preview_restore(1, %s) WHERE note IS NOT NULL', :backup), 'all rows are there: a preview has nothing to say');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id, email, password_digest FROM app.clerk ORDER BY id',
    $$VALUES (1, 'a', 'h1 new'), (2, 'b', 'h2'), (3, 'c', 'h3'), (4, 'd', 'h4')$$, '... and secrets stay, also of rows that are written anew');
SELECT is((SELECT c::text FROM app.company c WHERE id = 1), '(1,Acme,"new token")', '... so does that of the company');
SELECT is((SELECT string_agg(t, ' ' ORDER BY id) FROM app.thing), 'good good spoilt', '... and all else is restored');
SELECT keep_restore(:restore);

-- Somebody was.
UPDATE app.thing SET made_by = NULL WHERE made_by = 2;
DELETE FROM app.clerk WHERE id IN (2, 4);
DELETE FROM app.scan WHERE id = 2;
CREATE TABLE app.damaged AS SELECT c::text FROM app.clerk c;
SELECT results_eq(format('SELECT table_name, added, note FROM preview_restore(1, %s) WHERE note IS NOT NULL ORDER BY 1', :backup), $$VALUES
    ('app.clerk', 2::bigint, 'refused: 2 rows would be added without a value for password_digest: (2), (4)'),
    ('app.scan', 1, 'refused: 1 row would be added without a value for image: (2)')$$,
    'a preview names the rows that cannot be made');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)),
    'KB075 3 rows would be added without a value that they need / column app.clerk.password_digest: 2 rows, (2), (4)'
    || E'\ncolumn app.scan.image: 1 row, (2) / These columns must not be null, have no default and get nothing from the archive. '
    || $$Say what new rows get, here for the first column: SELECT public.set_column_rule('app.clerk', 'password_digest', 'secret', replacement => 'gen_random_uuid()::text');$$,
    '... and so does the error of the restore, of all tables at once');
SELECT bag_eq('SELECT c::text FROM app.clerk c', 'TABLE app.damaged', '... which changes nothing');
SELECT is(pg_temp.told(format('SELECT create_company_from_backup(%s, ''{"id": 3, "api_token": "x"}'', ids => ''keep'')', :backup)) LIKE 'KB075 5 rows %(1), (2), (4)%', true,
    'a creation makes all rows');
SELECT is(pg_temp.told('SELECT clone_company(1, ''{"id": 3, "api_token": "x"}'')') LIKE 'KB075 1 row %password_digest: 1 row, (1) /%', true,
    'so does a clone, which has the files');

-- A rule says what they get.
SELECT throws_ok($$SELECT set_column_rule('app.clerk', 'password_digest', 'data', replacement => '1')$$, '22023', NULL, 'a value that travels needs no replacement');
SELECT throws_ok(format('SELECT set_column_rule(''app.clerk'', ''password_digest'', ''secret'', replacement => %L)', bad), 'KB009',
    'the replacement for column "password_digest" cannot be used as its default', 'refused as a replacement: ' || bad)
FROM unnest('{"1 +", email, "(SELECT 1)", "nowhere.f()", "''x'', DROP COLUMN email", "''x''; DROP TABLE app.thing", count(*), "", "generate_series(1, 2)"}'::text[]) bad;
SELECT throws_ok($$SELECT set_column_rule('app.thing', 'id', 'identity', replacement => 'now()')$$, 'KB009', NULL, 'nor what the column''s type cannot have');
CREATE FUNCTION app.who() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.seen', 'yes', false);
    RETURN '*' || current_user || ' ' || gen_random_uuid();
END $$;
SELECT set_config('app.seen', 'no', false);
CREATE ROLE clerk_owner;
GRANT USAGE ON SCHEMA app TO clerk_owner;
ALTER TABLE app.clerk OWNER TO clerk_owner;
SELECT set_column_rule('app.clerk', 'password_digest', 'secret', replacement => 'app.who()');
SELECT set_column_rule('app.scan', 'image', 'file', replacement => '''none''');
SELECT is(pg_temp.told('SELECT clone_company(1, ''{"id": 3}'')') LIKE 'KB036 %api_token%', true, 'the company''s own row: its attributes may give a value');
SELECT set_column_rule('app.company', 'api_token', 'secret', replacement => 'repeat(''x'', 3)');
SELECT is_empty('SELECT * FROM check_company_scope() WHERE severity = ''warning''', 'the check is content');
SELECT is_empty(format('SELECT note FROM preview_restore(1, %s) WHERE note LIKE ''refused%%''', :backup), '... and a preview');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id, left(password_digest, 12) FROM app.clerk WHERE company_id = 1 ORDER BY id',
    $$VALUES (1, 'h1 new'), (2, '*clerk_owner'), (4, '*clerk_owner')$$, 'rows that come back get the replacement, evaluated as the table''s owner');
SELECT is((SELECT count(DISTINCT password_digest) FROM app.clerk), 4::bigint, '... each its own');
SELECT is(current_setting('app.seen'), 'no', '... and what it sets does not stay');
SELECT results_eq('SELECT id, image FROM app.scan ORDER BY id', $$VALUES (1, 'one'::bytea), (2, 'none')$$, '... so do files that are not in the backup');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT c::text FROM app.clerk c', 'TABLE app.damaged', '... and a revert takes them away');
SELECT is(create_company_from_backup(:backup, '{"id": 3}'), '3', 'a creation');
SELECT results_eq('SELECT c.api_token, k.password_digest LIKE ''*clerk_owner%'', s.image FROM app.company c JOIN app.clerk k ON k.company_id = c.id JOIN app.scan s ON s.company_id = c.id WHERE c.id = 3 LIMIT 1',
    $$VALUES ('xxx', true, 'none'::bytea)$$, '... has replacements in all rows');
SELECT is(clone_company(1, '{"id": 4}'), '4', 'a clone');
SELECT results_eq('SELECT c.api_token, k.password_digest LIKE ''*clerk_owner%'', s.image FROM app.company c JOIN app.clerk k ON k.company_id = c.id JOIN app.scan s ON s.company_id = c.id WHERE c.id = 4',
    $$VALUES ('xxx', true, 'one'::bytea)$$, '... has files of its own');
SELECT throws_ok($$SELECT set_column_rule('app.thing', 'id', 'identity', replacement => '''x''')$$, 'KB009', NULL, 'a literal that the type refuses');

DELETE FROM app.scan WHERE company_id > 2;
DELETE FROM app.thing WHERE company_id > 2;
DELETE FROM app.clerk WHERE company_id > 2;
DELETE FROM app.company WHERE id > 2;

-- A NOT NULL column that a deployment adds and fills while a restore is in review.
SELECT restore_company(1, :backup) AS restore \gset
ALTER TABLE app.thing ADD COLUMN kind text;
UPDATE app.thing SET kind = 'old';
ALTER TABLE app.thing ALTER COLUMN kind SET NOT NULL;
ALTER TABLE app.thing ADD COLUMN note app.needed DEFAULT 'x';
SELECT lives_ok('SELECT revert_restore(' || :restore || ')', 'a column that came during the review is no obstacle to rows that stand');
SELECT is((SELECT string_agg(kind || note, ' ') FROM app.thing WHERE company_id = 1), 'oldx oldx', '... which keep its values');
UPDATE app.thing SET t = 'again' WHERE id = 1;
SELECT restore_company(1, :backup) AS restore \gset
ALTER TABLE app.thing ADD COLUMN size int NOT NULL DEFAULT 5;
ALTER TABLE app.thing ALTER COLUMN size DROP DEFAULT;
DELETE FROM app.thing WHERE id = 2;
SELECT is(pg_temp.told('SELECT revert_restore(' || :restore || ')'),
    'KB075 1 row would be added without a value that it needs / column app.thing.size: 1 row, (2) / These columns must not be null, have no default and get nothing from the archive. '
    || 'Say what new rows get, here for the first column: SELECT public.set_column_default(''app.thing'', ''size'', ''0'');', 'a row that went meanwhile is one, by name');
SELECT set_column_default('app.thing', 'size', '7');
SELECT lives_ok('SELECT revert_restore(' || :restore || ')', '... and the statement helps');
SELECT is((SELECT concat_ws(' ', kind, size) FROM app.thing WHERE id = 2), 'old 7', '... it has the default, and what the record knows');
ALTER TABLE app.thing ADD COLUMN more app.needed DEFAULT 'x', ALTER COLUMN kind SET DEFAULT 'new';
ALTER TABLE app.thing ALTER COLUMN more DROP DEFAULT;
DELETE FROM app.thing WHERE id = 2;
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)) LIKE 'KB075 1 row % app.thing.more: 1 row, (2) /%', true, 'a domain that is NOT NULL counts like a column that is');

SELECT * FROM finish();
ROLLBACK;
