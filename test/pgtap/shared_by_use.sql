-- Tables that no column leads from to a company: whose they are, by which companies use their rows.
\ir proposals.psql
CREATE FUNCTION pg_temp.asked(wanted text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(severity || ' ' || problem, E'\n') FROM check_company_scope() WHERE object = wanted AND severity <> 'notice' $$;

CREATE TABLE app.company (id int PRIMARY KEY, name text NOT NULL, plan_id int);
CREATE TABLE app.plan (id int PRIMARY KEY, code text NOT NULL UNIQUE);
ALTER TABLE app.company ADD FOREIGN KEY (plan_id) REFERENCES app.plan;
CREATE TABLE app.color (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE app.shape (id int PRIMARY KEY);
CREATE TABLE app.blob (id int PRIMARY KEY, content text NOT NULL);
CREATE TABLE app.invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, color_id int REFERENCES app.color);
CREATE TABLE app.line (id int PRIMARY KEY, invoice_id int NOT NULL REFERENCES app.invoice, shape_id int REFERENCES app.shape, blob_id int CONSTRAINT line_blob REFERENCES app.blob, color_code text);
SELECT set_company_table('app.company', identity_columns => '{}');

-- One company: nobody knows.
INSERT INTO app.plan VALUES (1, 'free'), (2, 'paid');
INSERT INTO app.company SELECT n, 'c' || n, 1 + n % 2 FROM generate_series(1, 1) n;
INSERT INTO app.color SELECT n, 'k' || n FROM generate_series(1, 6) n;
INSERT INTO app.shape SELECT n FROM generate_series(1, 6) n;
INSERT INTO app.blob SELECT n, 'b' FROM generate_series(1, 60) n;
INSERT INTO app.invoice SELECT n, 1, 1 + n % 6 FROM generate_series(1, 15) n;
INSERT INTO app.line SELECT n, 1 + n % 15, 1 + n % 6, 1 + n % 15, 'k1' FROM generate_series(1, 60) n;
SELECT alike(pg_temp.proved('''app.color'''), 'guess %''shared''%match_columns => ''{code}''%', 'of one company: a guess');
SELECT alike(pg_temp.proved('''app.blob'''), 'guess %''shared''%', '... of all tables');

-- Four companies: invoices in turn, so that colours have all of them; a blob has the lines of one invoice.
INSERT INTO app.company SELECT n, 'c' || n, 1 + n % 2 FROM generate_series(2, 4) n;
DELETE FROM app.line;
DELETE FROM app.invoice;
INSERT INTO app.invoice SELECT n, 1 + n % 4, 1 + n / 4 % 6 FROM generate_series(1, 60) n;
INSERT INTO app.line SELECT n, 1 + n % 60, 1 + n / 4 % 6, 1 + n % 60, 'k1' FROM generate_series(1, 240) n;
SELECT is(pg_temp.proved('''app.color'''), 'confident SELECT public.set_table_rule(''app.color'', ''shared'', ''reference data'', match_columns => ''{code}''); -- 6 of 6 used rows are used by several companies',
  'rows that several companies use belong to none');
SELECT alike(pg_temp.proved('''app.plan'''), 'confident %2 of 2 used rows %', 'also if companies themselves refer to them');
SELECT alike(pg_temp.proved('''app.shape'''), 'likely %''shared''%6 of 6 used rows are used by several companies', 'without a natural key it is not sure how they are found again');
SELECT is(pg_temp.proved('''app.blob'''), 'guess SELECT public.set_table_rule(''app.blob'', ''company'', ''belongs to the rows that refer to it'', route => ''{line_blob}''); -- each of 60 used rows is used by one company alone, though 4 companies use some',
  'rows of one company each seem to be theirs');
SELECT alike(pg_temp.asked('app.blob'), 'error %each of 60 used rows is used by one company alone%', '... which is asked before they are lost');
SELECT alike(pg_temp.asked('app.color'), 'warning it is shared by all companies%', 'what is shared is a warning, as ever');

-- What may not be read says nothing.
CREATE ROLE uses_reader;
GRANT USAGE ON SCHEMA app TO uses_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO uses_reader;
SELECT grant_company_backup('uses_reader');
CREATE FUNCTION app.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('app.guard');
CREATE FUNCTION pg_temp.reader_is_proposed(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  SET LOCAL ROLE uses_reader;
  result := pg_temp.proposed(wanted);
  RESET ROLE;
  RETURN result;
END $$;
SELECT alike(pg_temp.reader_is_proposed('app.color'), 'confident %', 'whoever may read all of them is told the same');
SAVEPOINT rights;
REVOKE SELECT ON app.invoice FROM uses_reader;
SELECT alike(pg_temp.reader_is_proposed('app.color'), 'guess %', 'not the rows that refer to it');
SELECT alike(pg_temp.reader_is_proposed('app.blob'), 'guess %''shared''%', '... nor those on the way to a company');
ROLLBACK TO rights;
REVOKE SELECT ON app.color FROM uses_reader;
SELECT alike(pg_temp.reader_is_proposed('app.color'), 'guess %', 'not the rows themselves');
ROLLBACK TO rights;
ALTER TABLE app.invoice ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON app.invoice USING (true);
SELECT alike(pg_temp.reader_is_proposed('app.color'), 'guess %', 'not all of them, as row security may hide some');
ROLLBACK TO rights;
SET company_backup.evidence_time = 0;
SELECT alike(pg_temp.proved('''app.color'''), 'guess %', 'not without time');
RESET company_backup.evidence_time;

-- Both answers hold.
SELECT set_table_rule('app.blob', 'company', 'belongs to the rows that refer to it', route => '{line_blob}');
SELECT is(pg_temp.asked('app.blob'), NULL, 'a company''s');
SELECT set_table_rule('app.color', 'shared', 'reference data', match_columns => '{code}');
SELECT is(pg_temp.asked('app.color'), NULL, 'everybody''s');
SELECT set_table_rule('app.blob', 'shared', 'the same for all');
SELECT is(pg_temp.asked('app.blob'), NULL, 'also against what the rows say');

-- A few that are everybody's among many that are used once: nothing is known of these.
CREATE TABLE app.template (code text PRIMARY KEY);
CREATE TABLE app.uses (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, template text REFERENCES app.template);
INSERT INTO app.template SELECT 'T' || n FROM generate_series(1, 50) n;
INSERT INTO app.uses SELECT n, 1 + n % 4, 'T' || n FROM generate_series(1, 50) n;
INSERT INTO app.uses SELECT 100 + n, 1 + (n + 1) % 4, 'T' || n FROM generate_series(1, 5) n;
SELECT alike(pg_temp.proved('''app.template'''), 'guess %''shared''%45 of 50 used rows are used by one company alone, and 5 by several', 'one in ten proves nothing of the others');

SELECT * FROM finish();
ROLLBACK;
