-- Keys by which programs use the API. A secret is shown once and kept as its hash; while a rotation overlaps, the one before
-- it works as well, until old_until. What was revoked stays as a row, for its name and for a plain answer to whoever uses it.
CREATE TABLE api_key (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    scopes      text NOT NULL,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    hint        text NOT NULL CHECK (length(hint) = 4),
    old_hash    bytea CHECK (length(old_hash) = 32),
    old_until   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  uuid NOT NULL,
    expires_at  timestamptz,
    used_at     timestamptz,
    used_from   text CHECK (length(used_from) <= 60),
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX api_key_secret ON api_key (secret_hash);
CREATE INDEX api_key_old ON api_key (old_hash) WHERE old_hash IS NOT NULL;
SELECT tenant_table('api_key');

-- Whose secret this is. Whoever has it may know why it no longer works. `stale`: noting its use is worth a write.
CREATE POLICY lookup ON api_key FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, id, name, scopes, secret_hash, old_hash, old_until, expires_at, used_at, revoked_at)
    ON api_key TO konstruct_lookup;
CREATE FUNCTION api_key_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, name text, scopes text, state text, stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT k.tenant_id, k.id, k.name, k.scopes,
           CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= now() THEN 'expired'
               WHEN k.secret_hash <> wanted AND k.old_until <= now() THEN 'replaced' ELSE 'good' END,
           k.used_at IS NULL OR k.used_at < now() - interval '10 minutes'
       FROM api_key k WHERE k.secret_hash = wanted OR k.old_hash = wanted LIMIT 1 $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION api_key_find(bytea) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION api_key_find(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_find(bytea) TO konstruct_web;
GRANT SELECT, INSERT ON api_key TO konstruct_web;
GRANT UPDATE (secret_hash, hint, old_hash, old_until, used_at, used_from, revoked_at) ON api_key TO konstruct_web;
