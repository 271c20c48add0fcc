-- A table of more columns than one query can read twice.
\ir proposals.psql
CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.person (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.person SELECT pg_temp.id('person', n), 1 + n % 2 FROM generate_series(1, 40) n;
DO $$ BEGIN
  EXECUTE 'CREATE TABLE app.wide (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, ' || (SELECT string_agg('c' || n || ' uuid', ', ') FROM generate_series(1, 1500) n) || ')';
END $$;
INSERT INTO app.wide (id, company_id, c1, c1500) SELECT n, 1 + n % 2, pg_temp.id('person', n), pg_temp.id('person', n) FROM generate_series(1, 40) n;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT is((SELECT string_agg(problem, E'\n') FROM check_company_scope() WHERE object = 'app.wide'), NULL, 'its rows can be looked at');
SELECT is(pg_temp.proposed('app.wide'), 'confident SELECT public.set_reference(''app.wide'', ''{c1500}'', ''app.person'');' || E'\n' || 'confident SELECT public.set_reference(''app.wide'', ''{c1}'', ''app.person'');', 'the first and the last column');
SELECT * FROM finish();
ROLLBACK;
