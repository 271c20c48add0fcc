-- Rows that lost their company because the row they refer to was removed alone: ON DELETE SET NULL or SET DEFAULT
-- emptied their only way to it, or no foreign key holds it. A restore adopts them, a revert leaves them to nobody again.
\ir app.psql
SELECT plan(20);

CREATE TABLE app.co (id int PRIMARY KEY, name text);
CREATE TABLE app.worker (id int PRIMARY KEY, co_id int REFERENCES app.co, name text, UNIQUE (co_id, id));
CREATE TABLE app.event (id int PRIMARY KEY, worker_id int CONSTRAINT event_of REFERENCES app.worker ON DELETE SET NULL, what text);
-- A chain, below an event by a key that is never NULL; and one that can be.
CREATE TABLE app.detail (id int PRIMARY KEY, event_id int NOT NULL CONSTRAINT detail_of REFERENCES app.event, what text);
CREATE TABLE app.echo (id int PRIMARY KEY, event_id int CONSTRAINT echo_of REFERENCES app.event ON DELETE SET NULL, what text);
-- Several ways, any of which decides; partitioned.
CREATE TABLE app.bill (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co);
CREATE TABLE app.attachment (id int, worker_id int CONSTRAINT by_worker REFERENCES app.worker ON DELETE SET NULL,
    bill_id int CONSTRAINT by_bill REFERENCES app.bill ON DELETE SET NULL, name text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE app.attachment_1 PARTITION OF app.attachment FOR VALUES FROM (0) TO (10);
CREATE TABLE app.attachment_2 PARTITION OF app.attachment FOR VALUES FROM (10) TO (100);
-- A key of two columns, one of which is emptied.
CREATE TABLE app.shift (id int PRIMARY KEY, co int, worker int, CONSTRAINT shift_of FOREIGN KEY (co, worker)
    REFERENCES app.worker (co_id, id) ON DELETE SET NULL (worker), at date);
-- A default that is nobody's worker.
CREATE TABLE app.duty (id int PRIMARY KEY, worker_id int NOT NULL DEFAULT 0 CONSTRAINT duty_of REFERENCES app.worker ON DELETE SET DEFAULT, what text);
-- No foreign key, and no key.
CREATE TABLE app.visit (id int PRIMARY KEY, worker_id int NOT NULL, what text);
CREATE TABLE app.scribble (worker_id int CONSTRAINT scribble_of REFERENCES app.worker ON DELETE SET NULL, what text);
SELECT set_company_table('app.co');
SELECT set_table_rule('app.worker', 'company', 'x', route => '{worker_co_id_fkey}', match_columns => '{id}');
SELECT set_table_rule('app.event', 'company', 'x', route => '{event_of}', match_columns => '{id}');
SELECT set_table_rule('app.echo', 'company', 'x', route => '{echo_of}', match_columns => '{id}');
SELECT set_table_rule('app.attachment', 'company', 'x', route => '{by_worker, by_bill}', match_columns => '{id}');
SELECT set_table_rule('app.shift', 'company', 'x', route => '{shift_of}', match_columns => '{id}');
SELECT set_table_rule('app.scribble', 'company', 'x', route => '{scribble_of}', match_columns => '{what}');
SELECT set_reference('app.visit', '{worker_id}', 'app.worker');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');

CREATE FUNCTION app.fill() RETURNS void LANGUAGE sql AS $$
    INSERT INTO app.co VALUES (1, 'a'), (2, 'b');
    INSERT INTO app.worker VALUES (0, NULL, 'nobody'), (1, 1, 'w'), (2, 1, 'w'), (9, 2, 'w');
    INSERT INTO app.event VALUES (1, 1, 'e1'), (2, 1, 'e2'), (3, 2, 'e3'), (4, 2, 'e4'), (9, 9, 'e9'), (50, NULL, 'everybody''s');
    INSERT INTO app.detail VALUES (1, 1, 'd1'), (2, 2, 'd2'), (3, 3, 'd3'), (9, 9, 'd9'), (50, 50, 'everybody''s');
    INSERT INTO app.echo VALUES (1, 1, 'c1'), (2, 4, 'c2'), (9, 9, 'c9'), (50, NULL, 'everybody''s');
    INSERT INTO app.bill VALUES (1, 1), (9, 2);
    INSERT INTO app.attachment VALUES (1, 1, NULL, 'a1'), (2, 1, 1, 'a2'), (13, NULL, 1, 'a13'), (14, 1, NULL, 'a14'), (19, NULL, 9, 'a19');
    INSERT INTO app.shift VALUES (1, 1, 1, '2020-01-01'), (2, 1, 2, '2020-01-02'), (9, 2, 9, '2020-01-09');
    INSERT INTO app.duty VALUES (1, 1, 'u1'), (2, 2, 'u2'), (9, 9, 'u9'), (50, 0, 'nobody''s');
    INSERT INTO app.visit VALUES (1, 1, 'v1'), (2, 2, 'v2'), (9, 9, 'v9');
    INSERT INTO app.scribble VALUES (1, 's1'), (2, 's2'), (9, 's9');
$$;
SELECT app.fill();
CREATE FUNCTION app.everything() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'co ' || c::text FROM app.co c UNION ALL SELECT 'worker ' || c::text FROM app.worker c
    UNION ALL SELECT 'event ' || c::text FROM app.event c UNION ALL SELECT 'detail ' || c::text FROM app.detail c
    UNION ALL SELECT 'echo ' || c::text FROM app.echo c UNION ALL SELECT 'bill ' || c::text FROM app.bill c
    UNION ALL SELECT 'attachment ' || c::text FROM app.attachment c UNION ALL SELECT 'shift ' || c::text FROM app.shift c
    UNION ALL SELECT 'duty ' || c::text FROM app.duty c UNION ALL SELECT 'visit ' || c::text FROM app.visit c
    UNION ALL SELECT 'scribble ' || c::text FROM app.scribble c
$$;
CREATE FUNCTION app.preview(backup bigint) RETURNS TABLE (t text, a bigint, c bigint, r bigint, u bigint) LANGUAGE sql AS $$
    SELECT table_name, added, changed, removed, unchanged FROM preview_restore(1, backup) WHERE added + changed + removed > 0
$$;
CREATE TABLE app.before AS SELECT everything FROM app.everything();
SELECT backup_company(1) AS backup \gset

-- The worker goes; what is left of him is edited, and a detail is added to it.
DELETE FROM app.worker WHERE id = 1;
UPDATE app.event SET what = 'oops' WHERE id = 2;
INSERT INTO app.detail VALUES (20, 2, 'new');
-- Of a worker who stays an event goes.
DELETE FROM app.detail WHERE event_id = 3;
DELETE FROM app.event WHERE id IN (3, 4);
CREATE TABLE app.damaged AS SELECT everything FROM app.everything();
SELECT results_eq(format('SELECT * FROM app.preview(%s)', :backup), $$VALUES
    ('app.attachment', 0::bigint, 3::bigint, 0::bigint, 1::bigint), ('app.detail', 1, 0, 1, 2), ('app.duty', 0, 1, 0, 1),
    ('app.echo', 0, 1, 0, 1), ('app.event', 2, 2, 0, 0), ('app.scribble', 1, 0, 0, 1), ('app.shift', 0, 1, 0, 1), ('app.worker', 1, 0, 0, 1)$$,
    'a preview counts what is left as rows that are there; but what has no key is made anew');
SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT added, changed, removed FROM company_restores(1) ORDER BY id DESC LIMIT 1',
    format('SELECT sum(a)::bigint, sum(c)::bigint, sum(r)::bigint FROM (VALUES (0, 3, 0), (1, 0, 1), (0, 1, 0), (0, 1, 0), (2, 2, 0), (1, 0, 0), (0, 1, 0), (1, 0, 0)) v (a, c, r)'),
    '... and the restore does what it says');
SELECT bag_eq('SELECT everything FROM app.everything()', $$SELECT everything FROM app.before UNION ALL VALUES ('scribble (,s1)')$$,
    'restored: everything is as it was; nobody''s row without a key is left over');
SELECT is((SELECT everything FROM app.everything() WHERE everything LIKE '%everybody%' AND everything LIKE 'event%'), 'event (50,,everybody''s)', 'rows that were nobody''s are left alone');
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.damaged', 'reverted: everything is as it was before');
SELECT is_empty('SELECT * FROM restore_problems(' || :restore || ')', '... and nothing was discarded');

-- Edits and the same mistake during the review.
SELECT restore_company(1, :backup) AS restore \gset
DELETE FROM app.worker WHERE id = 1;
UPDATE app.event SET what = 'edited' WHERE id = 1;
SELECT revert_restore(:restore);
SELECT bag_eq('SELECT everything FROM app.everything()', $$SELECT everything FROM app.damaged UNION ALL VALUES ('scribble (,s1)')$$,
    'reverted after the same mistake: everything is as it was before; of what has no key there is one more');

-- Kept.
SELECT restore_company(1, :backup) AS restore \gset
SELECT keep_restore(:restore);
SELECT is_empty(format('SELECT * FROM app.preview(%s)', :backup), 'kept: there is nothing left to restore');
SELECT is_empty('SELECT * FROM check_company_data(1)', '... nor to complain about');

-- All of a company's workers at once.
DELETE FROM app.worker WHERE co_id = 1;
SELECT restore_company(1, :backup) AS restore \gset
SELECT keep_restore(:restore);
SELECT is_empty(format('SELECT * FROM app.preview(%s)', :backup), 'all at once come back');
SELECT is((SELECT string_agg(what, ' ' ORDER BY id) FROM app.event), 'e1 e2 e3 e4 e9 everybody''s', '... with what belonged to them');

-- What another company has taken over is theirs.
DELETE FROM app.worker WHERE id = 2;
UPDATE app.event SET worker_id = 9 WHERE id = 3;
CREATE TABLE app.taken AS SELECT everything FROM app.everything();
SELECT throws_ok(format('SELECT restore_company(1, %s)', :backup), '23505', 'a row of table "app.event" cannot be loaded: another row has its unique value',
    'what another company has taken over is not taken away');
SELECT bag_eq('SELECT everything FROM app.everything()', 'SELECT everything FROM app.taken', '... nor changed');
UPDATE app.event SET worker_id = NULL WHERE id = 3;

-- The company's own rows only: a backup of company 2 adopts nothing for company 1.
SELECT backup_company(2) AS other \gset
DELETE FROM app.worker WHERE id = 9;
SELECT is((SELECT added FROM preview_restore(2, :other) WHERE table_name = 'app.event'), 0::bigint, 'its own adopts its own');
SELECT restore_company(2, :other) AS restore \gset
SELECT is((SELECT worker_id FROM app.event WHERE id = 9), 9, '... and so it is');
SELECT keep_restore(:restore);
SELECT restore_company(1, :backup) AS restore \gset
SELECT keep_restore(:restore);

-- Where the deleted row does not travel: it does not come back, and says so.
CREATE TABLE app.login (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co);
CREATE TABLE app.session_note (id int PRIMARY KEY, login_id int CONSTRAINT note_of REFERENCES app.login ON DELETE SET NULL, what text);
SELECT set_table_rule('app.login', 'excluded');
SELECT set_table_rule('app.session_note', 'company', 'x', route => '{note_of}', match_columns => '{id}');
INSERT INTO app.login VALUES (1, 1), (2, 1);
INSERT INTO app.session_note VALUES (1, 1, 'n1'), (2, 2, 'n2');
SELECT backup_company(1) AS notes \gset
DELETE FROM app.login WHERE id = 1;
UPDATE app.session_note SET what = 'oops';
SELECT results_eq(format('SELECT * FROM app.preview(%s)', :notes), $$VALUES ('app.session_note', 0::bigint, 2::bigint, 0::bigint, 0::bigint)$$, 'what hung on a login that is gone');
SELECT throws_ok(format('SELECT restore_company(1, %s)', :notes), 'KB034', 'rows of table "app.session_note" would not belong to company "1"', '... cannot come back without it');
INSERT INTO app.login VALUES (1, 1);
SELECT restore_company(1, :notes) AS restore \gset
SELECT is((SELECT string_agg(concat_ws(' ', login_id, what), ', ' ORDER BY id) FROM app.session_note), '1 n1, 2 n2', '... but with it');
SELECT revert_restore(:restore);
SELECT is((SELECT string_agg(concat_ws(' ', login_id, what), ', ' ORDER BY id) FROM app.session_note), 'oops, 2 oops', '... and back');

SELECT * FROM finish();
ROLLBACK;
