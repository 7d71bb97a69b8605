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

CREATE POLICY lookup ON idempotency TO konstruct_lookup USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON idempotency TO konstruct_lookup;

-- Removes some of those that are over; gives how many.
CREATE FUNCTION idempotency_sweep(most integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH gone AS (DELETE FROM idempotency WHERE (tenant_id, id) IN (SELECT o.tenant_id, o.id FROM idempotency o
        WHERE o.made_at < now() - interval '1 day' ORDER BY o.made_at LIMIT most FOR UPDATE SKIP LOCKED) RETURNING 1)
    SELECT count(*) FROM gone $$;

GRANT UPDATE ON idempotency TO konstruct_lookup; -- to lock the rows
GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION idempotency_sweep(integer) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION idempotency_sweep(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idempotency_sweep(integer) TO konstruct_worker;
