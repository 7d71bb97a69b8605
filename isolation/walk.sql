-- What a role can do to another tenant's rows: it becomes each role, and tries. Each row is a hole. It looks at what happens
-- and not at the catalogue, so it knows nothing of policies; a superuser runs it.

-- Seen across tenants by design: ids and states of jobs and how tenants share by the dispatcher; what the look-up functions
-- see by the owner, who must be a member of their role to hand them over, and whom no program uses.
CREATE FUNCTION pg_temp.isolation_sees_all(walker text, tab regclass) RETURNS boolean LANGUAGE sql AS $$
    SELECT walker = 'konstruct_dispatch' AND tab::text IN ('job', 'tenant')
        OR walker = 'konstruct_owner' AND EXISTS (SELECT 1 FROM pg_policy p
            WHERE p.polrelid = tab AND 'konstruct_lookup'::regrole = ANY (p.polroles))
$$;

-- SQL that may fail: its SQLSTATE and what it said; '00000' and the number that it gave when it worked. Nothing stays of it.
CREATE FUNCTION pg_temp.isolation_try(walker text, tenant text, sql text, OUT state text, OUT said text) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM set_config('app.tenant_id', tenant, true), set_config('role', walker, true);
        EXECUTE sql INTO said;
        RAISE EXCEPTION USING ERRCODE = 'IS000', MESSAGE = coalesce(said, '');
    EXCEPTION WHEN others THEN
        state := CASE WHEN SQLSTATE = 'IS000' THEN '00000' ELSE SQLSTATE END;
        said := SQLERRM;
    END;
END $$;

-- By the policy or the lack of a right, or by the trigger that keeps audit entries.
CREATE FUNCTION pg_temp.isolation_refused(state text) RETURNS boolean LANGUAGE sql AS $$ SELECT state IN ('42501', 'P0001') $$;

-- Counts what was tried; the walk over one table only, or (NULL) over all of them.
CREATE FUNCTION pg_temp.isolation_walk(a uuid, b uuid, only_table text, OUT tab text, OUT walker text, OUT hole text,
    OUT tries integer) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    target record;
    got record;
    foreign_row text;
    may_insert boolean;
    attempt record;
BEGIN
    FOR target IN SELECT t.tab AS of FROM pg_temp.isolation_tables() t
        WHERE t.of_tenant AND (only_table IS NULL OR t.tab::text = only_table) ORDER BY t.tab::text LOOP
        tab := target.of;
        EXECUTE format('SELECT to_jsonb(x)::text FROM %s x WHERE tenant_id = %L LIMIT 1', tab, b) INTO foreign_row;
        FOREACH walker IN ARRAY ARRAY['konstruct_web', 'konstruct_worker', 'konstruct_dispatch', 'konstruct_owner'] LOOP
            tries := 0;
            hole := NULL;
            IF foreign_row IS NULL THEN
                hole := 'is not filled, so nothing is proven';
                RETURN NEXT;
                CONTINUE;
            END IF;
            IF NOT pg_temp.isolation_sees_all(walker, target.of) THEN
                FOR attempt IN SELECT * FROM (VALUES
                    ('', 'true', false, 'sees rows without a tenant'),
                    (a::text, format('tenant_id <> %L', a), false, 'sees another tenant''s rows'),
                    (a::text, format('tenant_id = %L', a), true, 'does not see its own rows')) AS v(tenant, cond, want, what)
                LOOP
                    tries := tries + 1;
                    got := pg_temp.isolation_try(walker, attempt.tenant,
                        format('SELECT count(tenant_id) > 0 FROM %s WHERE %s', tab, attempt.cond));
                    IF got.state = '42501' THEN
                        CONTINUE;
                    END IF;
                    IF got.state <> '00000' OR got.said::boolean <> attempt.want THEN
                        hole := attempt.what;
                        RETURN NEXT;
                    END IF;
                END LOOP;
            END IF;
            -- The row of B, given again as it is: the policy must refuse it, not a key.
            may_insert := has_table_privilege(walker, target.of, 'INSERT');
            got := pg_temp.isolation_try(walker, a::text,
                format('INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::%s, %L)).*', tab, tab, foreign_row));
            tries := tries + 1;
            IF got.state <> '42501' THEN
                hole := format('writes another tenant''s row (%s)', got.state);
                RETURN NEXT;
            ELSIF may_insert AND got.said !~ 'row-level security' THEN
                hole := 'is refused by something else than the policy';
                RETURN NEXT;
            END IF;
            got := pg_temp.isolation_try(walker, a::text,
                format('UPDATE %s SET tenant_id = %L WHERE tenant_id = %L', tab, b, a));
            tries := tries + 1;
            IF NOT pg_temp.isolation_refused(got.state) THEN
                hole := 'gives its row to another tenant';
                RETURN NEXT;
            END IF;
            FOR attempt IN SELECT * FROM (VALUES
                ('UPDATE %s SET tenant_id = tenant_id WHERE tenant_id = %L RETURNING 1', 'changes another tenant''s row'),
                ('DELETE FROM %s WHERE tenant_id = %L RETURNING 1', 'removes another tenant''s row')) AS v(sql, what)
            LOOP
                tries := tries + 1;
                got := pg_temp.isolation_try(walker, a::text,
                    'WITH x AS (' || format(attempt.sql, tab, b) || ') SELECT count(*) FROM x');
                -- Any other failure came after the rows had been found: a foreign key, say.
                IF NOT pg_temp.isolation_refused(got.state) AND (got.state <> '00000' OR got.said <> '0') THEN
                    hole := attempt.what;
                    RETURN NEXT;
                END IF;
            END LOOP;
            hole := NULL;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
