-- Accounts whose test found a fault are tested again: after an hour, and each time after as long again as they have been
-- broken by then, but daily at least.
ALTER TABLE provider_account ADD COLUMN broken_at timestamptz;
UPDATE provider_account SET broken_at = checked_at WHERE state = 'broken';
GRANT SELECT (broken_at), UPDATE (broken_at) ON provider_account TO konstruct_web, konstruct_worker;
CREATE INDEX provider_account_broken ON provider_account (checked_at) WHERE state = 'broken' OR refused_at IS NOT NULL;

-- For the worker's sweep. Ids only.
CREATE POLICY lookup ON provider_account FOR SELECT TO konstruct_lookup USING (true);
CREATE FUNCTION accounts_due(most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT a.tenant_id, a.id FROM provider_account a JOIN tenant t ON t.tenant_id = a.tenant_id
       WHERE (a.state = 'broken' OR a.refused_at IS NOT NULL) AND a.is_on AND a.test_id IS NULL AND t.suspended_at IS NULL
           AND greatest(a.checked_at, a.refused_at) < now()
               - greatest(interval '1 hour', least(interval '1 day', coalesce(a.checked_at - a.broken_at, interval '0')))
       ORDER BY a.checked_at LIMIT most $$;
GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION accounts_due(integer) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION accounts_due(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_due(integer) TO konstruct_worker;
