-- What plan_ids() has to say of a new company made from a company that still stands: every key and unique index, and
-- what becomes of its values. Beside id_columns.sql, which found out what is renewed; in nothing but SQL.
CREATE VIEW ids.key AS
    SELECT i.indexrelid AS index, i.indrelid::regclass AS relation, r.belongs, coalesce(i.indpred, i.indexprs) IS NOT NULL AS clever,
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) n) AS columns,
        ARRAY(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k (attnum, n) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.n <= i.indnkeyatts ORDER BY k.n) AS plain,
        i.indnullsnotdistinct AS equal_nulls, i.indisexclusion AS exclusion, i.indexprs IS NOT NULL AS expressions,
        ARRAY(SELECT a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid) AS used,
        coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') AS predicate
    FROM pg_index i JOIN ids.relation r ON r.relation = i.indrelid
    WHERE r.travels AND r.company_key IS NULL AND i.indisvalid AND (i.indisunique OR i.indisexclusion);

-- By what a column of a key differs: its domain, or that of what it refers to where another column says so.
CREATE VIEW ids.difference AS
    SELECT relation, name, domain FROM ids.member JOIN ids.domain USING (domain)
    UNION SELECT r.relation, r.name, m.domain FROM ids.reference r JOIN ids.member m ON (m.relation, m.name) = (r.target, r.target_name) JOIN ids.domain USING (domain)
    WHERE r.when_name IS NOT NULL AND r.json_path IS NULL AND NOT ids.is_array(r.relation, r.name);

-- NULL tells companies apart only where it equals nothing.
CREATE FUNCTION ids.tells_apart(key ids.key, name name) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT key.equal_nulls OR attnotnull FROM pg_attribute WHERE attrelid = key.relation AND attname = name
$$;

CREATE FUNCTION ids.has_row(key ids.key, company text, condition text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s AS t WHERE %s AND (%s))', ids.rows_of(key.relation), format(key.belongs, company), condition) INTO found;
    RETURN found;
END $$;

CREATE FUNCTION ids.plan(company text) RETURNS TABLE (relation regclass, columns text[], decision text) LANGUAGE sql STABLE AS $$
    SELECT k.relation, k.columns, CASE
        WHEN NOT ids.has_row(k, company, 'true') THEN 'kept'
        WHEN EXISTS (SELECT FROM ids.difference d WHERE d.relation = k.relation AND d.name = ANY (k.plain) AND d.domain <> '@') THEN 'renewed'
        WHEN EXISTS (SELECT FROM ids.difference d WHERE d.relation = k.relation AND d.name = ANY (k.plain) AND ids.tells_apart(k, d.name)) THEN 'kept'
        WHEN k.clever AND k.exclusion THEN 'kept'
        WHEN k.expressions AND EXISTS (SELECT FROM ids.difference d WHERE d.relation = k.relation AND d.name = ANY (k.used) AND d.domain <> '@') THEN 'renewed'
        WHEN k.clever THEN CASE WHEN ids.has_row(k, company, k.predicate || (SELECT coalesce(string_agg(format(' AND (%s) IS NOT NULL', c), ''), '')
            FROM unnest(k.columns) c WHERE NOT k.equal_nulls)) THEN 'refused' ELSE 'kept' END
        WHEN k.equal_nulls THEN 'refused'
        WHEN ids.has_row(k, company, (SELECT string_agg(format('t.%I IS NOT NULL', name), ' AND ') FROM unnest(k.plain) name)) THEN 'refused'
        ELSE 'kept' END
    FROM ids.key k
$$;
