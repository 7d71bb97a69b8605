-- Who gets in: mails with their links, and addresses that are proven. A row of mail is written before anything is sent; its
-- text follows from its kind, and its link from the worker's key, so that neither the row nor a dump of it opens anything.

-- tenant_id has no reference: who asks for a new password with an address that nobody has gets the same work done under
-- the tenant 00000000-0000-0000-0000-000000000000, so that no answer tells which accounts exist. The worker drops that row.
CREATE TABLE mail (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    person_id  uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('verify', 'reset', 'change', 'email_changed', 'password_changed')),
    recipient  text NOT NULL CHECK (length(recipient) BETWEEN 3 AND 320),
    token_hash bytea,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    state      text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'refused')),
    attempts   integer NOT NULL DEFAULT 0,
    fault      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX mail_token ON mail (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX mail_recent ON mail (tenant_id, person_id, created_at);
SELECT tenant_table('mail');

-- An address belongs to whoever has proven that mail to it arrives. Until then several may claim it: so nobody can keep its
-- owner out by signing up first, and signing up does not tell whether there is an account.
ALTER TABLE person ADD COLUMN email_verified_at timestamptz;
DROP INDEX person_email;
CREATE UNIQUE INDEX person_email ON person (lower(email)) WHERE email_verified_at IS NOT NULL;
CREATE INDEX person_claim ON person (lower(email), created_at DESC) WHERE email_verified_at IS NULL;

CREATE POLICY lookup ON mail FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, id, person_id, kind, recipient, token_hash, expires_at, used_at) ON mail TO konstruct_lookup;
GRANT UPDATE (email, email_verified_at, password_hash) ON person TO konstruct_lookup;
GRANT DELETE ON session TO konstruct_lookup;

-- At most two: whoever has proven the address, and the newest of those who claim it.
DROP FUNCTION login_find(text);
CREATE FUNCTION login_find(wanted_email text)
    RETURNS TABLE (person_id uuid, password_hash text, tenant_id uuid, role text, proven boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ (SELECT p.id, p.password_hash, m.tenant_id, m.role, true FROM person p JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NOT NULL ORDER BY m.created_at LIMIT 1)
       UNION ALL
       (SELECT p.id, p.password_hash, m.tenant_id, m.role, false FROM person p JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NULL
        ORDER BY p.created_at DESC, m.created_at LIMIT 1) $$;

DROP FUNCTION person_get(uuid);
CREATE FUNCTION person_get(wanted uuid) RETURNS TABLE (name text, email text, verified boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.name, p.email, p.email_verified_at IS NOT NULL FROM person p JOIN membership m ON m.person_id = p.id
       WHERE p.id = wanted AND m.tenant_id = tenant_now() $$;

-- What follows concerns a person behind a membership of the current tenant, never anybody else.
CREATE FUNCTION person_password_hash(wanted uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.password_hash FROM person p JOIN membership m ON m.person_id = p.id
       WHERE p.id = wanted AND m.tenant_id = tenant_now() $$;

CREATE FUNCTION person_password_set(wanted uuid, new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ UPDATE person p SET password_hash = new_hash FROM membership m
       WHERE p.id = wanted AND m.person_id = p.id AND m.tenant_id = tenant_now() $$;

CREATE FUNCTION person_prove(wanted uuid, proven_email text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ UPDATE person p SET email = proven_email, email_verified_at = now() FROM membership m
       WHERE p.id = wanted AND m.person_id = p.id AND m.tenant_id = tenant_now() $$;

-- In every tenant of the person, one after the other, each under its own policy; the session that is kept, if any, is named
-- by its hash.
CREATE FUNCTION sessions_end(wanted uuid, kept bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
    theirs uuid;
BEGIN
    PERFORM FROM membership m WHERE m.person_id = wanted AND m.tenant_id = own;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR theirs IN SELECT m.tenant_id FROM membership m WHERE m.person_id = wanted
    LOOP
        PERFORM set_config('app.tenant_id', theirs::text, true);
        DELETE FROM session s WHERE s.tenant_id = theirs AND s.person_id = wanted AND s.token_hash IS DISTINCT FROM kept;
    END LOOP;
    PERFORM set_config('app.tenant_id', own::text, true);
END $$;

-- The mail whose link was followed, while it counts.
CREATE FUNCTION link_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, mail_id uuid, person_id uuid, kind text, recipient text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT l.tenant_id, l.id, l.person_id, l.kind, l.recipient FROM mail l
       WHERE l.token_hash = wanted AND l.used_at IS NULL AND l.expires_at > now() $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION login_find(text) OWNER TO konstruct_lookup;
ALTER FUNCTION person_get(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION person_password_hash(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION person_password_set(uuid, text) OWNER TO konstruct_lookup;
ALTER FUNCTION person_prove(uuid, text) OWNER TO konstruct_lookup;
ALTER FUNCTION sessions_end(uuid, bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION link_find(bytea) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION login_find(text), person_get(uuid), person_password_hash(uuid), person_password_set(uuid, text),
    person_prove(uuid, text), sessions_end(uuid, bytea), link_find(bytea) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION login_find(text), person_get(uuid), person_password_hash(uuid), person_password_set(uuid, text),
    person_prove(uuid, text), sessions_end(uuid, bytea), link_find(bytea) TO konstruct_web;
GRANT EXECUTE ON FUNCTION person_get(uuid) TO konstruct_worker;
GRANT INSERT ON mail TO konstruct_web;
GRANT SELECT (tenant_id, id, person_id, kind, recipient, expires_at, used_at, state, created_at) ON mail TO konstruct_web;
GRANT UPDATE (used_at) ON mail TO konstruct_web;
GRANT SELECT, DELETE ON mail TO konstruct_worker;
GRANT UPDATE (token_hash, state, attempts, fault, sent_at) ON mail TO konstruct_worker;
