-- Who runs this instance: people who make tenants, suspend them and say what they may use, and never read what is in them.
-- A host is appointed by the owner of the database alone (`konstruct host`), and is no role in any tenant.
CREATE TABLE host_person (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    added_at  timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, DELETE ON host_person TO konstruct_lookup;

ALTER TABLE tenant ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_why text CHECK (length(suspended_why) BETWEEN 1 AND 300),
    ADD CHECK ((suspended_at IS NULL) = (suspended_why IS NULL));

-- For the owner alone.
CREATE FUNCTION host_add(wanted_email text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO host_person (person_id) SELECT p.id FROM person p
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NOT NULL
        ON CONFLICT DO NOTHING;
    RETURN EXISTS (SELECT FROM host_person h JOIN person p ON p.id = h.person_id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NOT NULL);
END $$;

CREATE FUNCTION host_remove(wanted_email text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM host_person h USING person p WHERE p.id = h.person_id AND lower(p.email) = lower(wanted_email);
    RETURN FOUND;
END $$;

CREATE FUNCTION host_list() RETURNS TABLE (email text, name text, factor boolean, added_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.email, p.name, EXISTS (SELECT FROM person_factor f WHERE f.person_id = p.id AND f.confirmed_at IS NOT NULL),
           h.added_at
       FROM host_person h JOIN person p ON p.id = h.person_id ORDER BY h.added_at, p.email $$;

-- All that follows is asked with the hash of a session's token, and does nothing unless it is the session of a host that
-- goes on: whoever has the web process's role and no such session learns nothing by it.
CREATE FUNCTION host_asks(asking bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT h.person_id FROM session s JOIN host_person h ON h.person_id = s.person_id
       WHERE s.token_hash = asking AND s.expires_at > now() AND s.idle_until > now() $$;

-- Names, states and numbers; nothing that people, customers or employees have said or are called. The counts of each tenant
-- are taken under its own policy.
CREATE FUNCTION host_tenants(asking bytea, wanted uuid, words text, wanted_state text, after_id uuid, most integer)
    RETURNS TABLE (id uuid, name text, state text, why text, plan text, created bigint, members bigint, employees bigint,
        messages bigint, cost_micros bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own text := current_setting('app.tenant_id', true);
    t record;
BEGIN
    FOR t IN SELECT x.tenant_id, x.name, x.plan, x.created_at, x.suspended_at, x.suspended_why FROM tenant x
        WHERE host_asks(asking) IS NOT NULL AND (wanted IS NULL OR x.tenant_id = wanted)
            AND (words IS NULL OR position(lower(words) IN lower(x.name)) > 0)
            AND (wanted_state IS NULL OR (wanted_state = 'suspended') = (x.suspended_at IS NOT NULL))
            AND (after_id IS NULL OR x.tenant_id < after_id)
        ORDER BY x.tenant_id DESC LIMIT most
    LOOP
        PERFORM set_config('app.tenant_id', t.tenant_id::text, true);
        id := t.tenant_id;
        name := t.name;
        state := CASE WHEN t.suspended_at IS NULL THEN 'active' ELSE 'suspended' END;
        why := t.suspended_why;
        plan := t.plan;
        created := extract(epoch FROM t.created_at)::bigint;
        members := (SELECT count(*) FROM membership m WHERE m.tenant_id = t.tenant_id);
        employees := (SELECT count(*) FROM employee e WHERE e.tenant_id = t.tenant_id);
        messages := (SELECT coalesce(sum(v.message_count), 0) FROM conversation v WHERE v.tenant_id = t.tenant_id);
        cost_micros := (SELECT coalesce(sum(u.cost_micros), 0) FROM usage u WHERE u.tenant_id = t.tenant_id
            AND u.created_at >= date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
        RETURN NEXT;
    END LOOP;
    PERFORM set_config('app.tenant_id', coalesce(own, ''), true);
END $$;

-- What is limited for a tenant: by the host for it alone (own), by its plan, or NULL: by the settings.
CREATE FUNCTION host_limits(asking bytea, wanted uuid) RETURNS TABLE (name text, of_plan bigint, own bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    before text := current_setting('app.tenant_id', true);
BEGIN
    PERFORM set_config('app.tenant_id', wanted::text, true);
    RETURN QUERY SELECT n.name, p.value, l.value
        FROM tenant t CROSS JOIN (SELECT DISTINCT x.name FROM plan_limit x) n
        LEFT JOIN plan_limit p ON p.plan = t.plan AND p.name = n.name
        LEFT JOIN tenant_limit l ON l.tenant_id = t.tenant_id AND l.name = n.name
        WHERE host_asks(asking) IS NOT NULL AND t.tenant_id = wanted ORDER BY n.name;
    PERFORM set_config('app.tenant_id', coalesce(before, ''), true);
END $$;

-- What a host does to a tenant stands in that tenant's own audit. 'done', 'same' (it was so already) or NULL: no such tenant.
CREATE FUNCTION host_note(wanted uuid, action text, about jsonb, asking bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT audit_add('host', action, wanted::text, (about || jsonb_build_object('by', host_asks(asking)))::text) $$;

-- Suspended with a reason, or going on (NULL). What was held meanwhile is due at once.
CREATE FUNCTION host_suspend(asking bytea, wanted uuid, reason text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    before text := current_setting('app.tenant_id', true);
    result text;
BEGIN
    PERFORM FROM tenant t WHERE t.tenant_id = wanted AND host_asks(asking) IS NOT NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.tenant_id', wanted::text, true);
    UPDATE tenant t SET suspended_at = CASE WHEN reason IS NOT NULL THEN coalesce(t.suspended_at, now()) END,
        suspended_why = reason
        WHERE t.tenant_id = wanted AND t.suspended_why IS DISTINCT FROM reason;
    result := CASE WHEN FOUND THEN 'done' ELSE 'same' END;
    IF result = 'done' AND reason IS NULL THEN
        UPDATE job j SET run_at = now() WHERE j.tenant_id = wanted AND j.state = 'ready' AND j.kind = 'turn'
            AND j.run_at > now();
        PERFORM host_note(wanted, 'tenant.resumed', '{}', asking);
    ELSIF result = 'done' THEN
        PERFORM host_note(wanted, 'tenant.suspended', jsonb_build_object('why', reason), asking);
    END IF;
    PERFORM set_config('app.tenant_id', coalesce(before, ''), true);
    RETURN result;
END $$;

CREATE FUNCTION host_plan(asking bytea, wanted uuid, new_plan text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    before text := current_setting('app.tenant_id', true);
    old_plan text;
    result text := 'same';
BEGIN
    SELECT t.plan INTO old_plan FROM tenant t WHERE t.tenant_id = wanted AND host_asks(asking) IS NOT NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.tenant_id', wanted::text, true);
    IF old_plan <> new_plan THEN
        UPDATE tenant t SET plan = new_plan WHERE t.tenant_id = wanted;
        PERFORM host_note(wanted, 'tenant.plan_set', jsonb_build_object('from', old_plan, 'to', new_plan), asking);
        result := 'done';
    END IF;
    PERFORM set_config('app.tenant_id', coalesce(before, ''), true);
    RETURN result;
END $$;

-- A limit of the tenant's own, or none any more (NULL).
CREATE FUNCTION host_limit(asking bytea, wanted uuid, limit_name text, new_value bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    before text := current_setting('app.tenant_id', true);
BEGIN
    PERFORM FROM tenant t WHERE t.tenant_id = wanted AND host_asks(asking) IS NOT NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.tenant_id', wanted::text, true);
    DELETE FROM tenant_limit l WHERE l.tenant_id = wanted AND l.name = limit_name;
    INSERT INTO tenant_limit (tenant_id, name, value) SELECT wanted, limit_name, new_value WHERE new_value IS NOT NULL;
    PERFORM host_note(wanted, 'tenant.limit_set', jsonb_build_object('limit', limit_name, 'per_minute', new_value), asking);
    PERFORM set_config('app.tenant_id', coalesce(before, ''), true);
    RETURN 'done';
END $$;

-- A suspended tenant bars its people, too, and before the second factor does.
CREATE OR REPLACE FUNCTION session_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, person_id uuid, role text, stale boolean, barred text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT s.tenant_id, s.person_id, m.role, s.seen_at < now() - interval '10 minutes',
           CASE WHEN t.suspended_at IS NOT NULL THEN 'tenant_suspended'
               WHEN t.factor_required AND NOT EXISTS (SELECT FROM person_factor f
                   WHERE f.person_id = s.person_id AND f.confirmed_at IS NOT NULL)
               AND EXISTS (SELECT FROM person p WHERE p.id = s.person_id AND p.password_hash LIKE '$argon2%')
               THEN 'factor_missing' END
       FROM session s
       JOIN membership m ON m.tenant_id = s.tenant_id AND m.person_id = s.person_id
       JOIN tenant t ON t.tenant_id = s.tenant_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now() $$;

GRANT SELECT (tenant_id, name, plan, created_at, suspended_at, suspended_why) ON tenant TO konstruct_lookup;
GRANT UPDATE (suspended_at, suspended_why, plan) ON tenant TO konstruct_lookup;
GRANT SELECT ON plan_limit TO konstruct_lookup;
GRANT SELECT, INSERT, DELETE ON tenant_limit TO konstruct_lookup;
GRANT SELECT (tenant_id) ON employee TO konstruct_lookup;
GRANT SELECT (tenant_id, message_count) ON conversation TO konstruct_lookup;
GRANT SELECT (tenant_id, cost_micros, created_at) ON usage TO konstruct_lookup;
GRANT SELECT (tenant_id, state, kind, run_at), UPDATE (run_at) ON job TO konstruct_lookup;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION host_add(text) OWNER TO konstruct_lookup;
ALTER FUNCTION host_remove(text) OWNER TO konstruct_lookup;
ALTER FUNCTION host_list() OWNER TO konstruct_lookup;
ALTER FUNCTION host_asks(bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION host_tenants(bytea, uuid, text, text, uuid, integer) OWNER TO konstruct_lookup;
ALTER FUNCTION host_limits(bytea, uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION host_note(uuid, text, jsonb, bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION host_suspend(bytea, uuid, text) OWNER TO konstruct_lookup;
ALTER FUNCTION host_plan(bytea, uuid, text) OWNER TO konstruct_lookup;
ALTER FUNCTION host_limit(bytea, uuid, text, bigint) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION host_add(text), host_remove(text), host_list(), host_asks(bytea),
    host_tenants(bytea, uuid, text, text, uuid, integer), host_limits(bytea, uuid), host_note(uuid, text, jsonb, bytea),
    host_suspend(bytea, uuid, text), host_plan(bytea, uuid, text), host_limit(bytea, uuid, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION host_add(text), host_remove(text), host_list() TO konstruct_owner;
GRANT EXECUTE ON FUNCTION host_asks(bytea), host_tenants(bytea, uuid, text, text, uuid, integer), host_limits(bytea, uuid),
    host_suspend(bytea, uuid, text), host_plan(bytea, uuid, text), host_limit(bytea, uuid, text, bigint) TO konstruct_web;
