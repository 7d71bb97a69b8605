-- Calls of programs are entered many at once: then what is fresh is noted with one statement for all of them, not one for each.
DROP TRIGGER usage_is_fresh ON usage;
CREATE OR REPLACE FUNCTION usage_is_fresh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_fresh (tenant_id, id) SELECT n.tenant_id, n.id FROM new_usage n;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_is_fresh AFTER INSERT ON usage REFERENCING NEW TABLE AS new_usage
    FOR EACH STATEMENT EXECUTE FUNCTION usage_is_fresh();
