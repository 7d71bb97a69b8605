-- Fills every table for one tenant, from what the catalogue says of it. References and checks are followed where they can be
-- read; what can't be guessed stands in the list of hints. Every text that may be anything holds the tenant's mark.

-- What a column of a table takes; NULL: leave it to its default.
CREATE FUNCTION pg_temp.isolation_value(tab regclass, col pg_attribute, made jsonb, mark text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    target text;
    literal text;
    length_wanted integer;
    kind text := format_type(col.atttypid, NULL);
BEGIN
    IF col.attidentity = 'a' OR col.attgenerated <> '' THEN
        RETURN NULL;
    END IF;
    SELECT h.value INTO hint FROM (VALUES
        -- Nothing ripe lies about, should a worker ever look.
        ('job', 'state', '''done'''),
        -- Routes are asked of companies that go on.
        ('tenant', 'suspended_why', 'NULL'),
        -- As many entries as the chain has: the next one finds its place.
        ('audit_head', 'seq', '1'),
        -- The end of a secret, which is short.
        ('sign_in', 'hint', '''last'''),
        ('provider_account', 'hint', '''last'''),
        ('cap_alert', 'percent', '50')
    ) AS h(of_table, of_column, value) WHERE h.of_table = tab::text AND h.of_column = col.attname;
    IF hint IS NOT NULL THEN
        RETURN hint;
    END IF;
    IF col.attname = 'tenant_id' THEN
        RETURN quote_literal(made ->> 'tenant.tenant_id');
    END IF;
    -- A reference takes what the row it points to has; so does a column that is named like one.
    SELECT k.confrelid::regclass::text || '.' || a.attname INTO target FROM pg_constraint k
        JOIN LATERAL unnest(k.conkey, k.confkey) AS pair(own, other) ON true
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = pair.other
        WHERE k.conrelid = tab AND k.contype = 'f' AND pair.own = col.attnum LIMIT 1;
    IF target IS NULL AND kind = 'uuid' AND col.attname ~ '_id$' THEN
        target := regexp_replace(col.attname, '_id$', '') || '.id';
    END IF;
    IF target IS NOT NULL AND made ? target THEN
        RETURN quote_literal(made ->> target);
    END IF;
    -- Of a text that may be one of a few, the first.
    SELECT m[1] INTO literal FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''::text') AS m
        WHERE k.conrelid = tab AND k.contype = 'c' AND col.attnum = ANY (k.conkey) AND cardinality(k.conkey) = 1
            AND pg_get_constraintdef(k.oid) ~ 'ARRAY\[|= ''' LIMIT 1;
    IF literal IS NOT NULL THEN
        RETURN quote_literal(literal);
    END IF;
    -- A length that is asked for, as keys and signatures have it.
    SELECT m[1]::integer INTO length_wanted FROM pg_constraint k,
        regexp_matches(pg_get_constraintdef(k.oid), 'length\([^()]*\) = (\d+)') AS m
        WHERE k.conrelid = tab AND k.contype = 'c' AND k.conkey = ARRAY[col.attnum] LIMIT 1;
    IF kind IN ('text', 'character varying') THEN
        RETURN quote_literal(CASE WHEN length_wanted IS NOT NULL THEN substr(repeat(mark, 9), 1, length_wanted)
            WHEN col.attname ~ 'email|recipient' THEN mark || '@example.org' ELSE mark END);
    END IF;
    IF col.atthasdef OR NOT col.attnotnull AND kind <> 'jsonb' THEN
        RETURN NULL;
    END IF;
    RETURN CASE
        WHEN kind = 'uuid' THEN quote_literal(gen_random_uuid())
        WHEN kind = 'bytea' THEN format('substr(sha512(%L), 1, %s)', mark || tab || col.attname, coalesce(length_wanted, 32))
        WHEN kind IN ('integer', 'bigint', 'smallint', 'numeric', 'double precision') THEN '1'
        WHEN kind = 'boolean' THEN 'false'
        WHEN kind ~ '^timestamp' THEN 'now() + interval ''1 hour'''
        WHEN kind = 'date' THEN 'current_date'
        WHEN kind = 'interval' THEN 'interval ''1 hour'''
        WHEN kind = 'inet' THEN '''127.0.0.1'''
        WHEN kind IN ('jsonb', 'json') THEN format('%L', json_build_object('canary', mark))
        WHEN kind = 'text[]' THEN format('ARRAY[%L]', mark)
        ELSE '''''' END;
END $$;

-- The tables with a tenant, and those that they refer to, each after those that it refers to.
CREATE FUNCTION pg_temp.isolation_tables() RETURNS TABLE (tab regclass, of_tenant boolean) LANGUAGE plpgsql AS $$
DECLARE
    placed oid[] := '{}';
    ready oid[];
BEGIN
    IF to_regclass('pg_temp.isolation_wanted') IS NULL THEN
        CREATE TEMP TABLE isolation_wanted AS
        WITH RECURSIVE wanted(oid) AS (
            SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND a.attname = 'tenant_id' AND NOT a.attisdropped
            UNION
            SELECT k.confrelid FROM wanted JOIN pg_constraint k ON k.conrelid = wanted.oid AND k.contype = 'f')
        SELECT wanted.oid, wanted.oid::regclass::text AS name, EXISTS (SELECT 1 FROM pg_attribute a
            WHERE a.attrelid = wanted.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS has_tenant
        FROM wanted;
    END IF;
    LOOP
        SELECT array_agg(w.oid ORDER BY w.name) INTO ready FROM isolation_wanted w
        WHERE w.oid <> ALL (placed) AND NOT EXISTS (SELECT 1 FROM pg_constraint k
            WHERE k.conrelid = w.oid AND k.contype = 'f' AND k.confrelid <> w.oid AND k.confrelid <> ALL (placed));
        -- A circle of references: in any order then; they are not checked while the tables are filled.
        IF ready IS NULL THEN
            SELECT array_agg(w.oid ORDER BY w.name) INTO ready FROM isolation_wanted w WHERE w.oid <> ALL (placed);
        END IF;
        EXIT WHEN ready IS NULL;
        RETURN QUERY SELECT w.oid::regclass, w.has_tenant FROM unnest(ready) WITH ORDINALITY AS r(oid, n)
            JOIN isolation_wanted w ON w.oid = r.oid ORDER BY r.n;
        placed := placed || ready;
    END LOOP;
END $$;

-- One row of a table, with what is given and the rest made up; and what `made` knows afterwards.
CREATE FUNCTION pg_temp.isolation_row(tab regclass, made jsonb, given jsonb, mark text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    col pg_attribute;
    names text := '';
    exprs text := '';
    value text;
    filled jsonb;
BEGIN
    FOR col IN SELECT a.* FROM pg_attribute a
        WHERE a.attrelid = tab AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LOOP
        value := coalesce(quote_literal(given ->> col.attname), pg_temp.isolation_value(tab, col, made, mark));
        IF value IS NOT NULL THEN
            names := names || ', ' || quote_ident(col.attname);
            exprs := exprs || ', ' || value;
        END IF;
    END LOOP;
    BEGIN
        EXECUTE format('INSERT INTO %s AS x (%s) VALUES (%s) RETURNING to_jsonb(x)', tab, substr(names, 3), substr(exprs, 3))
            INTO filled;
    EXCEPTION WHEN others THEN
        RAISE EXCEPTION 'isolation/fill.sql finds no row that table % takes (%): give it a hint', tab, SQLERRM;
    END;
    RETURN made || (SELECT jsonb_object_agg(tab || '.' || key, filled -> key) FROM jsonb_object_keys(filled) AS key
        WHERE tab::text = 'tenant' OR key <> 'tenant_id');
END $$;

-- One row in every table for this tenant; how many tables there are. What a table does not take is said with its name.
CREATE FUNCTION pg_temp.isolation_fill(tenant uuid, mark text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    made jsonb := jsonb_build_object('tenant.tenant_id', tenant);
    target record;
    count integer := 0;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR target IN SELECT * FROM pg_temp.isolation_tables() LOOP
        made := pg_temp.isolation_row(target.tab, made, '{}', mark);
        count := count + 1;
    END LOOP;
    SET LOCAL session_replication_role = origin;
    RETURN count;
END $$;

-- A further person of this tenant, in this role; the person's id.
CREATE FUNCTION pg_temp.isolation_person(tenant uuid, role text, mark text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made jsonb := jsonb_build_object('tenant.tenant_id', tenant);
BEGIN
    made := pg_temp.isolation_row('person', made, '{}', mark || '_' || role);
    made := pg_temp.isolation_row('membership', made, jsonb_build_object('role', role), mark || '_' || role);
    RETURN made ->> 'person.id';
END $$;

-- What all rows of a tenant come to: it changes when any of them does.
CREATE FUNCTION pg_temp.isolation_sum(tenant uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    target record;
    part text;
    total text := '';
BEGIN
    FOR target IN SELECT * FROM pg_temp.isolation_tables() WHERE of_tenant LOOP
        EXECUTE format('SELECT md5(string_agg(to_jsonb(x)::text, '','' ORDER BY to_jsonb(x)::text)) FROM %s x WHERE tenant_id = %L',
            target.tab, tenant) INTO part;
        total := md5(total || coalesce(part, '-'));
    END LOOP;
    RETURN total;
END $$;

-- Runs any SQL in the transaction of the caller.
CREATE FUNCTION pg_temp.isolation_run(sql text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; END $$;

-- Every id that the rows of a tenant hold, some twice: what a stranger might have got hold of.
CREATE FUNCTION pg_temp.isolation_ids(tenant uuid) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    col record;
BEGIN
    FOR col IN SELECT t.tab, a.attname FROM pg_temp.isolation_tables() t JOIN pg_attribute a ON a.attrelid = t.tab
        WHERE t.of_tenant AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped AND a.attnum > 0 LOOP
        RETURN QUERY EXECUTE format('SELECT %I::text FROM %s WHERE tenant_id = %L AND %I IS NOT NULL', col.attname, col.tab,
            tenant, col.attname);
    END LOOP;
END $$;
