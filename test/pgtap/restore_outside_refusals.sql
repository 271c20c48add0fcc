-- Rows outside the company that refer to rows which a restore removes: when they stop it, whose
-- rights count, and what a revert leaves alone.
\ir app.psql
SELECT plan(32);

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, code text UNIQUE);
CREATE TABLE app.team (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, code text UNIQUE, UNIQUE (company_id, id));
CREATE TABLE app.event (id int PRIMARY KEY, team_id int NOT NULL REFERENCES app.team ON DELETE CASCADE);
CREATE TABLE app.membership (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, team_id int REFERENCES app.team ON DELETE CASCADE);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, membership_id int REFERENCES app.membership);
-- Everybody's. Each test fills the columns it is about.
CREATE TABLE app.page (
    id int PRIMARY KEY,
    stays int REFERENCES app.team,
    restricted int REFERENCES app.team ON DELETE RESTRICT,
    needed int CHECK (needed IS NOT NULL OR id <> 99) REFERENCES app.team ON DELETE SET NULL,
    fallback int DEFAULT 77 REFERENCES app.team ON DELETE SET DEFAULT,
    follows int REFERENCES app.team ON DELETE CASCADE,
    code text REFERENCES app.team (code) ON DELETE SET NULL,
    company_code text REFERENCES app.company (code) ON DELETE SET NULL,
    UNIQUE (id, code));
CREATE TABLE app.reader (page int, code text, FOREIGN KEY (page, code) REFERENCES app.page (id, code) ON DELETE CASCADE);
CREATE TABLE app.spread (team_id int REFERENCES app.team ON DELETE SET NULL) PARTITION BY RANGE (team_id);
CREATE TABLE app.spread_1 PARTITION OF app.spread FOR VALUES FROM (0) TO (100);
CREATE TABLE app.whole (team_id int, company int, FOREIGN KEY (company, team_id) REFERENCES app.team (company_id, id) MATCH FULL ON DELETE SET NULL (team_id));
CREATE TABLE app.book (id int PRIMARY KEY);
CREATE TABLE app.chapter (id int PRIMARY KEY, book_id int REFERENCES app.book, team_id int REFERENCES app.team ON DELETE CASCADE);
CREATE TABLE app.quote (chapter_id int REFERENCES app.chapter ON DELETE CASCADE, again int);

SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.event', 'append_only', route => '{event_team_id_fkey}');
SELECT set_table_rule('app.membership', 'excluded', route => '{membership_company_id_fkey}');
SELECT set_table_rule(t, 'shared', match_columns => '{id}') FROM unnest(ARRAY['app.page', 'app.book', 'app.chapter']::regclass[]) t;
SELECT set_table_rule('app.reader', 'shared', match_columns => '{page}');
SELECT set_table_rule('app.spread', 'shared', match_columns => '{team_id}');
SELECT set_table_rule('app.whole', 'shared', match_columns => '{team_id}');
SELECT set_table_rule('app.quote', 'shared', match_columns => '{again}');
CREATE FUNCTION app.allow(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('app.allow');

INSERT INTO app.company VALUES (1, 'One', 'one'), (2, 'Two', 'two');
INSERT INTO app.membership VALUES (1, 1, NULL);
INSERT INTO app.team VALUES (1, 1, 'a');
INSERT INTO app.item VALUES (1, 1, 1);
SELECT backup_company(1) AS backup \gset
INSERT INTO app.team VALUES (2, 1, 'b'), (3, 1, 'c');

-- What an attempt to restore or revert says.
CREATE FUNCTION app.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text;
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN state || ': ' || message || E'\n' || detail;
END $$;
SELECT format('SELECT restore_company(1, %s)', :backup) AS restore \gset
SAVEPOINT start;

INSERT INTO app.page (id, stays, fallback) SELECT n, 2, NULL FROM generate_series(1, 7) n;
INSERT INTO app.page (id, stays, restricted, fallback, follows) VALUES (8, 1, 3, NULL, NULL), (9, 2, 2, NULL, 3);
CREATE TEMP TABLE before AS SELECT * FROM app.page;
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.page, page_restricted_fkey: 1 row: (8)
app.page, page_stays_fkey: 7 rows: (1), (2), (3), (4), (5), ...', 'NO ACTION and RESTRICT stop a restore, but for rows that follow another key');
SELECT results_eq('SELECT * FROM app.page ORDER BY id', 'SELECT * FROM before ORDER BY id', 'and nothing has changed');
SELECT results_eq('SELECT count(*) FROM app.team', '{3}'::bigint[], 'not even the company');
CREATE ROLE cb_app;
GRANT USAGE ON SCHEMA app TO cb_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.company, app.team, app.event, app.item TO cb_app;
GRANT SELECT (id, company_id, team_id) ON app.membership TO cb_app;
SELECT grant_company_backup('cb_app');
SET ROLE cb_app;
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.page, page_restricted_fkey: 1 row
app.page, page_stays_fkey: 7 rows', 'keys are shown only to those who may read the table');
RESET ROLE;
UPDATE app.page SET stays = NULL, restricted = NULL;
SET ROLE cb_app;
SELECT is(app.attempt(:'restore'), 'done', 'rows follow, whatever rights the caller has to them');
RESET ROLE;
SELECT results_eq('SELECT id FROM app.page ORDER BY id', 'SELECT generate_series(1, 8)', 'as they do for a DELETE');
ROLLBACK TO start;

INSERT INTO app.page (id, needed, fallback) VALUES (99, 2, NULL);
SELECT is(split_part(app.attempt(:'restore'), E'\n', 1), '23514: new row for relation "page" violates check constraint "page_check"', 'constraints of rows that follow hold');
ROLLBACK TO start;

INSERT INTO app.page (id, fallback) VALUES (1, 2);
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.page, page_fallback_fkey: the default leads nowhere: (77)', 'so do defaults');
INSERT INTO app.team VALUES (77, 2, 'z');
SELECT is(app.attempt(:'restore'), 'done', 'if there is such a row');
SELECT results_eq('SELECT fallback FROM app.page', '{77}'::int[], 'it is referred to');
ROLLBACK TO start;

INSERT INTO app.event VALUES (1, 2);
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.event, event_team_id_fkey: 1 row: (1)', 'what is only added to does not follow');
ROLLBACK TO start;

INSERT INTO app.membership VALUES (5, 1, 1);
INSERT INTO app.item VALUES (2, 1, 5);
SELECT backup_company(1) AS later \gset
DELETE FROM app.item WHERE id = 2;
INSERT INTO app.team VALUES (4, 1, 'd');
UPDATE app.membership SET team_id = 4 WHERE id = 5;
SELECT is(app.attempt(format('SELECT restore_company(1, %s)', :later)), 'KB034: reference "item_membership_id_fkey" of table "app.item" leads nowhere
Table "app.membership" has no such row for (membership_id) of 1 row:
row (2) refers to (5)', 'a row that the company refers to stops the restore when it would follow');
ROLLBACK TO start;

-- Values of unique columns that change, of the company''s own row, too.
UPDATE app.team SET code = 'x' WHERE id = 1;
UPDATE app.company SET code = 'uno' WHERE id = 1;
INSERT INTO app.page (id, fallback, code, company_code) VALUES (1, NULL, 'x', 'uno'), (2, NULL, 'x', 'two');
SELECT restore_company(1, :backup) AS id \gset
SELECT results_eq('SELECT code, company_code FROM app.page ORDER BY id', $$VALUES (NULL, NULL), (NULL, 'two')$$, 'rows that refer to changed unique columns follow');
SELECT revert_restore(:id);
SELECT results_eq('SELECT code, company_code FROM app.page ORDER BY id', $$VALUES ('x', 'uno'), ('x', 'two')$$, 'and come back');
INSERT INTO app.reader VALUES (1, 'x');
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.reader, reader_page_code_fkey: 1 row: (row at (0,1))', 'but not if somebody refers to what would become NULL');
ROLLBACK TO start;

INSERT INTO app.spread VALUES (1);
SELECT is(app.attempt(:'restore'), 'done', 'a partitioned table');
ROLLBACK TO start;
INSERT INTO app.spread VALUES (2);
SELECT is(app.attempt(:'restore'), 'KB034: column "team_id" of table "app.spread" cannot be set
Foreign key "spread_team_id_fkey" would set it in rows that refer to removed ones, but the column decides in which partition a row is.', 'no row moves to another partition');
ROLLBACK TO start;

INSERT INTO app.whole VALUES (2, 1);
SELECT is(app.attempt(:'restore'), 'KB034: rows outside the company refer to rows that would be removed
app.whole, whole_company_team_id_fkey: MATCH FULL does not allow what ON DELETE would make of a row', 'MATCH FULL');
ROLLBACK TO start;

-- A revert leaves rows alone that would dangle, and rows that refer to these.
INSERT INTO app.book VALUES (1), (2);
INSERT INTO app.chapter VALUES (1, 1, 2), (2, 2, 2), (3, NULL, 2);
INSERT INTO app.quote VALUES (1, 1), (2, 2), (2, 2), (3, 3);
INSERT INTO app.page (id, fallback, code) VALUES (1, NULL, 'b');
SELECT restore_company(1, :backup) AS id \gset
DELETE FROM app.book WHERE id = 2;
UPDATE app.page SET id = 5;
SELECT revert_restore(:id);
SELECT results_eq('SELECT id FROM app.chapter ORDER BY 1', '{1,3}'::int[], 'rows that would dangle stay away');
SELECT results_eq('SELECT chapter_id FROM app.quote ORDER BY 1', '{1,3}'::int[], 'so do rows that refer to them');
SELECT results_eq(format('SELECT table_name, row_key, problem FROM restore_problems(%s) ORDER BY 1', :id), $$VALUES
  ('app.chapter', '(2)', 'deleted by the restore, and left so by the revert: what it refers to is gone'),
  ('app.page', '(1)', 'changed by the restore, and left so by the revert: somebody has removed it'),
  ('app.quote', '', 'deleted by the restore, and left so by the revert: what it refers to is gone'),
  ('app.quote', '', 'deleted by the restore, and left so by the revert: what it refers to is gone')$$, 'each is noted');
ROLLBACK TO start;

-- Rows that came in the review and refer to what a revert removes.
DELETE FROM app.team;
SELECT restore_company(1, :backup) AS id \gset
INSERT INTO app.page (id, fallback, follows) VALUES (1, NULL, 1);
INSERT INTO app.page (id, fallback, stays) VALUES (2, NULL, 1);
SELECT is(app.attempt(format('SELECT revert_restore(%s)', :id)), 'KB034: rows outside the company refer to rows that would be removed
app.page, page_stays_fkey: 1 row: (2)', 'stop the revert');
DELETE FROM app.page WHERE id = 2;
SELECT revert_restore(:id);
SELECT is_empty('SELECT * FROM app.page', 'or follow for good');
ROLLBACK TO start;

-- Foreign keys of one partition, and to one partition.
CREATE TABLE app.letter (id int, company_id int NOT NULL REFERENCES app.company, kind text, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE app.letter_in PARTITION OF app.letter (UNIQUE (id)) FOR VALUES IN ('in');
CREATE TABLE app.letter_out PARTITION OF app.letter FOR VALUES IN ('out');
CREATE TABLE app.stamp (id int, of_letter int, kind text) PARTITION BY LIST (kind);
CREATE TABLE app.stamp_a (kind text, of_letter int REFERENCES app.letter_in (id) ON DELETE CASCADE, id int);
CREATE TABLE app.stamp_b PARTITION OF app.stamp FOR VALUES IN ('b');
ALTER TABLE app.stamp ATTACH PARTITION app.stamp_a FOR VALUES IN ('a');
SELECT set_table_rule('app.stamp', 'shared', match_columns => '{id}');
INSERT INTO app.letter VALUES (1, 1, 'out'), (2, 1, 'in'), (3, 1, 'in');
SELECT backup_company(1) AS later \gset
UPDATE app.letter SET kind = 'in' WHERE id = 1;
INSERT INTO app.stamp VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 3, 'b'), (4, 1, 'b'), (5, 77, 'b');
SELECT restore_company(1, :later) AS id \gset
SELECT results_eq('SELECT id FROM app.stamp ORDER BY id', '{2,3,4,5}'::int[], 'rows of the one partition follow when a row leaves the other');
SELECT revert_restore(:id);
SELECT results_eq('SELECT id, of_letter, kind FROM app.stamp ORDER BY id', $$VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 3, 'b'), (4, 1, 'b'), (5, 77, 'b')$$, 'and come back');
ROLLBACK TO start;

-- More than one batch of everything.
INSERT INTO app.team SELECT n, 1 FROM generate_series(1001, 13500) n;
INSERT INTO app.chapter SELECT n, NULL, n FROM generate_series(1001, 13500) n;
INSERT INTO app.quote SELECT n, n % 7 FROM generate_series(1001, 13500) n;
INSERT INTO app.page (id, fallback, code, needed) SELECT n, NULL, NULL, n FROM generate_series(1001, 13500) n;
CREATE TEMP TABLE digest AS SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY c)) FROM app.chapter c) AS chapters,
  (SELECT md5(string_agg(q::text, ',' ORDER BY q)) FROM app.quote q) AS quotes, (SELECT md5(string_agg(p::text, ',' ORDER BY p)) FROM app.page p) AS pages;
SELECT restore_company(1, :backup) AS id \gset
SELECT results_eq('SELECT (SELECT count(*) FROM app.chapter), (SELECT count(*) FROM app.quote), (SELECT count(needed) FROM app.page)',
    'VALUES (0::bigint, 0::bigint, 0::bigint)', 'thousands of rows follow');
SELECT revert_restore(:id);
SELECT results_eq($$SELECT (SELECT md5(string_agg(c::text, ',' ORDER BY c)) FROM app.chapter c),
  (SELECT md5(string_agg(q::text, ',' ORDER BY q)) FROM app.quote q), (SELECT md5(string_agg(p::text, ',' ORDER BY p)) FROM app.page p)$$,
    'SELECT * FROM digest', 'and come back');
ROLLBACK TO start;

-- Code of the owner of an outside table runs with no rights but its own.
CREATE ROLE cb_eve;
CREATE SCHEMA eve AUTHORIZATION cb_eve;
CREATE TABLE public.ran (who name, super boolean, what text);
GRANT INSERT ON public.ran TO PUBLIC;
GRANT REFERENCES ON app.team TO cb_eve;
GRANT USAGE ON SCHEMA app TO cb_eve;
SET ROLE cb_eve;
CREATE FUNCTION eve.spring(what text) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO public.ran SELECT rolname, rolsuper, what FROM pg_catalog.pg_roles WHERE rolname = current_user;
  RETURN 1;
END $$;
CREATE FUNCTION eve.trap(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN eve.spring(what); END';
CREATE FUNCTION eve.fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM eve.spring('trigger'); RETURN NULL; END $$;
CREATE DOMAIN eve.number AS int CHECK (eve.trap('domain') > 0);
CREATE TABLE eve.trap (id eve.number PRIMARY KEY CHECK (eve.trap('check') > 0), extra int GENERATED ALWAYS AS (eve.trap('generated column')) STORED,
    fallback eve.number DEFAULT eve.trap('default') REFERENCES app.team ON DELETE SET DEFAULT,
    follows eve.number REFERENCES app.team ON DELETE CASCADE);
CREATE INDEX ON eve.trap ((eve.trap('index')));
CREATE TRIGGER fire AFTER INSERT OR UPDATE OR DELETE ON eve.trap FOR EACH ROW EXECUTE FUNCTION eve.fire();
ALTER TABLE eve.trap ENABLE ALWAYS TRIGGER fire;
RESET ROLE;
SELECT set_table_rule('eve.trap', 'shared', match_columns => '{id}');
INSERT INTO eve.trap (id, fallback, follows) VALUES (1, 2, NULL), (2, 3, 3);
DELETE FROM public.ran;
SELECT restore_company(1, :backup) AS id \gset
SELECT results_eq('SELECT id::int, fallback::int FROM eve.trap', 'VALUES (1, 1)', 'her rows follow');
SELECT revert_restore(:id);
SELECT results_eq('SELECT id::int, fallback::int, follows::int FROM eve.trap ORDER BY id', 'VALUES (1, 2, NULL), (2, 3, 3)', 'and come back');
SELECT is_empty('SELECT * FROM public.ran WHERE super', 'none of her code runs as a superuser');
SELECT isnt_empty($$SELECT * FROM public.ran WHERE what = 'default'$$, 'but it does run');
SELECT is_empty($$SELECT * FROM public.ran WHERE what = 'trigger'$$, 'her trigger does not');
SELECT * FROM finish();
ROLLBACK;
