-- Whether others refer to a row of nobody from inside their documents is read as everything else reads documents: whatever
-- else is in them, also what jsonb cannot hold, and whatever SQL/JSON would make of the path.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE TABLE public.place (id int PRIMARY KEY, co_id int CONSTRAINT place_of REFERENCES public.co ON DELETE SET NULL);
CREATE TABLE public.tour (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, kind text, doc jsonb, old json);
INSERT INTO public.co VALUES (1, 'a'), (2, 'b');
SELECT set_company_table('public.co', identity_columns => '{}');
SELECT set_table_rule('public.place', 'company', 'x', route => '{place_of}', match_columns => '{id}');
SELECT set_reference('public.tour', '{doc}', 'public.place', json_path => '$.stops.id');
SELECT set_reference('public.tour', '{old}', 'public.place', json_path => '$.more ? (@.k == "p").id');
SELECT set_reference('public.tour', '{doc}', 'public.place', json_path => '$.about', when_column => 'kind', when_value => 'place');
INSERT INTO public.place VALUES (1, 1), (2, 1);
INSERT INTO public.tour VALUES (1, 1, 'x', '{"stops": [{"id": 1}]}', NULL), (2, 2, 'x', NULL, NULL);
SELECT is((SELECT string_agg(object || problem, ' ') FROM check_company_scope() WHERE severity = 'error'), NULL, 'nothing is open');
SELECT backup_company('1') AS backup \gset
SELECT set_config('test.backup', :'backup', true);
UPDATE public.place SET co_id = NULL;
-- What a restore says, and whether the row is the company's then, with another company's documents like these.
CREATE FUNCTION pg_temp.restored(theirs jsonb, old_theirs json = NULL, kind_theirs text = 'x') RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; owners text;
BEGIN
  BEGIN
    UPDATE public.tour SET doc = theirs, old = old_theirs, kind = kind_theirs WHERE id = 2;
    result := pg_temp.told(format('SELECT cb.restore_company(''1'', %s)', current_setting('test.backup')));
    owners := (SELECT string_agg(coalesce(co_id::text, '-'), ' ' ORDER BY id) FROM public.place);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = CASE WHEN result = 'ok' THEN owners ELSE left(result, 5) || ' ' || owners END;
  EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
  END;
END $$;
SELECT is(pg_temp.restored(NULL), '1 1', 'rows that nobody refers to are the company''s again');
SELECT is(pg_temp.restored('{"stops": [{"id": 7}], "id": 1}'), '1 1', 'an ID elsewhere in a document is no reference');
SELECT isnt(pg_temp.restored('{"stops": [{"id": 1}]}'), '1 1', 'what others refer to is everybody''s');
SELECT isnt(pg_temp.restored('{"stops": [[{"id": 1}]]}'), '1 1', '... in arrays of arrays, too');
SELECT isnt(pg_temp.restored('{"stops": {"id": "2"}}'), '1 1', '... as a text, too');
SELECT isnt(pg_temp.restored(NULL, '{"more": [{"k": "q", "id": 1, "k": "p"}]}'), '1 1', 'of two members of one name the last one counts for a condition');
SELECT isnt(pg_temp.restored(NULL, '{"more": [{"k": "p", "id": 1, "id": 3}]}'), '1 1', '... and both are references');
SELECT is(pg_temp.restored(NULL, '{"more": [{"k": "p", "id": 1, "k": "q"}]}'), '1 1', '... or none');
SELECT isnt(pg_temp.restored('{"about": 1}', NULL, 'place'), '1 1', 'a reference of rows of one kind');
SELECT is(pg_temp.restored('{"about": 1}', NULL, 'other'), '1 1', '... and of no others');
-- What jsonb refuses.
SELECT is(pg_temp.restored(NULL, '{"z": 1e1000000}'), '1 1', 'a number that is too large for jsonb stops nobody');
SELECT is(pg_temp.restored(NULL, '{"z": "\ud800"}'), '1 1', 'nor does half a character');
SELECT is(pg_temp.restored(NULL, '{"z": "\u0000", "more": [{"k": "p", "id": 7}]}'), '1 1', 'nor does a NUL');
SELECT is(pg_temp.restored(NULL, '{"\u0000": {"k": "\ud83d"}, "more": {"k": "p", "id": "\u0000"}}'), '1 1', 'wherever it is');
SELECT is(pg_temp.restored(NULL, (repeat('[', 5000) || repeat(']', 5000))::json), '1 1', 'nor does what is nested deeply');
SELECT isnt(pg_temp.restored(NULL, '{"z": "\u0000", "more": [{"k": "p", "id": 1}]}'), '1 1', 'what stands beside it counts');

-- The company's own documents, too: they are backed up, checked and copied as they are.
UPDATE public.place SET co_id = 1;
UPDATE public.tour SET doc = NULL, old = '{"z": "\u0000", "y": 1e1000000, "\ud800": [{"k": "\ud800"}], "more": [{"k": "\udc00", "id": 5}, {"k": "p", "id": 1, "x": "\ud83d\u0041"}]}' WHERE id = 1;
SELECT is((SELECT count(*)::int FROM check_company_data('1')), 0, 'escapes of no characters are no problem');
SELECT backup_company('1') AS odd \gset
SELECT clone_company('1', '{"id": 3}');
SELECT is((SELECT replace(replace(t.old::text, '"id": ' || (SELECT min(id) FROM public.place WHERE co_id = 3) || ',', '"id": 1,'), ' ', '') FROM public.tour t WHERE co_id = 3),
  '{"z":"\u0000","y":1e1000000,"\ud800":[{"k":"\ud800"}],"more":[{"k":"\udc00","id":5},{"k":"p","id":1,"x":"\ud83d\u0041"}]}', 'a copy has them as they were, and new IDs beside them');
UPDATE public.tour SET old = NULL WHERE id = 1;
SELECT restore_company('1', :odd) AS restore \gset
SELECT ok((SELECT old::text LIKE '%1e1000000%' FROM public.tour WHERE id = 1), 'a restore brings them back');
UPDATE public.tour SET old = '{"more": {"k": "p", "id": "\u0000"}}' WHERE id = 1;
SELECT results_eq($$SELECT table_name, row_key, problem FROM check_company_data('1')$$, $$VALUES ('public.tour', '(1)', 'expected an ID, found "\u0000"')$$, 'where an ID should be, the row is named');
SELECT pg_temp.tells($$SELECT backup_company('1')$$, 'KB006 %public.tour (1), old $.more ? (@.k == "p").id: expected an ID, found "_u0000" / SELECT * FROM cb.check_company_data(''1'') lists them all.%');
SELECT * FROM finish();
ROLLBACK;
