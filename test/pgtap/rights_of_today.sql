-- What is stored is as secret as its tables are today: SELECT and row security, of the very tables, whatever
-- they are called now.
\ir begin.psql
CREATE ROLE cb_app;
CREATE ROLE cb_owner;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO cb_owner', current_database()); END $$;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE unit (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE salary (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, unit_id int REFERENCES unit, amount int, code text, pin text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO unit VALUES (1, 'EUR');
INSERT INTO salary VALUES (1, 1, 1, 1000, 'a', 'x'), (2, 1, 1, 2000, 'b', 'x');
INSERT INTO item VALUES (1, 1, 'leaf');
GRANT USAGE ON SCHEMA cb TO cb_app, cb_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cb_app, cb_owner;
SELECT cb.set_company_table('company');
SELECT cb.set_table_rule('unit', 'shared', match_columns => '{code}');
SELECT cb.set_column_rule('salary', 'pin', 'secret');
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT cb.set_company_guard('public.guard');
SELECT cb.grant_company_backup('cb_app');

-- A backup, a restore with new IDs in review (2), and one that was reverted (1), which lists rows.
SELECT cb.backup_company(1) AS backup \gset
UPDATE salary SET amount = 5 WHERE id = 1;
SELECT cb.restore_company(1, :backup) AS reverted \gset
UPDATE salary SET amount = 7 WHERE id = 2;
INSERT INTO item VALUES (9, 1, 'later');
SELECT cb.revert_restore(:reverted);
SELECT cb.restore_company(2, :backup) AS review \gset
SELECT cb.publish_template(:backup, 'ants');

CREATE TABLE way (call text);
INSERT INTO way SELECT format(c, :backup, :reverted, :review) FROM unnest(ARRAY[
  'SELECT * FROM cb.read_backup(%1$s)', 'SELECT * FROM cb.backup_contents(%1$s)', 'SELECT cb.backup_manifest(%1$s)',
  'SELECT * FROM cb.restore_problems(%2$s)', 'SELECT * FROM cb.restore_id_map(%3$s)',
  'SELECT * FROM cb.preview_restore(1, %1$s)', 'SELECT * FROM cb.plan_ids(1, %1$s)', 'SELECT cb.restore_company(1, %1$s)',
  'SELECT cb.create_company_from_backup(%1$s, ''{"id": 3}'', ''remap'')', 'SELECT cb.create_company_from_template(''ants'', ''{"id": 3}'')']) c;
GRANT SELECT ON way TO cb_app, cb_owner;
SELECT is(pg_temp.told_to('cb_app', call), 'ok', 'with all rights: ' || call) FROM way;
SAVEPOINT granted;

REVOKE SELECT ON salary FROM cb_app;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 permission denied for table %salary%', 'without SELECT: ' || call) FROM way;
ROLLBACK TO granted;
REVOKE SELECT ON unit FROM cb_app;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 permission denied for table %unit%', 'without SELECT on a shared table: ' || call)
FROM way WHERE call !~ 'restore_(problems|id_map)';
ROLLBACK TO granted;

-- By columns: those that are in the backup; what is secret is not.
REVOKE SELECT ON salary FROM cb_app;
GRANT SELECT (id, company_id, unit_id, amount, code) ON salary TO cb_app;
SELECT is(pg_temp.told_to('cb_app', call), 'ok', 'columns that are in it: ' || call) FROM way WHERE call ~ 'backup_manifest|read_backup';
ALTER TABLE salary RENAME COLUMN amount TO wages;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 %', 'a column with another name: ' || call) FROM way WHERE call ~ 'backup_manifest|read_backup';
ALTER TABLE salary ADD COLUMN amount int;
REVOKE SELECT (wages) ON salary FROM cb_app;
GRANT SELECT (amount) ON salary TO cb_app;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 %', 'its name taken by another: ' || call) FROM way WHERE call ~ 'backup_manifest|read_backup';
ROLLBACK TO granted;

-- Row security
ALTER TABLE salary ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON salary USING (amount < 10);
SELECT alike(pg_temp.told_to('cb_app', call), 'KB012 row-level security would hide rows of table "public.salary" from this role%', 'row security: ' || call) FROM way;
SELECT is(pg_temp.told_to(current_user, call), 'ok', 'not for superusers: ' || call) FROM way WHERE call ~ 'read_backup';
ROLLBACK TO granted;

-- Another name, and its own taken by another table
REVOKE SELECT ON salary FROM cb_app;
ALTER TABLE salary RENAME TO wages;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 permission denied for table public.wages%', 'renamed: ' || call) FROM way;
CREATE TABLE salary (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, unit_id int REFERENCES unit, amount int, code text, pin text);
GRANT SELECT, INSERT, UPDATE, DELETE ON salary TO cb_app;
SELECT alike(pg_temp.told_to('cb_app', call), '42501 permission denied for table public.wages%', 'its name taken: ' || call) FROM way;
ALTER TABLE wages ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON wages TO cb_app;
SELECT alike(pg_temp.told_to('cb_app', call), 'KB012 %"public.wages"%', 'its row security, too: ' || call) FROM way;
ROLLBACK TO granted;

-- Gone
DROP TABLE salary;
SELECT matches(pg_temp.told_to('cb_app', call), '^42501 permission denied for (table public\.salary / .*, and it is gone|a table that is gone / .*): only the owner of the database', 'gone: ' || call) FROM way;
SELECT is(pg_temp.told_to('cb_owner', call), 'ok', 'the owner of the database: ' || call)
FROM way WHERE call !~ 'preview|plan|restore_company|create';
CREATE TABLE salary (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, unit_id int REFERENCES unit, amount int, code text, pin text);
GRANT SELECT, INSERT, UPDATE, DELETE ON salary TO cb_app;
SELECT matches(pg_temp.told_to('cb_app', call), '^42501 permission denied for (table public\.salary / .*, and it is gone|a table that is gone / .*): only the owner of the database', 'made anew, it is another table: ' || call) FROM way;
ROLLBACK TO granted;

-- An uploaded archive: its tables are those of the same names when it came.
CREATE TABLE file AS SELECT seq, data FROM cb.read_backup(:backup);
GRANT SELECT ON file TO cb_app;
DROP TABLE salary;
SET LOCAL ROLE cb_app;
SELECT cb.begin_upload(1) AS upload \gset
SELECT cb.append_upload(:upload, seq, data) FROM file;
SELECT cb.finish_upload(:upload) AS uploaded \gset
RESET ROLE;
SELECT is(pg_temp.told_to('cb_app', format('SELECT * FROM cb.read_backup(%s)', :uploaded)), 'ok', 'its uploader reads it again');
CREATE ROLE cb_other;
GRANT USAGE ON SCHEMA cb TO cb_other;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO cb_other;
SELECT cb.grant_company_backup('cb_other');
SELECT alike(pg_temp.told_to('cb_other', format('SELECT * FROM cb.read_backup(%s)', :uploaded)), '42501 permission denied for table public.salary %',
  'nobody else while a table of it is not here');

SELECT * FROM finish();
ROLLBACK;
