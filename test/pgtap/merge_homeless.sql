-- Where rows are only added, a row may come whose owner stays as it is and refers to it no more: it would be nobody's, and
-- stays away with all that needs it. Elsewhere what a restore would take into the company or out of it by what it writes of
-- others is an error that names it.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql
CREATE TABLE app.company (id int PRIMARY KEY, name text);
CREATE TABLE app.ink (id int PRIMARY KEY, name text);
CREATE TABLE app.body (id int PRIMARY KEY, content text, ink_id int UNIQUE REFERENCES app.ink);
CREATE TABLE app.part (id int PRIMARY KEY, body_id int NOT NULL REFERENCES app.body, name text);
CREATE TABLE app.document (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, body_id int UNIQUE REFERENCES app.body, reserve_id int UNIQUE REFERENCES app.body);
CREATE TABLE app.mark (document_id int NOT NULL REFERENCES app.document ON DELETE CASCADE, part_id int REFERENCES app.part);
CREATE TABLE app.sign (id int PRIMARY KEY, document_id int NOT NULL REFERENCES app.document ON DELETE CASCADE);
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_table_rule('app.body', 'company', route => '{document_body_id_fkey, document_reserve_id_fkey}');
SELECT set_table_rule('app.ink', 'company', route => '{body_ink_id_fkey}');
SELECT is_empty($$SELECT * FROM check_company_scope() WHERE severity = 'error'$$, 'nothing is undecided');
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.ink SELECT n, 'ink ' || n FROM generate_series(1, 8) n;
INSERT INTO app.body SELECT n, 'body ' || n, n FROM generate_series(1, 8) n;
INSERT INTO app.part SELECT n, n, 'part ' || n FROM generate_series(1, 8) n;
INSERT INTO app.document SELECT n, 1 + n / 7, n, CASE WHEN n = 5 THEN 6 END FROM generate_series(1, 8) n WHERE n <> 6;
INSERT INTO app.mark SELECT id, id FROM app.document;
SELECT backup_company(1) AS backup \gset

CREATE FUNCTION pg_temp.rows() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'ink ' || t FROM app.ink t UNION ALL SELECT 'body ' || t FROM app.body t UNION ALL SELECT 'part ' || t FROM app.part t
  UNION ALL SELECT 'document ' || t FROM app.document t UNION ALL SELECT 'mark ' || t FROM app.mark t $$;
-- What a restore adds and removes. It does what its previews say, and can be taken back; then all of this is forgotten.
CREATE FUNCTION pg_temp.tried(damage text, options text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE restore bigint; counts text; listed bigint; done record; was text[]; found text[];
BEGIN
  EXECUTE damage;
  was := ARRAY(SELECT * FROM pg_temp.rows());
  EXECUTE 'SELECT concat_ws('' '', sum(added), sum(changed), sum(removed)) FROM preview_restore(1, ' || options INTO counts;
  EXECUTE 'SELECT count(*) FROM preview_rows(1, ' || options INTO listed;
  EXECUTE 'SELECT restore_company(1, ' || options INTO restore;
  SELECT added, changed, removed INTO done FROM company_restores(1) WHERE id = restore;
  found := ARRAY((SELECT 'came ' || r FROM pg_temp.rows() r WHERE r <> ALL (was)) UNION ALL (SELECT 'went ' || w FROM unnest(was) w WHERE w NOT IN (SELECT * FROM pg_temp.rows())));
  IF counts <> concat_ws(' ', done.added, done.changed, done.removed) OR listed <> done.added + done.changed + done.removed THEN found := found || format('foreseen: %s, %s rows; done: %s', counts, listed, done); END IF;
  PERFORM revert_restore(restore);
  IF EXISTS (SELECT * FROM pg_temp.rows() EXCEPT SELECT * FROM unnest(was)) OR EXISTS (SELECT * FROM unnest(was) EXCEPT SELECT * FROM pg_temp.rows()) THEN found := found || 'not reverted'::text; END IF;
  RAISE EXCEPTION USING ERRCODE = 'ZZ999', MESSAGE = found::text;
EXCEPTION WHEN SQLSTATE 'ZZ999' THEN RETURN QUERY SELECT f FROM unnest(SQLERRM::text[]) f ORDER BY f;
END $$;
SELECT bag_eq(format('SELECT pg_temp.tried(%L, %L)', 'UPDATE app.mark SET part_id = NULL WHERE part_id = 3; DELETE FROM app.part WHERE id = 3; UPDATE app.document SET body_id = NULL WHERE id = 3; DELETE FROM app.body WHERE id = 3; DELETE FROM app.ink WHERE id = 3',
    :'backup' || o), 'SELECT NULL::text WHERE false', 'neither a body that its document let go of comes, nor what hangs on it: ' || o)
  FROM unnest(ARRAY[', mode => ''merge'')', ', mode => ''merge'', on_error => ''skip'')', ', "only" => ''deleted'')']) o;
SELECT bag_eq(format('SELECT pg_temp.tried(%L, %L)', 'DELETE FROM app.mark WHERE part_id = 3; DELETE FROM app.part WHERE id = 3; UPDATE app.document SET body_id = NULL WHERE id = 3; DELETE FROM app.body WHERE id = 3; DELETE FROM app.ink WHERE id = 3',
    :'backup' || ', mode => ''merge'')'), $$VALUES ('came mark (3,)')$$, 'what can be without it comes without it');
SELECT bag_eq(format('SELECT pg_temp.tried(%L, %L)', 'DELETE FROM app.mark; DELETE FROM app.part WHERE id IN (3, 4, 5, 6); UPDATE app.document SET body_id = NULL WHERE id = 3; DELETE FROM app.document WHERE id IN (4, 5); DELETE FROM app.body WHERE id IN (3, 4, 5, 6); DELETE FROM app.ink WHERE id IN (3, 4, 5, 6)',
    :'backup' || ', mode => ''merge'')'), $$VALUES ('came ink (4,"ink 4")'), ('came ink (5,"ink 5")'), ('came ink (6,"ink 6")'), ('came body (4,"body 4",4)'), ('came body (5,"body 5",5)'), ('came body (6,"body 6",6)'),
    ('came part (4,4,"part 4")'), ('came part (5,5,"part 5")'), ('came part (6,6,"part 6")'), ('came document (4,1,4,)'), ('came document (5,1,5,6)'),
    ('came mark (1,1)'), ('came mark (2,2)'), ('came mark (3,)'), ('came mark (4,4)'), ('came mark (5,5)')$$, 'others come, by whichever reference');
SELECT bag_eq(format('SELECT pg_temp.tried(%L, %L)', 'DELETE FROM app.mark WHERE document_id = 1; DELETE FROM app.document WHERE id = 1; UPDATE app.document SET body_id = NULL WHERE id = 3',
    :'backup' || o), $$VALUES ('came document (1,1,1,)'), ('came mark (1,1)')$$, 'a body that is nobody''s stays so as its document does: ' || o)
  FROM unnest(ARRAY[', mode => ''merge'')', ', "only" => ''deleted'')']) o;
SAVEPOINT damage;
UPDATE app.mark SET part_id = NULL WHERE part_id = 3; DELETE FROM app.part WHERE id = 3; UPDATE app.document SET body_id = NULL WHERE id = 3; DELETE FROM app.body WHERE id = 3;
SELECT bag_eq(format('SELECT table_name, note FROM preview_restore(1, %s, mode => ''merge'') WHERE note IS NOT NULL', :backup),
  $$VALUES ('app.body', '1 row that would belong to no company, and stays away'), ('app.document', '1 row other than in the backup, which stays'),
    ('app.mark', '1 row that the backup does not have, which stays'), ('app.part', '1 row that needs such rows, and stays away, too')$$, 'a preview tells of them');
ROLLBACK TO damage;
-- By what is changed only
UPDATE app.document SET body_id = NULL WHERE id = 3;
SELECT is(pg_temp.told(format('SELECT restore_company(1, %s, "only" => ''changed'')', :backup)),
  'KB034 1 row of table "app.ink" that the company does not have would be its own / Rows (3) are nobody''s, and would come along with rows that come back. / Remove these rows, or give them to the company, then try again.',
  'nobody''s row that would be the company''s again');
UPDATE app.document SET body_id = 3 WHERE id = 3;
-- A revert of less than all
DELETE FROM app.mark WHERE document_id = 2; DELETE FROM app.document WHERE id = 2;
SELECT restore_company(1, :backup, records => '[{"table": "app.document", "key": 2}]') AS restore \gset
INSERT INTO app.sign VALUES (11, 2), (12, 2);
SELECT is(pg_temp.told(format('SELECT revert_restore(%s)', :restore)),
  'KB034 2 rows of table "app.sign" would belong to no company any more / 2 rows: (11), (12): the company''s only by rows that would be removed. / Remove these rows, or let them refer to others, then try again.',
  'rows that came since to one that was selected');
UPDATE app.sign SET document_id = 3 WHERE document_id = 2;
SELECT lives_ok(format('SELECT revert_restore(%s)', :restore), 'elsewhere they stay');
SELECT bag_eq('SELECT * FROM app.sign', 'VALUES (11, 3), (12, 3)', 'and are as they were made');
SELECT * FROM finish();
ROLLBACK;
