-- What a tenant may use: its plan says how much, the host may say otherwise for one tenant, and where neither says anything
-- the settings do. Names of limits are those of the limits table of the programs. Plans are filled by the seed.
CREATE TABLE plan (
    name     text PRIMARY KEY,
    position integer NOT NULL,
    about    text NOT NULL
);
CREATE TABLE plan_limit (
    plan  text NOT NULL REFERENCES plan,
    name  text NOT NULL,
    value bigint NOT NULL CHECK (value >= 0),
    PRIMARY KEY (plan, name)
);
ALTER TABLE tenant ADD COLUMN plan text NOT NULL DEFAULT 'standard';

CREATE TABLE tenant_limit (
    tenant_id uuid NOT NULL REFERENCES tenant,
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    value     bigint NOT NULL CHECK (value >= 0),
    PRIMARY KEY (tenant_id, name)
);
SELECT tenant_table('tenant_limit');

GRANT SELECT ON plan, plan_limit, tenant_limit TO konstruct_web, konstruct_worker;
