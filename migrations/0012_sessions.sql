-- Sessions that their person can look through: under an id that opens nothing, with the kind of browser and when it was last
-- seen. A session ends at expires_at whatever happens, and at idle_until when nobody uses it.
ALTER TABLE session ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE session ADD COLUMN agent text NOT NULL DEFAULT '' CHECK (length(agent) <= 60);
ALTER TABLE session ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE session ADD COLUMN idle_until timestamptz NOT NULL DEFAULT now() + interval '14 days';
CREATE INDEX session_person ON session (tenant_id, person_id, seen_at DESC);

-- `stale`: it has been a while since it was seen, so that using it is worth a write.
DROP FUNCTION session_find(bytea);
CREATE FUNCTION session_find(wanted bytea) RETURNS TABLE (tenant_id uuid, person_id uuid, role text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT s.tenant_id, s.person_id, m.role, s.seen_at < now() - interval '10 minutes' FROM session s
       JOIN membership m ON m.tenant_id = s.tenant_id AND m.person_id = s.person_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now() $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION session_find(bytea) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION session_find(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_find(bytea) TO konstruct_web;
GRANT UPDATE (seen_at, idle_until) ON session TO konstruct_web;
