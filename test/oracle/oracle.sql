-- A slow, plain restore in nothing but SQL: a company's rows out, and in again, with constraints and
-- triggers as they are. It says what is right wherever both it and the extension apply, and it knows
-- nothing of the extension: the caller tells which rows belong to a company.
--
--   INSERT INTO oracle.scoped (relation, belongs) VALUES ('item', 't.company_id = %1$L'), ...
--   SELECT oracle.take('1');       copies the company's rows into oracle.saved_row
--   SELECT oracle.restore('1');    makes the company what it was then
--   SELECT oracle.merge('1');      instead of that: adds the rows that are missing, and leaves all others
--   SELECT oracle.select_rows('1', '{item}', 'deleted');  before a restore: makes what was taken what the
--                                  company is when only that is brought back
--
-- restore() fails with OR001 where this way of restoring does not apply: foreign keys in a circle that
-- can neither be deferred nor be NULL, triggers that change what is written, rows of others that refer to
-- the company's (for a moment all of these are gone). Any other error is the database's own refusal.
CREATE SCHEMA oracle;

CREATE TABLE oracle.scoped (
    n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL UNIQUE,           -- partitioned tables as a whole
    belongs text NOT NULL,                       -- condition over a row t; %1$L is the company, %% a %
    orphan text,                                 -- the same for rows of nobody that the company gets back
    company_row boolean NOT NULL DEFAULT false,  -- its row is updated, never deleted
    kept name[] NOT NULL DEFAULT '{}'            -- columns of the company's row that are left as they are
);

-- What was taken: rows of scoped tables in their text form.
CREATE TABLE oracle.saved_row (scoped integer, nth bigint, line text, PRIMARY KEY (scoped, nth));

-- The foreign keys between tables of scope. `broken`: how the order of tables may disregard it.
CREATE TABLE oracle.link (
    id oid PRIMARY KEY,
    source regclass NOT NULL,
    target regclass NOT NULL,
    can_wait boolean NOT NULL,
    can_be_null name[] NOT NULL,  -- columns to set to NULL so that nothing is referred to
    broken text CHECK (broken IN ('waits', 'null'))
);
CREATE TABLE oracle.step (n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, relation regclass NOT NULL);
CREATE TABLE oracle.doomed (relation regclass, part oid, place tid);
CREATE TABLE oracle.placed (relation regclass, n bigint, part oid, place tid);

-- A partitioned table with its partitions; any other without its heirs.
CREATE FUNCTION oracle.rows_of(relation regclass) RETURNS text LANGUAGE sql AS $$
    SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || relation FROM pg_class WHERE oid = relation
$$;

CREATE FUNCTION oracle.columns(relation regclass) RETURNS SETOF name LANGUAGE sql AS $$
    SELECT attname FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
$$;

-- The saved rows of a table, with the columns of the table and their numbers.
CREATE FUNCTION oracle.saved(scoped oracle.scoped) RETURNS text LANGUAGE sql AS $$
    SELECT format('(SELECT nth AS oracle_n, (line::%s).* FROM oracle.saved_row WHERE scoped = %s)', scoped.relation, scoped.n)
$$;

-- The condition for the rows that are the company's when it is restored.
CREATE FUNCTION oracle.mine(scoped oracle.scoped, company text) RETURNS text LANGUAGE sql AS $$
    SELECT format('(%s)', format(scoped.belongs, company) || coalesce(' OR ' || format(scoped.orphan, company), ''))
$$;

CREATE FUNCTION oracle.root(relation oid) RETURNS regclass LANGUAGE sql AS $$
    SELECT coalesce(pg_partition_root(relation), relation)
$$;

CREATE FUNCTION oracle.does_not_apply(why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the plain restore does not apply: %', why USING ERRCODE = 'OR001';
END $$;

CREATE FUNCTION oracle.take(company text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
BEGIN
    TRUNCATE oracle.saved_row;
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        EXECUTE format('INSERT INTO oracle.saved_row SELECT %s, row_number() OVER (), t::text FROM %s AS t WHERE %s',
            scoped.n, oracle.rows_of(scoped.relation), format(scoped.belongs, company));
    END LOOP;
END $$;

-- Disregards a foreign key, if that is possible; `links`: the first one of these that it is possible for.
CREATE FUNCTION oracle.break_one(links oid[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oracle.link SET broken = CASE WHEN can_wait THEN 'waits' ELSE 'null' END
    WHERE id = (SELECT id FROM oracle.link WHERE id = ANY (links) AND (can_wait OR can_be_null <> '{}')
                ORDER BY NOT can_wait, id LIMIT 1);
    RETURN FOUND;
END $$;

-- Fills oracle.step: tables in an order in which their rows can be deleted, those that refer first.
CREATE FUNCTION oracle.plan() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ready regclass;
    circle oid[];
    link oid;
BEGIN
    TRUNCATE oracle.link, oracle.step, oracle.doomed, oracle.placed;
    INSERT INTO oracle.link
        SELECT c.oid, oracle.root(c.conrelid), oracle.root(c.confrelid),
            -- Only these actions leave rows alone that are yet to be deleted.
            c.condeferrable AND c.confdeltype IN ('a', 'c'),
            coalesce((SELECT array_agg(a.attname) FROM pg_attribute a
                      WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND NOT a.attnotnull
                      HAVING c.confmatchtype <> 'f' OR count(*) = cardinality(c.conkey)), '{}')
        FROM pg_constraint c
        WHERE c.contype = 'f' AND c.conparentid = 0 AND oracle.root(c.conrelid) <> oracle.root(c.confrelid)
            AND oracle.root(c.conrelid) IN (SELECT relation FROM oracle.scoped)
            AND oracle.root(c.confrelid) IN (SELECT relation FROM oracle.scoped WHERE NOT company_row);
    -- The company's row stays, whatever it refers to.
    FOR link IN SELECT id FROM oracle.link WHERE source IN (SELECT relation FROM oracle.scoped WHERE company_row) LOOP
        IF NOT oracle.break_one(ARRAY[link]) THEN PERFORM oracle.does_not_apply('the company''s row must refer to others'); END IF;
    END LOOP;
    IF EXISTS (SELECT FROM oracle.scoped s WHERE s.company_row AND oracle.emptied(s.relation) && s.kept) THEN
        PERFORM oracle.does_not_apply('the company''s row has to keep what it refers to');
    END IF;
    LOOP
        SELECT s.relation INTO ready FROM oracle.scoped s
        WHERE NOT s.company_row AND s.relation NOT IN (SELECT relation FROM oracle.step)
            AND NOT EXISTS (SELECT FROM oracle.link l WHERE l.target = s.relation AND l.broken IS NULL
                            AND l.source NOT IN (SELECT relation FROM oracle.step))
        ORDER BY s.n LIMIT 1;
        IF FOUND THEN
            INSERT INTO oracle.step (relation) VALUES (ready);
            CONTINUE;
        END IF;
        EXIT WHEN (SELECT count(*) FROM oracle.step) = (SELECT count(*) FROM oracle.scoped WHERE NOT company_row);
        WITH RECURSIVE left_over AS (
            SELECT * FROM oracle.link WHERE broken IS NULL AND source NOT IN (SELECT relation FROM oracle.step)
        ), leads (source, target) AS (
            SELECT source, target FROM left_over
            UNION SELECT leads.source, l.target FROM leads JOIN left_over l ON l.source = leads.target
        )
        SELECT array_agg(l.id) INTO circle FROM left_over l
        WHERE EXISTS (SELECT FROM leads WHERE leads.source = l.target AND leads.target = l.source);
        IF NOT oracle.break_one(circle) THEN
            PERFORM oracle.does_not_apply('foreign keys in a circle: ' || (SELECT string_agg(source::text, ', ') FROM oracle.link WHERE id = ANY (circle)));
        END IF;
    END LOOP;
END $$;

-- The columns of a table that hold NULL while its rows go and come.
CREATE FUNCTION oracle.emptied(relation regclass) RETURNS name[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT c), '{}') FROM oracle.link l, unnest(l.can_be_null) c
    WHERE l.broken = 'null' AND l.source = relation
$$;

CREATE FUNCTION oracle.refuse_outside_references() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key pg_constraint;
    referred boolean;
BEGIN
    FOR key IN SELECT * FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND oracle.root(confrelid) IN (SELECT relation FROM oracle.step) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM oracle.doomed d JOIN %s AS t ON (t.tableoid, t.ctid) = (d.part, d.place) JOIN %s AS s ON %s
                WHERE NOT EXISTS (SELECT FROM oracle.doomed o WHERE (s.tableoid, s.ctid) = (o.part, o.place)))',
            oracle.rows_of(key.confrelid), oracle.rows_of(key.conrelid),
            (SELECT string_agg(format('s.%I = t.%I', a.attname, b.attname), ' AND ') FROM unnest(key.conkey, key.confkey) k (source, target)
             JOIN pg_attribute a ON a.attrelid = key.conrelid AND a.attnum = k.source
             JOIN pg_attribute b ON b.attrelid = key.confrelid AND b.attnum = k.target)) INTO referred;
        IF referred THEN PERFORM oracle.does_not_apply(key.conrelid::regclass || ' has rows of others that refer to the company''s'); END IF;
    END LOOP;
END $$;

CREATE FUNCTION oracle.rows_out(company text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    target regclass;
    found_rows bigint;
BEGIN
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        EXECUTE format('INSERT INTO oracle.doomed SELECT %s, t.tableoid, t.ctid FROM %s AS t WHERE %s',
            scoped.relation::oid, oracle.rows_of(scoped.relation), oracle.mine(scoped, company));
    END LOOP;
    PERFORM oracle.refuse_outside_references();
    FOR scoped IN SELECT * FROM oracle.scoped s WHERE oracle.emptied(s.relation) <> '{}' LOOP
        EXECUTE format('WITH old AS (DELETE FROM oracle.doomed WHERE relation = %s RETURNING part, place),
                new AS (UPDATE %s AS t SET %s FROM old WHERE (t.tableoid, t.ctid) = (old.part, old.place) RETURNING t.tableoid, t.ctid)
            INSERT INTO oracle.doomed SELECT %1$s, tableoid, ctid FROM new', scoped.relation::oid, oracle.rows_of(scoped.relation),
            (SELECT string_agg(format('%I = NULL', c), ', ') FROM unnest(oracle.emptied(scoped.relation)) c));
    END LOOP;
    FOR target IN SELECT relation FROM oracle.step ORDER BY n LOOP
        EXECUTE format('DELETE FROM %s AS t USING oracle.doomed d WHERE d.relation = %s AND (t.tableoid, t.ctid) = (d.part, d.place)',
            oracle.rows_of(target), target::oid);
    END LOOP;
    FOR scoped IN SELECT * FROM oracle.scoped WHERE NOT company_row LOOP
        EXECUTE format('SELECT count(*) FROM %s AS t WHERE %s', oracle.rows_of(scoped.relation), format(scoped.belongs, company))
            INTO found_rows;
        IF found_rows > 0 THEN PERFORM oracle.does_not_apply('rows of ' || scoped.relation || ' were not deleted'); END IF;
    END LOOP;
END $$;

CREATE FUNCTION oracle.rows_in() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    expected bigint;
    written bigint;
BEGIN
    FOR scoped IN SELECT s.* FROM oracle.step JOIN oracle.scoped s USING (relation) ORDER BY step.n DESC LOOP
        EXECUTE format('WITH new AS (INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS s ORDER BY oracle_n RETURNING tableoid, ctid)
            INSERT INTO oracle.placed SELECT %s, row_number() OVER (), tableoid, ctid FROM new', scoped.relation,
            (SELECT string_agg(quote_ident(c), ', ') FROM oracle.columns(scoped.relation) c),
            (SELECT string_agg(CASE WHEN c = ANY (oracle.emptied(scoped.relation)) THEN 'NULL' ELSE quote_ident(c) END, ', ')
             FROM oracle.columns(scoped.relation) c), oracle.saved(scoped), scoped.relation::oid);
        GET DIAGNOSTICS written = ROW_COUNT;
        SELECT count(*) INTO expected FROM oracle.saved_row r WHERE r.scoped = scoped.n;
        IF written <> expected THEN PERFORM oracle.does_not_apply('rows of ' || scoped.relation || ' were not inserted'); END IF;
    END LOOP;
    FOR scoped IN SELECT * FROM oracle.scoped s WHERE oracle.emptied(s.relation) <> '{}' AND NOT s.company_row LOOP
        EXECUTE format('UPDATE %s AS t SET %s FROM oracle.placed p JOIN %s s ON s.oracle_n = p.n
            WHERE p.relation = %s AND (t.tableoid, t.ctid) = (p.part, p.place)', oracle.rows_of(scoped.relation),
            (SELECT string_agg(format('%1$I = s.%1$I', c), ', ') FROM unnest(oracle.emptied(scoped.relation)) c),
            oracle.saved(scoped), scoped.relation::oid);
        GET DIAGNOSTICS written = ROW_COUNT;
        SELECT count(*) INTO expected FROM oracle.saved_row r WHERE r.scoped = scoped.n;
        IF written <> expected THEN PERFORM oracle.does_not_apply('rows of ' || scoped.relation || ' were not found again'); END IF;
    END LOOP;
END $$;

CREATE FUNCTION oracle.company_row(company text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    columns name[];
BEGIN
    FOR scoped IN SELECT * FROM oracle.scoped WHERE company_row LOOP
        columns := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = scoped.relation AND attnum > 0 AND NOT attisdropped
            AND attgenerated = '' AND attidentity <> 'a' AND attname <> ALL (scoped.kept));
        CONTINUE WHEN columns = '{}';
        EXECUTE format('UPDATE %s AS t SET %s FROM %s AS s WHERE %s', oracle.rows_of(scoped.relation),
            (SELECT string_agg(format('%1$I = s.%1$I', c), ', ') FROM unnest(columns) c),
            oracle.saved(scoped), format(scoped.belongs, company));
    END LOOP;
END $$;

CREATE FUNCTION oracle.restore(company text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM oracle.plan();
    SET CONSTRAINTS ALL DEFERRED;
    PERFORM oracle.rows_out(company);
    PERFORM oracle.rows_in();
    PERFORM oracle.company_row(company);
    SET CONSTRAINTS ALL IMMEDIATE;
END $$;

-- The key of a row t by which rows are the same, and all that is compared of it, as SQL; without a primary key
-- they are one.
CREATE FUNCTION oracle.compared(scoped oracle.scoped, OUT key text, OUT whole text, OUT keyless boolean) LANGUAGE plpgsql AS $$
BEGIN
    SELECT format('ROW(%s)::text', string_agg('t.' || quote_ident(attname), ', ' ORDER BY attnum)) INTO key
        FROM pg_attribute WHERE attrelid = scoped.relation AND attnum = ANY ((SELECT indkey FROM pg_index WHERE indrelid = scoped.relation AND indisprimary)::int2[]);
    SELECT format('ROW(%s)::text', string_agg('t.' || quote_ident(c), ', ')) INTO whole
        FROM oracle.columns(scoped.relation) c WHERE c <> ALL (scoped.kept);
    keyless := key = 'ROW()::text';
    IF keyless THEN key := whole; END IF;
END $$;

-- Makes what was taken what the company is after a merge: the rows that it has now, and those that are missing. For
-- companies without orphans: those count as missing here.
CREATE FUNCTION oracle.add_missing(company text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    key text;
BEGIN
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        SELECT c.key INTO key FROM oracle.compared(scoped) c;
        EXECUTE format('WITH saved AS (SELECT oracle_n, %1$s AS key, row_number() OVER (PARTITION BY %1$s) AS nth FROM %2$s AS t),
                now AS (SELECT %1$s AS key, row_number() OVER (PARTITION BY %1$s) AS nth FROM %3$s AS t WHERE %4$s)
            DELETE FROM oracle.saved_row r USING saved, now
            WHERE r.scoped = %5$s AND r.nth = saved.oracle_n AND saved.key = now.key AND saved.nth = now.nth',
            key, oracle.saved(scoped), oracle.rows_of(scoped.relation), format(scoped.belongs, company), scoped.n);
        EXECUTE format('INSERT INTO oracle.saved_row SELECT %s, 1000000 + row_number() OVER (), t::text FROM %s AS t WHERE %s',
            scoped.n, oracle.rows_of(scoped.relation), format(scoped.belongs, company));
    END LOOP;
END $$;

CREATE FUNCTION oracle.merge(company text) RETURNS void LANGUAGE sql AS $$
    SELECT oracle.add_missing(company);
    SELECT oracle.restore(company)
$$;

-- What a restore has to do: rows by what becomes of them, compared by primary key, without one as whole
-- rows. `lost`: rows to restore whose key is taken by a row that is not the company's.
CREATE FUNCTION oracle.compare(company text)
RETURNS TABLE (relation regclass, added bigint, changed bigint, removed bigint, unchanged bigint, lost bigint) LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    parts record;
    belongs text;
BEGIN
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        relation := scoped.relation;
        SELECT * INTO parts FROM oracle.compared(scoped);
        belongs := oracle.mine(scoped, company);
        -- Equal rows are told apart by counting them.
        EXECUTE format('WITH now AS (SELECT %1$s AS key, %2$s AS whole, %3$s AS nth FROM %4$s AS t WHERE %5$s),
                saved AS (SELECT %1$s AS key, %2$s AS whole, %3$s AS nth FROM %6$s AS t),
                others AS (SELECT %1$s AS key FROM %4$s AS t WHERE (%5$s) IS NOT TRUE AND %7$L)
            SELECT count(*) FILTER (WHERE now.nth IS NULL), count(*) FILTER (WHERE now.whole <> saved.whole),
                count(*) FILTER (WHERE saved.nth IS NULL), count(*) FILTER (WHERE now.whole = saved.whole),
                count(*) FILTER (WHERE saved.key IN (SELECT key FROM others))
            FROM now FULL JOIN saved ON now.key = saved.key AND now.nth = saved.nth',
            parts.key, parts.whole, CASE WHEN parts.keyless THEN format('row_number() OVER (PARTITION BY %s)', parts.whole) ELSE '1' END,
            oracle.rows_of(scoped.relation), belongs, oracle.saved(scoped), NOT parts.keyless)
            INTO added, changed, removed, unchanged, lost;
        RETURN NEXT;
    END LOOP;
END $$;

-- Makes what was taken what the company is after a restore of a selection, and says what that has to do. `chosen`: only
-- rows of these tables; NULL: of all. `what`: only rows that were 'deleted', 'changed' or 'added' since; NULL: all. For
-- companies without orphans.
CREATE FUNCTION oracle.select_rows(company text, chosen regclass[], what text)
RETURNS TABLE (relation regclass, added bigint, changed bigint, removed bigint) LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    parts record;
    kind text;
BEGIN
    CREATE TEMP TABLE selected_row ON COMMIT DROP AS SELECT * FROM oracle.saved_row WITH NO DATA;
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        relation := scoped.relation;
        SELECT * INTO parts FROM oracle.compared(scoped);
        kind := CASE WHEN relation <> ALL (chosen) THEN 'nothing' ELSE coalesce(what, 'all') END;
        EXECUTE format('CREATE TEMP TABLE pair AS
                WITH now AS (SELECT %1$s AS key, %2$s AS whole, t::text AS line, row_number() OVER (PARTITION BY %1$s) AS nth FROM %3$s AS t WHERE %4$s),
                    saved AS (SELECT %1$s AS key, %2$s AS whole, r.line, row_number() OVER (PARTITION BY %1$s) AS nth
                        FROM %5$s AS t JOIN oracle.saved_row r ON r.scoped = %6$s AND r.nth = oracle_n)
                SELECT now.line AS now, saved.line AS saved, now.whole = saved.whole AS same FROM now FULL JOIN saved ON now.key = saved.key AND now.nth = saved.nth',
            parts.key, parts.whole, oracle.rows_of(relation), format(scoped.belongs, company), oracle.saved(scoped), scoped.n);
        SELECT count(*) FILTER (WHERE p.now IS NULL AND kind IN ('all', 'deleted')), count(*) FILTER (WHERE NOT p.same AND kind IN ('all', 'changed')),
                count(*) FILTER (WHERE p.saved IS NULL AND kind IN ('all', 'added'))
            INTO added, changed, removed FROM pair p;
        INSERT INTO selected_row
            SELECT scoped.n, row_number() OVER (), line FROM (
                SELECT CASE kind WHEN 'nothing' THEN p.now WHEN 'all' THEN p.saved WHEN 'deleted' THEN coalesce(p.now, p.saved)
                    WHEN 'changed' THEN CASE WHEN p.now IS NOT NULL THEN coalesce(p.saved, p.now) END
                    WHEN 'added' THEN CASE WHEN p.saved IS NOT NULL THEN p.now END END AS line FROM pair p) AS wanted
            WHERE line IS NOT NULL;
        DROP TABLE pair;
        RETURN NEXT;
    END LOOP;
    TRUNCATE oracle.saved_row;
    INSERT INTO oracle.saved_row TABLE selected_row;
    DROP TABLE selected_row;
END $$;

-- What a restore is to make equal of the rows that were taken, or that are there: the company's row without what it keeps.
CREATE FUNCTION oracle.whole_rows(company text, are_there boolean) RETURNS TABLE (relation regclass, line text) LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    parts record;
BEGIN
    FOR scoped IN SELECT * FROM oracle.scoped LOOP
        SELECT * INTO parts FROM oracle.compared(scoped);
        RETURN QUERY EXECUTE format('SELECT %s::regclass, %s FROM %s AS t WHERE %s', scoped.relation::oid, parts.whole,
            CASE WHEN are_there THEN oracle.rows_of(scoped.relation) ELSE oracle.saved(scoped) END,
            CASE WHEN are_there THEN format(scoped.belongs, company) ELSE 'true' END);
    END LOOP;
END $$;

-- Some row that was taken, by its primary key: {"table": "app.item", "key": ["7"]}.
CREATE FUNCTION oracle.some_record(n integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    scoped oracle.scoped;
    key text;
    record jsonb;
BEGIN
    SELECT s.* INTO scoped FROM oracle.scoped s JOIN pg_index i ON i.indrelid = s.relation AND i.indisprimary
    WHERE NOT company_row AND EXISTS (SELECT FROM oracle.saved_row r WHERE r.scoped = s.n) ORDER BY md5(some_record.n || s.relation::text) LIMIT 1;
    SELECT string_agg(format('to_jsonb((t.%I)::text)', a.attname), ', ' ORDER BY k.nth) INTO key
    FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, nth), pg_attribute a
    WHERE i.indrelid = scoped.relation AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.number;
    EXECUTE format('SELECT jsonb_build_object(''table'', %L, ''key'', jsonb_build_array(%s)) FROM %s AS t ORDER BY md5(%s || (t.oracle_n)::text) LIMIT 1',
        (SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = scoped.relation), key, oracle.saved(scoped), n) INTO record;
    RETURN record;
END $$;
