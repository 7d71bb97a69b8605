-- The second factor: codes of an authenticator app (RFC 6238) and, for when that is lost, recovery codes. Both belong to a
-- person and to no tenant, like the password, and are reached by the functions below only. The secret is sealed with the key
-- of the web process; a recovery code is hashed under the secret, which outlives every change of keys.
CREATE TABLE person_factor (
    person_id     uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    secret_sealed text NOT NULL,
    last_step     bigint NOT NULL DEFAULT 0,
    confirmed_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE person_recovery (
    person_id uuid NOT NULL REFERENCES person_factor ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (person_id, code_hash)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON person_factor, person_recovery TO konstruct_lookup;

-- Between the right password and the code: opens nothing but the second step, for a few minutes and a few tries, for the
-- kind of browser that began, and only while the password is the one that was tested.
CREATE TABLE login_step (
    tenant_id     uuid NOT NULL,
    token_hash    bytea NOT NULL,
    person_id     uuid NOT NULL,
    agent         text NOT NULL CHECK (length(agent) <= 60),
    password_hash bytea NOT NULL,
    tries         integer NOT NULL DEFAULT 0,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership ON DELETE CASCADE
);
CREATE INDEX login_step_token ON login_step (token_hash);
CREATE INDEX login_step_person ON login_step (tenant_id, person_id);
SELECT tenant_table('login_step');
CREATE POLICY lookup ON login_step FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT ON login_step TO konstruct_lookup;

-- What an admin may ask of all people of the company.
ALTER TABLE tenant ADD COLUMN factor_required boolean NOT NULL DEFAULT false;

-- All that follows concerns a person behind a membership of the current tenant, never anybody else.
CREATE FUNCTION factor_member(wanted uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT EXISTS (SELECT FROM membership m WHERE m.person_id = wanted AND m.tenant_id = tenant_now()) $$;

CREATE FUNCTION factor_get(wanted uuid)
    RETURNS TABLE (secret_sealed text, last_step bigint, confirmed_at timestamptz, codes_left bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT f.secret_sealed, f.last_step, f.confirmed_at, (SELECT count(*) FROM person_recovery r
           WHERE r.person_id = f.person_id AND r.used_at IS NULL)
       FROM person_factor f WHERE f.person_id = wanted AND factor_member(wanted) $$;

-- A new secret, unless one is in use; one that was never confirmed is replaced.
CREATE FUNCTION factor_begin(wanted uuid, sealed text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO person_factor AS f (person_id, secret_sealed) SELECT wanted, sealed WHERE factor_member(wanted)
        ON CONFLICT (person_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, last_step = 0, created_at = now()
        WHERE f.confirmed_at IS NULL;
    RETURN FOUND;
END $$;

-- In use from now on; not when somebody has begun anew meanwhile.
CREATE FUNCTION factor_confirm(wanted uuid, sealed text, step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE person_factor f SET confirmed_at = now(), last_step = step
        WHERE f.person_id = wanted AND f.secret_sealed = sealed AND f.confirmed_at IS NULL AND factor_member(wanted);
    RETURN FOUND;
END $$;

-- Takes a time step; each once, and none before one that was taken. Of two at once the row lets one through.
CREATE FUNCTION factor_step(wanted uuid, step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE person_factor f SET last_step = step
        WHERE f.person_id = wanted AND f.confirmed_at IS NOT NULL AND f.last_step < step AND factor_member(wanted);
    RETURN FOUND;
END $$;

-- The recovery codes from now on: hashes of 32 bytes, one after the other.
CREATE FUNCTION factor_codes(wanted uuid, hashes bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ DELETE FROM person_recovery r WHERE r.person_id = wanted AND factor_member(wanted);
       INSERT INTO person_recovery (person_id, code_hash)
           SELECT wanted, substr(hashes, 1 + 32 * i, 32) FROM generate_series(0, length(hashes) / 32 - 1) AS i
           WHERE factor_member(wanted) $$;

CREATE FUNCTION factor_code_use(wanted uuid, hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE person_recovery r SET used_at = now()
        WHERE r.person_id = wanted AND r.code_hash = hash AND r.used_at IS NULL AND factor_member(wanted);
    RETURN FOUND;
END $$;

CREATE FUNCTION factor_drop(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM person_factor f WHERE f.person_id = wanted AND factor_member(wanted);
    RETURN FOUND;
END $$;

-- For the rotation of the web process's key.
CREATE FUNCTION factor_sealed(after_id uuid, most integer) RETURNS TABLE (id uuid, sealed text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT f.person_id, f.secret_sealed FROM person_factor f JOIN membership m ON m.person_id = f.person_id
       WHERE m.tenant_id = tenant_now() AND f.person_id > after_id ORDER BY f.person_id LIMIT most $$;

CREATE FUNCTION factor_reseal(wanted uuid, old_sealed text, new_sealed text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ UPDATE person_factor f SET secret_sealed = new_sealed
       WHERE f.person_id = wanted AND f.secret_sealed = old_sealed AND factor_member(wanted) $$;

-- Whose second step this is, while it counts.
CREATE FUNCTION login_step_find(wanted bytea) RETURNS TABLE (tenant_id uuid, person_id uuid, agent text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT l.tenant_id, l.person_id, l.agent, m.role FROM login_step l
       JOIN membership m ON m.tenant_id = l.tenant_id AND m.person_id = l.person_id
       JOIN person p ON p.id = l.person_id
       WHERE l.token_hash = wanted AND l.expires_at > now()
           AND l.password_hash = sha256(convert_to(p.password_hash, 'UTF8')) $$;

-- For the host's command, which has an address and no tenant: in which tenants that person is. Who has proven the address
-- goes before those who only claim it.
CREATE FUNCTION person_places(wanted_email text) RETURNS TABLE (person_id uuid, tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT m.person_id, m.tenant_id FROM membership m WHERE m.person_id = (SELECT p.id FROM person p
           WHERE lower(p.email) = lower(wanted_email)
           ORDER BY p.email_verified_at IS NULL, p.created_at DESC LIMIT 1)
       ORDER BY m.created_at $$;

-- `barred`: what keeps the person from everything but their own account. Here: the company asks for a second factor, and
-- this person, who has a password, has none.
DROP FUNCTION session_find(bytea);
CREATE FUNCTION session_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, person_id uuid, role text, stale boolean, barred text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT s.tenant_id, s.person_id, m.role, s.seen_at < now() - interval '10 minutes',
           CASE WHEN t.factor_required AND NOT EXISTS (SELECT FROM person_factor f
                   WHERE f.person_id = s.person_id AND f.confirmed_at IS NOT NULL)
               AND EXISTS (SELECT FROM person p WHERE p.id = s.person_id AND p.password_hash LIKE '$argon2%')
               THEN 'factor_missing' END
       FROM session s
       JOIN membership m ON m.tenant_id = s.tenant_id AND m.person_id = s.person_id
       JOIN tenant t ON t.tenant_id = s.tenant_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now() $$;
GRANT SELECT (tenant_id, factor_required) ON tenant TO konstruct_lookup;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION factor_member(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_get(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_begin(uuid, text) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_confirm(uuid, text, bigint) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_step(uuid, bigint) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_codes(uuid, bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_code_use(uuid, bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_drop(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_sealed(uuid, integer) OWNER TO konstruct_lookup;
ALTER FUNCTION factor_reseal(uuid, text, text) OWNER TO konstruct_lookup;
ALTER FUNCTION login_step_find(bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION person_places(text) OWNER TO konstruct_lookup;
ALTER FUNCTION session_find(bytea) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION factor_member(uuid), factor_get(uuid), factor_begin(uuid, text), factor_confirm(uuid, text, bigint),
    factor_step(uuid, bigint), factor_codes(uuid, bytea), factor_code_use(uuid, bytea), factor_drop(uuid),
    factor_sealed(uuid, integer), factor_reseal(uuid, text, text), login_step_find(bytea), person_places(text),
    session_find(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION factor_get(uuid), factor_begin(uuid, text), factor_confirm(uuid, text, bigint),
    factor_step(uuid, bigint), factor_codes(uuid, bytea), factor_code_use(uuid, bytea), factor_drop(uuid),
    login_step_find(bytea), session_find(bytea) TO konstruct_web;
GRANT EXECUTE ON FUNCTION factor_drop(uuid), factor_sealed(uuid, integer), factor_reseal(uuid, text, text),
    person_places(text) TO konstruct_worker;
GRANT INSERT, DELETE ON login_step TO konstruct_web;
GRANT SELECT (tenant_id, token_hash, person_id, agent, tries, expires_at) ON login_step TO konstruct_web;
GRANT UPDATE (tries) ON login_step TO konstruct_web;
GRANT UPDATE (factor_required) ON tenant TO konstruct_web;
