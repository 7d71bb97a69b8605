-- No door that looks across tenants sees an erased one: nothing can be done to it any more. And who runs the instance stays
-- somebody when the last company that he belongs to is erased.
ALTER POLICY lookup ON tenant USING (erased_at IS NULL);

CREATE OR REPLACE FUNCTION erase_people(people uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    lonely uuid[];
    target regclass;
BEGIN
    SELECT array_agg(p) INTO lonely FROM unnest(people) AS p
        WHERE NOT EXISTS (SELECT FROM membership m WHERE m.person_id = p)
            AND NOT EXISTS (SELECT FROM host_person h WHERE h.person_id = p);
    FOR target IN SELECT tab FROM person_tables() LOOP
        EXECUTE format('DELETE FROM %s WHERE person_id = ANY ($1)', target) USING lonely;
    END LOOP;
    DELETE FROM person WHERE id = ANY (lonely);
END $$;
