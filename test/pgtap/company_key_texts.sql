-- Keys whose text depends on settings of the session: it is the same company whoever asks, and whoever deletes it.
\ir begin.psql
-- Of each kind: settings of a session, the key as that writes it, and a new key.
CREATE TABLE public.kind (type text, key text, setting text, value text, written text, other text);
INSERT INTO public.kind VALUES
  ('bytea', '\x010203', 'bytea_output', 'escape', '\001\002\003', '\x0405'),
  ('timestamptz', '2020-01-01 00:00:00+00', 'TimeZone', 'Europe/Berlin', '2020-01-01 01:00:00', '2021-01-01 00:00:00+00'),
  ('date', '2020-02-01', 'DateStyle', 'SQL, DMY', '01/02/2020', '2021-02-01'),
  ('timestamp', '2020-02-01 00:00:00', 'DateStyle', 'German, DMY', '01.02.2020 00:00:00', '2021-02-01 00:00:00'),
  ('interval', '1 mon 2 days', 'IntervalStyle', 'iso_8601', 'P1M2D', '2 mons'),
  ('float8', '0.30000000000000004', 'extra_float_digits', '0', '0.30000000000000004', '1.5'),
  ('daterange', '[2020-02-01,2020-03-01)', 'DateStyle', 'SQL, DMY', '[01/02/2020,01/03/2020)', '[2021-02-01,2021-03-01)'),
  ('date[]', '{2020-02-01}', 'DateStyle', 'SQL, DMY', '{01/02/2020}', '{2021-02-01}'),
  ('numeric', '1.50', 'DateStyle', 'SQL, DMY', '1.5', '2.50');
CREATE FUNCTION pg_temp.told_of(k public.kind) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE before text := current_setting(k.setting); backup bigint; restore bigint;
BEGIN
  EXECUTE format('CREATE TABLE public.company (k %s PRIMARY KEY, name text)', k.type);
  EXECUTE format('CREATE TABLE public.item (company %s NOT NULL REFERENCES public.company ON UPDATE CASCADE ON DELETE CASCADE, id int, PRIMARY KEY (company, id))', k.type);
  PERFORM cb.set_company_table('public.company', key_column => 'k', identity_columns => '{}');
  EXECUTE format('INSERT INTO public.company VALUES (%L, %L)', k.key, 'Ann');
  EXECUTE format('INSERT INTO public.item VALUES (%L, 1)', k.key);
  backup := cb.backup_company(k.key);
  PERFORM set_config(k.setting, k.value, true);
  RETURN NEXT is((SELECT count(*)::int FROM cb.company_backups(k.written)), 1, k.type || ': another session finds it');
  RETURN NEXT is(pg_temp.told(format('SELECT cb.backup_company(%L)', k.written)), 'ok', k.type || ': and makes a backup');
  RETURN NEXT is((SELECT count(*)::int FROM company_backup.company WHERE gone_at IS NULL), 1, k.type || ': of the same company');
  DELETE FROM public.item;
  restore := cb.restore_company(k.written, backup);
  RETURN NEXT is((SELECT count(*)::int FROM public.item), 1, k.type || ': which can be restored');
  PERFORM set_config(k.setting, before, true);
  RETURN NEXT is(pg_temp.told(format('SELECT cb.revert_restore(%s)', restore)), 'ok', k.type || ': here the restore is reverted');
  PERFORM set_config(k.setting, k.value, true);
  PERFORM cb.set_company_table('public.company', key_column => 'k', identity_columns => '{}');
  EXECUTE format('UPDATE public.company SET k = %L', k.other);
  PERFORM set_config(k.setting, before, true);
  RETURN NEXT is((SELECT count(*)::int FROM cb.company_backups(k.other)), 2, k.type || ': a new key takes along what it has');
  ALTER TABLE public.company DISABLE TRIGGER USER;
  PERFORM set_config(k.setting, k.value, true);
  PERFORM cb.set_company_table('public.company', key_column => 'k', identity_columns => '{}');
  PERFORM set_config(k.setting, before, true);
  RETURN NEXT is((SELECT count(*)::int FROM cb.company_backups(k.other)), 2, k.type || ': nor does it lose that when triggers are put back');
  PERFORM set_config(k.setting, k.value, true);
  IF k.type < 'e' THEN DELETE FROM public.company; ELSE TRUNCATE public.company CASCADE; END IF;
  EXECUTE format('INSERT INTO public.company VALUES (%L, %L)', k.other, 'Newcomer');
  PERFORM set_config(k.setting, before, true);
  RETURN NEXT is((SELECT count(*)::int FROM cb.company_backups(k.other)), 0, k.type || ': whoever takes the key of a deleted one gets nothing');
  PERFORM cb.backup_company(k.other);
  PERFORM set_config(k.setting, k.value, true);
  DELETE FROM public.company;
  EXECUTE format('INSERT INTO public.company VALUES (%L, %L)', k.other, 'Newcomer');
  PERFORM set_config(k.setting, before, true);
  RETURN NEXT is((SELECT count(*)::int FROM cb.company_backups(k.other)), 0, k.type || ': nor then');
  DROP TABLE public.item, public.company;
END $$;
SELECT pg_temp.told_of(k) FROM public.kind k;
SELECT * FROM finish();
ROLLBACK;
