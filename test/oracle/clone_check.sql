-- Is one company a clone of another? In plain SQL that knows nothing of the extension; id_columns.sql says which
-- columns hold IDs.
--
--   SELECT ids.understand();
--   SELECT clone_check.take('1');            before cloning: reads the source
--   SELECT clone_check.watch();              and a digest of every row there is
--   SELECT * FROM clone_check.problems('2'); afterwards: no row, if company 2 is a clone and nothing else changed
--
-- For a clone in another database: take() in the first, clone_check.line and clone_check.fact copied to the second,
-- watch() and problems() there.
--
-- What it compares: each row is a **label** (its values, with IDs left out) and **facts** (the column, or the place
-- in an array or document, and which IDs stand there). IDs count only if they are the company's own, any other value
-- is part of the label: so a reference that still leads to the source is a difference. Both companies then get
-- **colours**: a row's is made of its label and the colours of its IDs, an ID's of all places where it stands.
-- Repeated until no more IDs can be told apart; those left are interchangeable, and one pair after the other is
-- chosen. When every ID has a colour of its own, the same in both companies, then the colours are a bijection of
-- IDs; when the rows have equal colours too, then it takes the source's rows to the clone's, exactly. The choice
-- among IDs that look alike could only make a clone look wrong, never a wrong one right.
CREATE SCHEMA clone_check;

-- Both companies: their rows and what IDs stand where.
CREATE TABLE clone_check.line (clone boolean, relation text, n bigint, label text, colour text);
CREATE TABLE clone_check.fact (clone boolean, relation text, n bigint, label text, ids text[]);
CREATE TABLE clone_check.digest (relation text PRIMARY KEY, digest text);

-- Working tables, filled anew each time.
CREATE UNLOGGED TABLE clone_check.cell (relation regclass, n bigint, name name, value text);
CREATE UNLOGGED TABLE clone_check.own (id text PRIMARY KEY, domain text, value text);
CREATE UNLOGGED TABLE clone_check.meaning (relation regclass, name name, value text, means text);
CREATE UNLOGGED TABLE clone_check.held (relation regclass, n bigint, name name, holders integer[], is_array boolean, is_json boolean);
CREATE UNLOGGED TABLE clone_check.place (clone boolean, relation text, n bigint, fact bigint, label text, nth bigint, id text);
CREATE UNLOGGED TABLE clone_check.id (clone boolean, id text, alone boolean, colour text);

-- --- reading a company -------------------------------------------------------------------------------------------

-- Every value of every row of the company as text.
CREATE FUNCTION clone_check.read_cells(company text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r ids.relation;
BEGIN
    FOR r IN SELECT * FROM ids.relation WHERE travels LOOP
        EXECUTE format('INSERT INTO clone_check.cell SELECT %s, x.n, c.name, c.value
                FROM (SELECT row_number() OVER () AS n, ARRAY[%s] AS v FROM %s AS t WHERE %s) x, unnest(%L::name[], x.v) c (name, value)',
            r.relation::oid, (SELECT string_agg(format('t.%I::text', c), ', ') FROM ids.columns(r.relation) c),
            ids.rows_of(r.relation), format(r.belongs, company), ARRAY(SELECT ids.columns(r.relation)));
    END LOOP;
END $$;

-- The company's own IDs.
CREATE FUNCTION clone_check.read_own() RETURNS void LANGUAGE sql AS $$
    INSERT INTO clone_check.own
    SELECT DISTINCT r.domain || '=' || c.value, r.domain, c.value
    FROM ids.root r JOIN clone_check.cell c USING (relation, name) WHERE c.value IS NOT NULL;
$$;

-- What references to shared rows say.
CREATE FUNCTION clone_check.read_meanings() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l record;
BEGIN
    FOR l IN
        SELECT a.attrelid::regclass AS relation, a.attname AS name, s.relation AS target, b.attname AS target_name, s.means
        FROM pg_constraint f CROSS JOIN unnest(f.conkey, f.confkey) k (source, target)
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.source
            JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.target
            JOIN ids.shared s ON s.relation = f.confrelid
        WHERE f.contype = 'f' AND f.conparentid = 0
        UNION SELECT r.relation, r.name, s.relation, r.target_name, s.means FROM ids.reference r JOIN ids.shared s ON s.relation = r.target
    LOOP
        EXECUTE format('INSERT INTO clone_check.meaning SELECT %s, %L, t.%I::text, (%s)::text FROM %s AS t',
            l.relation::oid, l.name, l.target_name, l.means, ids.rows_of(l.target));
    END LOOP;
END $$;

-- The IDs of the company that a value is, going by some of the rules for its column.
CREATE FUNCTION clone_check.ids_of(holders integer[], path text, value text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT o.id ORDER BY o.id) FROM ids.holder h JOIN clone_check.own o ON (o.domain, o.value) = (h.domain, ids_of.value)
    WHERE h.id = ANY (ids_of.holders) AND (h.pattern IS NULL OR ids_of.path ~ h.pattern)
$$;

-- A document as facts: each scalar with the path to it, where IDs are '?'.
CREATE FUNCTION clone_check.leaves(holders integer[], doc jsonb, path text, label text, ids text[])
RETURNS TABLE (leaf text, leaf_ids text[]) LANGUAGE plpgsql STABLE AS $$
DECLARE
    part record;
    found text[];
BEGIN
    IF doc IN ('{}', '[]') THEN
        RETURN QUERY SELECT label || doc, ids;
    ELSIF jsonb_typeof(doc) = 'object' THEN
        FOR part IN SELECT key, value FROM jsonb_each(doc) LOOP
            found := clone_check.ids_of(holders, path || '.keys()', part.key);
            RETURN QUERY SELECT l.leaf, l.leaf_ids FROM clone_check.leaves(holders, part.value, path || '.' || to_jsonb(part.key),
                label || '.' || CASE WHEN found IS NULL THEN to_jsonb(part.key)::text ELSE '?' END, ids || found) l;
        END LOOP;
    ELSIF jsonb_typeof(doc) = 'array' THEN
        FOR part IN SELECT nth, value FROM jsonb_array_elements(doc) WITH ORDINALITY e (value, nth) LOOP
            RETURN QUERY SELECT l.leaf, l.leaf_ids
                FROM clone_check.leaves(holders, part.value, path || '[]', format('%s[%s]', label, part.nth), ids) l;
        END LOOP;
    ELSE
        found := CASE WHEN jsonb_typeof(doc) IN ('number', 'string') THEN clone_check.ids_of(holders, path, doc #>> '{}') END;
        RETURN QUERY SELECT label || '=' || CASE WHEN found IS NULL THEN doc::text ELSE jsonb_typeof(doc) || ' ?' END, ids || found;
    END IF;
END $$;

-- The company's facts, those without IDs too.
CREATE FUNCTION clone_check.facts() RETURNS TABLE (relation text, n bigint, label text, ids text[]) LANGUAGE sql AS $$
    TRUNCATE clone_check.held;
    INSERT INTO clone_check.held
        SELECT c.relation, c.n, c.name, array_agg(h.id), bool_or(h.is_array), bool_or(h.json_path IS NOT NULL)
        FROM clone_check.cell c JOIN (SELECT *, ids.is_array(relation, name) AS is_array FROM ids.holder) h USING (relation, name)
            LEFT JOIN clone_check.cell w ON (w.relation, w.n, w.name) = (c.relation, c.n, h.when_name)
        WHERE h.when_name IS NULL OR w.value = h.when_value
        GROUP BY c.relation, c.n, c.name;
    WITH value AS (
        SELECT c.*, h.holders, coalesce(h.is_array, false) AS is_array, coalesce(h.is_json, false) AS is_json
        FROM clone_check.cell c LEFT JOIN clone_check.held h USING (relation, n, name) JOIN ids.relation r USING (relation)
        WHERE c.name <> ALL (r.free)
    ), plain AS (
        SELECT v.relation, v.n, v.name, v.value, CASE WHEN v.holders IS NOT NULL THEN clone_check.ids_of(v.holders, '', v.value) END AS ids FROM value v
        WHERE v.value IS NULL OR NOT v.is_array AND NOT v.is_json
    )
    SELECT v.relation::text, v.n, CASE
            WHEN v.ids IS NOT NULL THEN format('%I', v.name)
            WHEN v.value IS NULL OR v.name = ANY (r.nulled) THEN format('%I is null', v.name)
            ELSE format('%I=%s', v.name, coalesce(m.means, v.value)) END, v.ids
        FROM plain v JOIN ids.relation r USING (relation) LEFT JOIN clone_check.meaning m USING (relation, name, value)
    UNION ALL
    SELECT v.relation::text, v.n, format('%I %s', v.name, array_dims(v.value::text[])), NULL FROM value v WHERE v.is_array AND v.value IS NOT NULL
    UNION ALL
    SELECT v.relation::text, v.n, format('%I[%s]%s', v.name, e.nth, CASE WHEN f.ids IS NULL THEN coalesce('=' || e.value, ' is null') END), f.ids
        FROM value v CROSS JOIN unnest(v.value::text[]) WITH ORDINALITY e (value, nth), clone_check.ids_of(v.holders, '', e.value) f (ids)
        WHERE v.is_array AND v.value IS NOT NULL
    UNION ALL
    SELECT v.relation::text, v.n, l.leaf, l.leaf_ids
        FROM value v, clone_check.leaves(v.holders, v.value::jsonb, '', format('%I', v.name), NULL) l WHERE v.is_json AND v.value IS NOT NULL
$$;

CREATE FUNCTION clone_check.read(company text, is_clone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE clone_check.cell, clone_check.own, clone_check.meaning;
    PERFORM clone_check.read_cells(company);
    PERFORM clone_check.read_own();
    PERFORM clone_check.read_meanings();
    DELETE FROM clone_check.line WHERE clone = is_clone;
    DELETE FROM clone_check.fact WHERE clone = is_clone;
    INSERT INTO clone_check.fact SELECT is_clone, * FROM clone_check.facts();
    INSERT INTO clone_check.line
        SELECT is_clone, f.relation, f.n, array_agg(f.label ORDER BY f.label COLLATE "C") FILTER (WHERE f.ids IS NULL)::text
        FROM clone_check.fact f WHERE f.clone = is_clone GROUP BY f.relation, f.n;
END $$;

CREATE FUNCTION clone_check.take(company text) RETURNS void LANGUAGE sql SET jit = off AS $$
    SELECT clone_check.read(company, false)
$$;

-- --- everything else ---------------------------------------------------------------------------------------------

-- A digest of the rows of every table, but for those of one company.
CREATE FUNCTION clone_check.digests(company text) RETURNS TABLE (relation text, digest text) LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN
        SELECT c.oid::regclass AS relation, CASE WHEN company IS NULL THEN 'true' ELSE coalesce('(' || format(d.belongs, company) || ') IS NOT TRUE', 'true') END AS others
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace LEFT JOIN ids.relation d ON d.relation = c.oid
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
            AND s.nspname NOT IN ('pg_catalog', 'information_schema', 'company_backup', 'oracle', 'ids', 'clone_check')
    LOOP
        relation := r.relation;
        EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(v, E''\n'' ORDER BY v COLLATE "C")), '''')
            FROM (SELECT t::text AS v FROM %s AS t WHERE %s) x', ids.rows_of(r.relation), r.others) INTO digest;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE FUNCTION clone_check.watch() RETURNS void LANGUAGE sql SET jit = off AS $$
    TRUNCATE clone_check.digest;
    INSERT INTO clone_check.digest SELECT * FROM clone_check.digests(NULL);
$$;

-- --- comparing ---------------------------------------------------------------------------------------------------

-- An ID that stands in one place only (`alone`) says nothing but that there is one.
CREATE FUNCTION clone_check.lay_out() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE clone_check.place, clone_check.id;
    INSERT INTO clone_check.place
        SELECT f.clone, f.relation, f.n, f.fact, f.label, i.nth, i.id
        FROM (SELECT row_number() OVER () AS fact, * FROM clone_check.fact WHERE ids IS NOT NULL) f, unnest(f.ids) WITH ORDINALITY i (id, nth);
    INSERT INTO clone_check.id
        SELECT clone, id, count(*) = 1, md5(split_part(id, '=', 1) || (count(*) = 1)) FROM clone_check.place GROUP BY clone, id;
    UPDATE clone_check.line SET colour = md5(coalesce(label, ''));
    ANALYZE clone_check.place, clone_check.id, clone_check.line;
END $$;

CREATE FUNCTION clone_check.colour_lines() RETURNS void LANGUAGE sql AS $$
    WITH fact AS (
        SELECT p.clone, p.relation, p.n, p.label || array_agg(i.colour ORDER BY p.nth)::text AS said
        FROM clone_check.place p JOIN clone_check.id i USING (clone, id) GROUP BY p.clone, p.relation, p.n, p.fact, p.label
    ), line AS (
        SELECT clone, relation, n, array_agg(said ORDER BY said COLLATE "C")::text AS said FROM fact GROUP BY clone, relation, n
    )
    UPDATE clone_check.line l SET colour = md5(coalesce(l.label, '') || line.said)
    FROM line WHERE (line.clone, line.relation, line.n) = (l.clone, l.relation, l.n)
$$;

CREATE FUNCTION clone_check.colour_ids() RETURNS void LANGUAGE sql AS $$
    WITH id AS (
        SELECT clone, p.id, array_agg(s.said ORDER BY s.said COLLATE "C")::text AS said
        FROM clone_check.place p JOIN clone_check.line l USING (clone, relation, n), concat(p.label, ' ', p.nth, ' ', l.colour) s (said)
        GROUP BY clone, p.id
    )
    UPDATE clone_check.id i SET colour = md5(i.colour || id.said)
    FROM id WHERE (id.clone, id.id) = (i.clone, i.id) AND NOT i.alone
$$;

-- Takes an ID of the source and one of the clone that look alike for the same.
CREATE FUNCTION clone_check.choose() RETURNS void LANGUAGE sql AS $$
    WITH alike AS (
        SELECT colour, min(id) FILTER (WHERE clone) AS clone_id, min(id) FILTER (WHERE NOT clone) AS source_id
        FROM clone_check.id WHERE NOT alone GROUP BY colour HAVING count(*) FILTER (WHERE NOT clone) > 1 ORDER BY colour LIMIT 1
    )
    UPDATE clone_check.id i SET colour = md5(i.colour || ' chosen')
    FROM alike WHERE i.id = CASE WHEN i.clone THEN alike.clone_id ELSE alike.source_id END
$$;

-- Rows of one company to which none of the other corresponds.
CREATE FUNCTION clone_check.unlike() RETURNS TABLE (relation text, problem text) LANGUAGE sql AS $$
    WITH odd AS (
        SELECT relation, colour, count(*) FILTER (WHERE clone) AS clones, count(*) FILTER (WHERE NOT clone) AS sources
        FROM clone_check.line GROUP BY relation, colour HAVING count(*) <> 2 * count(*) FILTER (WHERE clone)
    )
    SELECT l.relation, format('%s rows in the source, %s in the clone like the %s''s %s with the IDs %s', o.sources, o.clones,
        CASE WHEN l.clone THEN 'clone' ELSE 'source' END, l.label,
        (SELECT string_agg(f.label || ': ' || f.ids::text, ', ' ORDER BY f.label) FROM clone_check.fact f WHERE f.ids IS NOT NULL AND (f.clone, f.relation, f.n) = (l.clone, l.relation, l.n)))
    FROM odd o CROSS JOIN LATERAL (SELECT * FROM clone_check.line l WHERE (l.relation, l.colour) = (o.relation, o.colour) LIMIT 1) l
    ORDER BY l.relation LIMIT 20
$$;

CREATE FUNCTION clone_check.compare() RETURNS TABLE (relation text, problem text) LANGUAGE plpgsql AS $$
DECLARE
    colours bigint := 0;
    before bigint;
    ids bigint;
BEGIN
    PERFORM clone_check.lay_out();
    LOOP
        PERFORM clone_check.colour_lines();
        RETURN QUERY SELECT * FROM clone_check.unlike();
        IF FOUND THEN RETURN; END IF;
        EXIT WHEN colours = ids;
        PERFORM clone_check.colour_ids();
        before := colours;
        SELECT count(DISTINCT i.colour), count(*) INTO colours, ids FROM clone_check.id i WHERE NOT i.clone AND NOT i.alone;
        IF colours = before AND colours < ids THEN PERFORM clone_check.choose(); END IF;
    END LOOP;
    RETURN QUERY SELECT split_part(i.id, '=', 1), format('%s has no counterpart', i.id) FROM clone_check.id i
        WHERE (SELECT count(*) FROM clone_check.id o WHERE o.colour = i.colour AND o.clone <> i.clone) <> 1 AND NOT i.alone LIMIT 20;
END $$;

-- What speaks against company `clone` being a clone of the one that was taken.
CREATE FUNCTION clone_check.problems(clone text) RETURNS TABLE (relation text, problem text) LANGUAGE plpgsql SET jit = off AS $$
DECLARE
    r ids.relation;
    has_rows boolean;
BEGIN
    RETURN QUERY SELECT coalesce(d.relation, n.relation), 'rows of others have changed'
        FROM clone_check.digest d FULL JOIN clone_check.digests(clone) n USING (relation) WHERE n.digest IS DISTINCT FROM d.digest;
    FOR r IN SELECT * FROM ids.relation WHERE NOT travels LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s AS t WHERE %s)', ids.rows_of(r.relation), format(r.belongs, clone)) INTO has_rows;
        IF has_rows THEN RETURN QUERY SELECT r.relation::text, 'the clone has rows that should not travel'; END IF;
    END LOOP;
    PERFORM clone_check.read(clone, true);
    RETURN QUERY SELECT * FROM clone_check.compare();
END $$;

-- After problems(): what became of the keys of rows that look like no other row.
CREATE VIEW clone_check.renewed AS
    WITH line AS (
        SELECT relation, colour, min(n) FILTER (WHERE NOT clone) AS n, min(n) FILTER (WHERE clone) AS clone_n
        FROM clone_check.line GROUP BY relation, colour HAVING count(*) FILTER (WHERE clone) = 1 AND count(*) FILTER (WHERE NOT clone) = 1
    )
    SELECT r.domain, r.relation, r.name, substr(f.ids[1], length(r.domain) + 2) AS old, substr(c.ids[1], length(r.domain) + 2) AS new
    FROM ids.root r
        JOIN line l ON l.relation = r.relation::text
        JOIN clone_check.fact f ON NOT f.clone AND (f.relation, f.n, f.label) = (l.relation, l.n, quote_ident(r.name))
        JOIN clone_check.fact c ON c.clone AND (c.relation, c.n, c.label) = (l.relation, l.clone_n, quote_ident(r.name));

-- Primary keys, and what foreign keys refer to, that are integers or follow the time (UUIDs of version 7, ULIDs), and
-- whose order is not the source's.
CREATE FUNCTION clone_check.disorder() RETURNS TABLE (relation regclass, name name, was text, "is" text) LANGUAGE sql AS $$
    WITH key AS (
        SELECT r.*, CASE WHEN t.typcategory = 'N' THEN r.old::numeric END AS old_number, CASE WHEN t.typcategory = 'N' THEN r.new::numeric END AS new_number
        FROM clone_check.renewed r JOIN pg_attribute a ON (a.attrelid, a.attname) = (r.relation, r.name) JOIN pg_type t ON t.oid = a.atttypid
        WHERE (EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey))
                OR EXISTS (SELECT FROM ids.link l WHERE (l.target, l.target_name) = (r.relation, r.name)))
            AND (t.typcategory = 'N' OR r.old ~ '^([0-9a-f-]{14}7[0-9a-f-]{21}|([a-z]+_)?[0-7][0-9A-HJKMNP-TV-Z]{25})$')
    ), rank AS (
        SELECT *, row_number() OVER (PARTITION BY relation, name ORDER BY old_number, old COLLATE "C") AS was,
            row_number() OVER (PARTITION BY relation, name ORDER BY new_number, new COLLATE "C") AS "is"
        FROM key
    )
    SELECT relation, name, format('%s, the %s.', old, was), format('%s, the %s.', new, "is") FROM rank WHERE was <> "is"
$$;
