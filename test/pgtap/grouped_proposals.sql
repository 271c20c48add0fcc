-- One proposal settles many columns, where it answers none wrongly.
\ir proposals.psql

CREATE TABLE app.company (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.customer (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, ledger_id text, crm_id text, "Crm ref_id" text, payment_provider_customer_identification_id text, shop_system_order_identification_id text);
CREATE TABLE app.invoice (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, ledger_id text, sold_to uuid, mixed_id text, told_id text);
CREATE TABLE app.bill (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, ledger_id text, sold_to uuid, mixed_id uuid, told_id text);
CREATE TABLE app.visit (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, ledger_id text, mixed_id text, told_id text);
CREATE TABLE app.import_log (ledger_id text, line text);
INSERT INTO app.company SELECT pg_temp.id('company', n), 'c' || n FROM generate_series(1, 4) n;
INSERT INTO app.customer SELECT pg_temp.id('customer', n), pg_temp.id('company', 1 + n % 4), 'L-' || n, 'crm-' || n, 'ref-' || n, 'cus-' || n, 'order-' || n FROM generate_series(1, 40) n;
INSERT INTO app.invoice SELECT pg_temp.id('invoice', n), pg_temp.id('company', 1 + n % 4), 'L-' || n, pg_temp.id('customer', n), 'm-' || n, 't-' || n FROM generate_series(1, 40) n;
INSERT INTO app.bill SELECT pg_temp.id('bill', n), pg_temp.id('company', 1 + n % 4), 'L-' || n, pg_temp.id('customer', n), pg_temp.id('invoice', n), 't-' || n FROM generate_series(1, 20) n;
INSERT INTO app.visit SELECT pg_temp.id('visit', n), pg_temp.id('company', 1 + n % 4), 'L-' || n, 'm-' || n, 't-' || n FROM generate_series(1, 20) n;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT set_column_rule('app.visit', 'told_id', 'counter');

SELECT is(pg_temp.proposed('ledger_id'), 'confident SELECT public.set_column_rule(NULL, ''ledger_id'', ''data'', evidence => true);', 'a column of several tables, all of which agree');
SELECT matches((SELECT evidence FROM propose_company_rules() WHERE statement LIKE '%ledger_id%'), '^4 columns; of the one with the least to see, app\.(bill|visit)\.ledger_id: none of 20 sampled values are a key of any table$',
  '... with the weakest evidence of the group');
SELECT is(pg_temp.proposed('sold_to'), 'confident SELECT public.set_reference(NULL, ''{sold_to}'', ''app.customer'');', 'a reference of several tables');
SELECT is(pg_temp.proposed('mixed_id'), E'confident SELECT public.set_column_rule(''app.invoice'', ''mixed_id'', ''data'', evidence => true);\nconfident SELECT public.set_column_rule(''app.visit'', ''mixed_id'', ''data'', evidence => true);\nconfident SELECT public.set_reference(''app.bill'', ''{mixed_id}'', ''app.invoice'');',
  'where one table says otherwise, each is for itself');
SELECT is(pg_temp.proposed('told_id'), 'confident SELECT public.set_column_rule(NULL, ''told_id'', ''data'', evidence => true);', 'a rule that somebody has set goes before');
SELECT is(pg_temp.proposed('crm_id'), 'confident SELECT public.set_column_rule(''app.customer'', ''{"Crm ref_id",crm_id,payment_provider_customer_identification_id,shop_system_order_identification_id}''::name[], ''data'', evidence => true);',
  'columns of one table, however long the list is');

-- What is run is what was meant, and in one round.
DO $$ DECLARE proposal text;
BEGIN FOR proposal IN SELECT statement FROM propose_company_rules() LOOP EXECUTE proposal; END LOOP; END $$;
SELECT is_empty($$ SELECT object, problem FROM check_company_scope() WHERE severity = 'error' $$, 'one round is enough');
SELECT is_empty('SELECT * FROM propose_company_rules()', 'and nothing more is proposed');
SELECT is((SELECT string_agg(column_name::text, ' ' ORDER BY column_name) FROM company_backup.column_rule WHERE table_name = 'customer'),
  'Crm ref_id crm_id payment_provider_customer_identification_id shop_system_order_identification_id', 'each column of the list has its rule');
SELECT is((SELECT treatment FROM company_backup.column_rule WHERE table_name = 'visit' AND column_name = 'told_id'), 'counter', 'what was said before stays');

-- A column with a foreign key somewhere is not answered for all tables.
CREATE TABLE app.note (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, source_ref_id text, about_ref_id uuid);
CREATE TABLE app.task (id uuid PRIMARY KEY, company_id uuid NOT NULL REFERENCES app.company, source_ref_id text, about_ref_id uuid REFERENCES app.invoice);
INSERT INTO app.note SELECT pg_temp.id('note', n), pg_temp.id('company', 1 + n % 4), 's-' || n, pg_temp.id('bill', n) FROM generate_series(1, 20) n;
INSERT INTO app.task SELECT pg_temp.id('task', n), pg_temp.id('company', 1 + n % 4), 's-' || n, pg_temp.id('invoice', n) FROM generate_series(1, 20) n;
SELECT is(pg_temp.proposed('ref_id'), E'confident SELECT public.set_column_rule(NULL, ''source_ref_id'', ''data'', evidence => true);\nconfident SELECT public.set_reference(''app.note'', ''{about_ref_id}'', ''app.bill'');', 'a foreign key on it says otherwise');

SELECT * FROM finish();
ROLLBACK;
