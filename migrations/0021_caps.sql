-- What models may cost, and what they did. usage becomes the ledger of every call, of turns and of programs; caps stand above
-- it. Before a call the worst case is held against each cap that applies. A worker leases a slice of a cap and holds calls
-- inside it, so that not every call costs a commit; spent + lost + leased never passes the limit.

ALTER TABLE usage DROP CONSTRAINT usage_pkey;
ALTER TABLE usage ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE usage ADD PRIMARY KEY (tenant_id, id);
CREATE UNIQUE INDEX usage_step ON usage (tenant_id, job_id, step_no);
ALTER TABLE usage ALTER COLUMN id DROP DEFAULT;
ALTER TABLE usage ALTER COLUMN job_id DROP NOT NULL;
ALTER TABLE usage ALTER COLUMN step_no DROP NOT NULL;
ALTER TABLE usage ALTER COLUMN employee_id DROP NOT NULL;
ALTER TABLE usage ADD COLUMN conversation_id uuid;
ALTER TABLE usage ADD COLUMN key_id uuid;
ALTER TABLE usage ADD COLUMN cache_written_tokens bigint NOT NULL DEFAULT 0 CHECK (cache_written_tokens >= 0);
ALTER TABLE usage ADD COLUMN reasoning_tokens bigint NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0);
ALTER TABLE usage ADD COLUMN ms bigint NOT NULL DEFAULT 0 CHECK (ms >= 0);
-- 'unknown': the worker died with the call under way; cost_micros is then what was held for it.
ALTER TABLE usage ADD COLUMN outcome text NOT NULL DEFAULT 'answered'
    CHECK (outcome IN ('answered', 'refused', 'failed', 'unknown'));
CREATE INDEX usage_recent ON usage (tenant_id, created_at);

-- Anthropic's way: writing its cache costs more than plain input. NULL: as input.
ALTER TABLE price ADD COLUMN cache_write bigint CHECK (cache_write >= 0);

-- scope_id is the employee's, conversation's or key's id; for the tenant its own.
CREATE TABLE cap (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    id           uuid NOT NULL,
    scope        text NOT NULL CHECK (scope IN ('tenant', 'employee', 'conversation', 'key')),
    scope_id     uuid NOT NULL,
    period       text NOT NULL CHECK (period IN ('day', 'month', 'ever')),
    limit_micros bigint NOT NULL CHECK (limit_micros >= 0),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX cap_once ON cap (tenant_id, scope, scope_id, period);
SELECT tenant_table('cap');

-- The money of a cap in one period (UTC). lost_micros: leased to a worker that died while the database was restarted, so that
-- nobody knows what it had under way; it counts against the cap and is on no bill.
CREATE TABLE cap_period (
    tenant_id     uuid NOT NULL,
    cap_id        uuid NOT NULL,
    starts        date NOT NULL,
    spent_micros  bigint NOT NULL DEFAULT 0 CHECK (spent_micros >= 0),
    lost_micros   bigint NOT NULL DEFAULT 0 CHECK (lost_micros >= 0),
    leased_micros bigint NOT NULL DEFAULT 0 CHECK (leased_micros >= 0),
    PRIMARY KEY (tenant_id, cap_id, starts),
    FOREIGN KEY (tenant_id, cap_id) REFERENCES cap ON DELETE CASCADE
);
SELECT tenant_table('cap_period');

CREATE TABLE cap_lease (
    tenant_id   uuid NOT NULL,
    cap_id      uuid NOT NULL,
    starts      date NOT NULL,
    holder      uuid NOT NULL,
    left_micros bigint NOT NULL CHECK (left_micros >= 0),
    taken_at    timestamptz NOT NULL DEFAULT now(),
    ends_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, cap_id, starts, holder),
    FOREIGN KEY (tenant_id, cap_id, starts) REFERENCES cap_period ON DELETE CASCADE
);
CREATE INDEX cap_lease_ends ON cap_lease (ends_at);
SELECT tenant_table('cap_lease');

-- Calls under way, so that a call whose worker dies is settled all the same. The row goes with the call's row in usage.
CREATE TABLE call_open (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    holder          uuid NOT NULL,
    job_id          uuid,
    employee_id     uuid,
    conversation_id uuid,
    key_id          uuid,
    provider        text NOT NULL,
    model           text NOT NULL,
    held_micros     bigint NOT NULL CHECK (held_micros >= 0),
    started_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX call_open_holder ON call_open (tenant_id, holder);
CREATE INDEX call_open_started ON call_open (started_at);
SELECT tenant_table('call_open');

-- 50, 80 or 100 percent of a cap reached, or a call refused (100): told once a period.
CREATE TABLE cap_alert (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    cap_id       uuid NOT NULL,
    starts       date NOT NULL,
    percent      integer NOT NULL CHECK (percent IN (50, 80, 100)),
    spent_micros bigint NOT NULL,
    limit_micros bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, cap_id) REFERENCES cap ON DELETE CASCADE
);
CREATE UNIQUE INDEX cap_alert_once ON cap_alert (tenant_id, cap_id, starts, percent);
SELECT tenant_table('cap_alert');

CREATE FUNCTION cap_starts(period text) RETURNS date LANGUAGE sql STABLE AS
    $$ SELECT CASE period WHEN 'day' THEN (now() AT TIME ZONE 'UTC')::date
        WHEN 'month' THEN date_trunc('month', now() AT TIME ZONE 'UTC')::date ELSE DATE '1970-01-01' END $$;

-- One alert and the job that tells of it.
CREATE FUNCTION cap_alert_add(of_cap uuid, of_starts date, reached integer, spent bigint, allowed bigint) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    new_id uuid := gen_random_uuid();
BEGIN
    INSERT INTO cap_alert (tenant_id, id, cap_id, starts, percent, spent_micros, limit_micros)
        VALUES (tenant_now(), new_id, of_cap, of_starts, reached, spent, allowed) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO job (tenant_id, id, kind, lane_id, subject_id) VALUES (tenant_now(), gen_random_uuid(), 'cap_alert', new_id, new_id);
    END IF;
END $$;

-- Leases at least `need` of every cap that applies to the holder, or of none. The rows: every cap that applies, or, when
-- `refused`, those that would be passed; `leased` then says that something may still come back. More is leased than needed
-- where plenty is left.
CREATE FUNCTION cap_take(new_holder uuid, employee uuid, conversation uuid, key uuid, need bigint, lease_seconds integer)
    RETURNS TABLE (cap_id uuid, starts date, scope text, period text, limit_micros bigint, granted bigint, refused boolean,
        leased boolean)
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    ids uuid[];
BEGIN
    SELECT array_agg(c.id) INTO ids FROM cap c WHERE c.tenant_id = tenant_now()
        AND (c.scope = 'tenant' OR (c.scope = 'employee' AND c.scope_id = employee)
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

-- A call refused at a cap counts as the cap reached, once a period.
CREATE FUNCTION cap_refused(of_cap uuid) RETURNS void LANGUAGE sql AS
    $$ SELECT cap_alert_add(c.id, p.starts, 100, p.spent_micros, c.limit_micros)
       FROM cap c JOIN cap_period p ON p.tenant_id = c.tenant_id AND p.cap_id = c.id AND p.starts = cap_starts(c.period)
       WHERE c.tenant_id = tenant_now() AND c.id = of_cap $$;

-- What a call cost comes out of the holder's slices. It is spent even where the slice is gone or the limit was lowered: a
-- bill is a bill.
CREATE FUNCTION cap_settle(by_holder uuid, ids uuid[], starting date[], cost bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    slice bigint;
    before bigint;
    allowed bigint;
    mark integer;
BEGIN
    FOR one IN SELECT p.cap_id, p.starts, p.spent_micros, c.limit_micros FROM cap_period p
        JOIN unnest(ids, starting) AS u(cap_id, starts) ON u.cap_id = p.cap_id AND u.starts = p.starts
        JOIN cap c ON c.tenant_id = p.tenant_id AND c.id = p.cap_id
        WHERE p.tenant_id = tenant_now() ORDER BY p.cap_id FOR UPDATE OF p
    LOOP
        UPDATE cap_lease l SET left_micros = l.left_micros - least(l.left_micros, cost)
            FROM (SELECT o.left_micros FROM cap_lease o WHERE o.tenant_id = tenant_now() AND o.cap_id = one.cap_id
                AND o.starts = one.starts AND o.holder = by_holder FOR UPDATE) old
            WHERE l.tenant_id = tenant_now() AND l.cap_id = one.cap_id AND l.starts = one.starts AND l.holder = by_holder
            RETURNING old.left_micros - l.left_micros INTO slice;
        UPDATE cap_period p SET spent_micros = p.spent_micros + cost, leased_micros = p.leased_micros - coalesce(slice, 0)
            WHERE p.tenant_id = tenant_now() AND p.cap_id = one.cap_id AND p.starts = one.starts
            RETURNING p.spent_micros - cost INTO before;
        allowed := one.limit_micros;
        FOREACH mark IN ARRAY ARRAY[50, 80, 100] LOOP
            IF before * 100 < allowed * mark AND (before + cost) * 100 >= allowed * mark THEN
                PERFORM cap_alert_add(one.cap_id, one.starts, mark, before + cost, allowed);
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- Gives back what the holder does not need; a slice of nothing goes.
CREATE FUNCTION cap_give_back(by_holder uuid, of_cap uuid, of_starts date, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    PERFORM FROM cap_period p WHERE p.tenant_id = tenant_now() AND p.cap_id = of_cap AND p.starts = of_starts FOR UPDATE;
    SELECT least(l.left_micros, amount) INTO given FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.cap_id = of_cap
        AND l.starts = of_starts AND l.holder = by_holder FOR UPDATE;
    IF given IS NULL THEN
        RETURN;
    END IF;
    UPDATE cap_period p SET leased_micros = p.leased_micros - given
        WHERE p.tenant_id = tenant_now() AND p.cap_id = of_cap AND p.starts = of_starts;
    UPDATE cap_lease l SET left_micros = l.left_micros - given WHERE l.tenant_id = tenant_now() AND l.cap_id = of_cap
        AND l.starts = of_starts AND l.holder = by_holder;
    DELETE FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.cap_id = of_cap AND l.starts = of_starts
        AND l.holder = by_holder AND l.left_micros = 0;
END $$;

-- Ends the slices of holders that do not renew them. What they had under way, and any call that has been under way for longer
-- than calls may last, is settled at what was held for it, and flagged;
-- the rest is free again, unless the database was restarted since: then rows of calls under way may have been forgotten with
-- it, and the rest counts as lost. How many calls were settled so.
CREATE FUNCTION cap_sweep() RETURNS integer LANGUAGE plpgsql AS $$
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
            INSERT INTO usage (tenant_id, id, job_id, employee_id, conversation_id, key_id, provider, model, input_tokens,
                    cached_tokens, output_tokens, counted, cost_micros, outcome)
                VALUES (call.tenant_id, call.id, call.job_id, call.employee_id, call.conversation_id, call.key_id, call.provider,
                    call.model, 0, 0, 0, false, call.held_micros, 'unknown');
            PERFORM cap_settle(dead.holder, array_agg(l.cap_id), array_agg(l.starts), call.held_micros)
                FROM cap_lease l JOIN cap c ON c.tenant_id = l.tenant_id AND c.id = l.cap_id
                WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder
                    AND c.scope_id IN (tenant_now(), call.employee_id, call.conversation_id, call.key_id);
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

-- The tenants in which a slice has ended or a call does not end: for the sweep, which then looks at each by itself.
CREATE POLICY lookup ON cap_lease FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON call_open FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT (tenant_id, ends_at) ON cap_lease TO konstruct_lookup;
GRANT SELECT (tenant_id, started_at) ON call_open TO konstruct_lookup;
CREATE FUNCTION caps_due() RETURNS TABLE (tenant_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT l.tenant_id FROM cap_lease l WHERE l.ends_at < now()
       UNION SELECT o.tenant_id FROM call_open o WHERE o.started_at < now() - interval '2 hours' LIMIT 256 $$;
GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION caps_due() OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION caps_due(), cap_starts(text), cap_alert_add(uuid, date, integer, bigint, bigint),
    cap_take(uuid, uuid, uuid, uuid, bigint, integer), cap_refused(uuid), cap_settle(uuid, uuid[], date[], bigint),
    cap_give_back(uuid, uuid, date, bigint), cap_sweep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caps_due(), cap_starts(text), cap_alert_add(uuid, date, integer, bigint, bigint),
    cap_take(uuid, uuid, uuid, uuid, bigint, integer), cap_refused(uuid), cap_settle(uuid, uuid[], date[], bigint),
    cap_give_back(uuid, uuid, date, bigint), cap_sweep() TO konstruct_worker;
GRANT EXECUTE ON FUNCTION cap_starts(text) TO konstruct_web;

GRANT SELECT, INSERT ON cap TO konstruct_web, konstruct_worker;
GRANT UPDATE (limit_micros), DELETE ON cap TO konstruct_web;
GRANT SELECT ON cap_period, cap_alert TO konstruct_web;
GRANT SELECT, INSERT ON cap_period, cap_alert TO konstruct_worker;
GRANT UPDATE (spent_micros, lost_micros, leased_micros) ON cap_period TO konstruct_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON cap_lease TO konstruct_worker;
GRANT SELECT, INSERT, DELETE ON call_open TO konstruct_worker;

-- A cap from the first minute, for those who are here already: 10 dollars a day, 100 a month.
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT tenant_id FROM tenant LOOP
        PERFORM set_config('app.tenant_id', one::text, true);
        INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)
            VALUES (one, gen_random_uuid(), 'tenant', one, 'day', 10000000),
                (one, gen_random_uuid(), 'tenant', one, 'month', 100000000);
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;
