-- Bytes that are called a secret: whether they are one, what they look like says.
\ir proposals.psql
CREATE TABLE app.company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE app.item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES app.company, password_hash bytea, signature_token_image bytea, token_list bytea, client_secret bytea, secret_ballot bytea);
INSERT INTO app.company VALUES (1, 'a'), (2, 'b');
INSERT INTO app.item SELECT n, 1 + n % 2, sha256(n::text::bytea), '\x89504e470d0a1a0a'::bytea || sha256(n::text::bytea), '\x0000000100000002000000030000'::bytea || int2send(n::int2), NULL, '\x1234'
  FROM generate_series(1, 20) n;
SELECT set_company_table('app.company', identity_columns => '{}');
SELECT alike(pg_temp.proved('password_hash'), 'confident %''secret'');%20 of 20 sampled values look random', 'bytes that look random');
SELECT alike(pg_temp.proved('signature_token_image'), 'guess %''secret'');%0 of 20 sampled values look random', 'pictures');
SELECT alike(pg_temp.proved('token_list'), 'guess %''secret'');%0 of 20 sampled values look random', 'numbers');
SELECT alike(pg_temp.proved('client_secret'), 'likely %''secret'');%', 'what has no value is called so');
SELECT alike(pg_temp.proved('secret_ballot'), 'likely %''secret'');%', '... or hardly any');
SELECT * FROM finish();
ROLLBACK;
