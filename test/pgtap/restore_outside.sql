-- Rows outside the company that refer to rows which a restore removes: they follow their foreign
-- keys, or stop the restore; a revert brings them back.
\ir app.psql
SELECT plan(23);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.team (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text NOT NULL,
    upper_code text GENERATED ALWAYS AS (upper(code)) STORED UNIQUE, UNIQUE (company_id, code));
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company,
    team_id int REFERENCES app.team ON DELETE SET NULL, badge_id int);
-- Who belongs to a team: never travels.
CREATE TABLE app.membership (team_id int REFERENCES app.team ON DELETE CASCADE, login text,
    company_id int NOT NULL REFERENCES app.company, since timestamptz DEFAULT now(), PRIMARY KEY (team_id, login));
CREATE TABLE app.badge (id int PRIMARY KEY, team_id int, login text, photo bytea, extra jsonb, size int GENERATED ALWAYS AS (length(login)) STORED,
    FOREIGN KEY (team_id, login) REFERENCES app.membership ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE app.scan (badge_id int NOT NULL REFERENCES app.badge ON DELETE CASCADE, at timestamptz);  -- without a key
ALTER TABLE app.item ADD FOREIGN KEY (badge_id) REFERENCES app.badge;

-- Everybody's.
CREATE TABLE app.bulletin (id int PRIMARY KEY, company_id int, code text, note text, up int REFERENCES app.bulletin ON DELETE CASCADE,
    FOREIGN KEY (company_id, code) REFERENCES app.team (company_id, code) ON DELETE SET NULL (code));
CREATE TABLE app.poster (id int PRIMARY KEY, team_id int DEFAULT 1 REFERENCES app.team ON DELETE SET DEFAULT);
CREATE TABLE app.folder (id int PRIMARY KEY, up int REFERENCES app.folder ON DELETE CASCADE, team_id int REFERENCES app.team ON DELETE CASCADE);
CREATE TABLE app.left_hand (id int PRIMARY KEY, other int, team_id int REFERENCES app.team ON DELETE CASCADE);
CREATE TABLE app.right_hand (id int PRIMARY KEY, other int NOT NULL REFERENCES app.left_hand ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE app.left_hand ADD FOREIGN KEY (other) REFERENCES app.right_hand ON DELETE CASCADE;
CREATE TABLE app.sticker (upper_code text REFERENCES app.team (upper_code) ON DELETE CASCADE, n int);
CREATE TABLE app.spread (id int, team_id int REFERENCES app.team ON DELETE CASCADE, region text) PARTITION BY LIST (region);
CREATE TABLE app.spread_n PARTITION OF app.spread FOR VALUES IN ('n');
CREATE TABLE app.spread_s (region text, extra int, team_id int, id int);
ALTER TABLE app.spread_s DROP COLUMN extra;
ALTER TABLE app.spread ATTACH PARTITION app.spread_s FOR VALUES IN ('s');
CREATE TABLE app.contract (id int PRIMARY KEY, team_id int NOT NULL REFERENCES app.team);

-- No trigger may fire on any of them.
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trigger fired'; END $$;

SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.team', 'company', route => '{team_company_id_fkey}');
SELECT set_table_rule('app.item', 'company', route => '{item_company_id_fkey}');
SELECT set_table_rule('app.membership', 'excluded', route => '{membership_company_id_fkey}');
SELECT set_table_rule(t, 'shared', match_columns => '{id}') FROM unnest(ARRAY['app.bulletin', 'app.poster', 'app.folder', 'app.left_hand',
    'app.right_hand', 'app.spread', 'app.contract', 'app.badge']::regclass[]) t;
SELECT set_table_rule('app.scan', 'shared', match_columns => '{badge_id}');
SELECT set_table_rule('app.sticker', 'shared', match_columns => '{n}');
SELECT set_reference('app.item', '{team_id}', 'app.team', '{id}', outside => 'keep');
SELECT set_table_rule('app.contract', 'excluded', route => '{contract_team_id_fkey}');

INSERT INTO app.company VALUES (1, 'One'), (2, 'Two');
INSERT INTO app.team VALUES (1, 1, 'a'), (9, 2, 'z');
INSERT INTO app.item VALUES (1, 1, 1), (9, 2, 9);
INSERT INTO app.membership VALUES (1, 'ann', 1), (9, 'zoe', 2);
SELECT backup_company(1) AS backup \gset

-- Everything that has come since goes, and takes along what refers to it.
INSERT INTO app.team VALUES (2, 1, 'b'), (3, 1, 'c');
INSERT INTO app.item VALUES (2, 1, 2), (10, 2, 2), (11, 2, 3), (12, 2, 9);
INSERT INTO app.membership VALUES (2, 'ann', 1), (2, 'bob', 2), (3, 'ann', 1);
INSERT INTO app.badge VALUES (1, 2, 'bob', '\xdeadbeef', '{"a": null}'), (2, 2, 'ann', NULL, 'null'), (3, 1, 'ann', NULL, NULL), (4, NULL, 'bob', NULL, NULL);
INSERT INTO app.scan VALUES (1, '2020-01-01 12:00:00.123456+00'), (1, '2020-01-01 12:00:00.123456+00'), (2, 'infinity'), (3, NULL);
INSERT INTO app.bulletin VALUES (1, 1, 'b', 'to b', NULL), (2, 1, 'a', 'to a', NULL), (3, 2, 'z', NULL, NULL), (4, 1, 'c', 'under', 1);
INSERT INTO app.poster VALUES (1, 2), (2, 1), (3, 3), (4, NULL);
INSERT INTO app.folder VALUES (1, NULL, 2), (2, 1, NULL), (3, 2, NULL), (4, 4, NULL), (5, 5, 3), (6, 3, 3), (7, 4, 1);
INSERT INTO app.left_hand VALUES (1, NULL, 2), (2, NULL, NULL);
INSERT INTO app.right_hand VALUES (1, 1), (2, 2);
UPDATE app.left_hand SET other = id;
INSERT INTO app.sticker VALUES ('A', 1), ('B', 2), ('C', 3), ('B', 2), (NULL, 4);
INSERT INTO app.spread VALUES (1, 2, 'n'), (2, 3, 's'), (3, 1, 's');

CREATE FUNCTION app.state() RETURNS TABLE (name text, digest text) LANGUAGE plpgsql AS $$
DECLARE t regclass;
BEGIN
  FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname LOOP
    RETURN QUERY EXECUTE format('SELECT %L, string_agg(x::text, E''\n'' ORDER BY x::text COLLATE "C") FROM %s AS x', t, t);
  END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT * FROM app.state();
SELECT format('CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION app.refuse()', oid::regclass)
  FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition \gexec
CREATE FUNCTION app.triggers(what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t regclass;
BEGIN
  FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
    EXECUTE format('ALTER TABLE %s %s TRIGGER refuse', t, what);
  END LOOP;
END $$;
SET CONSTRAINTS ALL IMMEDIATE;

SELECT restore_company(1, :backup) AS restore \gset
SELECT results_eq('SELECT id FROM app.team ORDER BY 1', '{1,9}'::int[], 'the teams are gone');
SELECT results_eq('SELECT team_id, login FROM app.membership ORDER BY 1, 2', $$VALUES (1, 'ann'), (9, 'zoe')$$, 'excluded rows follow ON DELETE CASCADE');
SELECT results_eq('SELECT id FROM app.badge ORDER BY 1', '{3,4}'::int[], 'and rows that refer to them by two columns');
SELECT results_eq('SELECT badge_id FROM app.scan', '{3}'::int[], 'and rows that refer to these');
SELECT results_eq('SELECT id, team_id FROM app.item ORDER BY 1', 'VALUES (1, 1), (9, 9), (10, NULL), (11, NULL), (12, 9)', 'rows of another company follow SET NULL');
SELECT results_eq('SELECT id, company_id, code FROM app.bulletin ORDER BY 1', $$VALUES (1, 1, NULL), (2, 1, 'a'), (3, 2, 'z'), (4, 1, NULL)$$, 'SET NULL of one column');
SELECT results_eq('SELECT id, team_id FROM app.poster ORDER BY 1', 'VALUES (1, 1), (2, 1), (3, 1), (4, NULL)', 'SET DEFAULT');
SELECT results_eq('SELECT id FROM app.folder ORDER BY 1', '{4,7}'::int[], 'a tree goes from its root on, rows that refer to themselves too');
SELECT results_eq('SELECT id, other FROM app.left_hand', 'VALUES (2, 2)', 'rows that refer to each other go');
SELECT results_eq('SELECT id, other FROM app.right_hand', 'VALUES (2, 2)', 'both');
SELECT results_eq('SELECT upper_code, n FROM app.sticker ORDER BY 2', $$VALUES ('A', 1), (NULL, 4)$$, 'a reference to a generated column');
SELECT results_eq('SELECT id FROM app.spread', '{3}'::int[], 'rows of partitions');
SELECT results_eq(format('SELECT added, changed, removed FROM company_restores() WHERE id = %s', :restore), 'VALUES (0::bigint, 0::bigint, 3::bigint)', 'only rows of the company are counted');

SELECT revert_restore(:restore);
SELECT results_eq('SELECT * FROM app.state()', 'SELECT * FROM before', 'a revert brings back every row as it was');
SELECT is_empty(format('SELECT * FROM restore_problems(%s)', :restore), 'and has no problem with it');

-- What others have changed during the review stays so.
SELECT restore_company(1, :backup) AS restore \gset
SELECT app.triggers('DISABLE');
UPDATE app.item SET team_id = 9 WHERE id = 10;                              -- set to something else
DELETE FROM app.bulletin WHERE id = 1;                                      -- with number 4
UPDATE app.bulletin SET note = 'edited' WHERE id = 2;                       -- not ours
UPDATE app.poster SET team_id = NULL WHERE id = 1;
INSERT INTO app.folder VALUES (1, NULL, NULL);                              -- a deleted row's key exists again
INSERT INTO app.badge VALUES (1, NULL, 'new');
DELETE FROM app.right_hand; DELETE FROM app.left_hand;                      -- not ours
ALTER TABLE app.badge DROP COLUMN photo, ADD COLUMN color text DEFAULT 'red';
DROP TABLE app.sticker;
SELECT app.triggers('ENABLE');
SELECT revert_restore(:restore);
SELECT results_eq('SELECT id, team_id FROM app.item ORDER BY 1', 'VALUES (1, 1), (2, 2), (9, 9), (10, 9), (11, 3), (12, 9)', 'a new value is left alone');
SELECT results_eq('SELECT id, note FROM app.bulletin ORDER BY 1', $$VALUES (2, 'edited'), (3, NULL)$$, 'rows that are gone are left alone');
SELECT results_eq('SELECT id, team_id FROM app.poster ORDER BY 1', 'VALUES (1, NULL), (2, 1), (3, 3), (4, NULL)', 'a new value instead of the default, too');
SELECT results_eq('SELECT id, team_id FROM app.folder ORDER BY 1', 'VALUES (1, NULL), (2, NULL), (3, NULL), (4, NULL), (5, 3), (6, 3), (7, 1)', 'a key that exists again');
SELECT results_eq('SELECT team_id, login, extra, color FROM app.badge WHERE id = 2', $$VALUES (2, 'ann', 'null'::jsonb, 'red')$$, 'columns may have come and gone');
SELECT results_eq('SELECT login FROM app.badge WHERE id = 1', $$VALUES ('new')$$, 'stays with its new row');
SELECT results_eq('SELECT badge_id, count(*) FROM app.scan GROUP BY 1 ORDER BY 1', 'VALUES (1, 2::bigint), (2, 1), (3, 1)', 'to which rows that referred to the old one refer now');
SELECT results_eq('SELECT table_name, row_key, sqlstate, problem FROM restore_problems(' || :restore || ') ORDER BY 1, 2', $$VALUES
  ('app.badge', '(1)', 'KB044', 'deleted by the restore, and left so by the revert: another row has its unique value'),
  ('app.bulletin', '(1)', 'KB044', 'changed by the restore, and left so by the revert: somebody has removed it'),
  ('app.bulletin', '(4)', 'KB044', 'changed by the restore, and left so by the revert: somebody has removed it'),
  ('app.folder', '(1)', 'KB044', 'deleted by the restore, and left so by the revert: another row has its unique value'),
  ('app.item', '(10)', 'KB044', 'changed by the restore, and left so by the revert: somebody has changed it'),
  ('app.poster', '(1)', 'KB044', 'changed by the restore, and left so by the revert: somebody has changed it'),
  ('app.sticker', '', 'KB044', 'deleted by the restore, and left so by the revert: there is no table of its name any more'),
  ('app.sticker', '', 'KB044', 'deleted by the restore, and left so by the revert: there is no table of its name any more'),
  ('app.sticker', '', 'KB044', 'deleted by the restore, and left so by the revert: there is no table of its name any more')$$, 'each is noted');
SELECT * FROM finish();
ROLLBACK;
