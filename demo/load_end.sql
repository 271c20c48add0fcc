DO $$
DECLARE
    t regclass;
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;      -- a table with checks still to come cannot be altered
    FOR t IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE NOT tgisinternal LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', t);
    END LOOP;
END $$;

-- The rows brought their own IDs: let every sequence go on after the greatest.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT a.attrelid::regclass AS tab, a.attname AS col,
               pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) AS seq
        FROM pg_attribute AS a JOIN pg_class AS t ON t.oid = a.attrelid
        WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND a.attnum > 0 AND NOT a.attisdropped
          AND t.relnamespace::regnamespace::text IN
              ('core', 'hr', 'stock', 'sales', 'purchasing', 'production', 'accounting', 'quality', 'audit')
    LOOP
        IF c.seq IS NOT NULL THEN
            EXECUTE format('SELECT setval(%L, max(%I)) FROM %s HAVING max(%2$I) IS NOT NULL', c.seq, c.col, c.tab);
        END IF;
    END LOOP;
END $$;
