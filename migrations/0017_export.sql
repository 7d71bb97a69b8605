-- A company takes everything out. What is exported follows from the catalogue, so that no table that comes later is
-- forgotten; what is left out stands in two lists here, each with its reason. The archive: docs/export.md.

CREATE TABLE tenant_export (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    actor       text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'ready', 'failed', 'removed')),
    files       integer NOT NULL DEFAULT 0,
    files_done  integer NOT NULL DEFAULT 0,
    rows_done   bigint NOT NULL DEFAULT 0,
    bytes       bigint NOT NULL DEFAULT 0,
    fault       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    expires_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
-- One at a time.
CREATE UNIQUE INDEX tenant_export_open ON tenant_export (tenant_id) WHERE state IN ('waiting', 'running');
SELECT tenant_table('tenant_export');
GRANT SELECT ON tenant_export TO konstruct_web, konstruct_worker;
GRANT INSERT (tenant_id, id, actor) ON tenant_export TO konstruct_web;
GRANT UPDATE (state, files, files_done, rows_done, bytes, fault, finished_at, expires_at) ON tenant_export
    TO konstruct_worker;

-- The doors below read every table of a tenant, whenever it was made.
CREATE OR REPLACE FUNCTION tenant_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))'
                   ' WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))', name);
    EXECUTE format('GRANT SELECT ON %I TO konstruct_lookup', name);
END $$;

-- The tables that hold something of a tenant.
CREATE FUNCTION tenant_tables() RETURNS TABLE (tab regclass) LANGUAGE sql STABLE AS
    $$ SELECT c.oid::regclass FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY c.relname $$;

DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT tab FROM tenant_tables() LOOP
        EXECUTE format('GRANT SELECT ON %s TO konstruct_lookup', target);
    END LOOP;
END $$;

-- Whole tables that an export leaves out.
CREATE FUNCTION export_without() RETURNS TABLE (tab text, why text) LANGUAGE sql IMMUTABLE AS $$ VALUES
    ('audit', 'stands in audit.jsonl, in the form that konstruct audit verify checks'),
    ('audit_head', 'stands in audit.jsonl') $$;

-- Columns that an export leaves out: whatever is a secret by its name, or the hash of one. Hashes of the audit are public.
CREATE FUNCTION export_secret(tab text, col text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT col ~ '(^|_)(sealed|secret|password|private|token|hash)(_|$)'
           AND (tab, col) NOT IN (('audit_signature', 'hash')) $$;

-- What an export consists of: each table with the columns that it leaves out. Beside the tables of the tenant there is
-- `person`: the people who belong to it.
CREATE FUNCTION export_tables() RETURNS TABLE (tab text, left_out text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT t.tab::text, coalesce((SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = t.tab AND a.attnum > 0 AND NOT a.attisdropped AND export_secret(t.tab::text, a.attname)), '')
    FROM tenant_tables() t WHERE t.tab::text NOT IN (SELECT w.tab FROM export_without() w)
    UNION ALL SELECT 'person', 'password_hash' ORDER BY 1 $$;

-- A page of a table: its rows as JSON, in the order of the primary key, behind the place where the page before ended.
-- It ends at so many rows, or at about a megabyte; one row is always given.
CREATE FUNCTION export_page(wanted text, after text, most integer) RETURNS TABLE (place text, line text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
    target regclass;
    source text;
    cols text;
    keys text;
    places text;
    reached text;
BEGIN
    IF own IS NULL THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM export_tables() e WHERE e.tab = wanted) THEN
        RAISE EXCEPTION 'there is nothing to export of table %', wanted;
    END IF;
    target := to_regclass('public.' || quote_ident(wanted));
    -- People have no tenant of their own: those who belong to this one.
    source := CASE WHEN wanted = 'person'
        THEN 'person x JOIN membership m ON m.person_id = x.id WHERE m.tenant_id = $1'
        ELSE target || ' x WHERE x.tenant_id = $1' END;
    SELECT string_agg(format('x.%I', a.attname), ', ' ORDER BY a.attnum) INTO cols FROM pg_attribute a
        WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'tenant_id'
            AND NOT export_secret(wanted, a.attname);
    SELECT string_agg(format('x.%I', k.attname), ', ' ORDER BY k.n),
           string_agg(format('x.%I::text', k.attname), ', ' ORDER BY k.n),
           string_agg(format('($2::jsonb ->> %s)::%s', k.n - 1, k.kind), ', ' ORDER BY k.n)
        INTO keys, places, reached
        FROM (SELECT a.attname, format_type(a.atttypid, NULL) AS kind, row_number() OVER (ORDER BY raw.n) AS n
            FROM pg_index i, unnest(i.indkey::integer[]) WITH ORDINALITY AS raw(attnum, n), pg_attribute a
            WHERE i.indrelid = target AND i.indisprimary AND a.attrelid = target AND a.attnum = raw.attnum
                AND a.attname <> 'tenant_id') k;
    -- Where the key is the tenant alone there is one row.
    IF keys IS NULL THEN
        keys := '1';
        places := '''''';
        reached := '1';
    END IF;
    RETURN QUERY EXECUTE format('SELECT s.place, s.line FROM ('
        ' SELECT r.place, r.line, sum(octet_length(r.line)) OVER (ORDER BY r.n) - octet_length(r.line) AS before, r.n FROM ('
        '  SELECT row_number() OVER (ORDER BY %1$s) AS n, jsonb_build_array(%2$s)::text AS place,'
        '   to_jsonb((SELECT j FROM (SELECT %3$s) j))::text AS line'
        '  FROM %4$s AND ($2 IS NULL OR (%1$s) > (%5$s)) ORDER BY %1$s LIMIT $3) r) s'
        ' WHERE s.before < 1000000 ORDER BY s.n', keys, places, cols, source, reached) USING own, after, most;
END $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION export_tables() OWNER TO konstruct_lookup;
ALTER FUNCTION export_page(text, text, integer) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION tenant_table(text), tenant_tables(), export_without(), export_secret(text, text), export_tables(),
    export_page(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_tables(), export_without(), export_secret(text, text) TO konstruct_lookup;
GRANT EXECUTE ON FUNCTION export_tables(), export_page(text, text, integer) TO konstruct_worker;
