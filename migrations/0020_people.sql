-- Who belongs to a company: invitations, and which company a person used last.

-- An invitation that is open, or whose time is over: accepted or withdrawn its row goes, and the audit remembers. The mails
-- that carry its link name it as their person_id; a link counts as long as the row is there.
CREATE TABLE invitation (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    role       text NOT NULL CHECK (role IN ('admin', 'manager', 'member', 'viewer')),
    invited_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX invitation_email ON invitation (tenant_id, lower(email));
SELECT tenant_table('invitation');
GRANT SELECT, INSERT, DELETE ON invitation TO konstruct_web;
GRANT UPDATE (role, invited_by, expires_at) ON invitation TO konstruct_web;
GRANT SELECT ON invitation TO konstruct_worker;

-- When a session of this person last began here: a log-in leads to the company that was used last.
ALTER TABLE membership ADD COLUMN used_at timestamptz;
GRANT SELECT (used_at) ON membership TO konstruct_lookup;
GRANT UPDATE (role, used_at), DELETE ON membership TO konstruct_web;

CREATE POLICY lookup ON invitation FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, id, email) ON invitation TO konstruct_lookup;

-- Whoever has proven the address, and the newest of those who claim it. Somebody who belongs to no company any more is found
-- without one, so that the right password can be answered truly.
CREATE OR REPLACE FUNCTION login_find(wanted_email text)
    RETURNS TABLE (person_id uuid, password_hash text, tenant_id uuid, role text, proven boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ (SELECT p.id, p.password_hash, m.tenant_id, m.role, true FROM person p LEFT JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NOT NULL
        ORDER BY m.used_at DESC NULLS LAST, m.created_at LIMIT 1)
       UNION ALL
       (SELECT p.id, p.password_hash, m.tenant_id, m.role, false FROM person p LEFT JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NULL
        ORDER BY p.created_at DESC, m.used_at DESC NULLS LAST, m.created_at LIMIT 1) $$;

-- An address that somebody keeps who belongs to no company goes to whoever proves it anew: else nobody could sign up with it.
CREATE OR REPLACE FUNCTION person_prove(wanted uuid, proven_email text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ UPDATE person o SET email_verified_at = NULL
       WHERE lower(o.email) = lower(proven_email) AND o.id <> wanted AND o.email_verified_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM membership m WHERE m.person_id = o.id)
           AND EXISTS (SELECT FROM membership m WHERE m.person_id = wanted AND m.tenant_id = tenant_now());
       UPDATE person p SET email = proven_email, email_verified_at = now() FROM membership m
       WHERE p.id = wanted AND m.person_id = p.id AND m.tenant_id = tenant_now() $$;

-- The companies of whoever holds this session, and of nobody else.
CREATE FUNCTION session_tenants(wanted bytea) RETURNS TABLE (tenant_id uuid, name text, role text, used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT m.tenant_id, t.name, m.role, m.used_at FROM session s
       JOIN membership m ON m.person_id = s.person_id JOIN tenant t ON t.tenant_id = m.tenant_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now() $$;

-- Who has proven the address of an invitation of the current tenant, in whatever company: for whoever holds its link.
CREATE FUNCTION invited_person(wanted uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.id FROM invitation i JOIN person p ON lower(p.email) = lower(i.email)
       WHERE i.tenant_id = tenant_now() AND i.id = wanted AND p.email_verified_at IS NOT NULL $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION session_tenants(bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION invited_person(uuid) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION session_tenants(bytea), invited_person(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_tenants(bytea), invited_person(uuid) TO konstruct_web;
