-- Errors on their way between C++ and PostgreSQL: nothing of them is lost, and nothing is left
-- behind. The functions are those of test/boundary; test/run.sh builds it.
\getenv module COMPANY_BACKUP_BOUNDARY_TEST
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

CREATE FUNCTION boundary_fail(int) RETURNS void STRICT LANGUAGE c AS :'module';
CREATE FUNCTION boundary_fail_as_other(int) RETURNS void STRICT LANGUAGE c AS :'module';
CREATE FUNCTION boundary_live_objects() RETURNS bigint STRICT LANGUAGE c AS :'module';
CREATE FUNCTION boundary_is_restored() RETURNS boolean STRICT LANGUAGE c AS :'module';
CREATE FUNCTION boundary_user_at_handler(int) RETURNS oid STRICT LANGUAGE c AS :'module';

\ir told.psql

CREATE TEMP TABLE expected AS SELECT * FROM (VALUES
  (0, 'an Error', 'KB099 a message with % and "quotes" / A detail. / A hint.'),
  (1, 'an error of PostgreSQL', '22012 raised by PostgreSQL / Its detail. / Its hint.'),
  (2, 'bad_alloc', '53200 out of memory / The extension could not allocate memory outside PostgreSQL''s own contexts.'),
  (3, 'an exception of the standard library', 'XX000 unexpected failure in company_backup: of the standard library'),
  (4, 'something that is no exception', 'XX000 unexpected failure in company_backup'),
  (5, 'an error of PostgreSQL through five layers', '22012 raised by PostgreSQL / Its detail. / Its hint.'),
  (6, 'an Error through five layers', 'KB099 a message with % and "quotes" / A detail. / A hint.'),
  (7, 'a translated error', 'KB098 translated: raised by PostgreSQL / Its detail.'),
  (8, 'an error of a subtransaction', 'KB097 rolled back: 22012'),
  (9, 'an Error through a subtransaction', 'KB099 a message with % and "quotes" / A detail. / A hint.')
) AS e(kind, what, told);

SELECT is(pg_temp.told(format('SELECT boundary_fail(%s)', kind)), told, what) FROM expected;
SELECT is(boundary_live_objects(), 0::bigint, 'every C++ object is gone');
SELECT is(pg_temp.told(format('SELECT boundary_fail_as_other(%s)', kind)), told, what || ', as somebody else') FROM expected;
SELECT is(current_user, session_user, 'who is himself again');
SELECT is(boundary_user_at_handler(kind)::regrole::text, current_user::text, 'the first handler of ' || what || ' runs as the caller')
FROM expected;
SELECT ok(boundary_is_restored(), 'guarded() restores user, memory context and error stacks');

-- Many errors in one transaction ----------------------------------------------------------------
CREATE FUNCTION pg_temp.resident_kb() RETURNS int LANGUAGE sql AS
  $$ SELECT substring(pg_read_file('/proc/self/status', 0, 100000) FROM 'VmRSS:\s+(\d+)')::int $$;
CREATE FUNCTION pg_temp.catch(times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE caught int := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    BEGIN
      PERFORM boundary_fail(i % 10);
    EXCEPTION WHEN OTHERS THEN
      caught := caught + 1;
    END;
  END LOOP;
  RETURN caught;
END $$;
SELECT is(pg_temp.catch(5000), 5000, 'a beginning');
CREATE TEMP TABLE before AS SELECT pg_temp.resident_kb() AS resident,
  (SELECT sum(used_bytes) FROM pg_backend_memory_contexts) AS used;
SELECT is(pg_temp.catch(100000), 100000, '100,000 errors are caught');
SELECT is(boundary_live_objects(), 0::bigint, 'no C++ object of theirs is left');
-- 100 bytes an error would be 10 MB, and each has more than 5,000 below it.
SELECT cmp_ok(pg_temp.resident_kb() - resident, '<', 4000, 'the process has not grown') FROM before;
SELECT cmp_ok((SELECT sum(used_bytes) FROM pg_backend_memory_contexts) - used, '<', 1000000::numeric,
              'nor have its memory contexts') FROM before;

-- Called without an expression, as by the fast path of the protocol: what an argument is, the function declares.
CREATE FUNCTION boundary_call_bare(regproc, name) RETURNS void STRICT LANGUAGE c AS :'module';
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE ROLE boundary_lion;
SELECT boundary_call_bare('cb.grant_company_backup', 'boundary_lion');
SELECT ok(has_function_privilege('boundary_lion', 'cb.company_scope()', 'EXECUTE'), 'a name is read as a name');

SELECT * FROM finish();
ROLLBACK;
