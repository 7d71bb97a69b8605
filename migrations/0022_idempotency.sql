-- Requests that may be repeated without doing it again: what was answered, kept for a day under the Idempotency-Key that the
-- caller chose. The answer is sealed, because it may hold what is shown once. tenant_id has no reference: who signs up has no
-- company yet, and is kept under the tenant 00000000-0000-0000-0000-000000000000. Rows of a day ago are gone within minutes.
CREATE TABLE idempotency (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    request_hash  bytea NOT NULL CHECK (length(request_hash) = 32),
    status        integer NOT NULL,
    answer_sealed text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX idempotency_tenant ON idempotency (tenant_id, made_at);
CREATE INDEX idempotency_age ON idempotency (made_at);
SELECT tenant_table('idempotency');
GRANT SELECT, INSERT ON idempotency TO konstruct_web;
GRANT UPDATE (request_hash, status, answer_sealed, made_at) ON idempotency TO konstruct_web;
-- For a new web key.
GRANT SELECT (tenant_id, id, answer_sealed), UPDATE (answer_sealed) ON idempotency TO konstruct_worker;

CREATE POLICY lookup ON idempotency FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT, DELETE ON idempotency TO konstruct_lookup;

-- Removes what is over of some tenants, one after the other, each under its own policy; gives how many rows that were.
CREATE FUNCTION idempotency_sweep(most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own uuid := tenant_now();
    theirs uuid;
    removed bigint;
    gone bigint := 0;
BEGIN
    FOR theirs IN SELECT DISTINCT o.tenant_id FROM (SELECT i.tenant_id FROM idempotency i
        WHERE i.made_at < now() - interval '1 day' ORDER BY i.made_at LIMIT most) AS o
    LOOP
        PERFORM set_config('app.tenant_id', theirs::text, true);
        DELETE FROM idempotency i WHERE i.tenant_id = theirs AND i.made_at < now() - interval '1 day';
        GET DIAGNOSTICS removed = ROW_COUNT;
        gone := gone + removed;
    END LOOP;
    PERFORM set_config('app.tenant_id', coalesce(own::text, ''), true);
    RETURN gone;
END $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION idempotency_sweep(integer) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION idempotency_sweep(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idempotency_sweep(integer) TO konstruct_worker;
