-- The holes that are made one at a time. Each is SQL that a superuser runs and takes back; `tab` is the table that the walk
-- looks at afterwards (NULL: all of them, '': none, because only the catalogue shows it).
CREATE FUNCTION pg_temp.isolation_mutations() RETURNS TABLE (name text, sql text, tab text) LANGUAGE sql AS $$
    WITH t AS (SELECT w.tab::text AS tab FROM pg_temp.isolation_tables() w WHERE w.of_tenant),
    person AS (SELECT w.tab::text AS tab FROM pg_temp.isolation_tables() w WHERE NOT w.of_tenant),
    program(role) AS (VALUES ('konstruct_web'), ('konstruct_worker'), ('konstruct_dispatch'))
    SELECT 'drop policy ' || p.polname || ' on ' || t.tab, format('DROP POLICY %I ON %s', p.polname, t.tab), t.tab
        FROM t JOIN pg_policy p ON p.polrelid = t.tab::regclass WHERE p.polroles = '{0}'
    UNION ALL SELECT 'no row-level security on ' || tab, format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', tab), tab FROM t
    UNION ALL SELECT 'row-level security not forced on ' || tab, format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', tab), tab FROM t
    UNION ALL SELECT 'a permissive policy on ' || tab, format('CREATE POLICY mutation ON %s USING (true)', tab), tab FROM t
    UNION ALL SELECT 'a policy without a check on ' || tab, format('ALTER POLICY tenant ON %s WITH CHECK (true)', tab), tab FROM t
    UNION ALL SELECT 'a view with its owner''s rights over ' || tab,
        format('CREATE VIEW mutation AS SELECT * FROM %s; GRANT SELECT ON mutation TO konstruct_web', tab), '' FROM t
    UNION ALL SELECT 'TRUNCATE on ' || tab, format('GRANT TRUNCATE ON %s TO konstruct_worker', tab), '' FROM t
    UNION ALL SELECT 'no row-level security on ' || tab, format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', tab), ''
        FROM person WHERE tab = 'person'
    UNION ALL SELECT role || ' bypasses', format('ALTER ROLE %I BYPASSRLS', role), NULL FROM program
    UNION ALL SELECT role || ' is a superuser', format('ALTER ROLE %I SUPERUSER', role), NULL FROM program
    UNION ALL SELECT role || ' becomes the owner', format('GRANT konstruct_owner TO %I', role), 'message' FROM program
    UNION ALL SELECT role || ' becomes the look-up role', format('GRANT konstruct_lookup TO %I', role), 'session' FROM program
    UNION ALL SELECT 'the owner bypasses', 'ALTER ROLE konstruct_owner BYPASSRLS', 'message'
    UNION ALL SELECT 'the look-up role logs in', 'ALTER ROLE konstruct_lookup LOGIN', ''
    UNION ALL SELECT 'a function of everybody''s rows', 'CREATE FUNCTION mutation() RETURNS bigint LANGUAGE sql SECURITY DEFINER'
        ' AS ''SELECT count(*) FROM public.message''', ''
    UNION ALL SELECT 'no search_path for ' || f.oid::regprocedure, format('ALTER FUNCTION %s RESET search_path', f.oid::regprocedure),
        '' FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace AND f.prosecdef
    UNION ALL SELECT 'a function open to everybody: ' || f.oid::regprocedure,
        format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', f.oid::regprocedure), ''
        FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace AND f.prosecdef
    UNION ALL SELECT 'a materialized view', 'CREATE MATERIALIZED VIEW mutation AS SELECT * FROM message', ''
    UNION ALL SELECT 'a key without the tenant', 'CREATE UNIQUE INDEX mutation ON message (id)', ''
    UNION ALL SELECT 'a table without a tenant', 'CREATE TABLE mutation (id uuid PRIMARY KEY, words text)', ''
    UNION ALL SELECT 'a table outside the fence', 'CREATE TABLE mutation (tenant_id uuid NOT NULL, words text);'
        ' GRANT SELECT ON mutation TO konstruct_web', ''
    UNION ALL SELECT 'a partition that is reached directly', 'CREATE TABLE mutation (tenant_id uuid NOT NULL) PARTITION BY HASH (tenant_id);'
        ' CREATE TABLE mutation_0 PARTITION OF mutation FOR VALUES WITH (MODULUS 1, REMAINDER 0);'
        ' SELECT tenant_table(''mutation''); SELECT tenant_table(''mutation_0''); GRANT SELECT ON mutation_0 TO konstruct_web', ''
    UNION ALL SELECT 'a sequence that tells how much all write', 'CREATE SEQUENCE mutation; GRANT SELECT ON SEQUENCE mutation'
        ' TO konstruct_web', ''
    UNION ALL SELECT 'a grant to everybody', 'GRANT SELECT ON message TO PUBLIC', ''
    UNION ALL SELECT 'rights on what is made later', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO konstruct_web', ''
    UNION ALL SELECT 'a rule that rewrites', 'CREATE RULE mutation AS ON INSERT TO message DO ALSO'
        ' SELECT count(*) FROM message', ''
    UNION ALL SELECT 'a publication', 'CREATE PUBLICATION mutation FOR TABLE message', ''
    UNION ALL SELECT 'the web process reads ' || c.tab || '.' || c.col, format('GRANT SELECT (%I) ON %s TO konstruct_web', c.col, c.tab),
        '' FROM (VALUES ('tenant_key', 'private_sealed'), ('connection', 'bot_token'), ('connection', 'signing_secret'),
            ('person', 'password_hash')) AS c(tab, col)
$$;
