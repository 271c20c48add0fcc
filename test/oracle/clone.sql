-- A slow, plain clone in nothing but SQL: the rows of a company inserted once more, IDs looked up in one table. No
-- trigger fires and no foreign key is checked on the way: the caller checks all of them afterwards. It goes by
-- id_columns.sql, as the checker does, and by nothing of the extension.
--
--   SELECT ids.understand();
--   SELECT oracle.clone('1', '2');    company 2 becomes a clone of company 1
--
-- Fails with OR001 for IDs that nobody can make up: names, dates, numbers with a fraction.
CREATE TABLE oracle.id_map (domain text, old text, new text, PRIMARY KEY (domain, old));

-- A new ID like an old one: text keeps its beginning and its length, integers go on behind the last one.
CREATE FUNCTION oracle.new_ids(root ids.root, belongs text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind regtype;
    made text;
BEGIN
    SELECT atttypid INTO kind FROM pg_attribute WHERE attrelid = root.relation AND attname = root.name;
    made := CASE
        WHEN kind = 'uuid'::regtype THEN 'gen_random_uuid()::text'
        WHEN kind IN ('text'::regtype, 'varchar'::regtype) THEN 'left(old, -10) || CASE old WHEN upper(old) THEN upper(left(md5(random()::text), 10)) ELSE left(md5(random()::text), 10) END'
        WHEN kind IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN format('((SELECT max(%I) FROM %s) + row_number() OVER (ORDER BY old::bigint))::text', root.name, root.relation)
    END;
    IF made IS NULL THEN RAISE EXCEPTION 'the plain clone does not apply: %.% must be renewed', root.relation, root.name USING ERRCODE = 'OR001'; END IF;
    EXECUTE format('INSERT INTO oracle.id_map SELECT %L, old, %s FROM (SELECT DISTINCT t.%I::text AS old FROM %s AS t WHERE %s) x WHERE old IS NOT NULL ON CONFLICT DO NOTHING',
        root.domain, made, root.name, ids.rows_of(root.relation), belongs);
END $$;

CREATE FUNCTION oracle.renewed(holders integer[], path text, value text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT min(m.new) FROM ids.holder h JOIN oracle.id_map m USING (domain)
        WHERE h.id = ANY (holders) AND m.old = value AND (h.pattern IS NULL OR path ~ h.pattern)), value)
$$;

CREATE FUNCTION oracle.renewed_doc(holders integer[], doc jsonb, path text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE jsonb_typeof(doc)
        WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(oracle.renewed(holders, path || '.keys()', key),
            oracle.renewed_doc(holders, value, path || '.' || to_jsonb(key))), '{}') FROM jsonb_each(doc))
        WHEN 'array' THEN (SELECT coalesce(jsonb_agg(oracle.renewed_doc(holders, value, path || '[]') ORDER BY nth), '[]')
            FROM jsonb_array_elements(doc) WITH ORDINALITY e (value, nth))
        WHEN 'number' THEN oracle.renewed(holders, path, doc #>> '{}')::jsonb
        WHEN 'string' THEN to_jsonb(oracle.renewed(holders, path, doc #>> '{}'))
        ELSE doc END
$$;

-- What stands in a column of a row t of the clone.
CREATE FUNCTION oracle.renewed_column(r ids.relation, name name, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    value text := format('t.%I', name);
    kind text := (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = r.relation AND attname = name);
    holders text;
BEGIN
    SELECT format('array_remove(ARRAY[%s], NULL)', string_agg(CASE WHEN h.when_name IS NULL THEN h.id::text
            ELSE format('CASE WHEN t.%I::text = %L THEN %s END', h.when_name, h.when_value, h.id) END, ', '))
        INTO holders FROM ids.holder h WHERE (h.relation, h.name) = (r.relation, renewed_column.name) HAVING count(*) > 0;
    RETURN CASE
        WHEN holders IS NULL THEN value
        WHEN name = ANY (r.nulled) THEN format('(CASE WHEN %1$s::text = %2$L THEN oracle.renewed(%3$s, '''', %1$s::text) END)::%4$s', value, source, holders, kind)
        WHEN ids.is_array(r.relation, name) THEN format('CASE WHEN %1$s IS NOT NULL THEN ARRAY(SELECT oracle.renewed(%2$s, '''', e::text) FROM unnest(%1$s) WITH ORDINALITY u (e, n) ORDER BY n)::%3$s END', value, holders, kind)
        WHEN kind = 'jsonb' THEN format('oracle.renewed_doc(%s, %s, '''')', holders, value)
        ELSE format('oracle.renewed(%s, '''', %s::text)::%s', holders, value, kind) END;
END $$;

CREATE FUNCTION oracle.clone(source text, new_key text) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica SET jit = off AS $$
DECLARE
    root ids.root;
    r ids.relation;
    key text;
BEGIN
    TRUNCATE oracle.id_map;
    SELECT format('INSERT INTO oracle.id_map SELECT ''@'', t.%I::text, %L FROM %s AS t WHERE %s RETURNING old', company_key, new_key, relation, format(belongs, source))
        INTO key FROM ids.relation WHERE company_key IS NOT NULL;
    EXECUTE key INTO key;
    FOR root IN SELECT * FROM ids.root WHERE domain <> '@' LOOP
        PERFORM oracle.new_ids(root, format(belongs, source)) FROM ids.relation WHERE relation = root.relation;
    END LOOP;
    FOR r IN SELECT * FROM ids.relation WHERE travels LOOP
        EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS t WHERE %s', r.relation,
            (SELECT string_agg(quote_ident(c), ', ') FROM ids.columns(r.relation) c),
            (SELECT string_agg(oracle.renewed_column(r, c, key), ', ') FROM ids.columns(r.relation) c),
            ids.rows_of(r.relation), format(r.belongs, source));
    END LOOP;
END $$;
