-- Jobs: what start_job() refuses at once, naming what is wrong, and what it leaves behind then: nothing.
\ir begin.psql

CREATE SCHEMA app;
CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'Ant'), (2, 'Bee');
INSERT INTO app.item VALUES (1, 1), (2, 2);
SELECT cb.set_company_table('app.company', identity_columns => '{}');
SELECT set_config('t.backup', cb.backup_company(1)::text, true);
SELECT set_config('t.restore', cb.restore_company(1, current_setting('t.backup')::bigint)::text, true);

-- What is asked for -------------------------------------------------------------------------------
SELECT pg_temp.tells($$SELECT cb.start_job('nothing', 1)$$, '22023 invalid action: "nothing" / Possible values: backup, restore, preview, revert, create, clone, delete, export.');
SELECT pg_temp.tells($$SELECT cb.start_job(NULL, 1)$$, '22023 action must not be null%');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, NULL)$$, '22023 options must not be null%');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '[]')$$, '22023 options must be a JSON object / %');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '{"labell": "x"}')$$, '22023 action "backup" has no option "labell" / Possible options: label, include_files, on_error.');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '{"company": "2"}')$$, '22023 action "backup" has no option "company" / %');
SELECT pg_temp.tells($$SELECT cb.start_job('clone', 1, '{"source": "2"}')$$, '22023 action "clone" has no option "source" / %');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '{"actor": "2"}')$$, '22023 action "backup" has no option "actor" / %');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '{"include_files": "yes"}')$$, '22023 option "include_files" must be a JSON boolean / It is a JSON string.');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, '{"label": 7}')$$, '22023 option "label" must be a JSON string / It is a JSON number.');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1)$$, '22023 action "restore" needs the option "backup" / %');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": "1"}')$$, '22023 option "backup" must be a JSON number without a fraction / It is a JSON string.');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": 1.5}')$$, '22023 option "backup" must be a JSON number without a fraction%');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": null}')$$, '22023 backup must not be null%');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": 99999999999999999999}')$$, '22003 %');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": 1, "tables": "app.item"}')$$, '22023 option "tables" must be a JSON array / It is a JSON string.');
SELECT pg_temp.tells(format($$SELECT cb.start_job('restore', 1, '{"backup": %s, "mode": "mix"}')$$, current_setting('t.backup')), '22023 invalid mode: "mix" / Possible values: replace, merge.');
SELECT pg_temp.tells($$SELECT cb.start_job('delete', 1)$$, '22023 action "delete" needs the option "confirm_name" / %');
SELECT pg_temp.tells($$SELECT cb.start_job('export', 1, '{"valid_for": "-1 day"}')$$, '22023 valid_for must be longer than nothing / %');
SELECT pg_temp.tells($$SELECT cb.export_company(1, valid_for => NULL)$$, '22023 valid_for must not be null%');
SELECT pg_temp.tells($$SELECT cb.start_job('export', 1, '{"valid_for": "soon"}')$$, '22007 %');

-- For whom ------------------------------------------------------------------------------------------
SELECT pg_temp.tells($$SELECT cb.start_job('backup', NULL)$$, '22023 company must not be null%');
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 3)$$, 'KB002 company "3" does not exist / %');
SELECT pg_temp.tells($$SELECT cb.start_job('restore', 1, '{"backup": 999}')$$, 'KB010 backup 999 does not exist / %');
SELECT pg_temp.tells($$SELECT cb.start_job('create', 1, '{"backup": 1}')$$, '22023 action "create" takes no company / % / Give NULL.');
SELECT pg_temp.tells($$SELECT cb.start_job('revert', NULL, '{"restore": 999}')$$, 'KB010 restore 999 does not exist%');
SELECT pg_temp.tells(format($$SELECT cb.start_job('revert', 2, '{"restore": %s}')$$, current_setting('t.restore')), '22023 restore % is not of company "2" / %');
SELECT is((SELECT count(*) FROM company_backup.job), 0::bigint, 'none of these left a job');

-- What somebody else made under the same name is not called: every argument is given, with its exact type.
CREATE FUNCTION cb.backup_company(company text, actor text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not ours'; END $$;
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, queue => true)$$, 'ok');
DROP FUNCTION cb.backup_company(text, text);
CREATE FUNCTION cb.backup_company(company text, label text, include_files boolean, on_error text, actor text, more text = '') RETURNS bigint
    LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not ours'; END $$;
SELECT pg_temp.tells($$SELECT cb.start_job('backup', 1, queue => true)$$, '42725 %');
DROP FUNCTION cb.backup_company(text, text, boolean, text, text, text);

-- What is listed, and what of it is not -----------------------------------------------------------------
SELECT cb.start_job('clone', 1, '{"attributes": {"id": 7, "name": "not shown"}}', 'ann', queue => true);
SELECT results_eq($$SELECT action, company, state FROM cb.company_jobs(1)$$, $$VALUES ('backup', '1', 'queued'), ('clone', '1', 'queued')$$, 'jobs of this transaction');
SELECT is_empty($$SELECT FROM cb.company_jobs(2)$$, 'none of another company');
SELECT is_empty($$SELECT FROM cb.company_jobs() AS j WHERE j::text LIKE '%not shown%'$$, 'options are not shown');
SELECT pg_temp.tells($$SELECT cb.wait_for_job((SELECT max(id) FROM cb.company_jobs()))$$, 'KB058 job % waits for this transaction / % / %');
SELECT is(cb.cancel_job((SELECT max(id) FROM cb.company_jobs())), true, 'a job that has not begun is cancelled');
SELECT is(cb.wait_for_job((SELECT max(id) FROM cb.company_jobs())), 'cancelled', '... and waiting is over');
SELECT is(cb.cancel_job((SELECT max(id) FROM cb.company_jobs())), false, '... once');
SELECT pg_temp.tells($$SELECT cb.wait_for_job(NULL)$$, '22023 id must not be null%');
SELECT pg_temp.tells($$SELECT cb.cancel_job(0)$$, 'KB053 job 0 does not exist / % / %');

-- A deleted company takes its jobs along.
SELECT cb.keep_restore(current_setting('t.restore')::bigint);
SELECT cb.delete_company(1, 'Ant');
SELECT is((SELECT count(*) FROM company_backup.job), 0::bigint, 'no job of a deleted company is left');

-- No restricted code gets itself a worker.
CREATE ROLE cb_code;
GRANT CREATE, USAGE ON SCHEMA app TO cb_code;
GRANT USAGE ON SCHEMA cb TO cb_code;
SELECT cb.grant_company_backup('cb_code');
SELECT cb.set_company_guard_query('SELECT true');
SET LOCAL ROLE cb_code;
CREATE TABLE app.trap (id int);
INSERT INTO app.trap VALUES (1);
CREATE FUNCTION app.start(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM cb.start_job('backup', 2, queue => true); RETURN i; END $$;
RESET ROLE;
SELECT pg_temp.tells('CREATE INDEX ON app.trap (app.start(id))', '42501 start_job() cannot be called within a security-restricted operation%');

SELECT * FROM finish();
ROLLBACK;
