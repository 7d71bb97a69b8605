-- A company's own accounts at providers of models, in the order in which they are to be asked. The web process seals a key and
-- can't read it back. What a test found stands beside it: the models that the account offers, and the fault, if there was one.
CREATE TABLE provider_account (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    id           uuid NOT NULL,
    position     integer NOT NULL,
    provider     text NOT NULL CHECK (length(provider) BETWEEN 1 AND 100),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    base_url     text NOT NULL DEFAULT '' CHECK (length(base_url) <= 300),
    api          text NOT NULL DEFAULT 'usual' CHECK (api IN ('usual', 'responses')),
    api_version  text NOT NULL DEFAULT '' CHECK (length(api_version) <= 100),
    key_sealed   text,
    has_key      boolean NOT NULL DEFAULT false,
    hint         text NOT NULL DEFAULT '' CHECK (length(hint) <= 4),
    -- names with blanks between: those that an admin wants to use (none: whatever there is), and those that a test found
    models       text NOT NULL DEFAULT '' CHECK (length(models) <= 8000),
    models_found text NOT NULL DEFAULT '' CHECK (length(models_found) <= 32000),
    is_on        boolean NOT NULL DEFAULT true,
    -- what the newest test found, and the test that is under way
    state        text NOT NULL DEFAULT 'untested' CHECK (state IN ('untested', 'ok', 'broken')),
    fault        text,
    fault_detail text,
    checked_at   timestamptz,
    test_id      uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT tenant_table('provider_account');

GRANT INSERT, DELETE ON provider_account TO konstruct_web;
GRANT SELECT (tenant_id, id, position, provider, name, base_url, api, api_version, has_key, hint, models, models_found,
    is_on, state,
    fault, fault_detail, checked_at, test_id, created_at) ON provider_account TO konstruct_web;
GRANT UPDATE (position, name, base_url, api, api_version, key_sealed, has_key, hint, models, models_found, is_on, state, fault,
    fault_detail, checked_at, test_id) ON provider_account TO konstruct_web;
GRANT SELECT ON provider_account TO konstruct_worker;
GRANT UPDATE (key_sealed, models_found, state, fault, fault_detail, checked_at, test_id) ON provider_account TO konstruct_worker;

-- Which models think for an employee is set in the portal.
GRANT UPDATE (primary_provider, primary_model, fallback_provider, fallback_model, local_provider, local_model)
    ON employee TO konstruct_web;
