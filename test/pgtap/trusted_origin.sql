-- Trust goes with a name and an identity: whoever has the key of a trusted database cannot write an archive
-- that counts as this database's own.
\ir begin.psql
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES (1, 'Ant');
INSERT INTO item VALUES (1, 1, 'leaf');
SELECT cb.set_company_table('company');

-- Archives of this company, as a database with this identity and this key would write them
CREATE TABLE file (name text, seq int, data bytea);
CREATE FUNCTION pg_temp.write(name text, as_identity uuid, as_key bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE own company_backup.database_identity;
BEGIN
  SELECT * INTO own FROM company_backup.database_identity;
  UPDATE company_backup.database_identity SET identity = as_identity, archive_key = as_key;
  INSERT INTO file SELECT write.name, s.seq, s.data FROM cb.stream_backup(1) s;
  UPDATE company_backup.database_identity SET identity = own.identity, archive_key = own.archive_key;
END $$;
SELECT identity AS self, archive_key AS own_key FROM company_backup.database_identity \gset
\set other '11111111-1111-1111-1111-111111111111'
\set third '33333333-3333-3333-3333-333333333333'
SELECT pg_temp.write('own', :'self', :'own_key'), pg_temp.write('honest', :'other', sha256('other')),
  pg_temp.write('liar', :'self', sha256('other')), pg_temp.write('turncoat', :'third', sha256('other')),
  pg_temp.write('borrowed', :'other', :'own_key'), pg_temp.write('third', :'third', sha256('third'));
CREATE FUNCTION pg_temp.take(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE u bigint := cb.begin_upload(1);
BEGIN
  PERFORM cb.append_upload(u, seq, data) FROM file f WHERE f.name = take.name ORDER BY seq;
  RETURN cb.finish_upload(u);
END $$;
CREATE FUNCTION pg_temp.taken(name text) RETURNS text LANGUAGE sql AS
  $$ SELECT pg_temp.told(format('SELECT pg_temp.take(%L)', name)) $$;
-- Whether a restore would take it as the company's own.
CREATE FUNCTION pg_temp.is_own(backup bigint) RETURNS boolean LANGUAGE sql AS
  $$ SELECT bool_and(why = 'it is the company''s own backup') FROM cb.plan_ids(1, backup) $$;

SELECT is(pg_temp.is_own(pg_temp.take('own')), true, 'what this database wrote is the company''s own');
SELECT alike(pg_temp.taken('liar'), 'KB022 the archive is signed by a database that is not trusted%', 'nobody trusts the other one yet');
SELECT alike(pg_temp.taken('borrowed'), format('KB022 the archive is not from the database that signed it / It says it is from database %s (%%); but it is signed with the key of this one.%%', :'other'),
  'this key is this database''s');

SELECT cb.trust_origin('other', sha256('other'));
SELECT alike(pg_temp.taken('liar'), format('KB022 the archive is not from the database that signed it / It says it is from database %s (%%); that is this one, whose key has not signed it.%%', :'self'),
  'a trusted key signs nothing in this database''s name');
SELECT is(pg_temp.is_own(pg_temp.take('honest')), false, 'an honest archive is taken, as another database''s');
SELECT is((SELECT identity FROM company_backup.trusted_origin), :'other', 'from now on the key is that database''s');
SELECT is(pg_temp.taken('honest'), 'ok', 'again');
SELECT alike(pg_temp.taken('turncoat'), format('KB022 %% / It says it is from database %s (%%); the key of "other" is trusted for database %s.%%trust_origin(%%', :'third', :'other'),
  'and no third one''s');
SELECT is(pg_temp.taken('liar') LIKE 'KB022 %', true, 'or this one''s');
SELECT cb.trust_origin('third', sha256('third'));
SELECT is(pg_temp.taken('third'), 'ok', 'each has its own');
SELECT cb.trust_origin('other', sha256('other'));
SELECT is(pg_temp.taken('turncoat'), 'ok', 'trusted anew, it may be another database''s');
SELECT alike(pg_temp.taken('honest'), 'KB022 %', 'instead');
SELECT cb.trust_origin('copy', sha256('other'));
SELECT is(pg_temp.taken('honest'), 'ok', 'one key of two databases is trusted by two names');
SELECT is(pg_temp.taken('turncoat'), 'ok', 'for both');

-- Where a superuser asks for no signature, only the own key makes an archive the own one.
SET LOCAL company_backup.require_signature = off;
SELECT is(pg_temp.is_own(pg_temp.take('liar')), false, 'signed by another');
SELECT is(pg_temp.is_own(pg_temp.take('borrowed')), false, 'of another');
SELECT is(pg_temp.is_own(pg_temp.take('own')), true, 'both one''s own');

SELECT * FROM finish();
ROLLBACK;
