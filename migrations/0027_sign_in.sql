-- Signing in with a company's own OpenID provider. The settings hold what the provider says of itself, as the worker last read
-- it; an attempt is one person's way there and back, stored by hashes, used once and for a few minutes.
CREATE TABLE sign_in (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    issuer        text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 300),
    client_id     text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 300),
    client_secret text NOT NULL,
    hint          text NOT NULL CHECK (length(hint) <= 4),
    joining       boolean NOT NULL DEFAULT true,
    role          text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'viewer', 'manager')),
    passwords     boolean NOT NULL DEFAULT true,
    -- what the provider says of itself
    authorize_at  text,
    exchange_at   text,
    keys_from     text,
    userinfo_at   text,
    client_auth   text CHECK (client_auth IN ('basic', 'post')),
    names_itself  boolean NOT NULL DEFAULT false,
    found_at      timestamptz,
    keys          text,
    keys_at       timestamptz,
    -- the newest test, and the newest time that an admin came in this way
    test_id       uuid,
    tested_at     timestamptz,
    fault         text,
    fault_detail  text,
    proven_at     timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Nobody is kept from using a password before an admin has come in without one.
    CHECK (passwords OR proven_at IS NOT NULL),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX sign_in_one ON sign_in (tenant_id);
SELECT tenant_table('sign_in');

-- A domain of e-mail addresses leads to one company in the whole instance.
CREATE TABLE sign_in_domain (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    domain     text NOT NULL CHECK (length(domain) BETWEEN 3 AND 253 AND domain = lower(domain)),
    person_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX sign_in_domain_name ON sign_in_domain (domain);
SELECT tenant_table('sign_in_domain');

CREATE TABLE sign_in_attempt (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    state_hash      bytea NOT NULL CHECK (length(state_hash) = 32),
    browser_hash    bytea NOT NULL CHECK (length(browser_hash) = 32),
    nonce_hash      bytea NOT NULL CHECK (length(nonce_hash) = 32),
    verifier_sealed text NOT NULL,
    code_sealed     text,
    issuer          text NOT NULL,
    client_id       text NOT NULL,
    reference       text,
    step            text NOT NULL DEFAULT 'begun' CHECK (step IN ('begun', 'asked', 'proven', 'refused')),
    fault           text,
    subject         text,
    email           text,
    name            text,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX sign_in_attempt_state ON sign_in_attempt (state_hash);
CREATE INDEX sign_in_attempt_end ON sign_in_attempt (tenant_id, expires_at);
SELECT tenant_table('sign_in_attempt');

-- Who a provider means by a name of its own. It ends with the membership.
CREATE TABLE sign_in_link (
    tenant_id  uuid NOT NULL,
    issuer     text NOT NULL,
    subject    text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    person_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, issuer, subject),
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership ON DELETE CASCADE
);
CREATE INDEX sign_in_link_person ON sign_in_link (tenant_id, person_id);
SELECT tenant_table('sign_in_link');

-- A session that a company's provider opened counts in that company and nowhere else.
ALTER TABLE session ADD COLUMN by_company boolean NOT NULL DEFAULT false;

-- Whoever came in by the company's provider has passed what that asks for, a second factor included.
CREATE OR REPLACE FUNCTION session_find(wanted bytea)
    RETURNS TABLE (tenant_id uuid, person_id uuid, role text, stale boolean, barred text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT s.tenant_id, s.person_id, m.role, s.seen_at < now() - interval '10 minutes',
           CASE WHEN t.suspended_at IS NOT NULL THEN 'tenant_suspended'
               WHEN t.factor_required AND NOT s.by_company AND NOT EXISTS (SELECT FROM person_factor f
                   WHERE f.person_id = s.person_id AND f.confirmed_at IS NOT NULL)
               AND EXISTS (SELECT FROM person p WHERE p.id = s.person_id AND p.password_hash LIKE '$argon2%')
               THEN 'factor_missing' END
       FROM session s
       JOIN membership m ON m.tenant_id = s.tenant_id AND m.person_id = s.person_id
       JOIN tenant t ON t.tenant_id = s.tenant_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now() $$;

-- And no other company opens to that session, so none is named.
CREATE OR REPLACE FUNCTION session_tenants(wanted bytea) RETURNS TABLE (tenant_id uuid, name text, role text, used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT m.tenant_id, t.name, m.role, m.used_at FROM session s
       JOIN membership m ON m.person_id = s.person_id JOIN tenant t ON t.tenant_id = m.tenant_id
       WHERE s.token_hash = wanted AND s.expires_at > now() AND s.idle_until > now()
           AND (m.tenant_id = s.tenant_id OR NOT s.by_company) $$;

-- Nor does it make anybody a host: a company's provider does not speak for those who run the instance.
CREATE OR REPLACE FUNCTION host_asks(asking bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT h.person_id FROM session s JOIN host_person h ON h.person_id = s.person_id
       WHERE s.token_hash = asking AND s.expires_at > now() AND s.idle_until > now() AND NOT s.by_company $$;

-- A password leads to the company used last among those that take one.
CREATE FUNCTION sign_in_wanted(wanted_tenant uuid, wanted_email text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT EXISTS (SELECT FROM sign_in s JOIN sign_in_domain d ON d.tenant_id = s.tenant_id
           WHERE s.tenant_id = wanted_tenant AND NOT s.passwords AND d.domain = lower(split_part(wanted_email, '@', 2))) $$;
CREATE OR REPLACE FUNCTION login_find(wanted_email text)
    RETURNS TABLE (person_id uuid, password_hash text, tenant_id uuid, role text, proven boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ (SELECT p.id, p.password_hash, m.tenant_id, m.role, true FROM person p LEFT JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NOT NULL
        ORDER BY sign_in_wanted(m.tenant_id, wanted_email), m.used_at DESC NULLS LAST, m.created_at LIMIT 1)
       UNION ALL
       (SELECT p.id, p.password_hash, m.tenant_id, m.role, false FROM person p LEFT JOIN membership m ON m.person_id = p.id
        WHERE lower(p.email) = lower(wanted_email) AND p.email_verified_at IS NULL
        ORDER BY p.created_at DESC, sign_in_wanted(m.tenant_id, wanted_email), m.used_at DESC NULLS LAST, m.created_at LIMIT 1) $$;

CREATE POLICY lookup ON sign_in FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, passwords) ON sign_in TO konstruct_lookup;
CREATE POLICY lookup ON sign_in_domain FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON sign_in_attempt FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, domain) ON sign_in_domain TO konstruct_lookup;
GRANT SELECT (tenant_id, id, state_hash, browser_hash, step, expires_at) ON sign_in_attempt TO konstruct_lookup;

CREATE FUNCTION sign_in_tenant(wanted_domain text) RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT d.tenant_id FROM sign_in_domain d WHERE d.domain = wanted_domain $$;

-- The attempt that came back, to the browser that began it, while it counts.
CREATE FUNCTION sign_in_find(wanted_state bytea, wanted_browser bytea) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT a.tenant_id, a.id FROM sign_in_attempt a
       WHERE a.state_hash = wanted_state AND a.browser_hash = wanted_browser AND a.step = 'begun' AND a.expires_at > now() $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION sign_in_tenant(text) OWNER TO konstruct_lookup;
ALTER FUNCTION sign_in_find(bytea, bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION sign_in_wanted(uuid, text) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION sign_in_tenant(text), sign_in_find(bytea, bytea), sign_in_wanted(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_tenant(text), sign_in_find(bytea, bytea) TO konstruct_web;

GRANT INSERT, UPDATE, DELETE ON sign_in TO konstruct_web;
GRANT SELECT (tenant_id, id, issuer, client_id, hint, joining, role, passwords, authorize_at, names_itself, found_at, test_id,
    tested_at, fault, fault_detail, proven_at, created_at) ON sign_in TO konstruct_web;
GRANT SELECT ON sign_in TO konstruct_worker;
GRANT UPDATE (client_secret, authorize_at, exchange_at, keys_from, userinfo_at, client_auth,
    names_itself, found_at, keys, keys_at, tested_at,
    fault, fault_detail) ON sign_in TO konstruct_worker;
GRANT SELECT, INSERT, DELETE ON sign_in_domain TO konstruct_web;
GRANT SELECT ON sign_in_domain TO konstruct_worker;
GRANT INSERT, DELETE ON sign_in_attempt TO konstruct_web;
GRANT SELECT (tenant_id, id, state_hash, browser_hash, issuer, client_id, step, fault, subject, email, name, expires_at)
    ON sign_in_attempt TO konstruct_web;
GRANT UPDATE (code_sealed, reference, step) ON sign_in_attempt TO konstruct_web;
GRANT SELECT ON sign_in_attempt TO konstruct_worker;
GRANT UPDATE (code_sealed, verifier_sealed, step, fault, subject, email, name) ON sign_in_attempt TO konstruct_worker;
GRANT SELECT, INSERT ON sign_in_link TO konstruct_web;
GRANT UPDATE (by_company) ON session TO konstruct_web;
