-- Rows that belong to a company through a row that refers to them, when somebody deletes that row alone: a
-- restore adopts them, a revert leaves them to nobody again.
\ir app.psql
SELECT plan(32);

-- A letter has a body, a body a style; a body has paragraphs, and remarks without a key. Some letters have a
-- stamp, whose key has two columns, and a seal, which has no primary key.
CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.style (name text PRIMARY KEY, font text);
CREATE TABLE app.body (id uuid PRIMARY KEY, style text NOT NULL UNIQUE CONSTRAINT style_of REFERENCES app.style,
    words text, code text DEFAULT 'made up', copies int);
CREATE TABLE app.paragraph (id int PRIMARY KEY, body uuid NOT NULL REFERENCES app.body, words text);
CREATE TABLE app.remark (body uuid NOT NULL REFERENCES app.body, words text);
CREATE TABLE app.stamp (year int, n int, words text, PRIMARY KEY (year, n));
CREATE TABLE app.seal (n int UNIQUE, words text);
CREATE TABLE app.letter (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
    body uuid NOT NULL UNIQUE CONSTRAINT body_of REFERENCES app.body,
    year int, stamp int, UNIQUE (year, stamp), CONSTRAINT stamp_of FOREIGN KEY (year, stamp) REFERENCES app.stamp,
    seal int UNIQUE CONSTRAINT seal_of REFERENCES app.seal (n));
SELECT set_company_table('app.company');
SELECT set_table_rule('app.body', 'company', route => '{body_of}');
SELECT set_table_rule('app.style', 'company', route => '{style_of}');
SELECT set_table_rule('app.stamp', 'company', route => '{stamp_of}');
SELECT set_table_rule('app.seal', 'company', route => '{seal_of}');
SELECT set_column_rule('app.body', 'code', 'secret');
SELECT set_column_rule('app.body', 'copies', 'counter');

CREATE FUNCTION app.body_id(n int) RETURNS uuid LANGUAGE sql AS $$ SELECT md5('body' || n)::uuid $$;
INSERT INTO app.company VALUES (1, 'Acme'), (2, 'Beta');
INSERT INTO app.style SELECT 'style ' || n, 'serif' FROM generate_series(1, 20) n;
INSERT INTO app.body SELECT app.body_id(n), 'style ' || n, 'body ' || n, 'code ' || n, 1 FROM generate_series(1, 20) n;
INSERT INTO app.paragraph SELECT n, app.body_id(n / 2), 'paragraph ' || n FROM generate_series(2, 41) n;
INSERT INTO app.remark SELECT app.body_id(n / 2), 'remark ' || n / 2 FROM generate_series(2, 41) n;
INSERT INTO app.stamp SELECT 2000 + n % 3, n, 'stamp ' || n FROM generate_series(1, 20) n;
INSERT INTO app.seal SELECT n, 'seal ' || n FROM generate_series(1, 20) n;
INSERT INTO app.letter SELECT n, 1 + (n > 12)::int, app.body_id(n), 2000 + n % 3, n, n FROM generate_series(1, 20) n;

-- All that is in the tables.
CREATE FUNCTION app.everything() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c::text FROM app.company c UNION ALL SELECT 'style ' || s::text FROM app.style s UNION ALL SELECT b::text FROM app.body b
    UNION ALL SELECT 'paragraph ' || p::text FROM app.paragraph p UNION ALL SELECT 'remark ' || r::text FROM app.remark r
    UNION ALL SELECT 'stamp ' || s::text FROM app.stamp s UNION ALL SELECT 'seal ' || s::text FROM app.seal s
    UNION ALL SELECT 'letter ' || l::text FROM app.letter l
$$;
CREATE TABLE app.before AS SELECT everything FROM app.everything();
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION app.preview(backup bigint) RETURNS TABLE (t text, a bigint, c bigint, r bigint, u bigint) LANGUAGE sql AS $$
    SELECT table_name, added, changed, removed, unchanged FROM preview_restore(1, backup) WHERE added + changed + removed > 0
$$;

-- Nobody's but the archive's: left alone.
INSERT INTO app.style VALUES ('nobody''s', 'mono');
INSERT INTO app.body VALUES (app.body_id(99), 'nobody''s', 'nobody''s', 'n', 0);
INSERT INTO app.paragraph VALUES (99, app.body_id(99), 'nobody''s');
INSERT INTO app.stamp VALUES (1999, 1, 'nobody''s');
INSERT INTO app.before SELECT everything FROM app.everything() EXCEPT ALL SELECT everything FROM app.before;

-- Letter 3: alone. Letter 4: what is left of it has changed. Letter 5: it has another body now.
DELETE FROM app.letter WHERE id IN (3, 4);
UPDATE app.body SET words = 'oops', code = 'new code', copies = 7 WHERE id = app.body_id(4);
UPDATE app.style SET font = 'sans' WHERE name = 'style 4';
UPDATE app.paragraph SET words = 'oops' WHERE id = 8;
DELETE FROM app.paragraph WHERE id = 9;
INSERT INTO app.paragraph VALUES (100, app.body_id(4), 'new');
INSERT INTO app.remark VALUES (app.body_id(4), 'new');
DELETE FROM app.remark WHERE ctid = (SELECT min(ctid) FROM app.remark WHERE body = app.body_id(4));
UPDATE app.stamp SET words = 'oops' WHERE n = 4;
UPDATE app.seal SET words = 'oops' WHERE n = 4;
INSERT INTO app.style VALUES ('other', 'mono');
INSERT INTO app.body VALUES (app.body_id(50), 'other', 'other', 'o', 0);
UPDATE app.letter SET body = app.body_id(50) WHERE id = 5;
UPDATE app.letter SET seal = NULL WHERE id = 5;
CREATE TABLE app.damaged AS SELECT everything FROM app.everything();

SELECT results_eq(format('SELECT * FROM app.preview(%s)', :backup), $$VALUES
    ('app.body', 0::bigint, 1::bigint, 1::bigint, 11::bigint), ('app.letter', 2, 1, 0, 9), ('app.paragraph', 1, 1, 1, 22),
    ('app.remark', 1, 0, 1, 23), ('app.seal', 1, 0, 1, 11), ('app.stamp', 0, 1, 0, 11), ('app.style', 0, 1, 1, 11)$$,
    'a preview counts orphans as rows that are there');
SELECT set_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.damaged', '... and changes nothing');
SELECT restore_company(1, :backup) AS restore \gset
-- The secret column keeps its current value, the counter the greater one.
UPDATE app.before SET everything = (SELECT b::text FROM app.body b WHERE id = app.body_id(4)) WHERE everything LIKE '%"body 4"%';
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.before', 'restored: everything is as it was');
SELECT results_eq($$SELECT words, code, copies FROM app.body WHERE id = app.body_id(4)$$, $$VALUES ('body 4', 'new code', 7)$$,
    '... but what is secret or counts');
SELECT results_eq('SELECT added, changed, removed FROM company_restores(1) ORDER BY id DESC LIMIT 1', 'VALUES (5::bigint, 5::bigint, 5::bigint)',
    '... and the restore did what its preview said');
SELECT is((SELECT count(*) FROM company_backup.undo_chunk WHERE restore = :restore AND part = 4), 6::bigint,
    'the undo record tells which rows were orphans');

SELECT revert_restore(:restore);
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.damaged', 'reverted: everything is as it was before');
SELECT is_empty('SELECT * FROM restore_problems(' || :restore || ')', '... and nothing was discarded');
SELECT results_eq(format('SELECT * FROM app.preview(%s) WHERE t = ''app.body''', :backup),
    $$VALUES ('app.body', 0::bigint, 1::bigint, 1::bigint, 11::bigint)$$, '... so that the preview is the same again');

-- Edits during the review, the same mistake included.
SELECT restore_company(1, :backup) AS restore \gset
DELETE FROM app.letter WHERE id = 3;
UPDATE app.body SET words = 'edited' WHERE id IN (app.body_id(3), app.body_id(6));
INSERT INTO app.paragraph VALUES (101, app.body_id(4), 'added');
DELETE FROM app.letter WHERE id = 7;
UPDATE app.letter SET seal = NULL, year = NULL WHERE id = 4;
DELETE FROM app.seal WHERE n = 4;
DELETE FROM app.stamp WHERE n = 4;
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.damaged',
    'reverted after edits: everything is as it was before');
SELECT bag_eq('SELECT table_name, row_key, problem FROM restore_problems(' || :restore || ')', $$VALUES
    ('app.body', '(' || app.body_id(3) || ')', 'changed after the restore; the revert undoes that'),
    ('app.body', '(' || app.body_id(6) || ')', 'changed after the restore; the revert undoes that'),
    ('app.letter', '(4)', 'changed after the restore; the revert removes it'),
    ('app.letter', '(7)', 'removed after the restore; the revert brings it back'),
    ('app.paragraph', '(101)', 'added after the restore; the revert removes it'),
    ('app.stamp', '(2001, 4)', 'removed after the restore; the revert brings it back')$$, '... and it tells which');

-- Kept.
SELECT restore_company(1, :backup) AS restore \gset
SELECT keep_restore(:restore);
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.before', 'kept: everything is as it was');
SELECT is_empty(format('SELECT * FROM app.preview(%s)', :backup), '... and there is nothing left to restore');
SELECT is_empty('SELECT * FROM check_company_data(1)', '... nor to complain about');

-- The bodies of all letters, and nothing else, are left.
CREATE TABLE app.with_bodies AS SELECT everything FROM app.everything();
DELETE FROM app.letter WHERE company_id = 1;
SELECT results_eq(format('SELECT * FROM app.preview(%s)', :backup), $$VALUES ('app.letter', 12::bigint, 0::bigint, 0::bigint, 0::bigint)$$,
    'all orphans at once: only their owners are missing');
SELECT restore_company(1, :backup) AS restore \gset
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.with_bodies', '... and come back');
SELECT revert_restore(:restore);
SELECT is((SELECT count(*) FROM app.letter WHERE company_id = 1), 0::bigint, '... and go again');
SELECT is((SELECT count(*) FROM app.body), 22::bigint - 1, '... without the bodies');

-- An orphan that somebody else has adopted is theirs.
CREATE TABLE app.adopted AS SELECT everything FROM app.everything();
SAVEPOINT theirs;
INSERT INTO app.letter VALUES (30, 2, app.body_id(2));
INSERT INTO app.adopted SELECT everything FROM app.everything() EXCEPT ALL SELECT everything FROM app.adopted;
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), '23505', 'a row of table "app.style" cannot be loaded: another row has its unique value',
    'what another company has adopted is not taken away');
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.adopted', '... nor changed');
SELECT is((SELECT added FROM preview_restore(1, :backup) WHERE table_name = 'app.body'), 1::bigint, '... and a preview does not count on it');
ROLLBACK TO theirs;
-- Also if it is below: a paragraph that has gone to somebody else's body.
UPDATE app.paragraph SET body = app.body_id(20) WHERE id = 4;
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), '23505', 'a row of table "app.paragraph" cannot be loaded: another row has its unique value',
    'nor is a row below it');
UPDATE app.paragraph SET body = app.body_id(2) WHERE id = 4;

-- A company that only has the same key in another archive adopts nothing: its orphans may be anybody's.
SELECT backup_company(2) AS other \gset
DELETE FROM app.letter WHERE company_id = 2;
SELECT throws_ok(format('SELECT restore_company(1, %s, ids => ''keep'')', :other), '23505', 'a row of table "app.style" cannot be loaded: another row has its unique value',
    'the orphans of another company''s backup are not adopted');
SELECT restore_company(2, :other) AS restore \gset
SELECT is((SELECT count(*) FROM app.letter WHERE company_id = 2), 8::bigint, '... but by that company');
SELECT keep_restore(:restore);

-- Rows that come back take their place among those that are there: in the order of numbers, and of texts.
CREATE TABLE app.lamp (n bigint PRIMARY KEY, words text);
CREATE TABLE app.socket (name text PRIMARY KEY, words text);
CREATE TABLE app.room (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
    lamp bigint NOT NULL UNIQUE CONSTRAINT lamp_of REFERENCES app.lamp, socket text NOT NULL UNIQUE CONSTRAINT socket_of REFERENCES app.socket);
SELECT set_table_rule('app.lamp', 'company', route => '{lamp_of}');
SELECT set_table_rule('app.socket', 'company', route => '{socket_of}');
CREATE FUNCTION app.key(n int) RETURNS bigint LANGUAGE sql AS $$ SELECT ((n - 50) * 10.0 ^ (n % 9))::bigint $$;
INSERT INTO app.lamp SELECT app.key(n), n FROM generate_series(1, 100) n ON CONFLICT DO NOTHING;
INSERT INTO app.socket SELECT repeat(chr(64 + n % 30), n % 4) || E'\n' || n, n FROM generate_series(1, 100) n;
INSERT INTO app.room SELECT words::int, 1, n, (SELECT name FROM app.socket s WHERE s.words = l.words) FROM app.lamp l;
SELECT restore_company(1, backup_company(1)) AS restore \gset
SELECT keep_restore(:restore);
SELECT backup_company(1) AS rooms \gset
CREATE FUNCTION app.rooms() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT l::text FROM app.lamp l UNION ALL SELECT s::text FROM app.socket s UNION ALL SELECT r::text FROM app.room r
$$;
CREATE TABLE app.rooms_before AS SELECT * FROM app.rooms();
DELETE FROM app.room WHERE id % 3 = 0;
DELETE FROM app.room WHERE id % 7 = 0;
UPDATE app.lamp SET words = 'oops' WHERE n % 2 = 0;
DELETE FROM app.lamp WHERE n NOT IN (SELECT lamp FROM app.room) AND n % 5 = 0;
CREATE TABLE app.rooms_damaged AS SELECT * FROM app.rooms();
SELECT is((SELECT (added, removed) FROM preview_restore(1, :rooms) WHERE table_name = 'app.socket'), (0::bigint, 0::bigint),
    'orphans among others: a preview finds them all');
SELECT restore_company(1, :rooms) AS restore \gset
SELECT bag_eq('SELECT * FROM app.rooms()', 'SELECT * FROM app.rooms_before', '... and a restore');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM app.rooms()', 'SELECT * FROM app.rooms_damaged', '... and so does its revert');

-- What nobody would refer to after the restore is not adopted: the company's own row keeps the settings it has.
CREATE TABLE app.setting (id int PRIMARY KEY, words text);
INSERT INTO app.setting VALUES (1, 'one'), (2, 'two');
ALTER TABLE app.company ADD setting int NOT NULL DEFAULT 0;
UPDATE app.company SET setting = id;
ALTER TABLE app.company ADD UNIQUE (setting), ADD CONSTRAINT setting_of FOREIGN KEY (setting) REFERENCES app.setting;
SELECT set_table_rule('app.setting', 'company', route => '{setting_of}');
SELECT backup_company(1) AS backup \gset
INSERT INTO app.setting VALUES (3, 'three');
UPDATE app.company SET setting = 3 WHERE id = 1;
CREATE FUNCTION app.settings() RETURNS SETOF text LANGUAGE sql AS $$ SELECT s::text FROM app.setting s UNION ALL SELECT c::text FROM app.company c $$;
CREATE TABLE app.resettled AS SELECT * FROM app.settings();
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), 'KB034', NULL, 'the company''s own settings, which its row keeps');
SELECT bag_eq('SELECT * FROM app.settings()', 'SELECT * FROM app.resettled', '... are as they were');
SELECT set_company_table('app.company', identity_columns => '{name}');
SELECT results_eq(format('SELECT * FROM app.preview(%s)', :backup), $$VALUES
    ('app.company', 0::bigint, 1::bigint, 0::bigint, 0::bigint), ('app.setting', 0, 0, 1, 1)$$, '... or gets back');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id, words FROM app.setting ORDER BY id', $$VALUES (1, 'one'), (2, 'two')$$, '... with a restore');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT * FROM app.settings()', 'SELECT * FROM app.resettled', '... until it is reverted');

SELECT * FROM finish();
ROLLBACK;
