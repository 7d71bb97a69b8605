-- The ledger learns more of each call: its first token, its images, how it ended for the one who asked, and what was tried
-- before it. And it is rolled up by hour, so that a page of sums does not read every call of a month.

-- NULL: no stream, or nothing came.
ALTER TABLE usage ADD COLUMN first_ms bigint CHECK (first_ms >= 0);
ALTER TABLE usage ADD COLUMN images bigint NOT NULL DEFAULT 0 CHECK (images >= 0);
-- 'drained': whoever asked left, and the answer was read to its end for the exact figures. 'cancelled': it was cut off; the
-- figures are then our own count (counted is false), unless the provider had given them before.
ALTER TABLE usage ADD COLUMN ended text NOT NULL DEFAULT 'whole' CHECK (ended IN ('whole', 'drained', 'cancelled'));
-- What was asked in vain before: [{"provider", "model", "code", ...}].
ALTER TABLE usage ADD COLUMN tries jsonb;
-- The provider account of the tenant; NULL: the instance's own.
ALTER TABLE usage ADD COLUMN account_id uuid;
-- The employee's team at the time of the call.
ALTER TABLE usage ADD COLUMN team_id uuid;
ALTER TABLE call_open ADD COLUMN team_id uuid;
ALTER TABLE call_open ADD COLUMN account_id uuid;
-- Calls are listed newest first, whole or of one of these.
DROP INDEX usage_recent;
CREATE INDEX usage_recent ON usage (tenant_id, created_at, id);
CREATE INDEX usage_of_employee ON usage (tenant_id, employee_id, created_at, id);
CREATE INDEX usage_of_key ON usage (tenant_id, key_id, created_at, id) WHERE key_id IS NOT NULL;

-- Rows of the ledger that are in no hour yet. A row gets here with its call, in one transaction, and leaves in the one that
-- adds it to its hour: so hours and this rest together are always the ledger, however late a row is committed and whoever
-- rolls up at the same time.
CREATE TABLE usage_fresh (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT tenant_table('usage_fresh');

CREATE TABLE usage_hour (
    tenant_id            uuid NOT NULL REFERENCES tenant,
    id                   uuid NOT NULL DEFAULT gen_random_uuid(),
    hour                 timestamptz NOT NULL,
    employee_id          uuid,
    team_id              uuid,
    key_id               uuid,
    provider             text NOT NULL,
    model                text NOT NULL,
    calls                bigint NOT NULL,
    failed               bigint NOT NULL,
    unknown              bigint NOT NULL,
    estimated            bigint NOT NULL,
    input_tokens         bigint NOT NULL,
    cached_tokens        bigint NOT NULL,
    cache_written_tokens bigint NOT NULL,
    output_tokens        bigint NOT NULL,
    reasoning_tokens     bigint NOT NULL,
    images               bigint NOT NULL,
    cost_micros          bigint NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX usage_hour_once ON usage_hour (tenant_id, hour, employee_id, team_id, key_id, provider, model)
    NULLS NOT DISTINCT;
SELECT tenant_table('usage_hour');

CREATE FUNCTION usage_is_fresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_fresh (tenant_id, id) VALUES (NEW.tenant_id, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER usage_is_fresh AFTER INSERT ON usage FOR EACH ROW EXECUTE FUNCTION usage_is_fresh();

-- Adds so many fresh rows at most to their hours; how many there were. One at a time for a tenant: who comes second has
-- nothing to do.
CREATE FUNCTION usage_roll(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    rolled integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('usage_roll ' || tenant_now(), 0)) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM usage_fresh f WHERE f.tenant_id = tenant_now()
            AND f.id IN (SELECT g.id FROM usage_fresh g WHERE g.tenant_id = tenant_now() LIMIT most) RETURNING f.id
    ), added AS (
        INSERT INTO usage_hour AS h (tenant_id, hour, employee_id, team_id, key_id, provider, model, calls, failed, unknown,
                estimated, input_tokens, cached_tokens, cache_written_tokens, output_tokens, reasoning_tokens, images, cost_micros)
            SELECT tenant_now(), date_trunc('hour', u.created_at, 'UTC'), u.employee_id, u.team_id, u.key_id, u.provider, u.model,
                count(*), count(*) FILTER (WHERE u.outcome = 'failed'), count(*) FILTER (WHERE u.outcome = 'unknown'),
                count(*) FILTER (WHERE NOT u.counted AND u.outcome <> 'unknown'), sum(u.input_tokens), sum(u.cached_tokens),
                sum(u.cache_written_tokens), sum(u.output_tokens), sum(u.reasoning_tokens), sum(u.images), sum(u.cost_micros)
            FROM taken t JOIN usage u ON u.tenant_id = tenant_now() AND u.id = t.id
            GROUP BY 2, u.employee_id, u.team_id, u.key_id, u.provider, u.model
        ON CONFLICT (tenant_id, hour, employee_id, team_id, key_id, provider, model) DO UPDATE SET
            calls = h.calls + EXCLUDED.calls, failed = h.failed + EXCLUDED.failed, unknown = h.unknown + EXCLUDED.unknown,
            estimated = h.estimated + EXCLUDED.estimated, input_tokens = h.input_tokens + EXCLUDED.input_tokens,
            cached_tokens = h.cached_tokens + EXCLUDED.cached_tokens,
            cache_written_tokens = h.cache_written_tokens + EXCLUDED.cache_written_tokens,
            output_tokens = h.output_tokens + EXCLUDED.output_tokens,
            reasoning_tokens = h.reasoning_tokens + EXCLUDED.reasoning_tokens, images = h.images + EXCLUDED.images,
            cost_micros = h.cost_micros + EXCLUDED.cost_micros
    )
    SELECT count(*) INTO rolled FROM taken;
    RETURN rolled;
END $$;

-- The tenants that have fresh rows: for the sweep, which then looks at each by itself.
CREATE POLICY lookup ON usage_fresh FOR SELECT TO konstruct_lookup USING (true);
CREATE FUNCTION usage_due() RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT DISTINCT f.tenant_id FROM usage_fresh f LIMIT 1000 $$;
GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION usage_due() OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION usage_due(), usage_is_fresh(), usage_roll(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_due(), usage_roll(integer) TO konstruct_worker;

GRANT SELECT ON usage_fresh, usage_hour TO konstruct_web, konstruct_worker;
GRANT INSERT, DELETE ON usage_fresh TO konstruct_worker;
GRANT INSERT ON usage_hour TO konstruct_worker;
GRANT UPDATE (calls, failed, unknown, estimated, input_tokens, cached_tokens, cache_written_tokens, output_tokens,
    reasoning_tokens, images, cost_micros) ON usage_hour TO konstruct_worker;

-- What is there already.
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT tenant_id FROM tenant LOOP
        PERFORM set_config('app.tenant_id', one::text, true);
        INSERT INTO usage_fresh (tenant_id, id) SELECT u.tenant_id, u.id FROM usage u WHERE u.tenant_id = one;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;
