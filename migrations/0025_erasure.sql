-- A company is erased: every row of every table, in an order that follows from the catalogue, so that no table that comes
-- later is forgotten. What stays is the bare audit: numbers, times and hashes, with the signed heads, and no word of what
-- happened. Who can be erased is marked first; from then on nobody gets in, and nothing that runs may write.

ALTER TABLE tenant ADD COLUMN erasing_at timestamptz;
ALTER TABLE tenant ADD COLUMN erasing_xid xid8;
ALTER TABLE tenant ADD COLUMN erased_at timestamptz;

-- Asked for by an admin, and stopped by any admin until it is due.
CREATE TABLE tenant_erasure (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    actor      text NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stopped', 'running', 'blanking')),
    asked_at   timestamptz NOT NULL DEFAULT now(),
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenant_erasure_open ON tenant_erasure (tenant_id) WHERE state <> 'stopped';
SELECT tenant_table('tenant_erasure');
GRANT SELECT ON tenant_erasure TO konstruct_web, konstruct_worker;
GRANT INSERT (tenant_id, id, actor, due_at) ON tenant_erasure TO konstruct_web, konstruct_worker;
GRANT UPDATE (state) ON tenant_erasure TO konstruct_web, konstruct_worker;

-- The doors below read and empty every table of a tenant, whenever it was made.
CREATE OR REPLACE FUNCTION tenant_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))'
                   ' WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))', name);
    EXECUTE format('GRANT SELECT, DELETE ON %I TO konstruct_lookup', name);
END $$;

-- What an erased tenant keeps.
CREATE FUNCTION erasure_keeps() RETURNS TABLE (tab text) LANGUAGE sql IMMUTABLE AS
    $$ VALUES ('tenant'), ('audit'), ('audit_head'), ('audit_signature') $$;
-- What goes last, with the job that does it.
CREATE FUNCTION erasure_last() RETURNS TABLE (tab text) LANGUAGE sql IMMUTABLE AS $$ VALUES ('job'), ('tenant_erasure') $$;
-- Tables that hold something of a person and belong to no tenant.
CREATE FUNCTION person_tables() RETURNS TABLE (tab regclass) LANGUAGE sql STABLE AS
    $$ SELECT c.oid::regclass FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'person_id' AND NOT a.attisdropped
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id'
               AND NOT t.attisdropped) ORDER BY c.relname $$;

DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT tab FROM tenant_tables() WHERE tab::text NOT IN (SELECT k.tab FROM erasure_keeps() k)
        UNION ALL SELECT tab FROM person_tables() LOOP
        EXECUTE format('GRANT SELECT, DELETE ON %s TO konstruct_lookup', target);
    END LOOP;
END $$;
GRANT DELETE ON person TO konstruct_lookup;
GRANT UPDATE (name, weight, erasing_at, erasing_xid, erased_at) ON tenant TO konstruct_lookup;
GRANT UPDATE (state, holder, lease_until, finished_at) ON job TO konstruct_lookup;
GRANT UPDATE (state) ON connection TO konstruct_lookup;
GRANT SELECT, UPDATE (actor, action, object, body, words) ON audit TO konstruct_lookup;

-- Entries are never changed, but for losing their words when the tenant is erased: number, time and hashes stay.
CREATE FUNCTION audit_entry_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.tenant_id, NEW.seq, NEW.at, NEW.prev, NEW.hash) = (OLD.tenant_id, OLD.seq, OLD.at, OLD.prev, OLD.hash)
            AND (NEW.actor, NEW.action, NEW.object, NEW.body, NEW.words::text) = ('', '', '', '', '')
            AND EXISTS (SELECT FROM tenant t WHERE t.tenant_id = OLD.tenant_id AND t.erasing_at IS NOT NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed or removed';
END $$;
DROP TRIGGER audit_is_final ON audit;
CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_entry_step();

-- Shuts the tenant: no session, no webhook, and every job but `kept` has lost its claim.
CREATE FUNCTION erase_begin(kept uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
BEGIN
    UPDATE tenant SET erasing_at = coalesce(erasing_at, now()), erasing_xid = coalesce(erasing_xid, pg_current_xact_id())
        WHERE tenant_id = own AND erased_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no tenant to erase';
    END IF;
    DELETE FROM session WHERE tenant_id = own;
    UPDATE connection SET state = 'removed' WHERE tenant_id = own AND state <> 'removed';
    UPDATE job SET state = 'dead', holder = NULL, lease_until = NULL, finished_at = now()
        WHERE tenant_id = own AND id IS DISTINCT FROM kept AND state IN ('ready', 'running');
END $$;

-- Nothing that began before the tenant was shut can still write: its transactions are over, and so is what the web process
-- remembers for some seconds.
CREATE FUNCTION erase_quiet() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT coalesce((SELECT t.erasing_at < now() - interval '10 seconds'
           AND (pg_snapshot_xmin(pg_current_snapshot()) > t.erasing_xid OR t.erasing_at < now() - interval '5 minutes')
       FROM tenant t WHERE t.tenant_id = tenant_now()), false) $$;

-- People without any company left go, with whatever else is known of them.
CREATE FUNCTION erase_people(people uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    lonely uuid[];
    target regclass;
BEGIN
    SELECT array_agg(p) INTO lonely FROM unnest(people) AS p
        WHERE NOT EXISTS (SELECT FROM membership m WHERE m.person_id = p);
    FOR target IN SELECT tab FROM person_tables() LOOP
        EXECUTE format('DELETE FROM %s WHERE person_id = ANY ($1)', target) USING lonely;
    END LOOP;
    DELETE FROM person WHERE id = ANY (lonely);
END $$;

-- Deletes at most so many rows of one table that nothing refers to any more; which table it was, NULL when none is left.
CREATE FUNCTION erase_step(most integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
    target regclass;
    other regclass;
    filled boolean;
    stuck text;
    own_rows text;
    people uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM tenant t WHERE t.tenant_id = own AND t.erasing_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this tenant is not being erased';
    END IF;
    FOR target IN SELECT t.tab FROM tenant_tables() t
        WHERE t.tab::text NOT IN (SELECT tab FROM erasure_keeps() UNION ALL SELECT tab FROM erasure_last())
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE tenant_id = $1)', target) INTO filled USING own;
        CONTINUE WHEN NOT filled;
        stuck := target::text;
        filled := false;
        FOR other IN SELECT DISTINCT k.conrelid::regclass FROM pg_constraint k JOIN tenant_tables() t ON t.tab = k.conrelid
            WHERE k.contype = 'f' AND k.confrelid = target AND k.conrelid <> target AND k.confdeltype NOT IN ('c', 'n')
        LOOP
            EXIT WHEN filled;
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE tenant_id = $1)', other) INTO filled USING own;
        END LOOP;
        CONTINUE WHEN filled;
        -- In a table that refers to itself, those first that none of its own rows refers to.
        SELECT string_agg(format(' AND NOT EXISTS (SELECT FROM %s y WHERE %s)', target, pairs.joined), '') INTO own_rows
            FROM pg_constraint k JOIN LATERAL (SELECT string_agg(format('y.%I = x.%I', a.attname, b.attname), ' AND ') AS joined
                FROM unnest(k.conkey, k.confkey) AS pair(here, there)
                JOIN pg_attribute a ON a.attrelid = target AND a.attnum = pair.here
                JOIN pg_attribute b ON b.attrelid = target AND b.attnum = pair.there) pairs ON true
            WHERE k.contype = 'f' AND k.conrelid = target AND k.confrelid = target AND k.confdeltype NOT IN ('c', 'n');
        IF target = 'membership'::regclass THEN
            WITH gone AS (DELETE FROM membership WHERE tenant_id = own AND ctid = ANY (ARRAY(
                SELECT m.ctid FROM membership m WHERE m.tenant_id = own LIMIT most)) RETURNING person_id)
            SELECT array_agg(person_id) INTO people FROM gone;
            PERFORM erase_people(people);
        ELSE
            EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND ctid = ANY (ARRAY('
                'SELECT x.ctid FROM %1$s x WHERE x.tenant_id = $1%2$s LIMIT $2))', target, coalesce(own_rows, ''))
                USING own, most;
        END IF;
        RETURN target::text;
    END LOOP;
    IF stuck IS NOT NULL THEN
        RAISE EXCEPTION 'rows of table % are referred to in a circle', stuck;
    END IF;
    RETURN NULL;
END $$;

-- Takes the words from at most so many entries; how many there were.
CREATE FUNCTION erase_words(most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
    changed bigint;
BEGIN
    UPDATE audit SET actor = '', action = '', object = '', body = '', words = '' WHERE tenant_id = own
        AND seq = ANY (ARRAY(SELECT a.seq FROM audit a WHERE a.tenant_id = own AND a.action > '' LIMIT most));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- The end: nothing may be left but what stays.
CREATE FUNCTION erase_end() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
BEGIN
    IF erase_step(1) IS NOT NULL OR erase_words(1) > 0 THEN
        RAISE EXCEPTION 'the tenant is not erased yet';
    END IF;
    DELETE FROM job WHERE tenant_id = own;
    DELETE FROM tenant_erasure WHERE tenant_id = own;
    UPDATE tenant SET name = 'erased', weight = 1, erased_at = now(), erasing_xid = NULL WHERE tenant_id = own;
END $$;

-- Who was erased is no company any more.
CREATE OR REPLACE FUNCTION tenant_list() RETURNS TABLE (tenant_id uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT t.tenant_id, t.name FROM tenant t WHERE t.erased_at IS NULL ORDER BY t.tenant_id $$;
GRANT SELECT (erasing_at, erasing_xid, erased_at) ON tenant TO konstruct_lookup;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION erase_begin(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION erase_quiet() OWNER TO konstruct_lookup;
ALTER FUNCTION erase_step(integer) OWNER TO konstruct_lookup;
ALTER FUNCTION erase_words(integer) OWNER TO konstruct_lookup;
ALTER FUNCTION erase_end() OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION tenant_table(text), erasure_keeps(), erasure_last(), person_tables(), audit_entry_step(),
    erase_begin(uuid), erase_quiet(), erase_people(uuid[]), erase_step(integer), erase_words(integer), erase_end() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erasure_keeps(), erasure_last(), person_tables(), erase_people(uuid[]) TO konstruct_lookup;
GRANT EXECUTE ON FUNCTION erase_begin(uuid), erase_quiet(), erase_step(integer), erase_words(integer), erase_end()
    TO konstruct_worker;
