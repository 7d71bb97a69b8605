-- What is in no hour of the ledger yet is kept as sums, one row for all calls of a statement that are of one hour, payer and
-- model, rather than as a list of calls. So a program's calls, which are entered many at once, leave one such row and not
-- one each, and adding them to their hours reads no call again: a company's calls were all read for that once it had many.

-- In the order in which both are written to; nothing gets in between while they are changed.
LOCK TABLE usage, usage_fresh IN ACCESS EXCLUSIVE MODE;

DROP POLICY lookup ON usage_fresh;
ALTER TABLE usage_fresh RENAME TO usage_fresh_before;
ALTER TABLE usage_fresh_before RENAME CONSTRAINT usage_fresh_pkey TO usage_fresh_before_pkey;
CREATE TABLE usage_fresh (
    tenant_id            uuid NOT NULL,
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
SELECT tenant_table('usage_fresh');
CREATE POLICY lookup ON usage_fresh FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT ON usage_fresh TO konstruct_web, konstruct_worker;
GRANT INSERT, DELETE ON usage_fresh TO konstruct_worker;

CREATE OR REPLACE FUNCTION usage_is_fresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_fresh (tenant_id, hour, employee_id, team_id, key_id, provider, model, calls, failed, unknown, estimated,
            input_tokens, cached_tokens, cache_written_tokens, output_tokens, reasoning_tokens, images, cost_micros)
        SELECT n.tenant_id, date_trunc('hour', n.created_at, 'UTC'), n.employee_id, n.team_id, n.key_id, n.provider, n.model,
            count(*), count(*) FILTER (WHERE n.outcome = 'failed'), count(*) FILTER (WHERE n.outcome = 'unknown'),
            count(*) FILTER (WHERE NOT n.counted AND n.outcome <> 'unknown'), sum(n.input_tokens), sum(n.cached_tokens),
            sum(n.cache_written_tokens), sum(n.output_tokens), sum(n.reasoning_tokens), sum(n.images), sum(n.cost_micros)
        FROM new_usage n GROUP BY 1, 2, n.employee_id, n.team_id, n.key_id, n.provider, n.model;
    RETURN NULL;
END $$;

-- Adds so many sums at most to their hours; how many there were. One at a time for a tenant: who comes second has nothing to
-- do.
CREATE OR REPLACE FUNCTION usage_roll(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    rolled integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('usage_roll ' || tenant_now(), 0)) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM usage_fresh f WHERE f.tenant_id = tenant_now()
            AND f.id IN (SELECT g.id FROM usage_fresh g WHERE g.tenant_id = tenant_now() LIMIT most) RETURNING f.*
    ), added AS (
        INSERT INTO usage_hour AS h (tenant_id, hour, employee_id, team_id, key_id, provider, model, calls, failed, unknown,
                estimated, input_tokens, cached_tokens, cache_written_tokens, output_tokens, reasoning_tokens, images, cost_micros)
            SELECT tenant_now(), t.hour, t.employee_id, t.team_id, t.key_id, t.provider, t.model, sum(t.calls), sum(t.failed),
                sum(t.unknown), sum(t.estimated), sum(t.input_tokens), sum(t.cached_tokens), sum(t.cache_written_tokens),
                sum(t.output_tokens), sum(t.reasoning_tokens), sum(t.images), sum(t.cost_micros)
            FROM taken t GROUP BY t.hour, t.employee_id, t.team_id, t.key_id, t.provider, t.model
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

-- What is there already.
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT tenant_id FROM tenant LOOP
        PERFORM set_config('app.tenant_id', one::text, true);
        INSERT INTO usage_fresh (tenant_id, hour, employee_id, team_id, key_id, provider, model, calls, failed, unknown,
                estimated, input_tokens, cached_tokens, cache_written_tokens, output_tokens, reasoning_tokens, images, cost_micros)
            SELECT u.tenant_id, date_trunc('hour', u.created_at, 'UTC'), u.employee_id, u.team_id, u.key_id, u.provider, u.model,
                count(*), count(*) FILTER (WHERE u.outcome = 'failed'), count(*) FILTER (WHERE u.outcome = 'unknown'),
                count(*) FILTER (WHERE NOT u.counted AND u.outcome <> 'unknown'), sum(u.input_tokens), sum(u.cached_tokens),
                sum(u.cache_written_tokens), sum(u.output_tokens), sum(u.reasoning_tokens), sum(u.images), sum(u.cost_micros)
            FROM usage_fresh_before f JOIN usage u ON u.tenant_id = f.tenant_id AND u.id = f.id
            WHERE f.tenant_id = one GROUP BY 1, 2, u.employee_id, u.team_id, u.key_id, u.provider, u.model;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;
DROP TABLE usage_fresh_before;

-- A program's call is of no job and mostly of no employee: these two need not know of it.
DROP INDEX usage_step;
CREATE UNIQUE INDEX usage_step ON usage (tenant_id, job_id, step_no) WHERE job_id IS NOT NULL;
DROP INDEX usage_of_employee;
CREATE INDEX usage_of_employee ON usage (tenant_id, employee_id, created_at, id) WHERE employee_id IS NOT NULL;
