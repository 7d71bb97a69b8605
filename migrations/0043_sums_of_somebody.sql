-- A call that comes to the ledger when its company has been erased is refused: its sums would be nobody's, and nothing would
-- ever take them away.
DO $$
DECLARE
    one uuid;
BEGIN
    FOR one IN SELECT DISTINCT f.tenant_id FROM usage_fresh f
        WHERE NOT EXISTS (SELECT 1 FROM tenant t WHERE t.tenant_id = f.tenant_id) LOOP
        PERFORM set_config('app.tenant_id', one::text, true);
        DELETE FROM usage_fresh WHERE tenant_id = one;
        DELETE FROM usage WHERE tenant_id = one;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;
ALTER TABLE usage_fresh ADD FOREIGN KEY (tenant_id) REFERENCES tenant;
