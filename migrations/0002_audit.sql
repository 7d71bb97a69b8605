-- The audit that a customer can check: entries come in by one door only, heads are signed, personal text lies under a key
-- of its subject, and what is there can be searched. The encoding that is hashed and signed: docs/audit.md.

-- Times of one chain never go back, so that a span of time is a span of numbers.
ALTER TABLE audit_head ADD COLUMN at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE audit_head SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE audit ADD CONSTRAINT audit_sizes
    CHECK (octet_length(body) <= 16384 AND octet_length(actor) <= 200 AND octet_length(action) <= 200 AND octet_length(object) <= 400);

-- Search. GIN is of no use under row-level security (its operators are not leakproof): the words are kept ready, and a
-- query looks at a bounded span of numbers. What is sealed is not searched.
CREATE FUNCTION audit_words(actor text, action text, object text, body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT to_tsvector('pg_catalog.simple', regexp_replace(actor || ' ' || action || ' ' || object || ' ' ||
           regexp_replace(body, '"sealed":"[^"]*"', ''), '[^[:alnum:]]+', ' ', 'g')) $$;
-- All words must be there; each may go on: "log mara" finds "logged_in" of "Mara". No words find nothing.
CREATE FUNCTION audit_query(wanted text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT to_tsquery('pg_catalog.simple', coalesce(string_agg(word || ':*', ' & '), ''))
       FROM regexp_split_to_table(regexp_replace(wanted, '[^[:alnum:]]+', ' ', 'g'), ' ') AS word WHERE word <> '' $$;
-- Worked out once for the entries that are there; from then on audit_add does it.
ALTER TABLE audit ADD COLUMN words tsvector GENERATED ALWAYS AS (audit_words(actor, action, object, body)) STORED;
ALTER TABLE audit ALTER COLUMN words DROP EXPRESSION;
CREATE INDEX audit_actor ON audit (tenant_id, actor, seq);
CREATE INDEX audit_action ON audit (tenant_id, action, seq);
CREATE INDEX audit_object ON audit (tenant_id, object, seq);
CREATE INDEX audit_at ON audit (tenant_id, at, seq);

-- Entries are added by this door and by no other way: the programs have no right to write the tables themselves.
CREATE OR REPLACE FUNCTION audit_add(actor text, action text, object text, body text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    head audit_head;
    moment timestamptz;
    part text;
    content text := '';
    entry_hash bytea;
BEGIN
    SELECT * INTO STRICT head FROM audit_head WHERE tenant_id = tenant_now() FOR UPDATE;
    moment := greatest(date_trunc('milliseconds', clock_timestamp()), head.at);
    FOREACH part IN ARRAY ARRAY[head.tenant_id::text, (head.seq + 1)::text,
        to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), actor, action, object, body]
    LOOP
        content := content || octet_length(part) || ':' || part;
    END LOOP;
    entry_hash := sha256(head.hash || convert_to(content, 'UTF8'));
    INSERT INTO audit VALUES (head.tenant_id, head.seq + 1, moment, actor, action, object, body, head.hash, entry_hash,
        audit_words(actor, action, object, body));
    UPDATE audit_head SET seq = head.seq + 1, hash = entry_hash, at = moment WHERE tenant_id = head.tenant_id;
    RETURN head.seq + 1;
END $$;

CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION audit_head_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1 OR NEW.at < OLD.at THEN
        RAISE EXCEPTION 'the head of an audit chain goes on by one entry at a time';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_head_goes_on BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_step();
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_head_is_not_emptied BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Signed heads. Whoever rebuilds a chain in the database can't sign it: the key follows from the master key, which the
-- database has not.
CREATE TABLE audit_signature (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    seq        bigint NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    signed_at  timestamptz NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    signature  bytea NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (tenant_id, seq, public_key)
);
SELECT tenant_table('audit_signature');
CREATE TRIGGER audit_signature_is_final BEFORE UPDATE OR DELETE ON audit_signature
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_signature_is_not_emptied BEFORE TRUNCATE ON audit_signature
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The key of a subject (a person or a customer) whose personal text stands in entries, itself sealed with the key of the
-- web process. Erasing the subject destroys it, for good: an erased subject never gets another.
CREATE TABLE audit_subject (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    id         uuid NOT NULL,
    key_sealed text,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK ((key_sealed IS NULL) = (erased_at IS NOT NULL))
);
SELECT tenant_table('audit_subject');
CREATE FUNCTION audit_subject_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'an erased subject stays erased';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_subject_stays_erased BEFORE UPDATE ON audit_subject FOR EACH ROW EXECUTE FUNCTION audit_subject_step();

-- For the worker's sweep: whose chain has grown and was not signed for so many hours. Ids only.
CREATE POLICY lookup ON audit_head FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON audit_signature FOR SELECT TO konstruct_lookup USING (true);
CREATE FUNCTION audit_due(hours integer, most integer) RETURNS TABLE (tenant_id uuid, seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT h.tenant_id, h.seq FROM audit_head h
       WHERE h.seq > 0 AND NOT EXISTS (SELECT 1 FROM audit_signature s WHERE s.tenant_id = h.tenant_id
           AND (s.seq = h.seq OR s.signed_at > now() - make_interval(hours => hours)))
       ORDER BY h.tenant_id LIMIT most $$;

REVOKE ALL ON FUNCTION audit_words(text, text, text, text), audit_query(text), audit_head_step(), audit_subject_step(),
    audit_due(integer, integer) FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION audit_add(text, text, text, text) OWNER TO konstruct_lookup;
ALTER FUNCTION audit_due(integer, integer) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
GRANT EXECUTE ON FUNCTION audit_words(text, text, text, text) TO konstruct_lookup;
GRANT SELECT, UPDATE ON audit_head TO konstruct_lookup;
GRANT INSERT ON audit TO konstruct_lookup;
GRANT SELECT (tenant_id, seq, signed_at) ON audit_signature TO konstruct_lookup;

REVOKE INSERT ON audit FROM konstruct_web, konstruct_worker;
REVOKE INSERT, UPDATE ON audit_head FROM konstruct_web, konstruct_worker;
GRANT INSERT (tenant_id) ON audit_head TO konstruct_web, konstruct_worker;
GRANT EXECUTE ON FUNCTION audit_add(text, text, text, text), audit_query(text) TO konstruct_web, konstruct_worker;
GRANT EXECUTE ON FUNCTION audit_due(integer, integer) TO konstruct_worker;
GRANT SELECT ON audit_signature, audit_subject TO konstruct_web, konstruct_worker;
GRANT INSERT ON audit_signature TO konstruct_worker;
GRANT INSERT ON audit_subject TO konstruct_web, konstruct_worker;
GRANT UPDATE (key_sealed, erased_at) ON audit_subject TO konstruct_worker;
