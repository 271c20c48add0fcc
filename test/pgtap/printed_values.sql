-- A signed archive that says what no type prints ("now") is not believed: the values of its rows are what types print, or refused
-- by table, column and row.
\ir app.psql
SELECT plan(72);

CREATE TABLE app.company (id int PRIMARY KEY, name text, born text);
CREATE TABLE app.item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES app.company, v text);
INSERT INTO app.company VALUES (1, 'One', 'x');
SELECT set_company_table('app.company', identity_columns => '{}');
CREATE TYPE app.span AS (at timestamptz, what text);
CREATE DOMAIN app.day AS date;
CREATE DOMAIN app.days AS app.day[];
CREATE DOMAIN app.flag AS boolean;
CREATE DOMAIN app.price AS numeric(10, 2);
CREATE TYPE app.mood AS ENUM ('good', 'bad');
CREATE TYPE app.moments AS RANGE (subtype = timestamptz);

-- What becomes of an archive whose column `v`, of this type, holds this text: the value after the restore, or SQLSTATE and DETAIL.
-- The archive is one of a text column, edited.
CREATE FUNCTION app.restored(type text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE backup bigint; result text; state text; detail text;
BEGIN
    INSERT INTO app.item VALUES (7, 1, value);
    backup := backup_company('1');
    DELETE FROM app.item;
    EXECUTE format('ALTER TABLE app.item ALTER v TYPE %1$s USING NULL', type);
    UPDATE company_backup.backup b SET manifest = replace(b.manifest,
            E'"name": "v",\n          "type": "text"',
            format(E'"name": "v",\n          "type": "%s"', format_type(a.atttypid, a.atttypmod)))
        FROM pg_attribute a WHERE b.id = backup AND a.attrelid = 'app.item'::regclass AND a.attname = 'v';
    PERFORM restore_company('1', backup);
    SELECT v::text INTO result FROM app.item;
    RAISE EXCEPTION USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN result;
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
        RETURN concat_ws(' ', state, nullif(detail, ''));
END $$;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';

-- Refused.
SELECT matches(app.restored(type, value), '^KB035 Row \(7\): ', type || ' ' || value) FROM (VALUES
    ('date', 'now'), ('date', 'today'), ('date', 'tomorrow'), ('date', 'yesterday'), ('date', 'epoch'), ('date', 'J0'),
    ('date', 'J2451187'), ('date', '20240101'), ('date', '1/8/1999'), ('date', 'January 8, 1999'), ('date', ' 2024-01-01'),
    ('date', '2024-1-1'), ('date', 'NOW'),
    ('timestamp', 'now'), ('timestamp', 'today'), ('timestamp', '2024-01-01T00:00:00'), ('timestamp', 'yesterday allballs'),
    ('timestamp(3)', 'now'), ('timestamp(3)', '2024-01-01 00:00:00.123456'),
    ('timestamptz', 'now'), ('timestamptz', 'tomorrow'), ('timestamptz', '2024-01-01 00:00:00'),
    ('timestamptz', '2024-01-01 00:00:00+02'), ('timestamptz', '2024-01-01 00:00:00 Europe/Berlin'), ('timestamptz', 'epoch'),
    ('time', 'now'), ('time', 'allballs'), ('time', '10:00 PM'), ('timetz', 'now'), ('timetz', '10:00:00 PST'),
    ('interval', '1 day ago'), ('interval', 'P1D'), ('interval', '90 minutes'),
    ('money', '1'), ('money', '1.005'),
    ('regclass', '1259'), ('regclass', 'item'), ('regtype', 'int4'), ('regproc', 'pg_catalog.now'), ('regrole', '10'),
    ('regnamespace', '11'), ('regconfig', 'pg_catalog.english'),
    ('date[]', '{now}'), ('date[]', '{2024-01-01,today}'), ('timestamptz[]', '{{now}}'), ('time[]', '{allballs}'),
    ('daterange', '[today,)'), ('daterange', '[2024-01-01,2024-01-02]'), ('tstzrange', '[now,)'), ('datemultirange', '{[today,)}'),
    ('app.moments', '(,now]'), ('app.span', '(now,x)'), ('app.span[]', '{"(now,x)"}'), ('app.day', 'now'), ('app.days', '{now}'),
    ('numeric', 'nan'), ('numeric', '+1'), ('numeric', '1e3'), ('numeric', ' 1'), ('float8', 'nan'), ('float8', 'inf'),
    ('boolean', 'yes'), ('int', ' 5'), ('uuid', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}')
) AS bad(type, value);

-- What types print is taken as it is.
SELECT is((SELECT string_agg(format('%s %s: %s', type, value, restored), E'\n') FROM (
    SELECT type, value, app.restored(type, value) FROM (VALUES
        ('date', '2024-01-01'), ('date', 'infinity'), ('date', '-infinity'), ('date', '0044-03-15 BC'), ('date', '12024-01-01'),
        ('timestamp', '2024-01-01 00:00:00'), ('timestamp', '2024-01-01 00:00:00.1'), ('timestamp(3)', '2024-01-01 00:00:00.123'),
        ('timestamp', 'infinity'), ('timestamp', '0001-01-01 00:00:00 BC'), ('timestamptz', '2024-01-01 00:00:00+00'),
        ('timestamptz', '-infinity'), ('timestamptz(0)', '2024-01-01 00:00:00+00'), ('time', '24:00:00'), ('timetz', '10:00:00-08'),
        ('interval', '1 year 2 mons -3 days +04:05:06.789'), ('money', '-$1,000.00'), ('regclass', 'app.item'), ('regclass', '-'),
        ('regtype', 'integer'), ('regproc', 'now'), ('regclass', '4294967295'),
        ('date[]', '{2024-01-01,NULL,infinity}'), ('timestamptz[]', '{"2024-01-01 00:00:00+00"}'), ('daterange', '[2024-01-01,2024-01-03)'),
        ('daterange', 'empty'), ('tstzrange', '["2024-01-01 00:00:00+00",)'), ('datemultirange', '{[2024-01-01,2024-01-03)}'),
        ('app.span', '("2024-01-01 00:00:00+00","a ""b""")'), ('app.day', '2024-01-01'), ('app.days', '{2024-01-01}'),
        ('app.flag', 'true'), ('app.price', '1.50'), ('app.mood', 'good'), ('app.mood[]', '{good,bad}'), ('numeric', 'NaN'),
        ('numeric', '-0.10'), ('numeric', 'Infinity'), ('numeric(8,3)', '1.500'), ('float8', 'NaN'), ('float8', '-Infinity'),
        ('float4', '1e+20'), ('inet', '10.0.0.0/8'), ('point', '(1,2.5)'), ('tsquery', '''a'' & !''b'''),
        ('jsonpath', '$."a"'), ('text[]', '{a,"b c",NULL}'), ('int4range', '[1,3)'), ('bit(3)', '101'), ('xml', '<a/>'),
        ('pg_lsn', '0/16B3748'), ('tid', '(0,1)'), ('aclitem', 'postgres=r/postgres')
    ) AS good(type, value)) g WHERE restored IS DISTINCT FROM CASE type WHEN 'app.flag' THEN 'true' ELSE value END), NULL,
    'what types print');

-- The same when a row is changed, and of the company's own row.
SELECT matches(app.restored('date', 'now'), '^KB035 Row \(7\): type date never prints "now"; here it would become ', 'the message');
CREATE FUNCTION app.changed() RETURNS text LANGUAGE plpgsql AS $$
DECLARE backup bigint; detail text;
BEGIN
    INSERT INTO app.item VALUES (7, 1, 'now');
    backup := backup_company('1');
    ALTER TABLE app.item ALTER v TYPE date USING '2024-01-01';
    UPDATE company_backup.backup b SET manifest = replace(manifest, E'"name": "v",\n          "type": "text"', E'"name": "v",\n          "type": "date"')
        WHERE b.id = backup;
    PERFORM restore_company('1', backup);
    RETURN 'restored';
EXCEPTION WHEN SQLSTATE 'KB035' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLERRM || ' ' || detail;
END $$;
SELECT matches(app.changed(), '^value of column "v" of table "app.item" cannot be restored Row \(7\): type date never prints "now"', 'a changed row');
SELECT is(count(*)::int, 0, 'nothing was restored') FROM app.item;

UPDATE app.company SET born = 'now';
SELECT backup_company('1') AS now \gset
ALTER TABLE app.company ALTER born TYPE timestamptz(3) USING NULL;
UPDATE company_backup.backup SET manifest = replace(manifest, E'"name": "born",\n          "type": "text"',
    E'"name": "born",\n          "type": "timestamp(3) with time zone"') WHERE id = :now;
SELECT throws_ok(format('SELECT restore_company(''1'', %s)', :now), 'KB035', 'value of column "born" of table "app.company" cannot be restored',
    'the company''s row in place');
SELECT throws_ok(format('SELECT create_company_from_backup(%s, ''{"id": 2}'')', :now), 'KB035',
    'value of column "born" of table "app.company" cannot be loaded', 'and in a new company');
-- What a person writes may be in any form.
SELECT lives_ok(format('SELECT create_company_from_backup(%s, ''{"id": 2, "born": "2024-01-01 00:00:00.123456 Europe/Berlin"}'')', :now),
    'attributes are read as the type reads them');
SELECT is(born, '2023-12-31 23:00:00.123Z', 'and kept as it keeps them') FROM app.company WHERE id = 2;

SELECT * FROM finish();
ROLLBACK;
