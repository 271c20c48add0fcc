-- "secret: never in a backup". Where its value would be in one all the same, because rows are matched by it, told apart by
-- it, or refer to it, the check says so, nothing is backed up, and its statements settle it.
\ir begin.psql
SET LOCAL search_path = cb, public, pg_temp;
CREATE FUNCTION pg_temp.errors() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY object COLLATE "C", problem) FROM cb.check_company_scope() WHERE severity = 'error' $$;
CREATE FUNCTION pg_temp.settle() RETURNS text LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
  FOR i IN 1 .. 5 LOOP
    FOR statement IN SELECT hint FROM cb.check_company_scope() WHERE severity = 'error' LOOP EXECUTE statement; END LOOP;
  END LOOP;
  RETURN pg_temp.errors();
END $$;
-- Is it anywhere in what is stored of a backup, which cannot be made as long as the scope is undecided?
CREATE FUNCTION pg_temp.holds(backup bigint, value text) RETURNS boolean LANGUAGE sql AS $$
  SELECT cb.backup_manifest(backup)::text LIKE '%' || value || '%' $$;
CREATE TABLE public.co (id int PRIMARY KEY, name text);
CREATE TABLE public.person (id int PRIMARY KEY, email text NOT NULL UNIQUE, tax_no text UNIQUE, badge text UNIQUE, country int);
CREATE TABLE public.country (id int PRIMARY KEY, iso text NOT NULL UNIQUE);
CREATE TABLE public.item (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, by int REFERENCES public.person, badge text REFERENCES public.person (badge), code text UNIQUE, doc jsonb);
CREATE TABLE public.part (id int PRIMARY KEY, co_id int NOT NULL REFERENCES public.co, code text REFERENCES public.item (code), soft text);
INSERT INTO public.co VALUES (1, 'hushed name');
INSERT INTO public.country VALUES (1, 'AT');
INSERT INTO public.person VALUES (1, 'ann@example.com', '12-34', 'b-77', 1);
INSERT INTO public.item VALUES (1, 1, 1, 'b-77', 'i-55', '{"to": "hushed"}');
INSERT INTO public.part VALUES (1, 1, 'i-55', 'hushed');
SELECT set_company_table('public.co', identity_columns => '{}');
SELECT set_table_rule('public.person', 'people', match_columns => '{email,tax_no}');
SELECT set_column_rule('public.item', 'doc', 'data');
SELECT is(pg_temp.errors(), NULL, 'nothing is open');
SAVEPOINT start;
SELECT set_column_rule('public.person', 'email', 'secret');
SELECT is(pg_temp.errors(), 'public.person.email: its rule says secret, but rows of public.person are matched by it: a backup that refers to such a row holds the value', 'rows are matched by a secret');
SELECT pg_temp.tells($$SELECT backup_company('1')$$, 'KB003 %');
SELECT is(pg_temp.settle(), NULL, 'settled');
SELECT is((SELECT match_columns::text FROM company_backup.table_rule), '{tax_no}', '... by what is left to match by');
SELECT backup_company('1') AS backup \gset
SELECT ok(NOT pg_temp.holds(:backup, 'email'), '... and the secret stays behind');
ROLLBACK TO start;
SELECT set_column_rule(NULL, ARRAY['email', 'tax_no'], 'secret');
SELECT is(pg_temp.settle(), NULL, 'the same of a rule for all tables');
ROLLBACK TO start;
SELECT set_table_rule('public.person', 'people', match_columns => '{email}');
SELECT set_column_rule('public.person', 'email', 'secret');
SELECT is(pg_temp.settle(), NULL, 'where there is nothing else to match by');
ROLLBACK TO start;
SET LOCAL company_backup.strict = off;
SELECT set_column_rule('public.person', 'email', 'secret');
SELECT pg_temp.tells($$SELECT backup_company('1')$$, 'KB009 secret column "email" of table "public.person" would be in the backup%');
ROLLBACK TO start;

-- What others refer to.
SELECT set_column_rule('public.person', 'badge', 'secret');
SELECT is(pg_temp.errors(), 'public.person.badge: its rule says secret, but public.item.badge refers to it and travels: backups hold these values', 'a column that references lead to');
SELECT is(pg_temp.settle(), NULL, 'settled');
SELECT is((SELECT treatment FROM company_backup.column_rule WHERE table_name = 'item' AND column_name = 'badge'), 'secret', '... since what refers to it is secret, too');
SELECT backup_company('1') AS backup \gset
SELECT ok(NOT pg_temp.holds(:backup, '"name": "badge"') , '... and stays behind');
ROLLBACK TO start;
SELECT set_column_rule('public.item', 'code', 'secret');
SELECT is(pg_temp.errors(), 'public.item.code: its rule says secret, but public.part.code refers to it and travels: backups hold these values', 'the same of tables that travel');
SELECT is(pg_temp.settle(), NULL, 'settled');
ROLLBACK TO start;
SELECT set_table_rule('public.country', 'shared', match_columns => '{iso}');
SELECT set_reference('public.person', '{country}', 'public.country', '{id}');
SELECT set_table_rule('public.person', 'people', match_columns => '{country,email}');
SELECT set_column_rule('public.country', 'iso', 'secret');
SELECT is(pg_temp.errors(), 'public.country.iso: its rule says secret, but rows of public.country are matched by it: a backup that refers to such a row holds the value', 'also of rows that others are matched by');
ROLLBACK TO start;

-- What rows are told apart by.
SELECT set_column_rule(NULL, 'id', 'secret');
SELECT is(pg_temp.errors(), E'public.co.id: its rule says secret, but its rows are told apart by this column, which every backup has\npublic.item.id: its rule says secret, but its rows are told apart by this column, which every backup has\n'
  'public.part.id: its rule says secret, but its rows are told apart by this column, which every backup has\npublic.person.id: its rule says secret, but its rows are told apart by this column, which every backup has', 'a key cannot stay behind');
SELECT is(pg_temp.settle(), NULL, 'settled');
ROLLBACK TO start;
SELECT set_column_rule('public.item', 'id', 'file');
SELECT is(pg_temp.errors(), 'public.item.id: its rule says file, but its rows are told apart by this column, which every backup has', 'nor be a file');
SELECT is(pg_temp.settle(), NULL, 'settled');
ROLLBACK TO start;

-- What a manifest says of the company and of its references.
SELECT set_column_rule('public.co', 'name', 'secret');
SELECT set_column_rule('public.item', 'doc', 'secret');
SELECT set_column_rule('public.part', 'soft', 'secret');
SELECT set_reference('public.item', '{doc}', 'public.person', '{badge}', json_path => '$.to');
SELECT set_reference('public.part', '{soft}', 'public.person', '{badge}');
SELECT results_eq($$SELECT problem FROM check_company_data('1') ORDER BY 1$$, $$VALUES ('leads nowhere: no row of public.person has what column doc holds'), ('leads nowhere: no row of public.person has what column soft holds')$$, 'the rows are named, not what they hold');
SELECT backup_company('1', on_error => 'record') AS backup \gset
SELECT ok(NOT pg_temp.holds(:backup, 'hushed'), 'names of companies and values of references can be secrets, too');
SELECT * FROM finish();
ROLLBACK;
