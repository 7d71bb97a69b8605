-- Run once per cluster and database as its administrator, connected to the database that Konstruct shall use; running it
-- again changes nothing. Passwords, where the server asks for them, are set by the administrator.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['konstruct_owner', 'konstruct_web', 'konstruct_worker', 'konstruct_dispatch']
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION', wanted);
        END IF;
    END LOOP;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'konstruct_lookup') THEN
        CREATE ROLE konstruct_lookup NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
    END IF;
END $$;
-- The owner hands the narrow look-up functions over to konstruct_lookup; nobody else may become either of them.
GRANT konstruct_lookup TO konstruct_owner;
ALTER SCHEMA public OWNER TO konstruct_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO konstruct_lookup, konstruct_web, konstruct_worker, konstruct_dispatch;
