-- A row of call_open may be committed after its call was booked, when the connection that wrote it broke and the worker went on
-- with another. The call is in the ledger then, and the sweep only takes the row away.
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
                lost_micros = p.lost_micros + CASE WHEN l.taken_at < pg_postmaster_start_time() THEN l.left_micros
                    ELSE least(l.left_micros, l.bare_micros) END
            FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now()
                AND p.tenant_id = l.tenant_id AND p.cap_id = l.cap_id AND p.starts = l.starts;
        DELETE FROM cap_lease l WHERE l.tenant_id = tenant_now() AND l.holder = dead.holder AND l.ends_at < now();
    END LOOP;
    RETURN count;
END $$;
