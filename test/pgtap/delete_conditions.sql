-- What has to say yes before a company is deleted.
\ir app.psql
SELECT * FROM no_plan();
\ir told.psql

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company);
CREATE TABLE app.plan (company_id int PRIMARY KEY REFERENCES app.company, paid boolean);
INSERT INTO app.company VALUES (1, 'one'), (2, 'two');
INSERT INTO app.plan VALUES (1, true), (2, true);
SELECT set_company_table('app.company', identity_columns => '{}');
CREATE FUNCTION app.unpaid(company text, actor text) RETURNS boolean LANGUAGE sql AS $$ SELECT NOT paid FROM app.plan WHERE company_id::text = company $$;
CREATE FUNCTION app.by_owner(company text, actor text) RETURNS boolean LANGUAGE sql AS $$ SELECT actor = 'owner' $$;
CREATE FUNCTION app.raises(company text, actor text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today' USING ERRCODE = 'AP001'; END $$;
CREATE FUNCTION app.calls(company text, actor text) RETURNS boolean LANGUAGE sql AS $$ SELECT public.delete_company(company, 'one') > 0 $$;
CREATE FUNCTION app.sets(company text, actor text) RETURNS boolean LANGUAGE sql AS $$ SELECT public.set_company_guard(NULL) IS NOT NULL $$;
CREATE FUNCTION app.text(company text, actor text) RETURNS text LANGUAGE sql AS $$ SELECT 'true' $$;

-- Setting them
SELECT is(pg_temp.told($$SELECT set_delete_precondition('x', 'app.nothing', 'no')$$),
  'KB009 function app.nothing(text, text) does not exist / Write it with its schema, as in ''app.my_function''; create the function first.', 'it must exist');
SELECT is(pg_temp.told($$SELECT set_delete_precondition('x', 'app.text', 'no')$$), 'KB009 function app.text must return boolean / It returns text.', 'and return boolean');
SELECT is(pg_temp.told($$SELECT set_delete_precondition('', 'app.unpaid', 'no')$$), '22023 name must not be empty', 'it has a name');
SELECT is(pg_temp.told($$SELECT set_delete_precondition('x', 'app.unpaid', NULL)$$), '22023 message must not be null', 'and a message');
SELECT set_delete_precondition('2 unpaid', 'app.by_owner', 'replaced');
SELECT set_delete_precondition('2 unpaid', 'app.unpaid', 'Cancel your subscription first');
SELECT set_delete_precondition('1 owner', 'app.by_owner', 'Only the owner may do this');

-- What they say
SELECT is(pg_temp.told($$SELECT delete_company(1, 'One')$$), 'KB080 confirm_name is not the name of the company / Upper and lower case, spaces and accents count. / Give the name exactly as it is stored in the company''s own row.', 'the name comes first');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one', actor => 'somebody')$$), 'KB081 Only the owner may do this / Precondition "1 owner" of deletions does not hold for company "1".', 'one says no');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one', actor => 'owner')$$), 'KB081 Cancel your subscription first / Precondition "2 unpaid" of deletions does not hold for company "1".', 'another one');
SELECT is((SELECT in_the_way FROM preview_delete(1, 'somebody') WHERE table_name = 'app.company'), 'Only the owner may do this; Cancel your subscription first', 'a preview has all of them');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB082 precondition "1 owner" of deletions gave no answer / "app"."by_owner" returned NULL. / It must return true or false.', 'NULL is no yes');
SELECT set_delete_precondition('1 owner', 'app.raises', 'x');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB082 precondition "1 owner" of deletions gave no answer / "app"."raises" failed with SQLSTATE AP001: not today. / It must return true or false.', 'nor is an error');
SELECT set_delete_precondition('1 owner', 'app.calls', 'x');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB082 precondition "1 owner" of deletions gave no answer / "app"."calls" failed with SQLSTATE KB082: functions of company_backup cannot be called from precondition "1 owner" of deletions. / It must return true or false.', 'it cannot call back');
SELECT set_delete_precondition('1 owner', 'app.sets', 'x');
SELECT matches(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB082 .*cannot be called from precondition', 'nor set anything');
SELECT lives_ok($$SELECT * FROM company_scope()$$, 'afterwards all works');
DROP FUNCTION app.sets;
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB082 precondition "1 owner" of deletions gave no answer / It is set to "app"."sets"(text, text), which does not exist. / Create the function again, or remove what was set.', 'dropped');
SELECT is((SELECT in_the_way FROM preview_delete(1) WHERE table_name = 'app.company'), 'precondition "1 owner" of deletions gave no answer; Cancel your subscription first', 'a preview says so');
SELECT set_delete_precondition('1 owner', NULL, NULL);

-- As the caller
CREATE ROLE cb_caller;
SELECT grant_company_backup('cb_caller');
CREATE FUNCTION app.yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('app.yes');
GRANT USAGE ON SCHEMA app TO cb_caller;
GRANT SELECT, DELETE ON app.company, app.item TO cb_caller;
SELECT matches(pg_temp.told_to('cb_caller', $$SELECT delete_company(1, 'one')$$), 'KB082 .*failed with SQLSTATE 42501: permission denied for table plan', 'a condition runs as the caller');
SELECT set_company_guard(NULL);

-- Proofs
CREATE FUNCTION app.check_proof(company text, actor text, proof text) RETURNS boolean LANGUAGE sql AS $$ SELECT proof = 'for ' || company $$;
UPDATE app.plan SET paid = false WHERE company_id = 1;
SELECT is(pg_temp.told($$SELECT set_reauthentication('app.unpaid')$$),
  'KB009 function app.unpaid(text, text, text) does not exist / Write it with its schema, as in ''app.my_function''; create the function first.', 'it has three arguments');
SELECT set_reauthentication('app.check_proof');
SELECT is((SELECT note FROM preview_delete(1) WHERE table_name = 'app.company'), 'takes a proof', 'a preview says that it takes one');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one')$$), 'KB083 deleting a company takes a proof of who asks for it / Let the user log in again, and pass what the application gets for that as proof.', 'without one');
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one', proof => 'guessed')$$), 'KB083 the proof was not accepted', 'with a wrong one') FROM generate_series(1, 4);
SELECT is(pg_temp.told($$SELECT delete_company(2, 'two', proof => 'guessed')$$), 'KB083 the proof was not accepted', 'that of another company counts on its own');
SAVEPOINT accepted;
SELECT lives_ok($$SELECT delete_company(1, 'one', proof => 'for 1')$$, 'the right one');
ROLLBACK TO accepted;
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one', proof => 'guessed')$$), 'KB083 the proof was not accepted', 'after it the count begins anew') FROM generate_series(1, 5);
SELECT is(pg_temp.told($$SELECT delete_company(1, 'one', proof => 'for 1')$$), 'KB084 too many proofs for this company were not accepted: none is looked at for a while / Wait as long as company_backup.proof_block says, from the last one on.', 'blocked, whatever the callers'' transactions came to');
SET LOCAL company_backup.proof_attempts = 6;
SELECT matches(pg_temp.told($$SELECT delete_company(2, 'two', proof => NULL)$$), 'KB083 deleting', 'none at all is not counted');
SELECT lives_ok($$SELECT delete_company(1, 'one', proof => 'for 1')$$, 'more are allowed');
DROP FUNCTION app.check_proof;
SELECT matches(pg_temp.told($$SELECT delete_company(2, 'two', proof => 'secret')$$), '^KB082 the check of set_reauthentication\(\) gave no answer / It is set to', 'dropped');
SELECT set_reauthentication(NULL);
UPDATE app.plan SET paid = false;
SELECT lives_ok($$SELECT delete_company(2, 'two')$$, 'without one again');

SELECT * FROM finish();
ROLLBACK;
