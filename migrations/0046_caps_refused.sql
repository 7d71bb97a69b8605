-- When a call was last refused at a cap. It says whether the cap stands in the way still: a dear call may be refused long before
-- all is spent, and cheaper ones go on.
ALTER TABLE cap_period ADD COLUMN refused_at timestamptz;
GRANT UPDATE (refused_at) ON cap_period TO konstruct_worker;

-- As before, and the moment is noted, to the minute.
CREATE OR REPLACE FUNCTION cap_refused(of_cap uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE cap_period p SET refused_at = now() FROM cap c
        WHERE c.tenant_id = tenant_now() AND c.id = of_cap AND p.tenant_id = c.tenant_id AND p.cap_id = c.id
            AND p.starts = cap_starts(c.period) AND (p.refused_at IS NULL OR p.refused_at < now() - interval '1 minute');
    SELECT cap_alert_add(c.id, p.starts, 100, p.spent_micros, c.limit_micros)
        FROM cap c JOIN cap_period p ON p.tenant_id = c.tenant_id AND p.cap_id = c.id AND p.starts = cap_starts(c.period)
        WHERE c.tenant_id = tenant_now() AND c.id = of_cap $$;
