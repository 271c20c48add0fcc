-- What the catalog cannot say about the sample: the rules a reviewed set-up holds.
\set ON_ERROR_STOP on

SELECT set_company_table('core.company', owner_column => 'owner_id', scope_columns => '{company_id}',
    identity_columns => '{name,slug,owner_id,parent_company_id,plan,billing_customer_id,created_at}');

-- Reference data: the same for all companies, found again by its code -------------------
SELECT set_table_rule('core.currency', 'shared', 'ISO currencies, the same for all', match_columns => '{code}');
SELECT set_table_rule('core.unit', 'shared', 'units of measure, the same for all', match_columns => '{code}');
SELECT set_table_rule('core.country', 'shared', 'ISO countries, the same for all', match_columns => '{code}');
SELECT set_table_rule('core.industry', 'shared', 'one tree of industries for all', match_columns => '{code}');
SELECT set_table_rule('accounting.tax_rate', 'company', 'own rates travel; rates without a company are built in',
    'accounting', match_columns => '{code}', route => '{tax_rate_company_id_fkey}');

-- People, and who may do what -----------------------------------------------------------
SELECT set_table_rule('core."user"', 'people', 'people have one login for all their companies', match_columns => '{email}');
SELECT set_membership('core.company_user', 'user_id');
SELECT set_table_rule('core.company_user', 'excluded', 'a backup must not change who has access');
SELECT set_table_rule('core.role', 'excluded', 'a backup must not change who may do what');
SELECT set_table_rule('core.invitation', 'excluded', 'an old invitation must not become valid again');
SELECT set_table_rule('hr.employee', 'company', 'staff records are data of the company, not logins', 'hr');

-- Secrets -------------------------------------------------------------------------------
SELECT set_table_rule('core.api_key', 'excluded', 'keys are secrets; a revoked one must stay revoked');
SELECT set_column_rule('core.company', 'integration_token', 'secret');
SELECT set_column_rule('core.integration', 'access_token', 'secret');
SELECT set_column_rule('core.integration', 'webhook_secret', 'secret');
SELECT set_column_rule('core."user"', 'password_hash', 'secret');
SELECT set_column_rule('core."user"', 'totp_secret', 'secret');

-- Work in flight, and what only grows ---------------------------------------------------
SELECT set_table_rule('core.outbox', 'excluded', 'a message must not be sent a second time');
SELECT set_table_rule('core.job', 'excluded', 'jobs belong to the running system',
    route => '{job_company_id_fkey}');
SELECT set_table_rule('audit.change', 'append_only', 'the audit trail is added to, never rewritten', 'audit');
SELECT set_column_rule('core.number_counter', 'next_value', 'counter');

-- Rows that belong to what points at them, or to one of several documents ----------------
SELECT set_table_rule('core.document_body', 'company', 'the text of one contract', 'sales',
    route => '{contract_body_id_fkey}');
SELECT set_table_rule('stock.warehouse_settings', 'company', 'the settings of one warehouse', 'stock',
    route => '{warehouse_settings_id_fkey}');
SELECT set_table_rule('core.attachment', 'company', 'hangs on an invoice, a bill or a work order', 'documents',
    route => '{attachment_invoice_id_fkey,attachment_bill_id_fkey,attachment_work_order_id_fkey}');
SELECT set_column_rule('core.attachment', 'content', 'file');

-- References that no foreign key declares -------------------------------------------------
SELECT set_reference('stock.lot', '{received_on_bill_id}', 'purchasing.bill');
SELECT set_reference('production.work_order', '{company_id,order_number}', 'sales."order"', '{company_id,number}');
SELECT set_reference('core.note', '{mentioned_user_ids}', 'core."user"');
SELECT set_reference('audit.change', '{actor_user_id}', 'core."user"');
-- ... where another column says what is meant
SELECT set_reference('core.note', '{subject_id}', 'sales.customer', when_column => 'subject_type', when_value => 'customer');
SELECT set_reference('core.note', '{subject_id}', 'sales.invoice', when_column => 'subject_type', when_value => 'invoice');
SELECT set_reference('core.note', '{subject_id}', 'production.work_order', when_column => 'subject_type', when_value => 'work_order');
SELECT set_reference('accounting.journal_entry', '{source_id}', 'sales.invoice', when_column => 'source_type', when_value => 'invoice');
SELECT set_reference('accounting.journal_entry', '{source_id}', 'purchasing.bill', when_column => 'source_type', when_value => 'bill');
SELECT set_reference('accounting.journal_entry', '{source_id}', 'accounting.payment', when_column => 'source_type', when_value => 'receipt');
SELECT set_reference('accounting.journal_entry', '{source_id}', 'accounting.payment', when_column => 'source_type', when_value => 'payout');
-- ... in arrays and inside jsonb
SELECT set_reference('sales.price_rule', '{item_ids}', 'stock.item');
SELECT set_reference('sales.price_rule', '{conditions}', 'sales.customer', json_path => '$.customers.keys()');
SELECT set_reference('sales.price_rule', '{conditions}', 'stock.item', json_path => '$.any[*].item_id');
SELECT set_reference('sales.price_rule', '{conditions}', 'stock.category', json_path => '$.any[*].category_id');
SELECT set_reference('stock.item', '{attributes}', 'stock.item', json_path => '$.related_item_ids[*]');
SELECT set_reference('stock.item', '{attributes}', 'purchasing.supplier', json_path => '$.preferred_supplier.id');
SELECT set_reference('core.company', '{settings}', 'stock.warehouse', json_path => '$.default_warehouse_id');
SELECT set_reference('core.company', '{settings}', 'stock.item', json_path => '$.favourite_item_ids[*]');
SELECT set_reference('core."Saved View"', '{Filter}', 'sales.customer', json_path => '$.**.customer_id');
SELECT set_reference('quality.inspection', '{result}', 'stock.item', json_path => '$.measured[*].item_id');
-- ... and those that rightly lead to another company
SELECT set_reference('core.company', '{parent_company_id}', 'core.company', outside => 'keep');
SELECT set_reference('sales.customer', '{partner_company_id}', 'core.company', outside => 'keep');

-- Columns that look like references or secrets and are neither ------------------------------
SELECT set_column_rule('audit.change', 'row_id', 'data');                   -- history, also of rows long gone
SELECT set_column_rule('core.company', 'billing_customer_id', 'identity');  -- of the payment provider
SELECT set_column_rule('core.integration', 'external_account_id', 'data');  -- of the other system
SELECT set_column_rule('sales.customer', 'legacy_customer_id', 'data');     -- of the system before this one
SELECT set_column_rule('sales.customer', 'vat_id', 'data');                 -- of the tax office
SELECT set_column_rule('purchasing.supplier', 'vat_id', 'data');
SELECT set_column_rule('hr.employee', 'tax_id', 'data');
SELECT set_column_rule('accounting.payment', 'bank_transaction_id', 'data');  -- of the bank

-- The item's public id is its own, not a reference.
SELECT set_column_rule('stock.item', 'public_id', 'data');
