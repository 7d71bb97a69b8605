-- OAuth 2.1 for programs that act for people (or for themselves). An app is registered by an admin; a grant is what one
-- person has allowed it once, and everything that came of that (code, access and refresh tokens) ends with its row.
CREATE TABLE oauth_app (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    id           uuid NOT NULL,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    redirects    text NOT NULL,
    scopes       text NOT NULL,
    confidential boolean NOT NULL,
    secret_hash  bytea CHECK (length(secret_hash) = 32),
    hint         text CHECK (length(hint) = 4),
    old_hash     bytea CHECK (length(old_hash) = 32),
    old_until    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   uuid NOT NULL,
    used_at      timestamptz,
    removed_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX oauth_app_id ON oauth_app (id);
SELECT tenant_table('oauth_app');

-- Whoever leaves the company takes no grant along, and finds none on coming back. Without a person: the app's own.
CREATE TABLE oauth_grant (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    app_id     uuid NOT NULL,
    person_id  uuid,
    scopes     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_app,
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership ON DELETE CASCADE
);
CREATE UNIQUE INDEX oauth_grant_own ON oauth_grant (tenant_id, app_id) WHERE person_id IS NULL;
CREATE INDEX oauth_grant_person ON oauth_grant (tenant_id, person_id);
SELECT tenant_table('oauth_grant');

CREATE TABLE oauth_code (
    tenant_id  uuid NOT NULL,
    code_hash  bytea NOT NULL CHECK (length(code_hash) = 32),
    grant_id   uuid NOT NULL,
    challenge  text NOT NULL,
    redirect   text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, code_hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_code_grant ON oauth_code (tenant_id, grant_id);
SELECT tenant_table('oauth_code');

-- A refresh token that was used stays until it would have expired, so that a second use is noticed.
CREATE TABLE oauth_token (
    tenant_id  uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    grant_id   uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_token_hash ON oauth_token (token_hash);
CREATE INDEX oauth_token_grant ON oauth_token (tenant_id, grant_id);
SELECT tenant_table('oauth_token');

CREATE POLICY lookup ON oauth_app FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON oauth_grant FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON oauth_token FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, id, name, redirects, scopes, confidential, secret_hash, old_hash, old_until, removed_at)
    ON oauth_app TO konstruct_lookup;
GRANT SELECT (tenant_id, id, app_id, person_id, used_at) ON oauth_grant TO konstruct_lookup;
GRANT DELETE ON oauth_grant TO konstruct_lookup;
GRANT SELECT (tenant_id, token_hash, grant_id, kind, scopes, expires_at) ON oauth_token TO konstruct_lookup;

CREATE FUNCTION oauth_client_find(wanted uuid)
    RETURNS TABLE (tenant_id uuid, name text, redirects text, scopes text, confidential boolean, secret_hash bytea, old_hash bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT a.tenant_id, a.name, a.redirects, a.scopes, a.confidential, a.secret_hash,
           CASE WHEN a.old_until > now() THEN a.old_hash END
       FROM oauth_app a JOIN tenant t ON t.tenant_id = a.tenant_id AND t.erasing_at IS NULL
       WHERE a.id = wanted AND a.removed_at IS NULL LIMIT 1 $$;

-- Who is behind an access token, with the role of now; nobody when the app is removed. `barred`: as with sessions, the company
-- asks for a second factor and the person has none. `stale`: its use is worth a write.
CREATE FUNCTION oauth_access_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, grant_id uuid, app_id uuid, app_name text, person_id uuid, role text, scopes text,
        app_scopes text, expired boolean, stale boolean, barred boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT t.tenant_id, g.id, a.id, a.name, g.person_id, m.role, t.scopes, a.scopes, t.expires_at <= now(),
           g.used_at < now() - interval '10 minutes',
           p.factor_required AND g.person_id IS NOT NULL
               AND NOT EXISTS (SELECT FROM person_factor f WHERE f.person_id = g.person_id AND f.confirmed_at IS NOT NULL)
               AND EXISTS (SELECT FROM person w WHERE w.id = g.person_id AND w.password_hash LIKE '$argon2%')
       FROM oauth_token t
       JOIN tenant p ON p.tenant_id = t.tenant_id AND p.erasing_at IS NULL
       JOIN oauth_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id
       JOIN oauth_app a ON a.tenant_id = g.tenant_id AND a.id = g.app_id AND a.removed_at IS NULL
       LEFT JOIN membership m ON m.tenant_id = g.tenant_id AND m.person_id = g.person_id
       WHERE t.token_hash = wanted AND t.kind = 'access' AND (g.person_id IS NULL OR m.person_id IS NOT NULL) LIMIT 1 $$;

-- Everything that a person of the current tenant has allowed, in every tenant of that person, each under its own policy.
CREATE FUNCTION oauth_grants_end(wanted uuid) RETURNS void
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
        DELETE FROM oauth_grant g WHERE g.tenant_id = theirs AND g.person_id = wanted;
    END LOOP;
    PERFORM set_config('app.tenant_id', own::text, true);
END $$;

-- Keys of a tenant that is being erased let nobody in, as its sessions do not.
CREATE OR REPLACE FUNCTION api_key_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, name text, scopes text, state text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT k.tenant_id, k.id, k.name, k.scopes,
           CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= now() THEN 'expired'
               WHEN k.secret_hash <> wanted AND k.old_until <= now() THEN 'replaced' ELSE 'good' END,
           k.used_at IS NULL OR k.used_at < now() - interval '10 minutes'
       FROM api_key k JOIN tenant t ON t.tenant_id = k.tenant_id AND t.erasing_at IS NULL
       WHERE k.secret_hash = wanted OR k.old_hash = wanted LIMIT 1 $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION oauth_client_find(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION oauth_access_find(bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION oauth_grants_end(uuid) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION oauth_client_find(uuid), oauth_access_find(bytea), oauth_grants_end(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oauth_client_find(uuid), oauth_access_find(bytea), oauth_grants_end(uuid) TO konstruct_web;
GRANT SELECT, INSERT ON oauth_app, oauth_grant, oauth_code, oauth_token TO konstruct_web;
GRANT UPDATE (name, redirects, scopes, secret_hash, hint, old_hash, old_until, used_at, removed_at) ON oauth_app TO konstruct_web;
GRANT UPDATE (used_at) ON oauth_grant, oauth_code, oauth_token TO konstruct_web;
GRANT DELETE ON oauth_grant, oauth_token TO konstruct_web;
