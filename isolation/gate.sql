-- What must hold in every schema that a migration leaves behind. A row is a finding, and none is wanted. What is allowed
-- on purpose stands in the lists at the top, each with its reason; a new table that no list names is protected or found.
WITH program(name) AS (VALUES ('konstruct_web'), ('konstruct_worker'), ('konstruct_dispatch')),
-- Tables of no tenant: people belong to several, the others are the same for all and filled by migrate and seed.
global_table(name) AS (VALUES ('person'), ('login_limit'), ('price'), ('template'), ('schema_migration'), ('proof'),
    ('person_factor'), ('person_recovery'), ('plan'), ('plan_limit'), ('host_person')),
-- Doors to what must be found before the tenant is known. They run as konstruct_lookup, see the migration.
door(name) AS (VALUES ('person_add'), ('login_find'), ('session_find'), ('person_get'), ('hook_find'), ('hook_secrets'),
    ('tenant_list'), ('person_password_hash'), ('person_password_set'), ('person_prove'), ('sessions_end'), ('link_find'),
    ('sign_in_tenant'), ('sign_in_find'), ('sign_in_wanted'),
    ('login_try'), ('login_right'), ('session_tenants'), ('invited_person'),
    ('audit_add'), ('audit_due'), ('caps_due'), ('usage_due'), ('accounts_due'), ('export_tables'), ('export_page'), ('erase_begin'), ('erase_quiet'),
    ('erase_step'), ('erase_words'), ('erase_end'),
    ('api_key_find'), ('oauth_client_find'), ('oauth_access_find'), ('oauth_grants_end'),
    ('factor_member'), ('factor_get'), ('factor_begin'), ('factor_confirm'), ('factor_step'), ('factor_codes'),
    ('factor_code_use'), ('factor_drop'), ('factor_sealed'), ('factor_reseal'), ('login_step_find'), ('person_places'),
    ('idempotency_sweep'),
    ('host_add'), ('host_remove'), ('host_list'), ('host_asks'), ('host_tenants'), ('host_limits'), ('host_note'),
    ('host_suspend'), ('host_plan'), ('host_limit')),
-- Policies beside the tenant's own: for the doors, and the dispatcher's look at ids and states.
extra_policy(tab, policy, role) AS (VALUES
    ('person', 'lookup', 'konstruct_lookup'), ('session', 'lookup', 'konstruct_lookup'),
    ('sign_in', 'lookup', 'konstruct_lookup'), ('sign_in_domain', 'lookup', 'konstruct_lookup'),
    ('sign_in_attempt', 'lookup', 'konstruct_lookup'),
    ('mail', 'lookup', 'konstruct_lookup'), ('invitation', 'lookup', 'konstruct_lookup'),
    ('cap_lease', 'lookup', 'konstruct_lookup'), ('call_open', 'lookup', 'konstruct_lookup'),
    ('usage_fresh', 'lookup', 'konstruct_lookup'), ('provider_account', 'lookup', 'konstruct_lookup'),
    ('oauth_app', 'lookup', 'konstruct_lookup'), ('oauth_grant', 'lookup', 'konstruct_lookup'),
    ('oauth_token', 'lookup', 'konstruct_lookup'),
    ('api_key', 'lookup', 'konstruct_lookup'), ('login_step', 'lookup', 'konstruct_lookup'),
    ('membership', 'lookup', 'konstruct_lookup'), ('connection', 'lookup', 'konstruct_lookup'),
    ('tenant', 'lookup', 'konstruct_lookup'), ('audit_head', 'lookup', 'konstruct_lookup'),
    ('audit_signature', 'lookup', 'konstruct_lookup'), ('idempotency', 'lookup', 'konstruct_lookup'), ('job', 'dispatch', 'konstruct_dispatch'),
    ('job', 'dispatch_renew', 'konstruct_dispatch'), ('tenant', 'dispatch', 'konstruct_dispatch')),
-- What looks like a secret by its name and may be read by the web process all the same: it has sealed it itself and must
-- open it. Hashes of random tokens open nothing and are no secrets; those of passwords are.
no_secret(tab, col) AS (VALUES ('audit_subject', 'key_sealed'), ('idempotency', 'answer_sealed')),
-- One workspace, and one domain of addresses, belongs to one tenant in the whole instance.
global_key(name) AS (VALUES ('connection_install'), ('sign_in_domain_name')),
ours AS (SELECT c.*, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
             AND NOT a.attisdropped) AS of_tenant
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'),
tab AS (SELECT * FROM ours WHERE relkind IN ('r', 'p')),
our_function AS (SELECT f.* FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
                 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_temp')
SELECT 'table_not_protected' AS finding, relname::text AS object,
    concat_ws(' ', CASE WHEN NOT relrowsecurity THEN 'not enabled' END, CASE WHEN NOT relforcerowsecurity THEN 'not forced' END)
    AS why
FROM tab WHERE (of_tenant OR relname = 'person') AND NOT (relrowsecurity AND relforcerowsecurity)
UNION ALL
SELECT 'table_without_policy', relname, 'no policy for all commands and everybody'
FROM tab WHERE of_tenant AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = tab.oid AND p.polpermissive
    AND p.polcmd = '*' AND p.polroles = '{0}' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)
UNION ALL
SELECT 'weak_policy', tab.relname, p.polname || ': ' || coalesce(pg_get_expr(p.polqual, p.polrelid), 'no USING')
    || ' / ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'no CHECK')
FROM pg_policy p JOIN tab ON tab.oid = p.polrelid
WHERE p.polpermissive
    AND (coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') !~ '^\(tenant_id = .*current_setting\(''app\.tenant_id'''
        OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true') !~ '^\(tenant_id = .*current_setting\(''app\.tenant_id''')
    AND NOT EXISTS (SELECT 1 FROM extra_policy e JOIN pg_roles r ON r.rolname = e.role
        WHERE e.tab = tab.relname AND e.policy = p.polname AND p.polroles = ARRAY[r.oid])
UNION ALL
SELECT 'table_without_tenant_id', relname, 'not on the list of global tables' FROM tab
WHERE NOT of_tenant AND relname NOT IN (SELECT name FROM global_table)
UNION ALL
SELECT 'tenant_id_nullable', tab.relname, '' FROM tab JOIN pg_attribute a ON a.attrelid = tab.oid
WHERE a.attname = 'tenant_id' AND NOT a.attnotnull
UNION ALL
SELECT 'view_with_owners_rights', relname, '' FROM ours
WHERE relkind = 'v' AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
UNION ALL
SELECT 'materialized_view', relname, 'holds rows of all tenants without policies' FROM ours WHERE relkind = 'm'
UNION ALL
SELECT 'partition_reachable', tab.relname, program.name FROM tab, program
WHERE relispartition AND has_table_privilege(program.name, tab.oid, 'SELECT')
UNION ALL
SELECT 'key_without_tenant_id', tab.relname, i.indexrelid::regclass::text FROM pg_index i JOIN tab ON tab.oid = i.indrelid
WHERE i.indisunique AND tab.of_tenant AND i.indexrelid::regclass::text NOT IN (SELECT name FROM global_key)
    AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = tab.oid AND a.attname = 'tenant_id'
        AND a.attnum = ANY (i.indkey))
UNION ALL
SELECT 'reference_across_tenants', tab.relname, k.conname FROM pg_constraint k JOIN tab ON tab.oid = k.conrelid
JOIN tab target ON target.oid = k.confrelid
WHERE k.contype = 'f' AND tab.of_tenant AND target.of_tenant
    AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = tab.oid AND a.attname = 'tenant_id'
        AND a.attnum = ANY (k.conkey))
UNION ALL
SELECT 'security_definer', f.oid::regprocedure::text, 'owner ' || o.rolname || coalesce(' ' || f.proconfig::text, ' no search_path')
FROM our_function f JOIN pg_roles o ON o.oid = f.proowner
WHERE f.prosecdef AND NOT (f.proname IN (SELECT name FROM door) AND o.rolname = 'konstruct_lookup'
    AND coalesce(f.proconfig::text, '') ~ 'search_path=pg_catalog')
UNION ALL
SELECT 'function_for_everybody', f.oid::regprocedure::text, '' FROM our_function f
WHERE has_function_privilege('public', f.oid, 'EXECUTE')
UNION ALL
SELECT 'leakproof_function', f.oid::regprocedure::text, '' FROM our_function f WHERE f.proleakproof
UNION ALL
SELECT 'role_can_bypass', program.name, r.rolname FROM program JOIN pg_roles r ON pg_has_role(program.name, r.oid, 'MEMBER')
WHERE r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolname <> program.name
UNION ALL
SELECT 'lookup_too_strong', r.rolname, 'must not log in, bypass or own tables' FROM pg_roles r
WHERE r.rolname = 'konstruct_lookup' AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
    OR EXISTS (SELECT 1 FROM tab WHERE tab.relowner = r.oid))
UNION ALL
SELECT 'table_not_exported', relname, 'konstruct_lookup can not read it: make it with tenant_table, or grant SELECT' FROM tab
WHERE of_tenant AND NOT has_table_privilege('konstruct_lookup', tab.oid, 'SELECT')
UNION ALL
SELECT 'table_not_erased', relname, 'konstruct_lookup can not empty it: make it with tenant_table, or grant SELECT and DELETE'
FROM tab WHERE relname NOT IN ('tenant', 'audit', 'audit_head', 'audit_signature')
    AND (of_tenant OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = tab.oid AND a.attname = 'person_id'
        AND NOT a.attisdropped))
    AND NOT (has_table_privilege('konstruct_lookup', tab.oid, 'SELECT') AND has_table_privilege('konstruct_lookup', tab.oid, 'DELETE'))
UNION ALL
SELECT 'right_beyond_policies', tab.relname, program.name || ' ' || privilege FROM tab, program,
    unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE has_table_privilege(program.name, tab.oid, privilege)
UNION ALL
SELECT 'table_owned_by_program', tab.relname, program.name FROM tab, program
WHERE pg_has_role(program.name, tab.relowner, 'MEMBER')
UNION ALL
SELECT 'global_table_writable', tab.relname, program.name FROM tab, program
WHERE NOT of_tenant AND has_table_privilege(program.name, tab.oid, 'INSERT, UPDATE, DELETE')
UNION ALL
SELECT 'schema_open', program.name, 'may make things in the schema' FROM program
WHERE has_schema_privilege(program.name, 'public', 'CREATE')
UNION ALL
SELECT 'secret_readable', tab.relname || '.' || a.attname, program.name FROM tab JOIN pg_attribute a ON a.attrelid = tab.oid, program
WHERE program.name <> 'konstruct_worker' AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attname ~ '(^|_)(sealed|secret|password|private|token)(_|$)' AND (a.attname !~ '_hash$' OR a.attname ~ 'password')
    AND has_column_privilege(program.name, tab.oid, a.attnum, 'SELECT')
    AND NOT (program.name = 'konstruct_web' AND (tab.relname, a.attname) IN (SELECT no_secret.tab, col FROM no_secret))
UNION ALL
SELECT 'sequence_readable', ours.relname, program.name || ': tells how much all tenants write' FROM ours, program
WHERE ours.relkind = 'S' AND (has_sequence_privilege(program.name, ours.oid, 'SELECT')
    OR has_sequence_privilege(program.name, ours.oid, 'USAGE'))
UNION ALL
SELECT 'owner_can_bypass', rolname, '' FROM pg_roles
WHERE rolname = 'konstruct_owner' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication)
UNION ALL
SELECT 'foreign_table', relname, 'policies do not reach where it lies' FROM ours WHERE relkind = 'f'
UNION ALL
SELECT 'rule_rewrites', tab.relname, w.rulename FROM pg_rewrite w JOIN tab ON tab.oid = w.ev_class
UNION ALL
SELECT 'published', pubname, 'hands out rows of all tenants' FROM pg_publication
UNION ALL
SELECT 'default_rights', d.defaclrole::regrole::text, 'what is made later is granted: ' || d.defaclacl::text FROM pg_default_acl d
UNION ALL
SELECT 'granted_to_everybody', relname, '' FROM ours, aclexplode(ours.relacl) g WHERE g.grantee = 0
ORDER BY 1, 2, 3;
