-- Before a restore adopts a row of nobody, references of every shape are asked whether others use it: in arrays and in
-- documents as well. And rows of nobody that others keep references to stay what they refer to.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();
\ir told.psql
CREATE EXTENSION company_backup;
CREATE TABLE public.company (id int PRIMARY KEY, name text);
CREATE TABLE public.place (id int PRIMARY KEY, company int CONSTRAINT place_of REFERENCES public.company ON DELETE SET NULL, what text);
CREATE TABLE public.tour (id int PRIMARY KEY, company int NOT NULL REFERENCES public.company, places int[], plan jsonb, old json);
SELECT set_company_table('public.company', identity_columns => '{}');
SELECT set_table_rule('public.place', 'company', 'x', route => '{place_of}', match_columns => '{id}');
SELECT set_reference('public.tour', '{places}', 'public.place');
SELECT set_reference('public.tour', '{plan}', 'public.place', json_path => '.stops[*].place');
SELECT set_reference('public.tour', '{plan}', 'public.place', json_path => '."by place".keys()');
SELECT set_reference('public.tour', '{old}', 'public.place', json_path => '.a.*[*]');
SELECT is_empty($$SELECT object, problem FROM check_company_scope() WHERE severity = 'error'$$, 'the scope is decided');
INSERT INTO public.company VALUES (1, 'one'), (2, 'two');
INSERT INTO public.place VALUES (1, 1, 'p1'), (12, 1, 'p12');
INSERT INTO public.tour VALUES (1, 1, '{1,12}', '{"stops": [{"place": 1}, {"place": 12}], "by place": {"1": true}}', '{"a": {"b": [1]}}'), (2, 2, NULL, NULL, NULL);
SELECT backup_company(1) AS backup \gset
UPDATE public.place SET company = NULL WHERE id = 1;
SAVEPOINT s;
SELECT pg_temp.tells(format('SELECT restore_company(1, %s)', :backup), 'ok');
SELECT results_eq('SELECT company FROM public.place ORDER BY id', 'VALUES (1), (1)', 'the company''s own use is none');
ROLLBACK TO s;
-- Others use it
CREATE FUNCTION pg_temp.after(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE backup bigint := (SELECT max(id) FROM company_backup.backup); result text;
BEGIN
  EXECUTE 'UPDATE public.tour SET ' || change || ' WHERE id = 2';
  result := pg_temp.told(format('SELECT restore_company(1, %s)', backup));
  RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = result;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
  RETURN SQLERRM;
END $$;
SELECT alike(pg_temp.after($q$places = '{1}'$q$), '23505 %', $q$places = '{1}'$q$);
SELECT alike(pg_temp.after($q$places = '{3,1,NULL}'$q$), '23505 %', $q$places = '{3,1,NULL}'$q$);
SELECT alike(pg_temp.after($q$places = '{11,21}'$q$), 'ok', $q$places = '{11,21}'$q$);
SELECT alike(pg_temp.after($q$plan = '{"stops": [{"place": 7}, {"other": 0}, {"place": 1}]}'$q$), '23505 %', $q$plan = '{"stops": [{"place": 7}, {"other": 0}, {"place": 1}]}'$q$);
SELECT alike(pg_temp.after($q$plan = '{"stops": [{"place": "1"}]}'$q$), '23505 %', $q$plan = '{"stops": [{"place": "1"}]}'$q$);
SELECT alike(pg_temp.after($q$plan = '{"stops": [{"place": 11}], "place": 1}'$q$), 'ok', $q$plan = '{"stops": [{"place": 11}], "place": 1}'$q$);
SELECT alike(pg_temp.after($q$plan = '{"by place": {"1": null}}'$q$), '23505 %', $q$plan = '{"by place": {"1": null}}'$q$);
SELECT alike(pg_temp.after($q$plan = '{"by place": {"11": 1}}'$q$), 'ok', $q$plan = '{"by place": {"11": 1}}'$q$);
SELECT alike(pg_temp.after($q$plan = '1'$q$), 'ok', $q$plan = '1'$q$);
SELECT alike(pg_temp.after($q$old = '{"a": {"c": [2, 1]}}'$q$), '23505 %', $q$old = '{"a": {"c": [2, 1]}}'$q$);
SELECT alike(pg_temp.after($q$old = '{"a": {"b": [11]}}'$q$), 'ok', $q$old = '{"a": {"b": [11]}}'$q$);
ROLLBACK TO s;
SELECT backup_company(2) AS of_two \gset
-- references that a rule keeps, to rows of nobody
CREATE TABLE public.visit (id int PRIMARY KEY, company int NOT NULL REFERENCES public.company, place int REFERENCES public.place);
SELECT set_reference('public.visit', '{place}', 'public.place', outside => 'keep');
INSERT INTO public.visit VALUES (1, 2, 1);
SELECT backup_company(2) AS visit \gset
UPDATE public.visit SET place = NULL;
SELECT is((SELECT note FROM preview_restore(2, :visit) WHERE table_name = 'public.visit'), NULL, 'nothing becomes null');
SELECT restore_company(2, :visit);
SELECT is((SELECT place FROM public.visit), 1, 'a reference to nobody''s row comes back');
SELECT * FROM finish();
ROLLBACK;
