-- One row in every table that has a tenant, for the tenant named by test.tenant. A new table gets its line here: the walk
-- over the catalogue fails until it has one.
DO $$
DECLARE
    t uuid := current_setting('test.tenant')::uuid;
    p uuid := gen_random_uuid();
    e uuid := gen_random_uuid();
    c uuid := gen_random_uuid();
    v uuid := gen_random_uuid();
    j uuid := gen_random_uuid();
BEGIN
    PERFORM set_config('app.tenant_id', t::text, true);
    INSERT INTO tenant (tenant_id, name) VALUES (t, 'canary');
    INSERT INTO tenant_limit (tenant_id, name, value) VALUES (t, 'canary', 1);
    INSERT INTO person (id, name, email, password_hash) VALUES (p, 'canary', p || '@example.org', 'canary');
    INSERT INTO membership (tenant_id, person_id, role) VALUES (t, p, 'admin');
    INSERT INTO session (tenant_id, token_hash, person_id, expires_at) VALUES (t, uuid_send(p), p, now() + interval '1 hour');
    INSERT INTO api_key (tenant_id, id, name, scopes, secret_hash, hint, created_by)
        VALUES (t, gen_random_uuid(), 'canary', 'canary', sha256(uuid_send(p)), 'cana', p);
    INSERT INTO login_step (tenant_id, token_hash, person_id, agent, password_hash, expires_at)
        VALUES (t, uuid_send(p), p, 'canary', sha256('canary'), now() + interval '1 hour');
    INSERT INTO oauth_app (tenant_id, id, name, redirects, scopes, confidential, created_by)
        VALUES (t, e, 'canary', 'canary', 'canary', false, p);
    INSERT INTO oauth_grant (tenant_id, id, app_id, person_id, scopes) VALUES (t, v, e, p, 'canary');
    INSERT INTO oauth_code (tenant_id, code_hash, grant_id, challenge, redirect, expires_at)
        VALUES (t, sha256(uuid_send(p)), v, 'canary', 'canary', now() + interval '1 hour');
    INSERT INTO oauth_token (tenant_id, token_hash, grant_id, kind, scopes, expires_at)
        VALUES (t, sha256(uuid_send(p)), v, 'access', 'canary', now() + interval '1 hour');
    INSERT INTO tenant_key (tenant_id, key_id, public_key, private_sealed) VALUES (t, 1, decode(repeat('00', 32), 'hex'), 'canary');
    INSERT INTO employee (tenant_id, id, name, role, about, persona) VALUES (t, e, 'canary', '', '', '');
    INSERT INTO employee_fact (tenant_id, employee_id, position, fact) VALUES (t, e, 1, 'canary');
    INSERT INTO connection (tenant_id, id, channel, install, employee_id, bot_token, signing_secret)
        VALUES (t, c, 'slack', c::text, e, 'canary', 'canary');
    INSERT INTO conversation (tenant_id, id, employee_id, connection_id, person_id, channel) VALUES (t, v, e, c, p, 'slack');
    INSERT INTO inbound (tenant_id, id, connection_id, message_key, conversation_id, reply_to, author, text)
        VALUES (t, gen_random_uuid(), c, 'k', v, '', 'canary', 'canary');
    INSERT INTO idempotency (tenant_id, id, request_hash, status, answer_sealed)
        VALUES (t, v, sha256('canary'), 201, 'canary');
    INSERT INTO refusal_told VALUES (t, v, now());
    INSERT INTO message (tenant_id, id, conversation_id, seq, author, name, text)
        VALUES (t, gen_random_uuid(), v, 1, 'person', 'canary', 'canary');
    INSERT INTO job (tenant_id, id, kind, lane_id, subject_id, state, holder, lease_until)
        VALUES (t, j, 'turn', v, gen_random_uuid(), 'running', gen_random_uuid(), now() + interval '1 hour');
    INSERT INTO step (tenant_id, job_id, step_no, kind, request_hash, result) VALUES (t, j, 1, 'answer', '', 'canary');
    INSERT INTO outbound (tenant_id, id, job_id, part_no, connection_id, token, reply_to, text)
        VALUES (t, gen_random_uuid(), j, 0, c, 'canary', '', 'canary');
    INSERT INTO usage (tenant_id, id, job_id, step_no, employee_id, provider, model, input_tokens, cached_tokens, output_tokens,
        counted, cost_micros) VALUES (t, gen_random_uuid(), j, 1, e, 'canary', 'canary', 1, 0, 1, true, 0);
    INSERT INTO team (tenant_id, id, name) VALUES (t, c, 'canary');
    INSERT INTO usage_hour (tenant_id, hour, provider, model, calls, failed, unknown, estimated, input_tokens, cached_tokens,
        cache_written_tokens, output_tokens, reasoning_tokens, images, cost_micros)
        VALUES (t, now(), 'canary', 'canary', 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0);
    INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros) VALUES (t, c, 'tenant', t, 'day', 1);
    INSERT INTO cap_period (tenant_id, cap_id, starts) VALUES (t, c, '2026-01-01');
    INSERT INTO cap_lease (tenant_id, cap_id, starts, holder, left_micros, ends_at)
        VALUES (t, c, '2026-01-01', gen_random_uuid(), 1, now() + interval '1 hour');
    INSERT INTO cap_alert (tenant_id, id, cap_id, starts, percent, spent_micros, limit_micros) VALUES (t, c, c, '2026-01-01', 50, 1, 1);
    INSERT INTO call_open (tenant_id, id, holder, provider, model, held_micros) VALUES (t, c, c, 'canary', 'canary', 1);
    INSERT INTO mail (tenant_id, id, person_id, kind, recipient, expires_at)
        VALUES (t, gen_random_uuid(), p, 'verify', 'canary', now() + interval '1 hour');
    INSERT INTO post_place (tenant_id, what, connection_id, place) VALUES (t, 'anchor', c, 'canary');
    INSERT INTO cap_alert_seen (tenant_id, person_id, until) VALUES (t, p, now());
    INSERT INTO tenant_erasure (tenant_id, id, actor, due_at) VALUES (t, gen_random_uuid(), 'canary', now() + interval '1 day');
    INSERT INTO tenant_export (tenant_id, id, actor) VALUES (t, gen_random_uuid(), 'canary');
    INSERT INTO invitation (tenant_id, id, email, role, invited_by, expires_at)
        VALUES (t, gen_random_uuid(), 'canary', 'member', p, now() + interval '1 hour');
    INSERT INTO audit_head (tenant_id) VALUES (t);
    PERFORM audit_add('canary', 'canary', 'canary', '{}');
    INSERT INTO audit_signature (tenant_id, seq, hash, signed_at, public_key, signature)
        VALUES (t, 1, decode(repeat('00', 32), 'hex'), now(), decode(repeat('00', 32), 'hex'), decode(repeat('00', 64), 'hex'));
    INSERT INTO audit_subject (tenant_id, id, key_sealed) VALUES (t, p, 'canary');
    INSERT INTO sign_in (tenant_id, id, issuer, client_id, client_secret, hint)
        VALUES (t, gen_random_uuid(), 'https://canary', 'canary', 'canary', '');
    INSERT INTO sign_in_domain (tenant_id, id, domain, person_id) VALUES (t, gen_random_uuid(), t || '.example', p);
    INSERT INTO sign_in_attempt (tenant_id, id, state_hash, browser_hash, nonce_hash, verifier_sealed, issuer, client_id, expires_at)
        VALUES (t, gen_random_uuid(), decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'),
            decode(repeat('00', 32), 'hex'), 'canary', 'canary', 'canary', now() + interval '1 hour');
    INSERT INTO provider_account (tenant_id, id, position, provider, name, key_sealed)
        VALUES (t, c, 1, 'openai', 'canary', 'canary');
    INSERT INTO provider_account_model (tenant_id, id, account_id, name, tools) VALUES (t, gen_random_uuid(), c, 'canary', true);
    INSERT INTO sign_in_link (tenant_id, issuer, subject, person_id) VALUES (t, 'canary', 'canary', p);
END $$;
