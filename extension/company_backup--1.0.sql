/* extension/company_backup--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION company_backup" to load this file. \quit

-- The extension's own tables. Nobody but its owner reaches them; the functions do so by fixed SQL run
-- as that owner.

CREATE SCHEMA company_backup;
COMMENT ON SCHEMA company_backup IS 'Tables of the extension company_backup; use its functions instead';
REVOKE ALL ON SCHEMA company_backup FROM PUBLIC;

CREATE TABLE company_backup.settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    company_schema name,
    company_table name,
    key_column name,
    name_column name,
    owner_column name,
    identity_columns name[],
    scope_columns name[] NOT NULL DEFAULT '{}',
    search_path name[] NOT NULL DEFAULT '{}',
    membership_schema name,
    membership_table name,
    membership_person_column name,
    guard_schema name,
    guard_function name,
    guard_query text,
    reauthentication_schema name,
    reauthentication_function name,
    CHECK (guard_function IS NULL OR guard_query IS NULL)
);
COMMENT ON TABLE company_backup.settings IS 'One row: what set_company_table(), set_membership(), set_company_guard(), set_company_guard_query() and set_reauthentication() were given';

CREATE TABLE company_backup.table_rule (
    table_schema name NOT NULL,
    table_name name NOT NULL,
    treatment text NOT NULL
        CHECK (treatment IN ('company', 'append_only', 'excluded', 'shared', 'people', 'global')),
    reason text,
    area text,
    match_columns name[] NOT NULL DEFAULT '{}',
    route name[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (table_schema, table_name)
);
COMMENT ON TABLE company_backup.table_rule IS 'Rules of set_table_rule()';

CREATE TABLE company_backup.column_rule (
    table_schema name NOT NULL,    -- '', as the name: all tables
    table_name name NOT NULL,
    column_name name NOT NULL,
    treatment text NOT NULL CHECK (treatment IN ('data', 'secret', 'identity', 'counter', 'file', 'renew', 'group', 'path')),
    replacement text,
    replacement_by name,
    replacement_role oid,    -- of replacement_by, where said_in is this database
    said_in uuid,
    evidence boolean NOT NULL DEFAULT false,    -- holds as long as the values say so
    CHECK (treatment = 'data' OR NOT evidence),
    PRIMARY KEY (table_schema, table_name, column_name),
    CHECK ((table_schema = '') = (table_name = '')),
    CHECK (table_name <> '' OR replacement IS NULL)
);
COMMENT ON TABLE company_backup.column_rule IS 'Rules of set_column_rule()';

CREATE TABLE company_backup.reference_rule (
    table_schema name NOT NULL,    -- '', as the name: all tables
    table_name name NOT NULL,
    columns name[] NOT NULL,
    target_schema name NOT NULL,
    target_table name NOT NULL,
    target_columns name[] NOT NULL DEFAULT '{}',
    json_path text NOT NULL DEFAULT '',
    when_column name NOT NULL DEFAULT '',
    when_value text NOT NULL DEFAULT '',
    outside text NOT NULL DEFAULT 'refuse' CHECK (outside IN ('refuse', 'keep', 'null')),
    PRIMARY KEY (table_schema, table_name, columns, json_path, when_column, when_value),
    CHECK ((table_schema = '') = (table_name = ''))
);
COMMENT ON TABLE company_backup.reference_rule IS 'Rules of set_reference()';

CREATE TABLE company_backup.table_rename (
    old_schema name NOT NULL,
    old_table name NOT NULL,
    table_schema name NOT NULL,
    table_name name NOT NULL,
    PRIMARY KEY (old_schema, old_table),
    UNIQUE (table_schema, table_name)
);
COMMENT ON TABLE company_backup.table_rename IS 'Rules of set_table_rename()';

CREATE TABLE company_backup.column_rename (
    table_schema name NOT NULL,
    table_name name NOT NULL,
    old_column name NOT NULL,
    column_name name NOT NULL,
    PRIMARY KEY (table_schema, table_name, old_column),
    UNIQUE (table_schema, table_name, column_name)
);
COMMENT ON TABLE company_backup.column_rename IS 'Rules of set_column_rename()';

CREATE TABLE company_backup.column_default (
    table_schema name NOT NULL,
    table_name name NOT NULL,
    column_name name NOT NULL,
    replacement text NOT NULL,    -- evaluated as that of a column_rule
    replacement_by name NOT NULL,
    replacement_role oid NOT NULL,
    said_in uuid NOT NULL,
    PRIMARY KEY (table_schema, table_name, column_name)
);
COMMENT ON TABLE company_backup.column_default IS 'Rules of set_column_default()';

CREATE TABLE company_backup.row_check (
    table_schema name NOT NULL,
    table_name name NOT NULL,
    condition text NOT NULL,    -- SQL over a row; evaluated as the table's owner
    set_by name NOT NULL,
    set_role oid NOT NULL,
    said_in uuid NOT NULL,
    PRIMARY KEY (table_schema, table_name)
);
COMMENT ON TABLE company_backup.row_check IS 'Rules of set_row_check()';

CREATE TABLE company_backup.table_retention (
    table_schema name NOT NULL,
    table_name name NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (table_schema, table_name)
);
COMMENT ON TABLE company_backup.table_retention IS 'Rules of set_table_retention()';

CREATE TABLE company_backup.hook (
    event text PRIMARY KEY
        CHECK (event IN ('restored', 'reverted', 'kept', 'cloned', 'created', 'deleted')),
    hook_schema name NOT NULL,
    hook_function name NOT NULL
);
COMMENT ON TABLE company_backup.hook IS 'Functions of set_company_hook()';

CREATE TABLE company_backup.delete_precondition (
    name text PRIMARY KEY CHECK (name <> ''),
    function_schema name NOT NULL,
    function_name name NOT NULL,
    message text NOT NULL
);
COMMENT ON TABLE company_backup.delete_precondition IS 'Functions of set_delete_precondition()';

CREATE TABLE company_backup.database_identity (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    identity uuid NOT NULL DEFAULT gen_random_uuid(),
    archive_key bytea NOT NULL
        DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
COMMENT ON TABLE company_backup.database_identity IS 'The identity of this database, and the key that signs its archives; never dumped';
INSERT INTO company_backup.database_identity DEFAULT VALUES;

CREATE TABLE company_backup.known_identity (
    identity uuid PRIMARY KEY
);
COMMENT ON TABLE company_backup.known_identity IS 'The identity of this database, and those that it had before it was dumped and loaded';
INSERT INTO company_backup.known_identity SELECT identity FROM company_backup.database_identity;

CREATE TABLE company_backup.trusted_origin (
    name text PRIMARY KEY,
    archive_key bytea NOT NULL,
    identity uuid    -- of the database that the key is trusted for; NULL until its first archive comes
);
COMMENT ON TABLE company_backup.trusted_origin IS 'Keys of other databases whose archives are accepted; never dumped';

CREATE TABLE company_backup.company (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    gone_at timestamptz,
    place bigint    -- of known_table: the partition that has the row; NULL: the company table is not partitioned
);
COMMENT ON TABLE company_backup.company IS 'Companies of which something is stored, with their keys; a deleted company keeps its row, because another one may take its key';
CREATE UNIQUE INDEX company_has_key ON company_backup.company (key) WHERE gone_at IS NULL;
CREATE INDEX company_had_key ON company_backup.company (key);
CREATE INDEX company_has_place ON company_backup.company (place) WHERE gone_at IS NULL;

CREATE TABLE company_backup.former_key (
    company bigint NOT NULL REFERENCES company_backup.company,
    key text NOT NULL,
    PRIMARY KEY (company, key)
);
COMMENT ON TABLE company_backup.former_key IS 'Keys that companies had before: archives may call them so';

CREATE TABLE company_backup.company_origin (
    company bigint NOT NULL REFERENCES company_backup.company,
    database uuid NOT NULL,    -- its identity
    key text NOT NULL,    -- of the company there
    PRIMARY KEY (company, database, key)
);
COMMENT ON TABLE company_backup.company_origin IS 'Other databases from which companies have rows under the keys that these had there';

CREATE TABLE company_backup.company_row (
    company bigint PRIMARY KEY,
    seen_in xid8 NOT NULL,    -- a transaction
    key text NOT NULL,
    relation oid,    -- the row's version then; NULL: in this transaction another row has got the key first
    file oid,
    version tid,
    made_by xid,
    command cid
);
COMMENT ON TABLE company_backup.company_row IS 'The row in which a company was seen last; means nothing in another database and is never dumped';
CREATE INDEX company_row_key ON company_backup.company_row (key);

CREATE TABLE company_backup.followed (
    relation regclass PRIMARY KEY,
    triggers text[] NOT NULL,    -- their OIDs and versions in the catalog, which change when one is disabled
    key_number smallint NOT NULL,
    key_name name NOT NULL,
    key_column text[] NOT NULL,    -- its version. These three all change when ALTER TYPE writes new keys
    key_indexes oid[] NOT NULL,
    file oid,    -- NULL: it is partitioned
    database uuid NOT NULL,    -- where this was noted; elsewhere it only says that companies were followed without a gap
    cluster bigint NOT NULL
);
COMMENT ON TABLE company_backup.followed IS 'The company table and its partitions as they were when set_company_table() put its triggers on them';

CREATE TABLE company_backup.known_table (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL
);
COMMENT ON TABLE company_backup.known_table IS 'Tables whose rows are stored, whatever they are called now; those that are gone are not dumped';
CREATE INDEX known_table_relation ON company_backup.known_table (relation);

CREATE TABLE company_backup.backup (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    company text NOT NULL,    -- its key as it was then; of an upload for no company: as the archive has it
    owner bigint REFERENCES company_backup.company,    -- NULL: nobody but its uploader
    uploaded_by oid,    -- a role of the cluster of database uploaded_in; in another one it is another role
    uploaded_in uuid,
    of_this_database boolean NOT NULL DEFAULT true,    -- made here, or signed by the key of this database
    label text,
    origin text NOT NULL CHECK (origin IN ('manual', 'upload', 'final')),
    contents text NOT NULL CHECK (contents IN ('rows', 'rows and files')),
    status text NOT NULL CHECK (status IN ('complete', 'with problems')),
    row_count bigint NOT NULL,
    byte_count bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by name NOT NULL,
    actor text,
    expires_at timestamptz,
    manifest text NOT NULL,
    tables bigint[] NOT NULL    -- of known_table: those of the manifest, then the shared ones; NULL: none was here
);
COMMENT ON TABLE company_backup.backup IS 'One row for each backup, written last: without it, the backup does not exist';

CREATE TABLE company_backup.company_limit (
    company bigint REFERENCES company_backup.company,    -- NULL: all that have none of their own
    backups_per_day integer,
    kept_backups integer,
    kept_bytes bigint,
    retention interval,
    UNIQUE NULLS NOT DISTINCT (company)
);
COMMENT ON TABLE company_backup.company_limit IS 'What set_company_limits() was given; NULL: no limit, or of a company that of all';

CREATE TABLE company_backup.backup_made (
    company bigint NOT NULL REFERENCES company_backup.company,
    made_at timestamptz NOT NULL
);
COMMENT ON TABLE company_backup.backup_made IS 'The backups of the last day, also those that were deleted since; never dumped';
CREATE INDEX backup_made_company ON company_backup.backup_made (company, made_at);

CREATE TABLE company_backup.backup_chunk (
    backup bigint NOT NULL,
    shared boolean NOT NULL,
    table_number integer NOT NULL,
    seq integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (backup, shared, table_number, seq)
);
ALTER TABLE company_backup.backup_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE company_backup.backup_chunk IS 'Rows of backups: gzip members of NDJSON lines, by the table''s position in the manifest';

CREATE TABLE company_backup.backup_file (
    backup bigint NOT NULL,
    table_number integer NOT NULL,
    column_number integer NOT NULL,
    sha256 bytea NOT NULL,
    seq integer NOT NULL,
    byte_count bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (backup, table_number, column_number, sha256, seq)
);
ALTER TABLE company_backup.backup_file ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE company_backup.backup_file IS 'Files of backups: gzip members of their contents, by the positions of table and column in the manifest; byte_count is that of the whole file';

CREATE TABLE company_backup.template (
    name text PRIMARY KEY CHECK (name <> ''),
    backup bigint NOT NULL UNIQUE REFERENCES company_backup.backup,
    industry text,
    description text,
    published_at timestamptz NOT NULL,
    published_by name NOT NULL
);
COMMENT ON TABLE company_backup.template IS 'Published backups, from which new companies are made';

CREATE TABLE company_backup.upload (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    owner bigint REFERENCES company_backup.company,    -- NULL: nobody but created_by, or whoever has the key
    key text,     -- of a company that had not been seen when it began
    ends text,    -- what KeyHolder knew of the key then
    place bigint, -- of known_table: the table that had its row then
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by oid NOT NULL    -- a role
);
COMMENT ON TABLE company_backup.upload IS 'Uploads that are not finished';

CREATE TABLE company_backup.upload_part (
    upload bigint NOT NULL REFERENCES company_backup.upload ON DELETE CASCADE,
    seq integer NOT NULL CHECK (seq >= 0),
    data bytea NOT NULL,
    PRIMARY KEY (upload, seq)
);
ALTER TABLE company_backup.upload_part ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE company_backup.upload_part IS 'Bytes of unfinished uploads';

CREATE TABLE company_backup.restore (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    company text NOT NULL,    -- its key as it was then
    owner bigint NOT NULL REFERENCES company_backup.company,
    backup bigint,    -- NULL: a clone
    status text NOT NULL CHECK (status IN ('review', 'kept', 'reverted')),
    mode text NOT NULL CHECK (mode IN ('replace', 'merge', 'create', 'clone')),
    added bigint NOT NULL,
    changed bigint NOT NULL,
    removed bigint NOT NULL,
    restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    restored_by name NOT NULL,
    actor text,
    settled_at timestamptz
);
COMMENT ON TABLE company_backup.restore IS 'One row for each restore; at most one of a company is in review';
CREATE UNIQUE INDEX restore_one_review ON company_backup.restore (owner) WHERE status = 'review';

CREATE TABLE company_backup.undo (
    restore bigint PRIMARY KEY,
    manifest text NOT NULL,
    tables bigint[] NOT NULL,    -- as those of a backup
    columns jsonb NOT NULL    -- of each table, by its encoded name, its OID and the numbers of its columns; and whose these are
);
COMMENT ON TABLE company_backup.undo IS 'What a revert needs of restores in review; no function gives it out';

CREATE TABLE company_backup.undo_chunk (
    restore bigint NOT NULL,
    part integer NOT NULL,
    table_number integer NOT NULL,
    seq integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (restore, part, table_number, seq)
);
ALTER TABLE company_backup.undo_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE company_backup.undo_chunk IS 'Rows of undo records: gzip members of NDJSON lines';

CREATE TABLE company_backup.restore_problem (
    restore bigint NOT NULL,
    seq bigint NOT NULL,
    table_name text NOT NULL,
    row_key text NOT NULL,
    sqlstate text NOT NULL,
    problem text NOT NULL,
    row_data json,
    known_table bigint,    -- NULL: it was gone
    in_review boolean NOT NULL DEFAULT false,    -- of interest until the restore is kept or reverted
    PRIMARY KEY (restore, seq)
);
COMMENT ON TABLE company_backup.restore_problem IS 'Rows that need a look, as restore_problems() lists them';

CREATE TABLE company_backup.id_map (
    restore bigint PRIMARY KEY,
    owner bigint NOT NULL REFERENCES company_backup.company,    -- into which rows were merged
    source_database uuid NOT NULL,    -- these three: of the company that they were of
    source_company text NOT NULL,
    source_owner bigint,    -- NULL: of another database, or of a company that was never seen
    id_key bytea NOT NULL,    -- the same for all merges of rows of one company into another
    new_ids boolean NOT NULL,
    contents bytea NOT NULL DEFAULT ''    -- digests of tables as they came, all of whose new IDs are kept
);
CREATE INDEX id_map_owner ON company_backup.id_map (owner);
COMMENT ON TABLE company_backup.id_map IS 'Merges of rows of one company into another: what is kept of them, so that the same rows do not come twice';

CREATE TABLE company_backup.id_map_piece (
    restore bigint NOT NULL REFERENCES company_backup.id_map ON DELETE CASCADE,
    known_table bigint NOT NULL,
    column_name name NOT NULL,    -- '': digests of the keys of the rows that came
    seq integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (restore, known_table, column_name, seq)
);
ALTER TABLE company_backup.id_map_piece ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE company_backup.id_map_piece IS 'Old IDs and the new ones that they got in a merge, and which rows came';

CREATE TABLE company_backup.deletion (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    company text NOT NULL,    -- its key
    owner bigint NOT NULL REFERENCES company_backup.company,
    removed bigint NOT NULL,    -- rows of the company
    kept bigint NOT NULL,    -- the same
    final_backup bigint,
    deleted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_by name NOT NULL,
    actor text,
    report json NOT NULL    -- of each line: what, object, number of rows, note
);
COMMENT ON TABLE company_backup.deletion IS 'One row for each company that delete_company() deleted';

CREATE TABLE company_backup.erasure_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    key bytea NOT NULL
);
COMMENT ON TABLE company_backup.erasure_key IS 'The key of the hashes in tombstone; made with the first of them';

CREATE SEQUENCE company_backup.erasure_seq;

CREATE TABLE company_backup.tombstone (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    erasure bigint NOT NULL,    -- the same for all keys of one row
    table_id bigint NOT NULL,    -- of known_table
    table_schema name NOT NULL,    -- as the table was called then
    table_name name NOT NULL,
    columns text[] NOT NULL,    -- of a key of the row; the primary one first
    key_hash bytea NOT NULL,
    database uuid NOT NULL,    -- whose rows have these keys
    company bigint REFERENCES company_backup.company,    -- whose row it was; NULL: it was gone already
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_by name NOT NULL,
    actor text,
    reason text
);
COMMENT ON TABLE company_backup.tombstone IS 'Rows that were erased: no backup from before brings them back';

CREATE TABLE company_backup.frozen (
    company bigint PRIMARY KEY REFERENCES company_backup.company,
    frozen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    frozen_by name NOT NULL,
    actor text
);
COMMENT ON TABLE company_backup.frozen IS 'Companies whose rows the application may not write';

CREATE TABLE company_backup.link (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,    -- of the token, which is not stored
    kind text NOT NULL CHECK (kind IN ('download', 'upload')),
    backup bigint REFERENCES company_backup.backup ON DELETE CASCADE,
    upload bigint REFERENCES company_backup.upload ON DELETE CASCADE,    -- NULL: it is finished
    asked_by oid NOT NULL,    -- a role
    actor text,
    expires_at timestamptz NOT NULL,
    max_bytes bigint,
    received bigint NOT NULL DEFAULT 0,
    redeemed_at timestamptz,
    redeemed_in xid8,    -- a transaction
    transfer bytea UNIQUE,    -- the digest of the secret of its transfer
    CHECK (CASE kind WHEN 'download' THEN backup IS NOT NULL AND upload IS NULL ELSE backup IS NULL END),
    CHECK ((redeemed_at IS NULL) = (transfer IS NULL))
);
COMMENT ON TABLE company_backup.link IS 'Links of request_download() and request_upload(); they mean nothing in another database and are never dumped';
CREATE INDEX link_backup ON company_backup.link (backup);
CREATE INDEX link_upload ON company_backup.link (upload);
CREATE INDEX link_expires ON company_backup.link (expires_at);

CREATE TABLE company_backup.job (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    action text NOT NULL
        CHECK (action IN ('backup', 'restore', 'preview', 'revert', 'create', 'clone', 'delete', 'export')),
    company text,    -- its key as it was then; NULL: a new one
    owner bigint REFERENCES company_backup.company,
    options jsonb NOT NULL,    -- no secrets; nothing any more once it has ended
    actor text,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    waits boolean NOT NULL,    -- until a worker is free
    session_user_role oid NOT NULL,    -- whom the worker connects as
    role oid NOT NULL,    -- whom it acts as
    by_membership boolean NOT NULL,    -- the first was a member of the second
    started_by xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),    -- a transaction
    worker integer,    -- a process
    server_started timestamptz NOT NULL DEFAULT pg_catalog.pg_postmaster_start_time(),
    started_at timestamptz,
    finished_at timestamptz,
    result text,
    sqlstate text,
    message text,
    detail text,
    hint text
);
COMMENT ON TABLE company_backup.job IS 'Jobs of start_job(), until some time after they ended; mean nothing in another database and are never dumped';
CREATE INDEX job_owner ON company_backup.job (owner);
CREATE INDEX job_at_work ON company_backup.job (id) WHERE state IN ('queued', 'running');

CREATE TABLE company_backup.log_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint,    -- of those that waited in shared memory; NULL: it did not
    logged_at timestamptz NOT NULL,
    role text NOT NULL,
    actor text,
    action text NOT NULL,
    company text,    -- its key, or as it was asked for
    owner bigint,    -- of company; NULL: not known
    backup bigint,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    sqlstate text,
    duration interval NOT NULL,
    row_count bigint,
    UNIQUE (logged_at, number)
);
COMMENT ON TABLE company_backup.log_entry IS 'What company_backup_log() shows; only added to, but for what is older than company_backup.log_retention';
CREATE INDEX log_entry_owner ON company_backup.log_entry (owner);

SELECT pg_catalog.pg_extension_config_dump('company_backup.settings', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.table_rule', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.column_rule', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.reference_rule', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.table_rename', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.column_rename', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.column_default', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.row_check', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.table_retention', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.hook', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.delete_precondition', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.company', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.company_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.former_key', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.company_origin', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.known_identity', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.followed', 'WHERE company_backup.is_unbroken(followed)');
SELECT pg_catalog.pg_extension_config_dump('company_backup.known_table',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation)');
SELECT pg_catalog.pg_extension_config_dump('company_backup.known_table_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.company_limit', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.backup', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.backup_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.backup_chunk', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.backup_file', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.template', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.restore', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.restore_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.undo', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.undo_chunk', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.restore_problem', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.deletion', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.deletion_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.frozen', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.erasure_key', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.tombstone', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.tombstone_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.erasure_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.log_entry', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.log_entry_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.id_map', '');
SELECT pg_catalog.pg_extension_config_dump('company_backup.id_map_piece', '');

CREATE FUNCTION company_backup.follow_company()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'follow_company';
COMMENT ON FUNCTION company_backup.follow_company() IS 'Trigger function of set_company_table(): tells when a company is deleted or gets another key, so that nobody who takes a deleted company''s key gets what was stored of it';

CREATE FUNCTION company_backup.keep_log()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'keep_log';
COMMENT ON FUNCTION company_backup.keep_log() IS 'Trigger function that keeps the lines of the log as they were written';

CREATE TRIGGER keep_log BEFORE UPDATE OR DELETE ON company_backup.log_entry
    FOR EACH ROW EXECUTE FUNCTION company_backup.keep_log();
CREATE TRIGGER keep_whole_log BEFORE TRUNCATE ON company_backup.log_entry
    FOR EACH STATEMENT EXECUTE FUNCTION company_backup.keep_log();
ALTER TABLE company_backup.log_entry ENABLE ALWAYS TRIGGER keep_log;
ALTER TABLE company_backup.log_entry ENABLE ALWAYS TRIGGER keep_whole_log;

CREATE FUNCTION company_backup.as_followed(relation regclass, key_number smallint)
RETURNS SETOF company_backup.followed
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT relation, (SELECT ARRAY[coalesce(string_agg(t.oid || ' ' || t.xmin::text, ',' ORDER BY t.oid), ''),
      coalesce(string_agg(t.cmin::text, ',' ORDER BY t.oid), ''), coalesce(string_agg(t.ctid::text, ',' ORDER BY t.oid), '')]
      FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgfoid = 'company_backup.follow_company()'::regprocedure),
    a.attnum, a.attname, ARRAY[a.xmin::text, a.cmin::text, a.ctid::text], ARRAY(SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = relation AND i.indisunique
      AND i.indnkeyatts = 1 AND i.indkey[0] = key_number), pg_relation_filenode(relation), d.identity, c.system_identifier
  FROM pg_attribute a, company_backup.database_identity d, pg_control_system() c
  WHERE a.attrelid = relation AND a.attnum = key_number
$$;
COMMENT ON FUNCTION company_backup.as_followed(regclass, smallint) IS 'A table whose companies are followed, as it is now: a row for company_backup.followed';

-- The same if the same transaction has written it, and place or command agree: VACUUM FULL changes only the place, a
-- change that was rolled back only the command.
CREATE FUNCTION company_backup.is_same_version(a text[], b text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT a[1] = b[1] AND (a[2] = b[2] OR a[3] = b[3]) $$;
COMMENT ON FUNCTION company_backup.is_same_version(text[], text[]) IS 'Whether rows of the catalog are still as they were noted';

CREATE FUNCTION company_backup.is_unbroken(f company_backup.followed)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM company_backup.as_followed(f.relation, f.key_number) n
    WHERE company_backup.is_same_version(f.triggers, n.triggers) AND (company_backup.is_same_version(f.key_column, n.key_column)
      OR f.file IS NOT DISTINCT FROM n.file OR f.key_indexes && n.key_indexes))
  OR EXISTS (SELECT FROM pg_class WHERE oid = f.relation)
    AND (f.database, f.cluster) NOT IN (SELECT d.identity, c.system_identifier FROM company_backup.database_identity d, pg_control_system() c)
$$;
COMMENT ON FUNCTION company_backup.is_unbroken(company_backup.followed) IS 'Whether the triggers have seen all that happened to the companies of a table since it was noted';


-- Set-up: for the database owner and superusers.

CREATE FUNCTION set_company_table(company_table regclass,
    key_column name = 'id',
    name_column name = 'name',
    owner_column name = NULL,
    identity_columns name[] = NULL,
    scope_columns name[] = NULL,
    search_path text = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_table';
COMMENT ON FUNCTION set_company_table(regclass, name, name, name, name[], name[], text) IS 'Names the table that has one row for each company. scope_columns: names of columns that hold a company''s key in any table, also without a foreign key; identity_columns: columns of the company''s own row that a restore leaves alone; search_path: the path for defaults, checks and other expressions of the tables';

CREATE FUNCTION set_table_rule(target regclass,
    treatment text,
    reason text = NULL,
    area text = NULL,
    match_columns name[] = NULL,
    route name[] = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_table_rule';
COMMENT ON FUNCTION set_table_rule(regclass, text, text, text, name[], name[]) IS 'Says how a table is treated: company, append_only, excluded, shared, people or global (belongs to no company, and nothing that travels refers to it); auto removes the rule. match_columns find a row again in another database; route names the foreign keys that decide whose a row is';

CREATE FUNCTION set_column_rule(target regclass,
    target_column name,
    treatment text,
    replacement text = NULL,
    evidence boolean = false)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_column_rule';
COMMENT ON FUNCTION set_column_rule(regclass, name, text, text, boolean) IS 'Says how a column is treated: data, secret, identity, counter, file, renew, group or path (a text made of IDs, of its own table if set_reference() names no other); auto removes the rule. A NULL target: columns of this name in all tables. replacement is an expression: the new value where the old one is renewed, or the value of an added row to which none travels. evidence: it is data only as long as no values are keys of a table, which check_company_scope() looks at';

CREATE FUNCTION set_column_rule(target regclass,
    columns name[],
    treatment text,
    replacement text = NULL,
    evidence boolean = false)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_column_rule_list';
COMMENT ON FUNCTION set_column_rule(regclass, name[], text, text, boolean) IS 'The same for several columns';

CREATE FUNCTION set_reference(source regclass,
    columns name[],
    target regclass,
    target_columns name[] = NULL,
    json_path text = NULL,
    when_column name = NULL,
    when_value text = NULL,
    outside text = 'refuse')
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_reference';
COMMENT ON FUNCTION set_reference(regclass, name[], regclass, name[], text, name, text, text) IS 'Declares a reference that has no foreign key, or what becomes of references to other companies; a NULL target removes the rule. A NULL source: columns of these names in all tables where nothing else says what they are';

CREATE FUNCTION set_table_rename(old_name text,
    new_table regclass)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_table_rename';
COMMENT ON FUNCTION set_table_rename(text, regclass) IS 'Says what a table of older backups is called now; a NULL new_table removes the rule';

CREATE FUNCTION set_column_rename(target regclass,
    old_name name,
    new_name name)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_column_rename';
COMMENT ON FUNCTION set_column_rename(regclass, name, name) IS 'Says what a column of older backups is called now; a NULL new_name removes the rule';

CREATE FUNCTION set_column_default(target regclass,
    target_column name,
    expression text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_column_default';
COMMENT ON FUNCTION set_column_default(regclass, name, text) IS 'Says what rows of older backups get in a column that they have no value for: an immutable expression. NULL removes the rule';

CREATE FUNCTION set_row_check(target regclass,
    "check" text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_row_check';
COMMENT ON FUNCTION set_row_check(regclass, text) IS 'Says what rows of a table must meet to be restored, beside what the table itself demands: a condition over the columns of one row. NULL removes the rule';

CREATE FUNCTION set_membership(target regclass,
    person_column name)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_membership';
COMMENT ON FUNCTION set_membership(regclass, name) IS 'Names the table that says which person belongs to which company; it never travels. A NULL target removes the rule';

CREATE FUNCTION set_company_guard(guard text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_guard';
COMMENT ON FUNCTION set_company_guard(text) IS 'Names the function guard(action text, company text, actor text, detail jsonb) returning boolean that decides who may do what; NULL removes it, and then only the database owner and superusers may act';

CREATE FUNCTION set_company_guard_query(query text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_guard_query';
COMMENT ON FUNCTION set_company_guard_query(text) IS 'A query that decides instead of a guard function: whatever a row of it says true to is allowed. $1 is the action, $2 the company, $3 the actor, $4 the detail (jsonb). NULL removes the guard';

CREATE FUNCTION set_company_hook(event text,
    hook text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_hook';
COMMENT ON FUNCTION set_company_hook(text, text) IS 'Names a function hook(event text, company text, detail jsonb) that runs before an operation commits; NULL removes it';

CREATE FUNCTION set_table_retention(target regclass,
    reason text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_table_retention';
COMMENT ON FUNCTION set_table_retention(regclass, text) IS 'Says that rows of a table stay when their company is deleted, and why; a NULL reason removes the rule';

CREATE FUNCTION set_delete_precondition(name text,
    condition text,
    message text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_delete_precondition';
COMMENT ON FUNCTION set_delete_precondition(text, text, text) IS 'Names a function condition(company text, actor text) returning boolean that has to be true before a company is deleted, and what is said if it is not; a NULL condition removes it';

CREATE FUNCTION set_reauthentication("check" text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_reauthentication';
COMMENT ON FUNCTION set_reauthentication(text) IS 'Names a function check(company text, actor text, proof text) returning boolean that has to accept the proof given to delete_company(); NULL removes it';

CREATE FUNCTION forget_stale_rules()
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'forget_stale_rules';
COMMENT ON FUNCTION forget_stale_rules() IS 'Removes the rules whose table or column no longer exists, and returns how many there were';

CREATE FUNCTION trust_origin(name text,
    key bytea)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'trust_origin';
COMMENT ON FUNCTION trust_origin(text, bytea) IS 'Accepts archives that are signed with the archive key of another database; a NULL key ends that';

CREATE FUNCTION archive_key()
RETURNS bytea
LANGUAGE C STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'archive_key';
COMMENT ON FUNCTION archive_key() IS 'The key that signs the archives of this database, for trust_origin() in another one. A secret';

CREATE FUNCTION set_company_limits(company text = NULL,
    backups_per_day integer = NULL,
    kept_backups integer = NULL,
    kept_bytes bigint = NULL,
    retention interval = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_limits';
COMMENT ON FUNCTION set_company_limits(text, integer, integer, bigint, interval) IS 'Limits the backups that one company may make in 24 hours and keep, and how long they are kept; a NULL company: those that have no limits of their own. NULL: no limit, or of one company that of all';

CREATE FUNCTION set_company_limits(company bigint,
    backups_per_day integer = NULL,
    kept_backups integer = NULL,
    kept_bytes bigint = NULL,
    retention interval = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_limits';
COMMENT ON FUNCTION set_company_limits(bigint, integer, integer, bigint, interval) IS 'Limits the backups that one company may make in 24 hours and keep, and how long they are kept; a NULL company: those that have no limits of their own. NULL: no limit, or of one company that of all';

CREATE FUNCTION set_company_limits(company uuid,
    backups_per_day integer = NULL,
    kept_backups integer = NULL,
    kept_bytes bigint = NULL,
    retention interval = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'set_company_limits';
COMMENT ON FUNCTION set_company_limits(uuid, integer, integer, bigint, interval) IS 'Limits the backups that one company may make in 24 hours and keep, and how long they are kept; a NULL company: those that have no limits of their own. NULL: no limit, or of one company that of all';

CREATE FUNCTION grant_company_backup(role name)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'grant_company_backup';
COMMENT ON FUNCTION grant_company_backup(name) IS 'Grants a role EXECUTE on every function except those for set-up; the guard still decides what it may do';

CREATE FUNCTION grant_company_transfer(role name)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'grant_company_transfer';
COMMENT ON FUNCTION grant_company_transfer(name) IS 'Grants a role EXECUTE on the functions that redeem links and transfer what they are for; it can do nothing else';


-- Scope: which rows belong to a company.

CREATE FUNCTION company_scope()
RETURNS TABLE (table_name text, treatment text, area text, route text, key_columns text[], decided_by text, reason text)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_scope';
COMMENT ON FUNCTION company_scope() IS 'Every table of the database: whether it travels, stays behind, is shared or global, and why';

CREATE FUNCTION check_company_scope()
RETURNS TABLE (severity text, object text, problem text, hint text)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'check_company_scope';
COMMENT ON FUNCTION check_company_scope() IS 'What is undecided about tables and columns, as names, keys and a sample of the rows say. Errors stop backups; each hint is the statement that settles the question';

CREATE FUNCTION company_rules(hold boolean DEFAULT false)
RETURNS TABLE (object text, rule text)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_rules';
COMMENT ON FUNCTION company_rules(boolean) IS 'What has been set: the company table, the membership table, and every rule; with hold nobody else can set any until the transaction ends';

CREATE FUNCTION propose_company_rules()
RETURNS TABLE (statement text, confidence text, evidence text)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'propose_company_rules';
COMMENT ON FUNCTION propose_company_rules() IS 'Proposes the statements that settle what is undecided, for a review, with how sure each is (confident, likely, guess) and what speaks for it; changes nothing';

CREATE FUNCTION check_company_data(company text)
RETURNS TABLE (table_name text, row_key text, reference text, problem text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'check_company_data';
COMMENT ON FUNCTION check_company_data(text) IS 'References of a company that lead nowhere or to another company, and rows that lead to it but that its backup would leave behind';

CREATE FUNCTION check_company_data(company bigint)
RETURNS TABLE (table_name text, row_key text, reference text, problem text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'check_company_data';
COMMENT ON FUNCTION check_company_data(bigint) IS 'References of a company that lead nowhere or to another company, and rows that lead to it but that its backup would leave behind';

CREATE FUNCTION check_company_data(company uuid)
RETURNS TABLE (table_name text, row_key text, reference text, problem text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'check_company_data';
COMMENT ON FUNCTION check_company_data(uuid) IS 'References of a company that lead nowhere or to another company, and rows that lead to it but that its backup would leave behind';

CREATE FUNCTION company_contents(company text)
RETURNS TABLE (area text, table_name text, row_count bigint, byte_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_contents';
COMMENT ON FUNCTION company_contents(text) IS 'What a backup of the company would hold now, table by table';

CREATE FUNCTION company_contents(company bigint)
RETURNS TABLE (area text, table_name text, row_count bigint, byte_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_contents';
COMMENT ON FUNCTION company_contents(bigint) IS 'What a backup of the company would hold now, table by table';

CREATE FUNCTION company_contents(company uuid)
RETURNS TABLE (area text, table_name text, row_count bigint, byte_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_contents';
COMMENT ON FUNCTION company_contents(uuid) IS 'What a backup of the company would hold now, table by table';


-- Backups.

CREATE FUNCTION backup_company(company text,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'backup_company';
COMMENT ON FUNCTION backup_company(text, text, boolean, text, text) IS 'Makes a backup of one company and returns its ID. on_error: abort fails if a reference leads nowhere or to another company, record writes it into the manifest';

CREATE FUNCTION backup_company(company bigint,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    actor text = NULL)
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.backup_company(company::text, label, include_files, on_error, actor) $$;
COMMENT ON FUNCTION backup_company(bigint, text, boolean, text, text) IS 'Makes a backup of one company and returns its ID. on_error: abort fails if a reference leads nowhere or to another company, record writes it into the manifest';

CREATE FUNCTION backup_company(company uuid,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    actor text = NULL)
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.backup_company(company::text, label, include_files, on_error, actor) $$;
COMMENT ON FUNCTION backup_company(uuid, text, boolean, text, text) IS 'Makes a backup of one company and returns its ID. on_error: abort fails if a reference leads nowhere or to another company, record writes it into the manifest';

CREATE FUNCTION export_company(company text,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    valid_for interval = '24 hours',
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'export_company';
COMMENT ON FUNCTION export_company(text, text, boolean, text, interval, text) IS 'Makes a backup of one company that is there to be downloaded and expires, and returns its ID';

CREATE FUNCTION export_company(company bigint,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    valid_for interval = '24 hours',
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'export_company';
COMMENT ON FUNCTION export_company(bigint, text, boolean, text, interval, text) IS 'Makes a backup of one company that is there to be downloaded and expires, and returns its ID';

CREATE FUNCTION export_company(company uuid,
    label text = NULL,
    include_files boolean = false,
    on_error text = 'abort',
    valid_for interval = '24 hours',
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'export_company';
COMMENT ON FUNCTION export_company(uuid, text, boolean, text, interval, text) IS 'Makes a backup of one company that is there to be downloaded and expires, and returns its ID';

CREATE FUNCTION company_backups(company text = NULL)
RETURNS TABLE (id bigint, company text, label text, origin text, contents text, status text, row_count bigint, byte_count bigint, created_at timestamptz, created_by name, actor text, expires_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backups';
COMMENT ON FUNCTION company_backups(text) IS 'The stored backups, of one company or of all';

CREATE FUNCTION company_backups(company bigint)
RETURNS TABLE (id bigint, company text, label text, origin text, contents text, status text, row_count bigint, byte_count bigint, created_at timestamptz, created_by name, actor text, expires_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backups';
COMMENT ON FUNCTION company_backups(bigint) IS 'The stored backups, of one company or of all';

CREATE FUNCTION company_backups(company uuid)
RETURNS TABLE (id bigint, company text, label text, origin text, contents text, status text, row_count bigint, byte_count bigint, created_at timestamptz, created_by name, actor text, expires_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backups';
COMMENT ON FUNCTION company_backups(uuid) IS 'The stored backups, of one company or of all';

CREATE FUNCTION purge_expired()
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'purge_expired';
COMMENT ON FUNCTION purge_expired() IS 'Removes the stored backups that have expired, and returns how many there were';

CREATE FUNCTION backup_contents(backup bigint)
RETURNS TABLE (area text, table_name text, row_count bigint, byte_count bigint, sha256 text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'backup_contents';
COMMENT ON FUNCTION backup_contents(bigint) IS 'What a backup holds: the rows of each table, and the files of each column';

CREATE FUNCTION backup_manifest(backup bigint)
RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'backup_manifest';
COMMENT ON FUNCTION backup_manifest(bigint) IS 'The manifest of a backup: counts, digests, columns, what was left out and why, problems';

CREATE FUNCTION compare_schema(backup bigint)
RETURNS TABLE (table_name text, column_name text, difference text, effect text, settle text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'compare_schema';
COMMENT ON FUNCTION compare_schema(bigint) IS 'How the tables of a backup differ from those here, what that means for a restore, and the statement that settles it; changes nothing';

CREATE FUNCTION delete_backup(backup bigint)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'delete_backup';
COMMENT ON FUNCTION delete_backup(bigint) IS 'Deletes a backup; the company stays';


-- Archives.

CREATE FUNCTION read_backup(backup bigint)
RETURNS TABLE (seq integer, data bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'read_backup';
COMMENT ON FUNCTION read_backup(bigint) IS 'The bytes of a backup as a .tar.gz file, in order';

CREATE FUNCTION stream_backup(company text,
    include_files boolean = false)
RETURNS TABLE (seq integer, data bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'stream_backup';
COMMENT ON FUNCTION stream_backup(text, boolean) IS 'The company as it is now as the bytes of a .tar.gz file, in order; stores nothing, so it works on a standby, too';

CREATE FUNCTION stream_backup(company bigint,
    include_files boolean = false)
RETURNS TABLE (seq integer, data bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'stream_backup';
COMMENT ON FUNCTION stream_backup(bigint, boolean) IS 'The company as it is now as the bytes of a .tar.gz file, in order; stores nothing, so it works on a standby, too';

CREATE FUNCTION stream_backup(company uuid,
    include_files boolean = false)
RETURNS TABLE (seq integer, data bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'stream_backup';
COMMENT ON FUNCTION stream_backup(uuid, boolean) IS 'The company as it is now as the bytes of a .tar.gz file, in order; stores nothing, so it works on a standby, too';

CREATE FUNCTION begin_upload(company text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'begin_upload';
COMMENT ON FUNCTION begin_upload(text) IS 'Begins the upload of an archive for a company, or, with NULL, of one to create a company from; returns the ID of the upload';

CREATE FUNCTION begin_upload(company bigint)
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.begin_upload(company::text) $$;
COMMENT ON FUNCTION begin_upload(bigint) IS 'Begins the upload of an archive for a company, or, with NULL, of one to create a company from; returns the ID of the upload';

CREATE FUNCTION begin_upload(company uuid)
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.begin_upload(company::text) $$;
COMMENT ON FUNCTION begin_upload(uuid) IS 'Begins the upload of an archive for a company, or, with NULL, of one to create a company from; returns the ID of the upload';

CREATE FUNCTION append_upload(upload bigint,
    seq integer,
    data bytea)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'append_upload';
COMMENT ON FUNCTION append_upload(bigint, integer, bytea) IS 'Adds a part of the file; seq numbers the parts from 0. Sending a part again changes nothing';

CREATE FUNCTION finish_upload(upload bigint)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'finish_upload';
COMMENT ON FUNCTION finish_upload(bigint) IS 'Checks everything in an uploaded archive, makes it a backup and returns the ID of that';


-- Links.

CREATE FUNCTION request_download(backup bigint,
    valid_for interval = '15 minutes',
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'request_download';
COMMENT ON FUNCTION request_download(bigint, interval, text) IS 'The token of a link that lets somebody read a backup once, without any rights of their own';

CREATE FUNCTION request_upload(company text = NULL,
    valid_for interval = '15 minutes',
    max_bytes bigint = NULL,
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'request_upload';
COMMENT ON FUNCTION request_upload(text, interval, bigint, text) IS 'The token of a link that lets somebody upload one archive for a company, or, with NULL, one to create a company from; max_bytes: at most so many bytes';

CREATE FUNCTION request_upload(company bigint,
    valid_for interval = '15 minutes',
    max_bytes bigint = NULL,
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'request_upload';
COMMENT ON FUNCTION request_upload(bigint, interval, bigint, text) IS 'The token of a link that lets somebody upload one archive for a company, or, with NULL, one to create a company from; max_bytes: at most so many bytes';

CREATE FUNCTION request_upload(company uuid,
    valid_for interval = '15 minutes',
    max_bytes bigint = NULL,
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'request_upload';
COMMENT ON FUNCTION request_upload(uuid, interval, bigint, text) IS 'The token of a link that lets somebody upload one archive for a company, or, with NULL, one to create a company from; max_bytes: at most so many bytes';

CREATE FUNCTION redeem_download(token text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'redeem_download';
COMMENT ON FUNCTION redeem_download(text) IS 'Redeems a link, which works once, and returns the secret of its transfer: after COMMIT, read_transfer() reads the backup';

CREATE FUNCTION redeem_upload(token text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'redeem_upload';
COMMENT ON FUNCTION redeem_upload(text) IS 'Redeems a link, which works once, and returns the secret of its transfer: after COMMIT, append_transfer() and finish_transfer() upload the archive';

CREATE FUNCTION read_transfer(transfer text)
RETURNS TABLE (seq integer, data bytea)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'read_transfer';
COMMENT ON FUNCTION read_transfer(text) IS 'The bytes of the backup of a redeemed link as a .tar.gz file, in order; once';

CREATE FUNCTION append_transfer(transfer text,
    seq integer,
    data bytea)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'append_transfer';
COMMENT ON FUNCTION append_transfer(text, integer, bytea) IS 'Adds a part of the file to the upload of a redeemed link; seq numbers the parts from 0. Sending a part again changes nothing';

CREATE FUNCTION finish_transfer(transfer text)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'finish_transfer';
COMMENT ON FUNCTION finish_transfer(text) IS 'Checks everything in the archive that was uploaded with a redeemed link, makes it a backup and returns the ID of that';


-- Restores.

CREATE FUNCTION restore_company(company text,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'restore_company';
COMMENT ON FUNCTION restore_company(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'Brings a company, or what of it is selected, to what a backup holds, or with mode => ''merge'' adds what is missing, and returns the ID of the restore, which is then in review: keep_restore() or revert_restore() ends that';

CREATE FUNCTION restore_company(company bigint,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.restore_company(company::text, backup, mode, ids, include_files, on_error, on_conflict, on_missing_shared, schema_drift, actor, tables, "only", records, on_deleted) $$;
COMMENT ON FUNCTION restore_company(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'Brings a company, or what of it is selected, to what a backup holds, or with mode => ''merge'' adds what is missing, and returns the ID of the restore, which is then in review: keep_restore() or revert_restore() ends that';

CREATE FUNCTION restore_company(company uuid,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.restore_company(company::text, backup, mode, ids, include_files, on_error, on_conflict, on_missing_shared, schema_drift, actor, tables, "only", records, on_deleted) $$;
COMMENT ON FUNCTION restore_company(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'Brings a company, or what of it is selected, to what a backup holds, or with mode => ''merge'' adds what is missing, and returns the ID of the restore, which is then in review: keep_restore() or revert_restore() ends that';

CREATE FUNCTION preview_restore(company text,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS TABLE (area text, table_name text, added bigint, changed bigint, removed bigint, unchanged bigint, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_restore';
COMMENT ON FUNCTION preview_restore(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'What restore_company() would do with these arguments, table by table; changes nothing';

CREATE FUNCTION preview_restore(company bigint,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS TABLE (area text, table_name text, added bigint, changed bigint, removed bigint, unchanged bigint, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_restore';
COMMENT ON FUNCTION preview_restore(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'What restore_company() would do with these arguments, table by table; changes nothing';

CREATE FUNCTION preview_restore(company uuid,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip')
RETURNS TABLE (area text, table_name text, added bigint, changed bigint, removed bigint, unchanged bigint, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_restore';
COMMENT ON FUNCTION preview_restore(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text) IS 'What restore_company() would do with these arguments, table by table; changes nothing';

CREATE FUNCTION preview_rows(company text,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip',
    max_rows integer = 1000)
RETURNS TABLE (table_name text, row_key text, change text, before json, after json)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_rows';
COMMENT ON FUNCTION preview_rows(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer) IS 'The rows that restore_company() would add, change and remove with these arguments, max_rows of them at most, without secrets; changes nothing';

CREATE FUNCTION preview_rows(company bigint,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip',
    max_rows integer = 1000)
RETURNS TABLE (table_name text, row_key text, change text, before json, after json)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_rows';
COMMENT ON FUNCTION preview_rows(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer) IS 'The rows that restore_company() would add, change and remove with these arguments, max_rows of them at most, without secrets; changes nothing';

CREATE FUNCTION preview_rows(company uuid,
    backup bigint,
    mode text = 'replace',
    ids text = 'auto',
    include_files boolean = false,
    on_error text = 'abort',
    on_conflict text = 'error',
    on_missing_shared text = 'refuse',
    schema_drift text = 'refuse',
    actor text = NULL,
    tables text[] = NULL,
    "only" text = NULL,
    records jsonb = NULL,
    on_deleted text = 'skip',
    max_rows integer = 1000)
RETURNS TABLE (table_name text, row_key text, change text, before json, after json)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_rows';
COMMENT ON FUNCTION preview_rows(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer) IS 'The rows that restore_company() would add, change and remove with these arguments, max_rows of them at most, without secrets; changes nothing';

CREATE FUNCTION plan_ids(company text, backup bigint)
RETURNS TABLE (table_name text, columns text[], decision text, why text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'plan_ids';
COMMENT ON FUNCTION plan_ids(text, bigint) IS 'Whether restore_company() would keep the values of each key and unique index, renew them, or refuse. With NULL as the company: for a new one. Changes nothing';

CREATE FUNCTION plan_ids(company bigint, backup bigint)
RETURNS TABLE (table_name text, columns text[], decision text, why text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'plan_ids';
COMMENT ON FUNCTION plan_ids(bigint, bigint) IS 'Whether restore_company() would keep the values of each key and unique index, renew them, or refuse. With NULL as the company: for a new one. Changes nothing';

CREATE FUNCTION plan_ids(company uuid, backup bigint)
RETURNS TABLE (table_name text, columns text[], decision text, why text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'plan_ids';
COMMENT ON FUNCTION plan_ids(uuid, bigint) IS 'Whether restore_company() would keep the values of each key and unique index, renew them, or refuse. With NULL as the company: for a new one. Changes nothing';

CREATE FUNCTION keep_restore(restore bigint,
    actor text = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'keep_restore';
COMMENT ON FUNCTION keep_restore(bigint, text) IS 'Ends the review of a restore: its result stays, and what a revert would need is deleted';

CREATE FUNCTION revert_restore(restore bigint,
    actor text = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'revert_restore';
COMMENT ON FUNCTION revert_restore(bigint, text) IS 'Ends the review of a restore: the company is what it was before. Edits made since are discarded, and listed by restore_problems()';

CREATE FUNCTION restore_problems(restore bigint)
RETURNS TABLE (table_name text, row_key text, sqlstate text, problem text, row_data json)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'restore_problems';
COMMENT ON FUNCTION restore_problems(bigint) IS 'Rows that need a look after a restore or its revert: discarded edits, rows outside the company that were left alone, people and shared rows that others stand for';

CREATE FUNCTION forget_id_map(company text,
    backup bigint = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'forget_id_map';
COMMENT ON FUNCTION forget_id_map(text, bigint, text) IS 'Forgets which rows of the company that the backup is of, or of all companies, were merged into this one: the next merge adds them anew. Returns how many merges are forgotten';

CREATE FUNCTION forget_id_map(company bigint,
    backup bigint = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'forget_id_map';
COMMENT ON FUNCTION forget_id_map(bigint, bigint, text) IS 'Forgets which rows of the company that the backup is of, or of all companies, were merged into this one: the next merge adds them anew. Returns how many merges are forgotten';

CREATE FUNCTION forget_id_map(company uuid,
    backup bigint = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'forget_id_map';
COMMENT ON FUNCTION forget_id_map(uuid, bigint, text) IS 'Forgets which rows of the company that the backup is of, or of all companies, were merged into this one: the next merge adds them anew. Returns how many merges are forgotten';

CREATE FUNCTION restore_id_map(restore bigint)
RETURNS TABLE (table_name text, old_key text, new_key text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'restore_id_map';
COMMENT ON FUNCTION restore_id_map(bigint) IS 'The rows that got new keys, with the old ones, while the restore is in review';

CREATE FUNCTION create_company_from_backup(backup bigint,
    attributes jsonb = '{}',
    ids text = 'auto',
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'create_company_from_backup';
COMMENT ON FUNCTION create_company_from_backup(bigint, jsonb, text, text) IS 'Creates a company from a backup and returns its key; attributes are values of its row instead of those of the backup';

CREATE FUNCTION clone_company(source text,
    attributes jsonb = '{}',
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'clone_company';
COMMENT ON FUNCTION clone_company(text, jsonb, text) IS 'Copies a company into a new one and returns its key. Rows get new IDs where two companies cannot have the same; attributes are values of the new company''s row';

CREATE FUNCTION clone_company(source bigint,
    attributes jsonb = '{}',
    actor text = NULL)
RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.clone_company(source::text, attributes, actor) $$;
COMMENT ON FUNCTION clone_company(bigint, jsonb, text) IS 'Copies a company into a new one and returns its key. Rows get new IDs where two companies cannot have the same; attributes are values of the new company''s row';

CREATE FUNCTION clone_company(source uuid,
    attributes jsonb = '{}',
    actor text = NULL)
RETURNS text
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.clone_company(source::text, attributes, actor) $$;
COMMENT ON FUNCTION clone_company(uuid, jsonb, text) IS 'Copies a company into a new one and returns its key. Rows get new IDs where two companies cannot have the same; attributes are values of the new company''s row';


-- Templates: published backups.

CREATE FUNCTION publish_template(backup bigint,
    name text,
    industry text = NULL,
    description text = NULL)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'publish_template';
COMMENT ON FUNCTION publish_template(bigint, text, text, text) IS 'Makes a backup a template for new companies; it cannot be deleted until it is unpublished';

CREATE FUNCTION unpublish_template(name text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'unpublish_template';
COMMENT ON FUNCTION unpublish_template(text) IS 'Makes a template an ordinary backup again; the companies made from it stay';

CREATE FUNCTION company_templates()
RETURNS TABLE (name text, backup bigint, industry text, description text, row_count bigint, published_at timestamptz, published_by name)
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_templates';
COMMENT ON FUNCTION company_templates() IS 'The templates for new companies';

CREATE FUNCTION create_company_from_template(template text,
    attributes jsonb = '{}',
    actor text = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'create_company_from_template';
COMMENT ON FUNCTION create_company_from_template(text, jsonb, text) IS 'Creates a company from a template, always with new IDs, and returns its key; attributes are values of its row';

CREATE FUNCTION company_restores(company text = NULL)
RETURNS TABLE (id bigint, company text, backup bigint, status text, mode text, added bigint, changed bigint, removed bigint, restored_at timestamptz, restored_by name, actor text, settled_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_restores';
COMMENT ON FUNCTION company_restores(text) IS 'The restores, of one company or of all';

CREATE FUNCTION company_restores(company bigint)
RETURNS TABLE (id bigint, company text, backup bigint, status text, mode text, added bigint, changed bigint, removed bigint, restored_at timestamptz, restored_by name, actor text, settled_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_restores';
COMMENT ON FUNCTION company_restores(bigint) IS 'The restores, of one company or of all';

CREATE FUNCTION company_restores(company uuid)
RETURNS TABLE (id bigint, company text, backup bigint, status text, mode text, added bigint, changed bigint, removed bigint, restored_at timestamptz, restored_by name, actor text, settled_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_restores';
COMMENT ON FUNCTION company_restores(uuid) IS 'The restores, of one company or of all';

CREATE FUNCTION preview_delete(company text,
    actor text = NULL)
RETURNS TABLE (area text, table_name text, removed bigint, changed bigint, kept bigint, note text, in_the_way text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_delete';
COMMENT ON FUNCTION preview_delete(text, text) IS 'What delete_company() would remove, table by table, and what stands in its way';

CREATE FUNCTION preview_delete(company bigint,
    actor text = NULL)
RETURNS TABLE (area text, table_name text, removed bigint, changed bigint, kept bigint, note text, in_the_way text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_delete';
COMMENT ON FUNCTION preview_delete(bigint, text) IS 'What delete_company() would remove, table by table, and what stands in its way';

CREATE FUNCTION preview_delete(company uuid,
    actor text = NULL)
RETURNS TABLE (area text, table_name text, removed bigint, changed bigint, kept bigint, note text, in_the_way text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'preview_delete';
COMMENT ON FUNCTION preview_delete(uuid, text) IS 'What delete_company() would remove, table by table, and what stands in its way';

CREATE FUNCTION delete_company(company text,
    confirm_name text,
    final_backup boolean = false,
    erase boolean = false,
    proof text = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'delete_company';
COMMENT ON FUNCTION delete_company(text, text, boolean, boolean, text, text) IS 'Deletes a company: all its rows, in tables that do not travel, too, and what is stored of it. confirm_name must be its name. Returns the number of the deletion';

CREATE FUNCTION delete_company(company bigint,
    confirm_name text,
    final_backup boolean = false,
    erase boolean = false,
    proof text = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'delete_company';
COMMENT ON FUNCTION delete_company(bigint, text, boolean, boolean, text, text) IS 'Deletes a company: all its rows, in tables that do not travel, too, and what is stored of it. confirm_name must be its name. Returns the number of the deletion';

CREATE FUNCTION delete_company(company uuid,
    confirm_name text,
    final_backup boolean = false,
    erase boolean = false,
    proof text = NULL,
    actor text = NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'delete_company';
COMMENT ON FUNCTION delete_company(uuid, text, boolean, boolean, text, text) IS 'Deletes a company: all its rows, in tables that do not travel, too, and what is stored of it. confirm_name must be its name. Returns the number of the deletion';

CREATE FUNCTION company_deletions(company text = NULL)
RETURNS TABLE (id bigint, company text, removed bigint, kept bigint, final_backup bigint, deleted_at timestamptz, deleted_by name, actor text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_deletions';
COMMENT ON FUNCTION company_deletions(text) IS 'The deletions, of companies that had one key or of all';

CREATE FUNCTION company_deletions(company bigint)
RETURNS TABLE (id bigint, company text, removed bigint, kept bigint, final_backup bigint, deleted_at timestamptz, deleted_by name, actor text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_deletions';
COMMENT ON FUNCTION company_deletions(bigint) IS 'The deletions, of companies that had one key or of all';

CREATE FUNCTION company_deletions(company uuid)
RETURNS TABLE (id bigint, company text, removed bigint, kept bigint, final_backup bigint, deleted_at timestamptz, deleted_by name, actor text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_deletions';
COMMENT ON FUNCTION company_deletions(uuid) IS 'The deletions, of companies that had one key or of all';

CREATE FUNCTION deletion_report(deletion bigint,
    actor text = NULL)
RETURNS TABLE (what text, object text, row_count bigint, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'deletion_report';
COMMENT ON FUNCTION deletion_report(bigint, text) IS 'What a deletion removed, changed and kept, and the proof that nothing is left: every place that says whose a row is, with what was found there afterwards';

CREATE FUNCTION erase_record(target regclass,
    key text,
    reason text = NULL,
    actor text = NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'erase_record';
COMMENT ON FUNCTION erase_record(regclass, text, text, text) IS 'Removes a row for good: no backup from before brings it back. Of a key of several columns, key is a JSON array. Returns whether the row was there';

CREATE FUNCTION find_in_backups(target regclass,
    key text,
    actor text = NULL)
RETURNS TABLE (backup bigint, company text, label text, origin text, created_at timestamptz, expires_at timestamptz)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'find_in_backups';
COMMENT ON FUNCTION find_in_backups(regclass, text, text) IS 'The stored backups that hold a row, also one that was erased since';

CREATE FUNCTION freeze_company(company text,
    actor text = NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'freeze_company';
COMMENT ON FUNCTION freeze_company(text, text) IS 'Refuses writes of the application to the company''s rows, in tables with the trigger refuse_frozen_writes(), until unfreeze_company(). Waits for those that are being written. Returns false if it was frozen already';

CREATE FUNCTION freeze_company(company bigint,
    actor text = NULL)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.freeze_company(company::text, actor) $$;
COMMENT ON FUNCTION freeze_company(bigint, text) IS 'Refuses writes of the application to the company''s rows, in tables with the trigger refuse_frozen_writes(), until unfreeze_company(). Waits for those that are being written. Returns false if it was frozen already';

CREATE FUNCTION freeze_company(company uuid,
    actor text = NULL)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.freeze_company(company::text, actor) $$;
COMMENT ON FUNCTION freeze_company(uuid, text) IS 'Refuses writes of the application to the company''s rows, in tables with the trigger refuse_frozen_writes(), until unfreeze_company(). Waits for those that are being written. Returns false if it was frozen already';

CREATE FUNCTION unfreeze_company(company text,
    actor text = NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'unfreeze_company';
COMMENT ON FUNCTION unfreeze_company(text, text) IS 'Ends freeze_company(). Returns false if the company was not frozen';

CREATE FUNCTION unfreeze_company(company bigint,
    actor text = NULL)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.unfreeze_company(company::text, actor) $$;
COMMENT ON FUNCTION unfreeze_company(bigint, text) IS 'Ends freeze_company(). Returns false if the company was not frozen';

CREATE FUNCTION unfreeze_company(company uuid,
    actor text = NULL)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.unfreeze_company(company::text, actor) $$;
COMMENT ON FUNCTION unfreeze_company(uuid, text) IS 'Ends freeze_company(). Returns false if the company was not frozen';

CREATE FUNCTION refuse_frozen_writes()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'refuse_frozen_writes';
COMMENT ON FUNCTION refuse_frozen_writes() IS 'Trigger function, BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW: fails where the company is frozen whose key stands in the column that the trigger names';

CREATE FUNCTION company_busy(company text)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_busy';
COMMENT ON FUNCTION company_busy(text) IS 'Whether a restore of the company, the end of its review, or its deletion is at work in another session';

CREATE FUNCTION company_busy(company bigint)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.company_busy(company::text) $$;
COMMENT ON FUNCTION company_busy(bigint) IS 'Whether a restore of the company, the end of its review, or its deletion is at work in another session';

CREATE FUNCTION company_busy(company uuid)
RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT @extschema@.company_busy(company::text) $$;
COMMENT ON FUNCTION company_busy(uuid) IS 'Whether a restore of the company, the end of its review, or its deletion is at work in another session';


-- Jobs.

CREATE FUNCTION start_job(action text,
    company text,
    options jsonb = '{}',
    actor text = NULL,
    queue boolean = false)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'start_job';
COMMENT ON FUNCTION start_job(text, text, jsonb, text, boolean) IS 'Starts work on a company in a background worker, once the transaction is committed, and returns the ID of the job. Its options are the arguments of the function that does it';

CREATE FUNCTION start_job(action text,
    company bigint,
    options jsonb = '{}',
    actor text = NULL,
    queue boolean = false)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'start_job';
COMMENT ON FUNCTION start_job(text, bigint, jsonb, text, boolean) IS 'Starts work on a company in a background worker, once the transaction is committed, and returns the ID of the job. Its options are the arguments of the function that does it';

CREATE FUNCTION start_job(action text,
    company uuid,
    options jsonb = '{}',
    actor text = NULL,
    queue boolean = false)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'start_job';
COMMENT ON FUNCTION start_job(text, uuid, jsonb, text, boolean) IS 'Starts work on a company in a background worker, once the transaction is committed, and returns the ID of the job. Its options are the arguments of the function that does it';

CREATE FUNCTION company_jobs(company text = NULL)
RETURNS TABLE (id bigint, action text, company text, state text, phase text, table_name text, rows_done bigint, rows_total bigint, bytes_done bigint, started_at timestamptz, finished_at timestamptz, result text, sqlstate text, message text, detail text, hint text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_jobs';
COMMENT ON FUNCTION company_jobs(text) IS 'The jobs, and what sessions are at work on that called a function directly, with how far it is; of one company or of all';

CREATE FUNCTION company_jobs(company bigint)
RETURNS TABLE (id bigint, action text, company text, state text, phase text, table_name text, rows_done bigint, rows_total bigint, bytes_done bigint, started_at timestamptz, finished_at timestamptz, result text, sqlstate text, message text, detail text, hint text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_jobs';
COMMENT ON FUNCTION company_jobs(bigint) IS 'The jobs, and what sessions are at work on that called a function directly, with how far it is; of one company or of all';

CREATE FUNCTION company_jobs(company uuid)
RETURNS TABLE (id bigint, action text, company text, state text, phase text, table_name text, rows_done bigint, rows_total bigint, bytes_done bigint, started_at timestamptz, finished_at timestamptz, result text, sqlstate text, message text, detail text, hint text)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_jobs';
COMMENT ON FUNCTION company_jobs(uuid) IS 'The jobs, and what sessions are at work on that called a function directly, with how far it is; of one company or of all';

CREATE FUNCTION cancel_job(id bigint,
    actor text = NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'cancel_job';
COMMENT ON FUNCTION cancel_job(bigint, text) IS 'Ends a job; false if it has ended already';

CREATE FUNCTION wait_for_job(id bigint,
    timeout interval = NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'wait_for_job';
COMMENT ON FUNCTION wait_for_job(bigint, interval) IS 'Waits until a job has ended, or for so long, and returns its state';

-- The log.

CREATE FUNCTION company_backup_log(company text = NULL)
RETURNS TABLE (logged_at timestamptz, role text, actor text, action text, company text, backup bigint, outcome text,
    sqlstate text, duration interval, row_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backup_log';
COMMENT ON FUNCTION company_backup_log(text) IS 'What was done or refused, and when, by whom, for whom, how long it took: of one company, or of all';

CREATE FUNCTION company_backup_log(company bigint)
RETURNS TABLE (logged_at timestamptz, role text, actor text, action text, company text, backup bigint, outcome text,
    sqlstate text, duration interval, row_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backup_log';
COMMENT ON FUNCTION company_backup_log(bigint) IS 'What was done or refused, and when, by whom, for whom, how long it took: of one company, or of all';

CREATE FUNCTION company_backup_log(company uuid)
RETURNS TABLE (logged_at timestamptz, role text, actor text, action text, company text, backup bigint, outcome text,
    sqlstate text, duration interval, row_count bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'company_backup_log';
COMMENT ON FUNCTION company_backup_log(uuid) IS 'What was done or refused, and when, by whom, for whom, how long it took: of one company, or of all';


-- Nothing of this is for everybody. The database owner may try; the functions themselves decide.

REVOKE ALL ON FUNCTION
    company_backup.follow_company(),
    company_backup.keep_log(),
    company_backup.as_followed(regclass, smallint),
    company_backup.is_same_version(text[], text[]),
    company_backup.is_unbroken(company_backup.followed),
    set_company_table(regclass, name, name, name, name[], name[], text),
    set_table_rule(regclass, text, text, text, name[], name[]),
    set_column_rule(regclass, name, text, text, boolean),
    set_column_rule(regclass, name[], text, text, boolean),
    set_reference(regclass, name[], regclass, name[], text, name, text, text),
    set_table_rename(text, regclass),
    set_column_rename(regclass, name, name),
    set_column_default(regclass, name, text),
    set_row_check(regclass, text),
    set_membership(regclass, name),
    set_company_guard(text),
    set_company_guard_query(text),
    set_company_hook(text, text),
    set_table_retention(regclass, text),
    set_delete_precondition(text, text, text),
    set_reauthentication(text),
    forget_stale_rules(),
    trust_origin(text, bytea),
    archive_key(),
    set_company_limits(text, integer, integer, bigint, interval),
    set_company_limits(bigint, integer, integer, bigint, interval),
    set_company_limits(uuid, integer, integer, bigint, interval),
    grant_company_backup(name),
    grant_company_transfer(name),
    company_scope(),
    check_company_scope(),
    company_rules(boolean),
    propose_company_rules(),
    check_company_data(text),
    check_company_data(bigint),
    check_company_data(uuid),
    company_contents(text),
    company_contents(bigint),
    company_contents(uuid),
    backup_company(text, text, boolean, text, text),
    backup_company(bigint, text, boolean, text, text),
    backup_company(uuid, text, boolean, text, text),
    company_backups(text),
    company_backups(bigint),
    company_backups(uuid),
    backup_contents(bigint),
    backup_manifest(bigint),
    compare_schema(bigint),
    delete_backup(bigint),
    purge_expired(),
    read_backup(bigint),
    stream_backup(text, boolean),
    stream_backup(bigint, boolean),
    stream_backup(uuid, boolean),
    begin_upload(text),
    begin_upload(bigint),
    begin_upload(uuid),
    append_upload(bigint, integer, bytea),
    finish_upload(bigint),
    company_backup_log(text),
    company_backup_log(bigint),
    company_backup_log(uuid),
    request_download(bigint, interval, text),
    request_upload(text, interval, bigint, text),
    request_upload(bigint, interval, bigint, text),
    request_upload(uuid, interval, bigint, text),
    redeem_download(text),
    redeem_upload(text),
    read_transfer(text),
    append_transfer(text, integer, bytea),
    finish_transfer(text),
    restore_company(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    restore_company(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    restore_company(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_rows(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    preview_rows(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    preview_rows(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    plan_ids(text, bigint),
    plan_ids(bigint, bigint),
    plan_ids(uuid, bigint),
    clone_company(text, jsonb, text),
    clone_company(bigint, jsonb, text),
    clone_company(uuid, jsonb, text),
    keep_restore(bigint, text),
    revert_restore(bigint, text),
    restore_problems(bigint),
    restore_id_map(bigint),
    forget_id_map(text, bigint, text),
    forget_id_map(bigint, bigint, text),
    forget_id_map(uuid, bigint, text),
    create_company_from_backup(bigint, jsonb, text, text),
    publish_template(bigint, text, text, text),
    unpublish_template(text),
    company_templates(),
    create_company_from_template(text, jsonb, text),
    company_restores(text),
    company_restores(bigint),
    company_restores(uuid),
    preview_delete(text, text),
    preview_delete(bigint, text),
    preview_delete(uuid, text),
    delete_company(text, text, boolean, boolean, text, text),
    delete_company(bigint, text, boolean, boolean, text, text),
    delete_company(uuid, text, boolean, boolean, text, text),
    company_deletions(text),
    company_deletions(bigint),
    company_deletions(uuid),
    deletion_report(bigint, text),
    erase_record(regclass, text, text, text),
    find_in_backups(regclass, text, text),
    freeze_company(text, text),
    freeze_company(bigint, text),
    freeze_company(uuid, text),
    unfreeze_company(text, text),
    unfreeze_company(bigint, text),
    unfreeze_company(uuid, text),
    refuse_frozen_writes(),
    company_busy(text),
    company_busy(bigint),
    company_busy(uuid),
    export_company(text, text, boolean, text, interval, text),
    export_company(bigint, text, boolean, text, interval, text),
    export_company(uuid, text, boolean, text, interval, text),
    start_job(text, text, jsonb, text, boolean),
    start_job(text, bigint, jsonb, text, boolean),
    start_job(text, uuid, jsonb, text, boolean),
    company_jobs(text),
    company_jobs(bigint),
    company_jobs(uuid),
    cancel_job(bigint, text),
    wait_for_job(bigint, interval)
FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    company_backup.follow_company(),
    company_backup.keep_log(),
    set_company_table(regclass, name, name, name, name[], name[], text),
    set_table_rule(regclass, text, text, text, name[], name[]),
    set_column_rule(regclass, name, text, text, boolean),
    set_column_rule(regclass, name[], text, text, boolean),
    set_reference(regclass, name[], regclass, name[], text, name, text, text),
    set_table_rename(text, regclass),
    set_column_rename(regclass, name, name),
    set_column_default(regclass, name, text),
    set_row_check(regclass, text),
    set_membership(regclass, name),
    set_company_guard(text),
    set_company_guard_query(text),
    set_company_hook(text, text),
    set_table_retention(regclass, text),
    set_delete_precondition(text, text, text),
    set_reauthentication(text),
    forget_stale_rules(),
    trust_origin(text, bytea),
    archive_key(),
    set_company_limits(text, integer, integer, bigint, interval),
    set_company_limits(bigint, integer, integer, bigint, interval),
    set_company_limits(uuid, integer, integer, bigint, interval),
    grant_company_backup(name),
    grant_company_transfer(name),
    company_scope(),
    check_company_scope(),
    company_rules(boolean),
    propose_company_rules(),
    check_company_data(text),
    check_company_data(bigint),
    check_company_data(uuid),
    company_contents(text),
    company_contents(bigint),
    company_contents(uuid),
    backup_company(text, text, boolean, text, text),
    backup_company(bigint, text, boolean, text, text),
    backup_company(uuid, text, boolean, text, text),
    company_backups(text),
    company_backups(bigint),
    company_backups(uuid),
    backup_contents(bigint),
    backup_manifest(bigint),
    compare_schema(bigint),
    delete_backup(bigint),
    purge_expired(),
    read_backup(bigint),
    stream_backup(text, boolean),
    stream_backup(bigint, boolean),
    stream_backup(uuid, boolean),
    begin_upload(text),
    begin_upload(bigint),
    begin_upload(uuid),
    append_upload(bigint, integer, bytea),
    finish_upload(bigint),
    company_backup_log(text),
    company_backup_log(bigint),
    company_backup_log(uuid),
    request_download(bigint, interval, text),
    request_upload(text, interval, bigint, text),
    request_upload(bigint, interval, bigint, text),
    request_upload(uuid, interval, bigint, text),
    redeem_download(text),
    redeem_upload(text),
    read_transfer(text),
    append_transfer(text, integer, bytea),
    finish_transfer(text),
    restore_company(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    restore_company(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    restore_company(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_restore(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text),
    preview_rows(text, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    preview_rows(bigint, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    preview_rows(uuid, bigint, text, text, boolean, text, text, text, text, text, text[], text, jsonb, text, integer),
    plan_ids(text, bigint),
    plan_ids(bigint, bigint),
    plan_ids(uuid, bigint),
    clone_company(text, jsonb, text),
    clone_company(bigint, jsonb, text),
    clone_company(uuid, jsonb, text),
    keep_restore(bigint, text),
    revert_restore(bigint, text),
    restore_problems(bigint),
    restore_id_map(bigint),
    forget_id_map(text, bigint, text),
    forget_id_map(bigint, bigint, text),
    forget_id_map(uuid, bigint, text),
    create_company_from_backup(bigint, jsonb, text, text),
    publish_template(bigint, text, text, text),
    unpublish_template(text),
    company_templates(),
    create_company_from_template(text, jsonb, text),
    company_restores(text),
    company_restores(bigint),
    company_restores(uuid),
    preview_delete(text, text),
    preview_delete(bigint, text),
    preview_delete(uuid, text),
    delete_company(text, text, boolean, boolean, text, text),
    delete_company(bigint, text, boolean, boolean, text, text),
    delete_company(uuid, text, boolean, boolean, text, text),
    company_deletions(text),
    company_deletions(bigint),
    company_deletions(uuid),
    deletion_report(bigint, text),
    erase_record(regclass, text, text, text),
    find_in_backups(regclass, text, text),
    freeze_company(text, text),
    freeze_company(bigint, text),
    freeze_company(uuid, text),
    unfreeze_company(text, text),
    unfreeze_company(bigint, text),
    unfreeze_company(uuid, text),
    refuse_frozen_writes(),
    company_busy(text),
    company_busy(bigint),
    company_busy(uuid),
    export_company(text, text, boolean, text, interval, text),
    export_company(bigint, text, boolean, text, interval, text),
    export_company(uuid, text, boolean, text, interval, text),
    start_job(text, text, jsonb, text, boolean),
    start_job(text, bigint, jsonb, text, boolean),
    start_job(text, uuid, jsonb, text, boolean),
    company_jobs(text),
    company_jobs(bigint),
    company_jobs(uuid),
    cancel_job(bigint, text),
    wait_for_job(bigint, interval)
TO pg_database_owner;
