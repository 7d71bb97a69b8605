-- Teams of employees, thin: a name, who is in it, and caps on what it may cost.
CREATE TABLE team (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 100),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX team_name ON team (tenant_id, lower(name));
SELECT tenant_table('team');
ALTER TABLE employee ADD COLUMN team_id uuid;
ALTER TABLE employee ADD FOREIGN KEY (tenant_id, team_id) REFERENCES team ON DELETE SET NULL (team_id);
GRANT SELECT, INSERT, DELETE ON team TO konstruct_web;
GRANT UPDATE (name) ON team TO konstruct_web;
GRANT SELECT ON team TO konstruct_worker;
GRANT UPDATE (team_id) ON employee TO konstruct_web;

ALTER TABLE cap DROP CONSTRAINT cap_scope_check;
ALTER TABLE cap ADD CONSTRAINT cap_scope_check CHECK (scope IN ('tenant', 'team', 'employee', 'conversation', 'key'));

DROP FUNCTION cap_take(uuid, uuid, uuid, uuid, bigint, integer);
-- Leases at least `need` of every cap that applies to the holder, or of none. The rows: every cap that applies, or, when
-- `refused`, those that would be passed; `leased` then says that something may still come back. More is leased than needed
-- where plenty is left.
CREATE FUNCTION cap_take(new_holder uuid, employee uuid, team uuid, conversation uuid, key uuid, need bigint,
        lease_seconds integer)
    RETURNS TABLE (cap_id uuid, starts date, scope text, period text, limit_micros bigint, granted bigint, refused boolean,
        leased boolean)
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ids uuid[];
BEGIN
    SELECT array_agg(c.id) INTO ids FROM cap c WHERE c.tenant_id = tenant_now()
        AND (c.scope = 'tenant' OR (c.scope = 'employee' AND c.scope_id = employee) OR (c.scope = 'team' AND c.scope_id = team)
            OR (c.scope = 'conversation' AND c.scope_id = conversation) OR (c.scope = 'key' AND c.scope_id = key));
    INSERT INTO cap_period (tenant_id, cap_id, starts)
        SELECT c.tenant_id, c.id, cap_starts(c.period) FROM cap c WHERE c.tenant_id = tenant_now() AND c.id = ANY (ids)
        AND NOT EXISTS (SELECT 1 FROM cap_period p WHERE p.tenant_id = c.tenant_id AND p.cap_id = c.id
            AND p.starts = cap_starts(c.period))
        ORDER BY c.id ON CONFLICT DO NOTHING;
    -- Always in the same order, so that two never wait for each other.
    PERFORM FROM cap_period p JOIN cap c ON c.tenant_id = p.tenant_id AND c.id = p.cap_id
        WHERE p.tenant_id = tenant_now() AND p.cap_id = ANY (ids) AND p.starts = cap_starts(c.period)
        ORDER BY p.cap_id FOR UPDATE OF p;
    RETURN QUERY SELECT c.id, p.starts, c.scope, c.period, c.limit_micros, 0::bigint, true, p.leased_micros > 0
        FROM cap c JOIN cap_period p ON p.tenant_id = c.tenant_id AND p.cap_id = c.id AND p.starts = cap_starts(c.period)
        WHERE c.tenant_id = tenant_now() AND c.id = ANY (ids)
            AND p.spent_micros + p.lost_micros + p.leased_micros + need > c.limit_micros;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY WITH want AS (
            SELECT c.id, p.starts, c.scope, c.period, c.limit_micros, greatest(need, least(16 * need,
                (c.limit_micros - p.spent_micros - p.lost_micros - p.leased_micros) / 8)) AS slice
            FROM cap c JOIN cap_period p ON p.tenant_id = c.tenant_id AND p.cap_id = c.id AND p.starts = cap_starts(c.period)
            WHERE c.tenant_id = tenant_now() AND c.id = ANY (ids)
        ), period AS (
            UPDATE cap_period p SET leased_micros = p.leased_micros + w.slice FROM want w
            WHERE p.tenant_id = tenant_now() AND p.cap_id = w.id AND p.starts = w.starts
        ), lease AS (
            INSERT INTO cap_lease AS l (tenant_id, cap_id, starts, holder, left_micros, ends_at)
            SELECT tenant_now(), w.id, w.starts, new_holder, w.slice, now() + make_interval(secs => lease_seconds) FROM want w
            ON CONFLICT (tenant_id, cap_id, starts, holder) DO UPDATE
                SET left_micros = l.left_micros + EXCLUDED.left_micros, ends_at = EXCLUDED.ends_at, taken_at = now()
        )
        SELECT w.id, w.starts, w.scope, w.period, w.limit_micros, w.slice, false, true FROM want w;
END $$;

REVOKE ALL ON FUNCTION cap_take(uuid, uuid, uuid, uuid, uuid, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cap_take(uuid, uuid, uuid, uuid, uuid, bigint, integer) TO konstruct_worker;

-- Ends the slices of holders that do not renew them. What they had under way, and any call that has been under way for longer
-- than calls may last, is settled at what was held for it, and flagged;
-- the rest is free again, unless the database was restarted since: then rows of calls under way may have been forgotten with
-- it, and the rest counts as lost. How many calls were settled so.
CREATE OR REPLACE FUNCTION cap_sweep() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    dead record;
    call call_open;
    count integer := 0;
BEGIN
    FOR dead IN SELECT l.holder FROM cap_lease l WHERE l.tenant_id = tenant_now() GROUP BY l.holder HAVING max(l.ends_at) < now()
        UNION SELECT o.holder FROM call_open o WHERE o.tenant_id = tenant_now() AND o.started_at < now() - interval '2 hours'
    LOOP
        FOR call IN DELETE FROM call_open o WHERE o.tenant_id = tenant_now() AND o.holder = dead.holder
            AND (o.started_at < now() - interval '2 hours' OR NOT EXISTS (SELECT 1 FROM cap_lease l
                WHERE l.tenant_id = tenant_now() AND l.holder = o.holder AND l.ends_at >= now())) RETURNING o.* LOOP
            INSERT INTO usage (tenant_id, id, job_id, employee_id, team_id, conversation_id, key_id, account_id, provider, model,
                    input_tokens, cached_tokens, output_tokens, counted, cost_micros, outcome)
                VALUES (call.tenant_id, call.id, call.job_id, call.employee_id, call.team_id, call.conversation_id, call.key_id,
                    call.account_id, call.provider, call.model, 0, 0, 0, false, call.held_micros, 'unknown');
            PERFORM cap_settle(dead.holder, array_agg(l.cap_id), array_agg(l.starts), call.held_micros)
                FROM cap_lease l JOIN cap c ON c.tenant_id = l.tenant_id AND c.id = l.cap_id
                WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder
                    AND c.scope_id IN (tenant_now(), call.employee_id, call.team_id, call.conversation_id, call.key_id);
            count := count + 1;
        END LOOP;
        PERFORM FROM cap_period p WHERE p.tenant_id = tenant_now() AND (p.cap_id, p.starts) IN (SELECT l.cap_id, l.starts
            FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now())
            ORDER BY p.cap_id FOR UPDATE;
        UPDATE cap_period p SET leased_micros = p.leased_micros - l.left_micros,
                lost_micros = p.lost_micros + CASE WHEN l.taken_at < pg_postmaster_start_time() THEN l.left_micros ELSE 0 END
            FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now()
                AND p.tenant_id = l.tenant_id AND p.cap_id = l.cap_id AND p.starts = l.starts;
        DELETE FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now();
    END LOOP;
    RETURN count;
END $$;
