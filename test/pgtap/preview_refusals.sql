-- What a restore would stop at, its preview and the plan of IDs say beforehand: rows outside that refer to what would be
-- removed, unique values of the company's own row, append-only rows that would be left to nobody.
\ir app.psql
SELECT plan(28);

\ir told.psql

CREATE TABLE app.co (id int PRIMARY KEY, name text, slug text UNIQUE, region text, number int, UNIQUE (region, number));
CREATE TABLE app.worker (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co ON DELETE CASCADE, code text, badge text UNIQUE DEFERRABLE);
CREATE UNIQUE INDEX worker_code ON app.worker (lower(code)) WHERE code <> '';
CREATE TABLE app.login (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co, worker_id int CONSTRAINT login_of REFERENCES app.worker);
CREATE TABLE app.desk (id int PRIMARY KEY, co_id int NOT NULL REFERENCES app.co, worker_id int CONSTRAINT desk_of REFERENCES app.worker ON DELETE CASCADE);
CREATE TABLE app.lamp (id int PRIMARY KEY, desk_id int NOT NULL CONSTRAINT lamp_of REFERENCES app.desk ON DELETE CASCADE, next_id int CONSTRAINT lamp_next REFERENCES app.lamp ON DELETE CASCADE);
CREATE TABLE app.bulb (id int PRIMARY KEY, lamp_id int CONSTRAINT bulb_of REFERENCES app.lamp);
CREATE TABLE app.log (id int PRIMARY KEY, worker_id int CONSTRAINT log_of REFERENCES app.worker ON DELETE SET NULL, what text);
CREATE TABLE app.remark (id int PRIMARY KEY, kind text, of_id int, what text);
SELECT set_company_table('app.co', identity_columns => '{name}');
SELECT set_table_rule(('app.' || t)::regclass, 'excluded') FROM unnest('{login,desk,lamp,bulb}'::text[]) t;
SELECT set_reference('app.remark', '{of_id}', 'app.worker', when_column => 'kind', when_value => 'worker');
SELECT set_table_rule('app.log', 'append_only', 'x', route => '{log_of}', match_columns => '{id}');
SELECT set_table_rule('app.remark', 'append_only', 'x', route => '{of_id}', match_columns => '{id}');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');

INSERT INTO app.co VALUES (1, 'a', 'acme', 'north', 1), (2, 'b', 'beta', 'north', 2);
INSERT INTO app.worker VALUES (1, 1, 'w1', 'b1'), (2, 1, 'w2', 'b2'), (9, 2, 'w9', 'b9');
INSERT INTO app.log VALUES (1, 1, 'l1');
INSERT INTO app.remark VALUES (1, 'worker', 1, 'r1');
INSERT INTO app.login VALUES (1, 1, 1), (9, 2, 9);
SELECT backup_company(1) AS backup \gset
CREATE FUNCTION app.refused(company text, backup bigint) RETURNS TABLE (t text, note text) LANGUAGE sql AS $$
    SELECT table_name, regexp_replace(note, '^append-only: [^;]*(; )?|^new IDs; ', '') FROM preview_restore(company, backup) WHERE note LIKE '%refused%'
$$;
CREATE FUNCTION app.plan(company text, backup bigint) RETURNS TABLE (t text, c text, why text) LANGUAGE sql AS $$
    SELECT table_name, columns::text, why FROM plan_ids(company, backup) WHERE decision = 'refused'
$$;
SELECT is_empty(format('SELECT * FROM app.refused(''1'', %s)', :backup), 'nothing to say');

-- Rows outside.
INSERT INTO app.worker VALUES (5, 1, 'w5', 'b5'), (6, 1, 'w6', 'b6');
INSERT INTO app.login VALUES (5, 1, 5), (6, 1, 5);
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.worker', 'refused: rows outside the company refer to rows that would be removed: app.login, login_of: 2 rows: (5), (6)')$$, 'rows outside that stay are announced');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'KB034 %app.login, login_of: 2 rows: (5), (6)%', '... and refused');
DELETE FROM app.login WHERE id IN (5, 6);
INSERT INTO app.desk VALUES (1, 1, 6), (2, 1, 2);
INSERT INTO app.lamp VALUES (1, 1, NULL), (2, 1, 1), (3, 2, NULL);
UPDATE app.lamp SET next_id = 2 WHERE id = 1;
SELECT is_empty(format('SELECT * FROM app.refused(''1'', %s)', :backup), 'those that follow are no obstacle, whatever circles they are in');
INSERT INTO app.bulb VALUES (1, 2), (2, 3);
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.co', 'refused: rows outside the company refer to rows that would be removed: app.bulb, bulb_of: 1 row: (1)')$$, 'what stays behind those that follow is');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'KB034 %app.bulb, bulb_of: 1 row: (1)%', '... and refused');
SELECT is((SELECT count(*) FROM app.lamp), 3::bigint, 'a preview changes nothing');
DELETE FROM app.bulb;
SELECT lives_ok(format('SELECT revert_restore(restore_company(1, %s))', :backup), 'without them a restore is made');

-- What stays or comes again is not removed.
UPDATE app.worker SET badge = CASE id WHEN 1 THEN 'b2' ELSE 'b1' END WHERE id IN (1, 2);
SELECT is_empty(format('SELECT * FROM app.refused(''1'', %s)', :backup), 'values that change hands are there');
UPDATE app.worker SET badge = 'b' || id;
DELETE FROM app.worker WHERE id IN (5, 6);

-- Append-only rows.
INSERT INTO app.worker VALUES (5, 1, 'w5', 'b5');
INSERT INTO app.log VALUES (5, 5, 'l5');
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.worker', 'refused: rows outside the company refer to rows that would be removed: app.log, log_of: 1 row: (5)')$$, 'append-only rows that hold what would go');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'KB034 %app.log, log_of: 1 row: (5)%', '... are refused');
DELETE FROM app.log WHERE id = 5;
INSERT INTO app.remark VALUES (5, 'worker', 5, 'r5');
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.worker', 'refused: append-only rows would belong to no company any more: app.remark, 1 row: (5)')$$, 'those that no foreign key holds');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), 'KB034 1 row of append-only table "app.remark" would belong to no company any more%', '... are refused');
DELETE FROM app.remark WHERE id = 5;
DELETE FROM app.worker WHERE id = 5;

-- The company's own row.
UPDATE app.co SET slug = 'acme-2', number = 3 WHERE id = 1;
UPDATE app.co SET slug = 'acme' WHERE id = 2;
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.co', 'refused: key co_slug_key: 1 row has the key of a row of another company, or of none: (acme)')$$, 'a unique value of the company itself that another one has');
SELECT results_eq(format('SELECT * FROM app.plan(''1'', %s)', :backup),
    $$VALUES ('app.co', '{slug}', '1 row has the key of a row of another company, or of none: (acme)')$$, '... the plan of IDs says so');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), '23505 a row of table "app.co" cannot be %: another row has its unique value / Key (slug)=(acme)% / The other row belongs to another company%', '... and so does the restore');
UPDATE app.co SET slug = 'beta' WHERE id = 2;
UPDATE app.co SET slug = 'acme', number = 1 WHERE id = 1;
-- Into another company, with new IDs.
SELECT results_eq(format('SELECT * FROM app.refused(''2'', %s) WHERE t = ''app.co''', :backup),
    $$VALUES ('app.co', 'refused: key co_region_number_key: 1 row has the key of a row of another company, or of none: (north, 1); refused: key co_slug_key: 1 row has the key of a row of another company, or of none: (acme)')$$,
    'into another company: its own row');
SELECT results_eq(format('SELECT t, c FROM app.plan(''2'', %s) WHERE t = ''app.co'' ORDER BY c', :backup), $$VALUES ('app.co', '{region,number}'), ('app.co', '{slug}')$$, '... in the plan, too');
SELECT set_company_table('app.co', identity_columns => '{name,slug,number}');
SELECT is_empty(format('SELECT * FROM app.refused(''2'', %s) WHERE t = ''app.co''', :backup), 'what stays as it is takes nothing');

-- Indexes of expressions, with a predicate.
UPDATE app.worker SET code = 'x' WHERE id = 1;
UPDATE app.worker SET code = 'W1' WHERE id = 9;
SELECT results_eq(format('SELECT * FROM app.refused(''1'', %s)', :backup),
    $$VALUES ('app.worker', 'refused: key worker_code: a row of another company, or of none, has the value of one of these')$$, 'an index of an expression');
SELECT results_eq(format('SELECT * FROM app.plan(''1'', %s)', :backup),
    $$VALUES ('app.worker', '{lower(code)}', 'a row of another company, or of none, has the value of one of these')$$, '... in the plan, too');
SELECT alike(pg_temp.told(format('SELECT restore_company(1, %s)', :backup)), '23505 %', '... the restore says so');
UPDATE app.worker SET code = '' WHERE co_id = 2;
UPDATE app.worker SET code = 'w' || id;

-- A company that was deleted, made anew.
SELECT is_empty(format('SELECT * FROM app.plan(''1'', %s)', :backup), 'the plan of its own backup');
DELETE FROM app.desk; DELETE FROM app.lamp; DELETE FROM app.login;
DELETE FROM app.co WHERE id = 1;
SELECT is_empty(format('SELECT * FROM app.plan(NULL, %s)', :backup), 'what it left behind is its own');
SAVEPOINT made;
SELECT is(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), 'ok', '... and is adopted');
ROLLBACK TO made;
INSERT INTO app.worker VALUES (2, 2, 'taken', 'taken');
SELECT results_eq(format('SELECT * FROM app.plan(NULL, %s)', :backup), $$VALUES ('app.worker', '{id}', 'others have its values')$$, 'what others have is refused');
SELECT alike(pg_temp.told(format('SELECT create_company_from_backup(%s)', :backup)), '23505 %', '... by the creation, too');

SELECT * FROM finish();
ROLLBACK;
