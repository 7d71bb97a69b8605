-- People, tenants, employees, conversations and the path of a message. Every table with tenant data has tenant_id first
-- in its keys, forced row-level security and one policy. Who may do what stands at the end.

-- The policy of every tenant table, said once: no tenant set means no rows.
CREATE FUNCTION tenant_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))'
                   ' WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::uuid))', name);
END $$;
REVOKE ALL ON FUNCTION tenant_table(text) FROM PUBLIC;

CREATE FUNCTION tenant_now() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;

CREATE TABLE tenant (
    tenant_id  uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    weight     integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT now()
);
SELECT tenant_table('tenant');

-- A person may belong to several tenants, so this table has none; programs reach it through the functions below only.
CREATE TABLE person (
    id            uuid PRIMARY KEY,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX person_email ON person (lower(email));
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
ALTER TABLE person FORCE ROW LEVEL SECURITY;

CREATE TABLE membership (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    person_id  uuid NOT NULL REFERENCES person,
    role       text NOT NULL CHECK (role IN ('admin', 'manager', 'member', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);
SELECT tenant_table('membership');

CREATE TABLE session (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    token_hash bytea NOT NULL,
    person_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership
);
CREATE INDEX session_token ON session (token_hash);
SELECT tenant_table('session');

-- A tenant's key pair: what is sealed to public_key opens only with the private half, and that is wrapped by the master key.
CREATE TABLE tenant_key (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    key_id         integer NOT NULL,
    public_key     bytea NOT NULL CHECK (length(public_key) = 32),
    private_sealed text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key_id)
);
SELECT tenant_table('tenant_key');

CREATE TABLE employee (
    tenant_id         uuid NOT NULL REFERENCES tenant,
    id                uuid NOT NULL,
    name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role              text NOT NULL,
    about             text NOT NULL,
    persona           text NOT NULL,
    state             text NOT NULL DEFAULT 'working' CHECK (state IN ('working', 'paused')),
    primary_provider  text NOT NULL DEFAULT 'starter',
    primary_model     text NOT NULL DEFAULT 'starter',
    fallback_provider text,
    fallback_model    text,
    local_provider    text,
    local_model       text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT tenant_table('employee');

CREATE TABLE employee_fact (
    tenant_id   uuid NOT NULL,
    employee_id uuid NOT NULL,
    position    integer NOT NULL,
    fact        text NOT NULL CHECK (length(fact) BETWEEN 1 AND 2000),
    PRIMARY KEY (tenant_id, employee_id, position),
    FOREIGN KEY (tenant_id, employee_id) REFERENCES employee
);
SELECT tenant_table('employee_fact');

-- An installation of a channel: a Slack workspace, say. bot_token is sealed to the tenant, signing_secret to the web process.
CREATE TABLE connection (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    id             uuid NOT NULL,
    channel        text NOT NULL,
    install        text NOT NULL,
    app            text,
    self           text,
    shown_name     text,
    employee_id    uuid NOT NULL,
    bot_token      text NOT NULL,
    signing_secret text NOT NULL,
    state          text NOT NULL DEFAULT 'connected' CHECK (state IN ('connected', 'broken', 'removed')),
    fault          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, employee_id) REFERENCES employee
);
-- One workspace belongs to one tenant: messages of a workspace have one way to go.
CREATE UNIQUE INDEX connection_install ON connection (channel, install) WHERE state <> 'removed';
CREATE INDEX connection_app ON connection (channel, app);
SELECT tenant_table('connection');

-- A conversation's id follows from its thread, so that a message can name it before the row exists.
CREATE TABLE conversation (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    employee_id   uuid NOT NULL,
    connection_id uuid,
    person_id     uuid,
    channel       text NOT NULL,
    title         text NOT NULL DEFAULT '',
    message_count bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, employee_id) REFERENCES employee,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connection
);
CREATE INDEX conversation_recent ON conversation (tenant_id, employee_id, person_id, last_at DESC);
SELECT tenant_table('conversation');

-- What came in, under the message's own identity in its channel: met twice, it is stored once.
CREATE TABLE inbound (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    connection_id   uuid NOT NULL,
    message_key     text NOT NULL,
    conversation_id uuid NOT NULL,
    reply_to        text NOT NULL,
    author          text NOT NULL,
    author_name     text,
    text            text NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX inbound_message ON inbound (tenant_id, connection_id, message_key);
SELECT tenant_table('inbound');

CREATE TABLE message (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    author          text NOT NULL CHECK (author IN ('person', 'employee')),
    name            text NOT NULL,
    text            text NOT NULL,
    outcome         text CHECK (outcome IN ('answered', 'refused', 'failed')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation
);
CREATE UNIQUE INDEX message_seq ON message (tenant_id, conversation_id, seq);
SELECT tenant_table('message');

-- Jobs hold ids and states only: the dispatcher reads them across tenants. Jobs of one lane (a conversation, say) run one
-- after the other in the order of `number`; job_lane_running makes two at once impossible. subject_id is what the job is about.
CREATE TABLE job (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    number      bigint GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL,
    lane_id     uuid NOT NULL,
    subject_id  uuid NOT NULL,
    state       text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead')),
    run_at      timestamptz NOT NULL DEFAULT now(),
    holder      uuid,
    fence       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    deaths      integer NOT NULL DEFAULT 0,
    errors      integer NOT NULL DEFAULT 0,
    last_error  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX job_subject ON job (tenant_id, subject_id, kind);
CREATE UNIQUE INDEX job_lane_running ON job (tenant_id, lane_id) WHERE state = 'running';
CREATE INDEX job_lane_open ON job (tenant_id, lane_id, number) WHERE state IN ('ready', 'running');
CREATE INDEX job_ready ON job (tenant_id, number) WHERE state = 'ready';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';
ALTER TABLE job SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
SELECT tenant_table('job');

-- What a turn has done so far; a retry replays it and asks nobody again.
CREATE TABLE step (
    tenant_id    uuid NOT NULL,
    job_id       uuid NOT NULL,
    step_no      integer NOT NULL,
    kind         text NOT NULL,
    request_hash bytea NOT NULL,
    result       text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, step_no, kind),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job
);
SELECT tenant_table('step');

-- Everything visible outside, with the intent committed before the call.
CREATE TABLE outbound (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    job_id        uuid NOT NULL,
    part_no       integer NOT NULL,
    connection_id uuid NOT NULL,
    token         text NOT NULL,
    reply_to      text NOT NULL,
    text          text NOT NULL,
    state         text NOT NULL DEFAULT 'pending'
                  CHECK (state IN ('pending', 'sending', 'sent', 'refused', 'needs_human')),
    attempts      integer NOT NULL DEFAULT 0,
    started_at    timestamptz,
    provider_id   text,
    fault         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connection
);
CREATE UNIQUE INDEX outbound_part ON outbound (tenant_id, job_id, part_no);
SELECT tenant_table('outbound');

CREATE TABLE usage (
    tenant_id     uuid NOT NULL,
    job_id        uuid NOT NULL,
    step_no       integer NOT NULL,
    employee_id   uuid NOT NULL,
    provider      text NOT NULL,
    model         text NOT NULL,
    input_tokens  bigint NOT NULL CHECK (input_tokens >= 0),
    cached_tokens bigint NOT NULL CHECK (cached_tokens >= 0),
    output_tokens bigint NOT NULL CHECK (output_tokens >= 0),
    counted       boolean NOT NULL,
    cost_micros   bigint NOT NULL CHECK (cost_micros >= 0),
    price_from    date,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, step_no),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job
);
SELECT tenant_table('usage');

-- The hash chain of a tenant; audit_head is locked while an entry is added, so that numbers have no gap.
CREATE TABLE audit_head (
    tenant_id uuid PRIMARY KEY REFERENCES tenant,
    seq       bigint NOT NULL DEFAULT 0,
    hash      bytea NOT NULL DEFAULT sha256('')
);
SELECT tenant_table('audit_head');
CREATE TABLE audit (
    tenant_id uuid NOT NULL,
    seq       bigint NOT NULL,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    action    text NOT NULL,
    object    text NOT NULL,
    body      text NOT NULL,
    prev      bytea NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
SELECT tenant_table('audit');

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed or removed';
END $$;
CREATE TRIGGER audit_is_final BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- hash = SHA-256(prev || each field preceded by its length in bytes and a colon)
CREATE FUNCTION audit_add(actor text, action text, object text, body text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
    moment timestamptz := date_trunc('milliseconds', clock_timestamp());
    part text;
    content text := '';
    entry_hash bytea;
BEGIN
    SELECT * INTO STRICT head FROM audit_head WHERE tenant_id = tenant_now() FOR UPDATE;
    FOREACH part IN ARRAY ARRAY[head.tenant_id::text, (head.seq + 1)::text,
        to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), actor, action, object, body]
    LOOP
        content := content || octet_length(part) || ':' || part;
    END LOOP;
    entry_hash := sha256(head.hash || convert_to(content, 'UTF8'));
    INSERT INTO audit VALUES (head.tenant_id, head.seq + 1, moment, actor, action, object, body, head.hash, entry_hash);
    UPDATE audit_head SET seq = head.seq + 1, hash = entry_hash WHERE tenant_id = head.tenant_id;
    RETURN head.seq + 1;
END $$;

-- Prices of models: the same for all tenants, read by everybody, changed by the seed only. Micro-dollars per million tokens.
CREATE TABLE price (
    provider   text NOT NULL,
    model      text NOT NULL,
    valid_from date NOT NULL,
    input      bigint NOT NULL CHECK (input >= 0),
    cached     bigint NOT NULL CHECK (cached >= 0),
    output     bigint NOT NULL CHECK (output >= 0),
    PRIMARY KEY (provider, model, valid_from)
);

-- Ready-made employees, the same for all tenants, filled by the seed. Those with hired_at_start join every new tenant.
CREATE TABLE template (
    key            text PRIMARY KEY,
    name           text NOT NULL,
    role           text NOT NULL,
    about          text NOT NULL,
    persona        text NOT NULL,
    facts          text[] NOT NULL,
    hired_at_start boolean NOT NULL
);

-- Narrow doors: what must be found before the tenant is known. They run as konstruct_lookup, which owns nothing else,
-- can't log in and sees only the columns granted to it here.
CREATE POLICY lookup ON person TO konstruct_lookup USING (true) WITH CHECK (true);
CREATE POLICY lookup ON session FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON membership FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON connection FOR SELECT TO konstruct_lookup USING (true);
CREATE POLICY lookup ON tenant FOR SELECT TO konstruct_lookup USING (true);
GRANT SELECT, INSERT ON person TO konstruct_lookup;
GRANT SELECT ON session TO konstruct_lookup;
GRANT SELECT (tenant_id, person_id, role, created_at) ON membership TO konstruct_lookup;
GRANT SELECT (tenant_id, id, channel, install, app, self, employee_id, signing_secret, state, created_at) ON connection TO konstruct_lookup;
GRANT SELECT (tenant_id, name) ON tenant TO konstruct_lookup;

CREATE FUNCTION person_add(new_id uuid, new_name text, new_email text, new_hash text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ INSERT INTO person (id, name, email, password_hash) VALUES (new_id, new_name, new_email, new_hash) $$;

CREATE FUNCTION login_find(wanted_email text) RETURNS TABLE (person_id uuid, password_hash text, tenant_id uuid, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.id, p.password_hash, m.tenant_id, m.role FROM person p JOIN membership m ON m.person_id = p.id
       WHERE lower(p.email) = lower(wanted_email) ORDER BY m.created_at LIMIT 1 $$;

CREATE FUNCTION session_find(wanted bytea) RETURNS TABLE (tenant_id uuid, person_id uuid, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT s.tenant_id, s.person_id, m.role FROM session s
       JOIN membership m ON m.tenant_id = s.tenant_id AND m.person_id = s.person_id
       WHERE s.token_hash = wanted AND s.expires_at > now() $$;

-- The person behind a membership of the current tenant, never anybody else's.
CREATE FUNCTION person_get(wanted uuid) RETURNS TABLE (name text, email text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT p.name, p.email FROM person p JOIN membership m ON m.person_id = p.id
       WHERE p.id = wanted AND m.tenant_id = tenant_now() $$;

CREATE FUNCTION hook_find(wanted_channel text, wanted_install text)
    RETURNS TABLE (tenant_id uuid, connection_id uuid, employee_id uuid, self text, signing_secret text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT c.tenant_id, c.id, c.employee_id, c.self, c.signing_secret FROM connection c
       WHERE c.channel = wanted_channel AND c.install = wanted_install AND c.state <> 'removed' $$;

-- The signing secrets that an app of this id may use, or, for a handshake that names no app, the newest few.
CREATE FUNCTION hook_secrets(wanted_channel text, wanted_app text)
    RETURNS TABLE (tenant_id uuid, connection_id uuid, signing_secret text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT c.tenant_id, c.id, c.signing_secret FROM connection c
       WHERE c.channel = wanted_channel AND (wanted_app IS NULL OR c.app = wanted_app)
       ORDER BY c.created_at DESC LIMIT 64 $$;

-- For the host's commands: which tenants there are, by name, and nothing about them.
CREATE FUNCTION tenant_list() RETURNS TABLE (tenant_id uuid, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS
    $$ SELECT t.tenant_id, t.name FROM tenant t ORDER BY t.tenant_id $$;

GRANT CREATE ON SCHEMA public TO konstruct_lookup;
ALTER FUNCTION person_add(uuid, text, text, text) OWNER TO konstruct_lookup;
ALTER FUNCTION login_find(text) OWNER TO konstruct_lookup;
ALTER FUNCTION session_find(bytea) OWNER TO konstruct_lookup;
ALTER FUNCTION person_get(uuid) OWNER TO konstruct_lookup;
ALTER FUNCTION hook_find(text, text) OWNER TO konstruct_lookup;
ALTER FUNCTION hook_secrets(text, text) OWNER TO konstruct_lookup;
ALTER FUNCTION tenant_list() OWNER TO konstruct_lookup;
REVOKE CREATE ON SCHEMA public FROM konstruct_lookup;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_now() TO konstruct_lookup, konstruct_web, konstruct_worker, konstruct_dispatch;

-- The web process: it writes sealed secrets and never reads one; the columns say so.
GRANT EXECUTE ON FUNCTION person_add(uuid, text, text, text), login_find(text), session_find(bytea), person_get(uuid),
    hook_find(text, text), hook_secrets(text, text), audit_add(text, text, text, text) TO konstruct_web;
GRANT SELECT, INSERT ON tenant, membership, employee, employee_fact, conversation, message, inbound TO konstruct_web;
GRANT UPDATE (message_count, last_at, title) ON conversation TO konstruct_web;
GRANT SELECT, INSERT, DELETE ON session TO konstruct_web;
GRANT INSERT ON tenant_key TO konstruct_web;
GRANT SELECT (tenant_id, key_id, public_key) ON tenant_key TO konstruct_web;
GRANT SELECT (tenant_id, id, channel, install, self, shown_name, employee_id, state, fault, created_at) ON connection TO konstruct_web;
GRANT INSERT ON job TO konstruct_web;
GRANT SELECT (tenant_id, id, number, kind, lane_id, subject_id, state, created_at) ON job TO konstruct_web;
GRANT SELECT, INSERT, UPDATE ON audit_head TO konstruct_web;
GRANT SELECT, INSERT ON audit TO konstruct_web;
GRANT SELECT ON price, template, usage TO konstruct_web;

-- The worker: whatever a turn needs, one tenant at a time.
GRANT EXECUTE ON FUNCTION audit_add(text, text, text, text), tenant_list(), person_add(uuid, text, text, text), person_get(uuid) TO konstruct_worker;
GRANT SELECT, INSERT ON tenant, membership, tenant_key, employee, employee_fact, inbound, message, step, usage TO konstruct_worker;
GRANT UPDATE (primary_provider, primary_model, fallback_provider, fallback_model, local_provider, local_model)
    ON employee TO konstruct_worker;
GRANT SELECT, INSERT, UPDATE ON conversation, connection, job, outbound, audit_head TO konstruct_worker;
GRANT SELECT, INSERT ON audit TO konstruct_worker;
GRANT SELECT ON price, template TO konstruct_worker;

-- The dispatcher: ids and states of jobs across tenants, how tenants share, and the leases of running jobs; nothing else.
CREATE POLICY dispatch ON job FOR SELECT TO konstruct_dispatch USING (true);
CREATE POLICY dispatch_renew ON job FOR UPDATE TO konstruct_dispatch USING (state = 'running') WITH CHECK (state = 'running');
CREATE POLICY dispatch ON tenant FOR SELECT TO konstruct_dispatch USING (true);
GRANT SELECT (tenant_id, id, number, lane_id, state, run_at, holder, lease_until) ON job TO konstruct_dispatch;
GRANT UPDATE (lease_until) ON job TO konstruct_dispatch;
GRANT SELECT (tenant_id, weight) ON tenant TO konstruct_dispatch;
