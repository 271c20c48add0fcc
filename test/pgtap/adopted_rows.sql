-- Rows that belong to a company by a way that ends (ON DELETE SET NULL, a kind and an ID, a column without a foreign
-- key): in append-only tables; those that the archive does not have; and when a deleted company is made anew.
\ir app.psql
SELECT plan(31);

\ir told.psql

CREATE TABLE app.co (id int PRIMARY KEY, name text);
CREATE TABLE app.worker (id int PRIMARY KEY, co_id int NOT NULL CONSTRAINT worker_of REFERENCES app.co ON DELETE CASCADE, name text);
CREATE TABLE app.log (id int PRIMARY KEY, worker_id int CONSTRAINT log_of REFERENCES app.worker ON DELETE SET NULL, what text);
CREATE TABLE app.log_line (id int PRIMARY KEY, log_id int NOT NULL CONSTRAINT log_line_of REFERENCES app.log, what text);
CREATE TABLE app.remark (id int PRIMARY KEY, kind text, of_id int, what text);
CREATE TABLE app.scan (id int PRIMARY KEY, worker_id int, what text);
CREATE TABLE app.visit (id int PRIMARY KEY, worker_id int NOT NULL, what text);
CREATE TABLE app.event (id int PRIMARY KEY, worker_id int CONSTRAINT event_of REFERENCES app.worker ON DELETE SET NULL, what text);
CREATE TABLE app.place (id int PRIMARY KEY, co_id int CONSTRAINT place_of REFERENCES app.co ON DELETE SET NULL, what text);
SELECT set_company_table('app.co');
SELECT set_reference('app.remark', '{of_id}', 'app.worker', when_column => 'kind', when_value => 'worker');
SELECT set_column_rule('app.remark', 'of_id', 'data');
SELECT set_reference('app.scan', '{worker_id}', 'app.worker');
SELECT set_reference('app.visit', '{worker_id}', 'app.worker');
SELECT set_table_rule('app.log', 'append_only', 'x', route => '{log_of}', match_columns => '{id}');
SELECT set_table_rule('app.log_line', 'append_only', 'x');
SELECT set_table_rule('app.remark', 'append_only', 'x', route => '{of_id}', match_columns => '{id}');
SELECT set_table_rule('app.scan', 'append_only', 'x', route => '{worker_id}', match_columns => '{id}');
SELECT set_table_rule('app.event', 'company', 'x', route => '{event_of}', match_columns => '{id}');
SELECT set_table_rule('app.place', 'company', 'x', route => '{place_of}', match_columns => '{id}');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');

INSERT INTO app.co VALUES (1, 'a'), (2, 'b');
INSERT INTO app.worker VALUES (1, 1, 'w1'), (2, 1, 'w2'), (9, 2, 'w9');
INSERT INTO app.log VALUES (1, 1, 'l1'), (2, 2, 'l2'), (9, 9, 'l9'), (50, NULL, 'everybody''s');
INSERT INTO app.log_line VALUES (1, 1, 'll1'), (2, 2, 'll2'), (9, 9, 'll9'), (50, 50, 'everybody''s');
INSERT INTO app.remark VALUES (1, 'worker', 1, 'r1'), (2, 'worker', 2, 'r2'), (9, 'worker', 9, 'r9'), (50, 'house', 1, 'nobody''s');
INSERT INTO app.scan VALUES (1, 1, 's1'), (2, 2, 's2'), (9, 9, 's9');
INSERT INTO app.visit VALUES (1, 1, 'v1'), (2, 2, 'v2'), (9, 9, 'v9');
INSERT INTO app.event VALUES (1, 1, 'e1'), (2, 2, 'e2'), (9, 9, 'e9');
INSERT INTO app.place VALUES (1, 1, 'p1'), (9, 2, 'p9');
CREATE FUNCTION app.everything() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'co ' || c::text FROM app.co c UNION ALL SELECT 'worker ' || c::text FROM app.worker c
    UNION ALL SELECT 'log ' || c::text FROM app.log c UNION ALL SELECT 'log_line ' || c::text FROM app.log_line c
    UNION ALL SELECT 'remark ' || c::text FROM app.remark c UNION ALL SELECT 'scan ' || c::text FROM app.scan c
    UNION ALL SELECT 'visit ' || c::text FROM app.visit c UNION ALL SELECT 'event ' || c::text FROM app.event c
    UNION ALL SELECT 'place ' || c::text FROM app.place c
$$;
CREATE FUNCTION app.preview(backup bigint) RETURNS TABLE (t text, a bigint, c bigint, r bigint) LANGUAGE sql AS $$
    SELECT table_name, added, changed, removed FROM preview_restore(1, backup) WHERE added + changed + removed > 0
$$;
CREATE TABLE app.before AS SELECT everything FROM app.everything();
SELECT backup_company(1) AS backup \gset

-- The worker goes. What hung on him, also what was added since, is left; a log entry was mended, a remark hidden.
INSERT INTO app.log VALUES (3, 1, 'later');
INSERT INTO app.remark VALUES (3, 'worker', 1, 'later');
INSERT INTO app.scan VALUES (3, 1, 'later');
INSERT INTO app.visit VALUES (3, 1, 'later');
UPDATE app.log SET what = 'mended' WHERE id = 1;
DELETE FROM app.worker WHERE id = 1;
UPDATE app.remark SET of_id = NULL WHERE id = 1;
CREATE TABLE app.damaged AS SELECT everything FROM app.everything();
SELECT results_eq(format('SELECT * FROM app.preview(%s)', :backup), $$VALUES ('app.event', 0::bigint, 1::bigint, 0::bigint), ('app.log', 0, 1, 0),
    ('app.remark', 0, 1, 0), ('app.visit', 0, 0, 1), ('app.worker', 1, 0, 0)$$, 'a preview counts what is left as the company''s');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'ok', 'append-only rows that lost their way to the company are adopted');
SELECT bag_eq('SELECT everything FROM app.everything()', $$SELECT everything FROM app.before WHERE everything <> 'log (1,1,l1)'
    UNION ALL VALUES ('log (1,1,mended)'), ('log (3,,later)'), ('remark (3,worker,1,later)'), ('scan (3,1,later)')$$,
    '... by what says whose they are; nothing else of them is changed, and none is removed');
SELECT is_empty('SELECT * FROM check_company_data(1)', '... nothing dangles');
SELECT is(pg_temp.told('SELECT revert_restore(max(id)) FROM company_restores(1)'), 'ok', 'reverted');
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.damaged', '... everything is as it was before');
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'ok', 'again, in the same session');
SELECT is(pg_temp.told('SELECT keep_restore(max(id)) FROM company_restores(1)'), 'ok', 'kept');
SELECT is_empty(format('SELECT * FROM app.preview(%s)', :backup), '... there is nothing left to restore');

-- Append-only rows whose only way to the company would be removed: refused, not raced.
INSERT INTO app.worker VALUES (5, 1, 'new');
INSERT INTO app.remark VALUES (5, 'worker', 5, 'of the new one');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)),
    'KB034 1 row of append-only table "app.remark" would belong to no company any more / Rows (5) are the company''s only by rows that would be removed. /%',
    'rows that cannot be removed keep what they belong through');
UPDATE app.remark SET of_id = 2 WHERE id = 5;
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'ok', '... until they refer to another one');
SELECT revert_restore(max(id)) FROM company_restores(1);
DELETE FROM app.remark WHERE id = 5;
DELETE FROM app.worker WHERE id = 5;

-- A deleted company, made anew under its old IDs.
SELECT backup_company(1) AS backup \gset
CREATE TABLE app.whole AS SELECT everything FROM app.everything();
DELETE FROM app.co WHERE id = 1;
SELECT ok(EXISTS (SELECT FROM app.event WHERE id = 1 AND worker_id IS NULL) AND EXISTS (SELECT FROM app.place WHERE id = 1 AND co_id IS NULL), 'a deleted company leaves rows to nobody');
SAVEPOINT gone;
SELECT is(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), 'ok', 'created from its backup');
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.whole', '... it has adopted them, and is as it was');
SELECT is((SELECT added FROM company_restores(1) ORDER BY id DESC LIMIT 1), (SELECT sum(row_count) FROM backup_contents(:backup))::bigint, '... all of them are counted');
SELECT is_empty('SELECT FROM company_backup.undo_chunk', '... and no undo record is left');
SELECT is_empty('SELECT * FROM check_company_data(1)', '... nothing dangles');
ROLLBACK TO gone;
SELECT is(pg_temp.told(format($$SELECT create_company_from_backup(%s, '{"name": "anew"}')$$, :backup)), 'ok', 'with another name');
SELECT is((SELECT name FROM app.co WHERE id = 1), 'anew', '... which it keeps');
ROLLBACK TO gone;
SELECT is(pg_temp.told(format($$SELECT create_company_from_backup(%s, '{"id": 7}')$$, :backup)), 'ok', 'under another key');
SELECT is((SELECT count(*) FROM app.event e JOIN app.worker w ON w.id = e.worker_id WHERE w.co_id = 7), 2::bigint, '... they are its rows');
SELECT is((SELECT string_agg(co_id::text, ' ' ORDER BY id) FROM app.place), '7 2', '... whatever told whose they were');
ROLLBACK TO gone;
INSERT INTO app.co VALUES (8, 'empty');
SELECT is(pg_temp.told(format('SELECT restore_company(8, %s)', :backup)), 'ok', 'so may an empty company');
SELECT is((SELECT count(*) FROM app.place WHERE co_id = 8), 1::bigint, '... adopt them');
ROLLBACK TO gone;
-- Others' are left alone, and so are those of a company that lives.
UPDATE app.event SET worker_id = 9 WHERE id = 1;
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 a row of table "app.event" cannot be loaded: another row has its unique value / Key (id)=(1)%',
    'what another company has taken over is not taken away');
ROLLBACK TO gone;
INSERT INTO app.co VALUES (1, 'somebody else');
SELECT is(pg_temp.told(format($$SELECT create_company_from_backup(%s, '{"id": 7}', ids => 'keep')$$, :backup)) ~ '^23505', true, 'nor from a company that lives');
ROLLBACK TO gone;
SELECT is((SELECT count(*) FROM app.event WHERE worker_id IS NULL), 2::bigint, '... nothing has happened');
-- ... also one that lives under another key.
INSERT INTO app.co VALUES (20, 'x');
INSERT INTO app.place VALUES (20, 20, 'p');
SELECT backup_company(20) AS moved \gset
UPDATE app.place SET co_id = NULL WHERE id = 20;
UPDATE app.co SET id = 21 WHERE id = 20;
SELECT is(pg_temp.told(format($$SELECT create_company_from_backup(%s, ids => 'keep')$$, :moved)) ~ '^23505', true, 'nor from one that has another key now');
SELECT is(pg_temp.told(format('SELECT create_company_from_backup(%s, ''{"id": 77}'')', :moved)), 'ok', '... whose backup gives others new IDs');
SELECT results_eq('SELECT co_id IS NULL FROM app.place WHERE id = 20', 'SELECT true', '... and nobody''s row stays what it is');

SELECT * FROM finish();
ROLLBACK;
