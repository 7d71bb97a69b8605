// The OAuth server of the running programs, judged by a client that we did not write: what a person allows, what the app
// then may, and every way in which that must not work.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App, bySecretInForm } from '../judges/oauth.mjs';
import { Account } from './lib/account.mjs';
import { Up } from './lib/up.mjs';

const BACK = 'https://app.example/back';
let up;
let ann;
let ca;

before(async () => {
    up = await new Up().start();
    ca = readFileSync(join(up.run, 'tls', 'cert.pem'));
    ann = await Account.signUp(up.port);
});
after(async () => {
    await up.stop();
    up.remove();
});

const origin = () => `https://localhost:${up.port}`;

async function register(confidential, { auth, back = BACK } = {}) {
    const { status, body } = await ann.post('/api/v1/oauth-apps', {
        name: 'Meeting notes', redirects: back, scopes: 'tenant:read employees:read', confidential,
    });
    assert.equal(status, 201, `${body}`);
    const { id, secret } = JSON.parse(body);
    return App.discover({ origin: origin(), ca, id, secret, back, auth });
}

/** As the page of consent does it: gives the way back. */
async function consent(address, allow = true) {
    const request = `${address}`.slice(`${address}`.indexOf('?'));
    assert.ok(`${address}`.startsWith(`${origin()}/oauth/authorize?`));
    const asked = await ann.post('/api/v1/oauth/requests', { request });
    if (asked.status !== 200) return asked;
    const told = JSON.parse(asked.body);
    if (told.redirect) return told.redirect;
    const { status, body } = await ann.post('/api/v1/oauth/answers', { request, allow });
    assert.equal(status, 200, `${body}`);
    return JSON.parse(body).redirect;
}

const refusedAs = (error, status = 400) => (fault) => {
    assert.deepEqual([fault.error, fault.status], [error, status], `${fault}: ${fault.cause}`);
    return true;
};

for (const [name, confidential, auth] of [['without a secret', false], ['with a secret in the header', true], ['with a secret in the form', true, bySecretInForm]])
    test(`an app ${name} is allowed, acts, goes on, and ends it`, async () => {
        const app = await register(confidential, { auth });
        const got = await app.finish(await consent(await app.begin()));
        assert.deepEqual([got.token_type, got.expires_in, got.scope], ['bearer', 3600, 'employees:read']);
        assert.equal((await app.use(got.access_token, '/api/v1/employees')).status, 200);
        await assert.rejects(app.use(got.access_token, '/api/v1/me'), (fault) => fault.status === 403 && fault.cause[0].parameters.error === 'insufficient_scope');
        const more = await app.refresh(got.refresh_token);
        assert.notEqual(more.refresh_token, got.refresh_token);
        assert.equal((await app.use(more.access_token, '/api/v1/employees')).status, 200);
        if (confidential) {
            const told = await app.ask(more.access_token);
            assert.deepEqual([told.active, told.sub, told.scope], [true, ann.me.person_id, 'employees:read']);
        } else {
            await assert.rejects(app.ask(more.access_token), (fault) => fault.status === 401 || fault.error === 'invalid_client');
        }
        await app.revoke(more.refresh_token);
        await assert.rejects(app.use(more.access_token, '/api/v1/employees'), (fault) => fault.status === 401 && fault.cause[0].parameters.error === 'invalid_token');
        if (confidential) assert.equal((await app.ask(more.access_token)).active, false);
    });

test('an app acts for itself', async () => {
    const app = await register(true);
    const got = await app.own();
    assert.equal(got.refresh_token, undefined);
    assert.equal((await (await app.use(got.access_token, '/api/v1/me')).json()).name, 'Meeting notes');
    assert.equal((await app.own({ scope: 'employees:read' })).scope, 'employees:read');
    await assert.rejects(app.own({ scope: 'audit:read' }), refusedAs('invalid_scope'));
    await assert.rejects((await register(false)).own(), refusedAs('unauthorized_client'));
});

test('a refresh token counts once, also when two come at once', async () => {
    const app = await register(false);
    const got = await app.finish(await consent(await app.begin()));
    const next = await app.refresh(got.refresh_token);
    await assert.rejects(app.refresh(got.refresh_token), refusedAs('invalid_grant'));
    await assert.rejects(app.refresh(next.refresh_token), refusedAs('invalid_grant'));
    await assert.rejects(app.use(next.access_token, '/api/v1/employees'), (fault) => fault.status === 401);

    const again = await app.finish(await consent(await app.begin()));
    const both = await Promise.allSettled([app.refresh(again.refresh_token), app.refresh(again.refresh_token)]);
    for (const one of both.filter(({ status }) => status === 'fulfilled'))
        await assert.rejects(app.use(one.value.access_token, '/api/v1/employees'), (fault) => fault.status === 401);
    assert.ok(both.some(({ status }) => status === 'rejected'));
    const audit = JSON.parse((await ann.get('/api/v1/audit?action=app.refresh_reused')).body);
    assert.equal(audit.items.length, 2);
    assert.equal(audit.items[0].actor_name, 'Meeting notes');
});

test('a code counts once, for its verifier and its way back', async () => {
    const app = await register(true);
    let way = await consent(await app.begin());
    const got = await app.finish(way);
    await assert.rejects(app.finish(way), refusedAs('invalid_grant'));
    await assert.rejects(app.use(got.access_token, '/api/v1/employees'), (fault) => fault.status === 401);
    way = await consent(await app.begin());
    await assert.rejects(app.finish(way, { verifier: 'x'.repeat(43) }), refusedAs('invalid_grant'));
    way = new URL(await consent(await app.begin()));
    way.pathname = '/other';
    await assert.rejects(app.finish(way), refusedAs('invalid_grant'));
});

test('what is wrong with a request is told to the person first, and to the app once its address is known', async () => {
    const app = await register(false);
    const wrong = await consent(await app.begin({ redirect_uri: 'https://evil.example/' }));
    assert.equal(JSON.parse(wrong.body).code, 'redirect_unknown');
    const unknown = await app.begin();
    unknown.searchParams.set('client_id', '01980a5d-ac96-774b-bcce-000000000000');
    assert.equal(JSON.parse((await consent(unknown)).body).code, 'app_unknown');
    await assert.rejects(app.finish(await consent(await app.begin(), false)), (fault) => fault.error === 'access_denied');
    await assert.rejects(app.finish(await consent(await app.begin({ scope: 'audit:read' }))), (fault) => fault.error === 'invalid_scope');
    await assert.rejects(app.finish(await consent(await app.begin({ code_challenge_method: 'plain' }))), (fault) => fault.error === 'invalid_request');
});

test('a program on somebody’s machine takes the port that it gets', async () => {
    const app = await register(false, { back: 'http://127.0.0.1/cb' });
    app.back = 'http://127.0.0.1:51234/cb';
    assert.equal((await app.use((await app.finish(await consent(await app.begin()))).access_token, '/api/v1/employees')).status, 200);
});

test('a new password ends what was allowed', async () => {
    const app = await register(false);
    const got = await app.finish(await consent(await app.begin()));
    const { status } = await ann.post('/api/v1/password', { password: ann.password, new_password: 'another horse, another staple' });
    assert.equal(status, 204);
    await assert.rejects(app.use(got.access_token, '/api/v1/employees'), (fault) => fault.status === 401);
    await assert.rejects(app.refresh(got.refresh_token), refusedAs('invalid_grant'));
});
