-- Caps and the ledger tell the same, also where a cap came later; and what is told of a cap by mail is about that cap.

-- A cap that is added counts what its period has cost by then: the web process notes that with it.
GRANT INSERT (tenant_id, cap_id, starts, spent_micros) ON cap_period TO konstruct_web;

-- What a mail is about beside the person: an alert of a cap.
ALTER TABLE mail ADD COLUMN about_id uuid;

-- As before; but a dead worker's call comes out of one period of each cap, that of the day on which it began, where the worker
-- had slices of two because a day or a month had just ended.
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
                    call.account_id, call.provider, call.model, 0, 0, 0, false, call.held_micros, 'unknown')
                ON CONFLICT DO NOTHING;
            CONTINUE WHEN NOT FOUND;
            PERFORM cap_settle(dead.holder, array_agg(s.cap_id), array_agg(s.starts), call.held_micros)
                FROM (SELECT DISTINCT ON (l.cap_id) l.cap_id, l.starts
                    FROM cap_lease l JOIN cap c ON c.tenant_id = l.tenant_id AND c.id = l.cap_id
                    WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder
                        AND c.scope_id IN (tenant_now(), call.employee_id, call.team_id, call.conversation_id, call.key_id)
                    ORDER BY l.cap_id, l.starts <= (call.started_at AT TIME ZONE 'UTC')::date DESC, l.starts DESC) s;
            count := count + 1;
        END LOOP;
        PERFORM FROM cap_period p WHERE p.tenant_id = tenant_now() AND (p.cap_id, p.starts) IN (SELECT l.cap_id, l.starts
            FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now())
            ORDER BY p.cap_id FOR UPDATE;
        UPDATE cap_period p SET leased_micros = p.leased_micros - l.left_micros,
                lost_micros = p.lost_micros + CASE WHEN l.taken_at < pg_postmaster_start_time() THEN l.left_micros
                    ELSE least(l.left_micros, l.bare_micros) END
            FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now()
                AND p.tenant_id = l.tenant_id AND p.cap_id = l.cap_id AND p.starts = l.starts;
        DELETE FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now();
    END LOOP;
    RETURN count;
END $$;

-- What a host sees a company's models cost this month comes of the hours and of what is in none yet, like all sums; no call is
-- read for it, and nobody but the company sees one.
REVOKE SELECT (tenant_id, cost_micros, created_at) ON usage FROM konstruct_lookup;
GRANT SELECT (tenant_id, hour, cost_micros) ON usage_hour, usage_fresh TO konstruct_lookup;
CREATE OR REPLACE FUNCTION host_tenants(asking bytea, wanted uuid, words text, wanted_state text, after_id uuid, most integer)
    RETURNS TABLE (id uuid, name text, state text, why text, plan text, created bigint, members bigint, employees bigint,
        messages bigint, cost_micros bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own text := current_setting('app.tenant_id', true);
    month timestamptz := date_trunc('month', now(), 'UTC');
    t record;
BEGIN
    FOR t IN SELECT x.tenant_id, x.name, x.plan, x.created_at, x.suspended_at, x.suspended_why FROM tenant x
        WHERE host_asks(asking) IS NOT NULL AND (wanted IS NULL OR x.tenant_id = wanted)
            AND (words IS NULL OR position(lower(words) IN lower(x.name)) > 0)
            AND (wanted_state IS NULL OR (wanted_state = 'suspended') = (x.suspended_at IS NOT NULL))
            AND (after_id IS NULL OR x.tenant_id < after_id)
        ORDER BY x.tenant_id DESC LIMIT most
    LOOP
        PERFORM set_config('app.tenant_id', t.tenant_id::text, true);
        id := t.tenant_id;
        name := t.name;
        state := CASE WHEN t.suspended_at IS NULL THEN 'active' ELSE 'suspended' END;
        why := t.suspended_why;
        plan := t.plan;
        created := extract(epoch FROM t.created_at)::bigint;
        members := (SELECT count(*) FROM membership m WHERE m.tenant_id = t.tenant_id);
        employees := (SELECT count(*) FROM employee e WHERE e.tenant_id = t.tenant_id);
        messages := (SELECT coalesce(sum(v.message_count), 0) FROM conversation v WHERE v.tenant_id = t.tenant_id);
        -- In one statement, so that what is being rolled up is seen once.
        cost_micros := (SELECT coalesce(sum(s.cost_micros), 0) FROM (
            SELECT h.cost_micros FROM usage_hour h WHERE h.tenant_id = t.tenant_id AND h.hour >= month
            UNION ALL SELECT f.cost_micros FROM usage_fresh f WHERE f.tenant_id = t.tenant_id AND f.hour >= month) s);
        RETURN NEXT;
    END LOOP;
    PERFORM set_config('app.tenant_id', coalesce(own, ''), true);
END $$;
