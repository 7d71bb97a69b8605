-- How often a password was tried, by account and by address of the network. A key is a hash under the web process's key, so
-- that the rows tell neither; accounts that do not exist are counted like all others. It belongs to no tenant, since nobody
-- is logged in yet, and is reached by these functions only.
CREATE UNLOGGED TABLE login_limit (
    key        bytea PRIMARY KEY,
    tries      integer NOT NULL,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX login_limit_end ON login_limit (ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_limit TO konstruct_lookup;

-- Counts a try; the seconds to wait when there were more than `most` in this span, else 0. Old rows go on the way.
CREATE FUNCTION login_try(wanted bytea, most integer, span interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wait integer;
BEGIN
    DELETE FROM login_limit o WHERE o.key IN (SELECT x.key FROM login_limit x WHERE x.ends_at < now()
        ORDER BY x.ends_at LIMIT 4 FOR UPDATE SKIP LOCKED);
    INSERT INTO login_limit AS l (key, tries, ends_at) VALUES (wanted, 1, now() + span)
        ON CONFLICT (key) DO UPDATE SET tries = CASE WHEN l.ends_at <= now() THEN 1 ELSE l.tries + 1 END,
            ends_at = CASE WHEN l.ends_at <= now() THEN excluded.ends_at ELSE l.ends_at END
        RETURNING CASE WHEN tries > most THEN greatest(1, ceil(extract(epoch FROM ends_at - now())))::integer ELSE 0 END
        INTO wait;
    RETURN wait;
END $$;

-- A try that was right does not count; for the account neither do those before it.
CREATE FUNCTION login_right(account bytea, address bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ DELETE FROM login_limit WHERE key = account;
       UPDATE login_limit SET tries = tries - 1 WHERE key = address AND tries > 0 $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION login_try(bytea, integer, interval) OWNER TO konstruct_lookup;
ALTER FUNCTION login_right(bytea, bytea) OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON FUNCTION login_try(bytea, integer, interval), login_right(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION login_try(bytea, integer, interval), login_right(bytea, bytea) TO konstruct_web;
