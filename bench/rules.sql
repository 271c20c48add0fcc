-- The reviewed set-up of the benchmark.
\set ON_ERROR_STOP on
SELECT set_company_table('company', owner_column => 'owner_id', scope_columns => '{company_id}',
    identity_columns => '{name,owner_id,created_at}');
SELECT set_table_rule('app_user', 'people', 'people have one login for all their companies', match_columns => '{email}');
SELECT set_membership('company_member', 'user_id');
SELECT set_table_rule('company_member', 'excluded', 'a backup must not change who has access');
