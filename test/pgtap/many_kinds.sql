-- Tables whose rows hang on rows of all tables before them: nested, the conditions would double with each table.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE TABLE public.firm (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO public.firm VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE public.t0 (id int PRIMARY KEY, firm_id int REFERENCES public.firm, words text);
INSERT INTO public.t0 SELECT n, nullif(n % 4, 0), 'w' || n FROM generate_series(1, 40) n;
SELECT set_company_table('public.firm', identity_columns => '{}');
SELECT set_table_rule('public.t0', 'company', 'x', route => '{t0_firm_id_fkey}', match_columns => '{words}');
-- t7 has no key; rows of t9 also hang on each other. Some IDs lead to nothing, some kinds are none.
DO $$ BEGIN
  FOR k IN 1..14 LOOP
    EXECUTE format('CREATE TABLE public.t%s (id int %s, about_type text, about_id int, up int, words text)', k, CASE k WHEN 7 THEN '' ELSE 'PRIMARY KEY' END);
    EXECUTE format('INSERT INTO public.t%s SELECT n, ''T'' || (n * 7 %% %s), CASE WHEN n %% 11 > 0 THEN n * 5 %% 43 END, CASE WHEN n %% 11 = 0 THEN n - 1 END, ''w'' || n FROM generate_series(1, 40) n', k, k);
    FOR j IN 0..k - 1 LOOP
      CONTINUE WHEN j = 7;
      PERFORM cb.set_reference(format('public.t%s', k)::regclass, '{about_id}', format('public.t%s', j)::regclass, when_column => 'about_type', when_value => 'T' || j);
    END LOOP;
    EXECUTE format('UPDATE public.t%s SET about_type = ''T0'' WHERE about_type = ''T7''', k);
    IF k = 9 THEN PERFORM cb.set_reference('public.t9', '{up}', 'public.t9'); ELSE PERFORM cb.set_column_rule(format('public.t%s', k)::regclass, 'up', 'data'); END IF;
    PERFORM cb.set_table_rule(format('public.t%s', k)::regclass, 'company', 'x', match_columns => CASE k WHEN 7 THEN NULL ELSE '{words}'::name[] END,
      route => CASE k WHEN 9 THEN '{about_id,up}'::name[] ELSE '{about_id}' END);
  END LOOP;
END $$;

-- Whose each row is, step by step.
CREATE TABLE pg_temp.owner (tab int, id int, firm int);
INSERT INTO pg_temp.owner SELECT 0, id, firm_id FROM public.t0 WHERE firm_id IS NOT NULL;
DO $$ BEGIN
  FOR k IN 1..14 LOOP
    EXECUTE format('INSERT INTO pg_temp.owner SELECT %s, r.id, o.firm FROM public.t%1$s r JOIN pg_temp.owner o ON o.tab = substr(r.about_type, 2)::int AND o.id = r.about_id', k);
    IF k = 9 THEN INSERT INTO pg_temp.owner SELECT 9, r.id, o.firm FROM public.t9 r JOIN pg_temp.owner o ON o.tab = 9 AND o.id = r.up; END IF;
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.expected(company int) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg('public.t' || tab || ' ' || n, ', ' ORDER BY tab) FROM (SELECT tab, count(*) n FROM pg_temp.owner WHERE firm = company GROUP BY tab) c $$;
CREATE FUNCTION pg_temp.counted(company int) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(table_name || ' ' || row_count, ', ' ORDER BY substr(table_name::text, 9)::int) FROM cb.company_contents(company) WHERE table_name::text LIKE 'public.t%' AND row_count > 0 $$;

SELECT is((SELECT count(*) FROM check_company_scope() WHERE severity = 'error'), 0::bigint, 'the scope is settled');
SELECT is(pg_temp.counted(1), pg_temp.expected(1), 'rows of a company, by whatever way');
SELECT is(pg_temp.counted(2), pg_temp.expected(2), '... and of another');
SELECT cmp_ok(length(pg_temp.expected(3)), '>', 150, '... in all tables');
SELECT backup_company(2, on_error => 'record') AS backup \gset
SELECT is((SELECT string_agg(table_name || ' ' || row_count, ', ' ORDER BY substr(table_name::text, 9)::int) FROM backup_contents(:backup) WHERE table_name::text LIKE 'public.t%' AND row_count > 0),
  pg_temp.expected(2), 'a backup holds them');

-- A restore takes back what became of them, and of nobody else's.
CREATE FUNCTION pg_temp.all_rows() RETURNS text LANGUAGE plpgsql AS $$ DECLARE one text; texts text := ''; BEGIN
  FOR k IN 0..14 LOOP EXECUTE format('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) FROM public.t%s t', k) INTO one; texts := texts || one; END LOOP; RETURN texts; END $$;
SELECT pg_temp.all_rows() AS before \gset
UPDATE public.t14 r SET words = 'spoilt' WHERE EXISTS (SELECT FROM pg_temp.owner o WHERE o.tab = 14 AND o.firm = 2 AND o.id = r.id);
DELETE FROM public.t13 r WHERE EXISTS (SELECT FROM pg_temp.owner o WHERE o.tab = 13 AND o.firm = 2 AND o.id = r.id);
SELECT isnt(pg_temp.all_rows(), :'before', 'rows are spoilt');
SELECT restore_company(2, :backup) AS restore \gset
SELECT is(pg_temp.all_rows(), :'before', 'a restore gives them back');
SELECT * FROM finish();
ROLLBACK;
