-- Which columns hold IDs that a clone must renew, and which hold IDs that must follow: from pg_catalog and
-- from what the caller tells, in nothing but SQL and knowing nothing of the extension.
--
-- A **domain** is what columns tied by foreign keys have in common: values that are renewed together, once.
-- Domain '@' is the company's own key. A column in no domain keeps its values.
--
--   INSERT INTO ids.relation ... ; INSERT INTO ids.reference ... ;   what belongs to companies, what no foreign key says
--   SELECT ids.understand();                                         fills ids.holder and ids.root
CREATE SCHEMA ids;

CREATE TABLE ids.relation (
    relation regclass PRIMARY KEY,           -- partitioned tables as a whole
    belongs text NOT NULL,                   -- condition over a row t; %1$L is the company's key, %% a %
    company_key name,                        -- of the company table: its key
    travels boolean NOT NULL DEFAULT true,   -- false: a clone has no rows here
    free name[] NOT NULL DEFAULT '{}',       -- columns that may hold anything in a clone
    nulled name[] NOT NULL DEFAULT '{}'      -- columns that are NULL in a clone where they led to another company
);
-- References that no foreign key says. An array holds one in each element.
CREATE TABLE ids.reference (
    relation regclass NOT NULL,
    name name NOT NULL,
    target regclass NOT NULL,
    target_name name NOT NULL,
    json_path text,
    when_name name,
    when_value text
);
-- Rows of nobody that have other IDs in another database: an expression over a row t that says which it is.
CREATE TABLE ids.shared (relation regclass PRIMARY KEY, means text NOT NULL);
-- Columns that are to be renewed in any case; what must be is found by itself.
CREATE TABLE ids.renewed (relation regclass NOT NULL, name name NOT NULL, UNIQUE (relation, name));

-- Columns whose values mean something, and that are never renewed.
CREATE TABLE ids.meaningful (relation regclass NOT NULL, name name NOT NULL, UNIQUE (relation, name));

CREATE TABLE ids.link (relation regclass, name name, target regclass, target_name name);
CREATE TABLE ids.member (relation regclass, name name, domain text, PRIMARY KEY (relation, name));
CREATE TABLE ids.domain (domain text PRIMARY KEY);

-- `pattern`: which places inside a document, as a regular expression; see ids.pattern.
CREATE TABLE ids.holder (
    id integer GENERATED ALWAYS AS IDENTITY,
    relation regclass NOT NULL,
    name name NOT NULL,
    domain text NOT NULL,
    json_path text,
    pattern text,
    when_name name,
    when_value text
);
-- Where the values of a domain come from: columns that only others refer to.
CREATE TABLE ids.root (domain text, relation regclass, name name);

CREATE FUNCTION ids.rows_of(relation regclass) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || relation FROM pg_class WHERE oid = relation
$$;

-- Columns that are stored, in their order.
CREATE FUNCTION ids.columns(relation regclass) RETURNS SETOF name LANGUAGE sql STABLE AS $$
    SELECT attname FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
$$;

CREATE FUNCTION ids.is_array(relation regclass, name name) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT t.typcategory = 'A' FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = relation AND a.attname = name
$$;

-- '$.a[*].**' as a regular expression over '."a"[]."b"'. As in SQL/JSON's lax mode, a key is looked for in the
-- elements of an array, too, and what is no array counts as an array of itself.
CREATE FUNCTION ids.pattern(json_path text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    member constant text := '\."(?:[^"\\]|\\.)*"';
    step text;
    made text := '';
BEGIN
    FOR step IN SELECT m[1] FROM regexp_matches(regexp_replace(json_path, '^\$', ''), '(\.keys\(\)|\.\*\*|\.\*|\[\*\]|\."(?:[^"\\]|\\.)*"|\.[^.[]+)', 'g') m LOOP
        made := made || CASE
            WHEN step = '.keys()' THEN '\.keys\(\)'
            WHEN step = '.**' THEN '(?:' || member || '|\[\])*'
            WHEN step = '.*' THEN member
            WHEN step = '[*]' THEN '(?:\[\])?'
            ELSE '(?:\[\])*\.' || regexp_replace(CASE WHEN step LIKE '."%' THEN substr(step, 2) ELSE to_jsonb(substr(step, 2))::text END, '([^[:alnum:]])', '\\\1', 'g')
        END;
    END LOOP;
    RETURN '^' || made || '$';
END $$;

-- Foreign keys between tables that travel, column by column.
CREATE FUNCTION ids.find_links() RETURNS void LANGUAGE sql AS $$
    INSERT INTO ids.link
    SELECT DISTINCT c.conrelid::regclass, a.attname, c.confrelid::regclass, b.attname
    FROM pg_constraint c CROSS JOIN unnest(c.conkey, c.confkey) k (source, target)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.source
        JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.target
        JOIN ids.relation s ON s.relation = c.conrelid AND s.travels
        JOIN ids.relation t ON t.relation = c.confrelid AND t.travels
    WHERE c.contype = 'f' AND c.conparentid = 0
$$;

-- Every column's domain: the first of all columns that links lead to and fro.
CREATE FUNCTION ids.find_members() RETURNS void LANGUAGE sql AS $$
    WITH RECURSIVE tie (relation, name, other, other_name) AS (
        SELECT * FROM ids.link UNION SELECT target, target_name, relation, name FROM ids.link
    ), reached (relation, name, other, other_name) AS (
        SELECT r.relation, c, r.relation, c FROM ids.relation r, ids.columns(r.relation) c WHERE r.travels
        UNION SELECT f.relation, f.name, t.other, t.other_name FROM reached f JOIN tie t ON (t.relation, t.name) = (f.other, f.other_name)
    )
    INSERT INTO ids.member
    SELECT relation, name, coalesce((SELECT '@' FROM ids.relation k WHERE k.company_key IS NOT NULL AND (k.relation, k.company_key) IN
            (SELECT o.other, o.other_name FROM reached o WHERE (o.relation, o.name) = (r.relation, r.name))),
        min(format('%s.%I', other, other_name) COLLATE "C"))
    FROM reached r GROUP BY relation, name
$$;

-- What must be unique: the columns of each unique index and exclusion constraint. `own`: it can be renewed, being no
-- reference to what stays.
CREATE VIEW ids.unique_column AS
    SELECT i.indexrelid AS index, a.attrelid::regclass AS relation, a.attname AS name, coalesce(k.n, 1000) AS n,
        a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
            AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = a.attrelid AND a.attnum = ANY (f.conkey)
                AND NOT EXISTS (SELECT FROM ids.relation t WHERE t.relation = f.confrelid AND t.travels))
            AND NOT EXISTS (SELECT FROM ids.meaningful m WHERE m.relation = a.attrelid AND m.name = a.attname) AS own
    FROM pg_index i
        JOIN ids.relation r ON r.relation = i.indrelid AND r.travels
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0
        LEFT JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, n) ON k.attnum = a.attnum
    WHERE (i.indisunique OR i.indisexclusion)
        AND (k.n IS NOT NULL OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum));

-- Columns whose values differ in a clone.
CREATE VIEW ids.differs AS
    SELECT m.relation, m.name FROM ids.member m JOIN ids.domain USING (domain)
    UNION SELECT r.relation, r.name FROM ids.reference r JOIN ids.member m ON (m.relation, m.name) = (r.target, r.target_name) JOIN ids.domain USING (domain);

-- Renews a column of every unique index that would hold a value twice otherwise; those with fewest columns first.
CREATE FUNCTION ids.find_domains() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next text;
BEGIN
    INSERT INTO ids.domain SELECT '@' UNION SELECT m.domain FROM ids.renewed JOIN ids.member m USING (relation, name);
    LOOP
        SELECT m.domain INTO next
        FROM ids.unique_column u JOIN ids.member m USING (relation, name)
        WHERE u.own AND NOT EXISTS (SELECT FROM ids.unique_column o JOIN ids.differs d USING (relation, name) WHERE o.index = u.index)
        ORDER BY (SELECT count(*) FROM ids.unique_column o WHERE o.index = u.index), u.relation::text COLLATE "C", u.n, m.domain LIMIT 1;
        EXIT WHEN NOT FOUND;
        INSERT INTO ids.domain VALUES (next);
    END LOOP;
END $$;

CREATE FUNCTION ids.understand() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE ids.link, ids.member, ids.domain, ids.holder, ids.root;
    PERFORM ids.find_links();
    PERFORM ids.find_members();
    PERFORM ids.find_domains();
    INSERT INTO ids.holder (relation, name, domain)
        SELECT m.relation, m.name, m.domain FROM ids.member m JOIN ids.domain USING (domain);
    INSERT INTO ids.holder (relation, name, domain, json_path, pattern, when_name, when_value)
        SELECT r.relation, r.name, m.domain, r.json_path, ids.pattern(r.json_path), r.when_name, r.when_value
        FROM ids.reference r JOIN ids.member m ON (m.relation, m.name) = (r.target, r.target_name) JOIN ids.domain USING (domain);
    INSERT INTO ids.root
        SELECT m.domain, m.relation, m.name FROM ids.member m JOIN ids.domain USING (domain)
        WHERE NOT EXISTS (SELECT FROM ids.link l WHERE (l.relation, l.name) = (m.relation, m.name) AND (l.target, l.target_name) <> (l.relation, l.name));
    INSERT INTO ids.root    -- tables that refer to each other in a circle, by their keys
        SELECT m.domain, m.relation, m.name FROM ids.member m JOIN ids.domain d USING (domain)
        WHERE NOT EXISTS (SELECT FROM ids.root r WHERE r.domain = m.domain);
END $$;
