// Signing in with a company's own provider, by the real programs: judged by oidc-provider, which checks what we ask, and
// by oauth2-mock-server, which lies to us in every way that an ID token can.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { CLIENT, Liar, Provider } from '../judges/oidc.mjs';
import { Data } from './lib/data.mjs';
import { program } from './lib/place.mjs';
import { run } from './lib/process.mjs';
import { Company, REDIRECT, SETTINGS, visit } from './lib/sign-in.mjs';

let data;
let web;
let worker;

before(async () => {
    data = await Data.start();
    web = await data.web(SETTINGS);
    worker = data.worker(SETTINGS);
});
after(() => data?.stop());

async function provided(t, company, options = {}) {
    const people = {
        ann: { email: company.email, email_verified: true, name: 'Ann Smith' },
        bob: { email: `bob@${company.domain}`, email_verified: true, name: 'Bob Miller' },
    };
    const provider = await Provider.start({ redirect: REDIRECT, people, ...options });
    t.after(() => provider.stop());
    return provider;
}

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA'])
    test(`oidc-provider lets people in, signing with ${alg}`, async (t) => {
        const company = await Company.start(data, web);
        const provider = await provided(t, company, { alg, auth: alg === 'ES256' ? 'client_secret_post' : 'client_secret_basic' });
        const tested = await company.setUp(provider.issuer, CLIENT);
        assert.equal(tested.fault, null, JSON.stringify(tested));
        assert.equal(tested.ready, true);
        await company.addDomain();

        const ann = await company.signIn(company.email);
        assert.equal(ann.status, 200, ann.text);
        assert.equal(ann.json.person_id, company.admin.me.person_id);
        assert.equal(ann.json.role, 'admin');
        assert.match(ann.headers['set-cookie'], /__Host-konstruct(-sign-in)?=/);
        const bob = await company.signIn(provider.people.bob.email);
        assert.equal(bob.status, 200, bob.text);
        assert.deepEqual([bob.json.role, bob.json.name, bob.json.tenant_id], ['member', 'Bob Miller', company.admin.me.tenant_id]);
        const again = await company.signIn(provider.people.bob.email);
        assert.equal(again.json.person_id, bob.json.person_id);
        assert.ok((await company.call('GET', '/api/v1/sign-in')).proven > 0);
    });

test('keys that the provider changes are found, and old ones forgotten', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    await company.setUp(provider.issuer, CLIENT);
    await company.addDomain();
    assert.equal((await company.signIn(company.email)).status, 200);
    const looks = provider.count('GET /jwks');
    assert.equal((await company.signIn(company.email)).status, 200);
    assert.equal(provider.count('GET /jwks'), looks, 'known keys are not asked for again');
    await provider.rotate();
    assert.equal((await company.signIn(company.email)).status, 200);
    assert.equal(provider.count('GET /jwks'), looks + 1);
});

test('the client secret goes on working when the company gets new keys of its own', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    await company.setUp(provider.issuer, CLIENT);
    await company.addDomain();
    const begun = await company.begin(company.email);
    const answer = await visit(begun.address);
    const sealed = () => data.sql(`BEGIN; SELECT set_config('app.tenant_id', '${company.admin.me.tenant_id}', true);
        SELECT client_secret FROM sign_in; COMMIT`, 'WORKER');
    const before = await sealed();
    await run(program('konstruct'), ['keys', 'rotate', '--kind', 'tenant', '--tenant', company.admin.me.tenant_name], { env: data.env() });
    assert.notEqual(await sealed(), before);
    assert.ok(!(await sealed()).includes(CLIENT.secret));
    assert.equal((await company.finish(answer, begun.cookie)).status, 200, 'who was on the way arrives');
    assert.equal((await company.signIn(company.email)).status, 200);
});

test('unknown keys are not asked for again and again', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    await company.setUp(provider.issuer, CLIENT);
    await company.addDomain();
    await worker.stop();
    data.children.delete(worker);
    worker = data.worker({ ...SETTINGS, KONSTRUCT_OIDC_KEYS_SECONDS: '3600' });
    t.after(async () => {
        await worker.stop();
        data.children.delete(worker);
        worker = data.worker(SETTINGS);
    });
    const looks = provider.count('GET /jwks');
    await provider.rotate();
    const answer = await company.signIn(company.email);
    assert.deepEqual([answer.status, answer.json.code], [403, 'oidc_token_key']);
    assert.equal(provider.count('GET /jwks'), looks);
});

test('a code of somebody else, used in our own attempt, opens nothing', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    await company.setUp(provider.issuer, CLIENT);
    await company.addDomain();
    const victim = await visit((await company.begin(company.email)).address);
    const attacker = await company.begin(provider.people.bob.email);
    const own = await visit(attacker.address);
    // PKCE: the code belongs to the other verifier, and the provider says so.
    const injected = await company.finish({ ...own, code: victim.code }, attacker.cookie);
    assert.deepEqual([injected.status, injected.json.code], [409, 'oidc_code']);
    // The same way back again, and by another browser.
    const second = await company.begin(provider.people.bob.email);
    const answer = await visit(second.address);
    assert.equal((await company.finish(answer, attacker.cookie)).json.code, 'oidc_over');
    assert.equal((await company.finish(answer, second.cookie)).status, 200);
    assert.equal((await company.finish(answer, second.cookie)).json.code, 'oidc_over');
    // Another provider's name beside it.
    const third = await company.begin(provider.people.bob.email);
    const mixed = await company.finish({ ...(await visit(third.address)), iss: 'https://evil.example' }, third.cookie);
    assert.equal(mixed.json.code, 'oidc_mixed');
    // This provider always names itself; an answer without its name was not its own.
    const fourth = await company.begin(provider.people.bob.email);
    const nameless = await company.finish({ ...(await visit(fourth.address)), iss: undefined }, fourth.cookie);
    assert.equal(nameless.json.code, 'oidc_mixed');
});

test('whoever is turned away by the provider reads so', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company, { quiet: false });
    await company.setUp(provider.issuer, CLIENT);
    await company.addDomain();
    const { address, cookie } = await company.begin(company.email);
    const jar = [];
    const asked = await fetch(address, { redirect: 'manual' });
    jar.push(...asked.headers.getSetCookie().map((line) => line.split(';')[0]));
    const no = await fetch(new URL(`${asked.headers.get('location')}?as=nobody`, address), {
        redirect: 'manual', headers: { cookie: jar.join('; ') },
    });
    const back = await fetch(new URL(no.headers.get('location'), address), { redirect: 'manual', headers: { cookie: jar.join('; ') } });
    const answer = await company.finish(Object.fromEntries(new URL(back.headers.get('location')).searchParams), cookie);
    assert.deepEqual([answer.status, answer.json.code], [403, 'oidc_cancelled']);
    assert.ok(answer.json.reference);
    assert.doesNotMatch(answer.text, /<b>/);
});

test('a test names the exact fault', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    const plain = http.createServer((request, response) => {
        if (request.url.startsWith('/moved')) response.writeHead(302, { location: `${provider.issuer}${request.url.slice(6)}` }).end();
        else if (request.url.startsWith('/html')) response.end('<html>');
        else response.writeHead(404).end();
    });
    await new Promise((done) => plain.listen(0, '127.0.0.1', done));
    t.after(() => plain.close());
    const at = `http://127.0.0.1:${plain.address().port}`;
    const liar = await Liar.start();
    t.after(() => liar.stop());
    const lying = (change) => {
        liar.description = (answer) => change(answer.body);
        return liar.issuer;
    };
    const cases = [
        ['oidc_address', () => 'http://127.0.0.1:1'],
        ['oidc_address', () => 'https://no-such-host.invalid'],
        ['oidc_tls', () => `https://localhost:${web.port}`],
        ['oidc_not_issuer', () => at],
        ['oidc_not_issuer', () => `${at}/html`],
        ['oidc_not_issuer', () => `${at}/moved`], // nothing is followed
        ['oidc_issuer_differs', () => provider.issuer.replace('127.0.0.1', 'localhost')],
        ['oidc_issuer_differs', () => `${provider.issuer}/`],
        ['oidc_client', () => provider.issuer, { id: CLIENT.id, secret: 'not the right secret' }],
        ['oidc_client', () => provider.issuer, { id: 'somebody', secret: CLIENT.secret }],
        ['oidc_no_s256', () => lying((body) => { body.code_challenge_methods_supported = ['plain']; })],
        ['oidc_no_code', () => lying((body) => { body.response_types_supported = ['id_token']; })],
        ['oidc_no_algorithm', () => lying((body) => { body.id_token_signing_alg_values_supported = ['HS256', 'none']; })],
        ['oidc_no_client_auth', () => lying((body) => { body.token_endpoint_auth_methods_supported = ['private_key_jwt']; })],
        ['oidc_endpoint', () => lying((body) => { delete body.token_endpoint; })],
        ['oidc_endpoint', () => lying((body) => { body.jwks_uri = 'file:///etc/passwd'; })],
        ['oidc_endpoint', () => lying((body) => { body.authorization_endpoint = 'javascript:alert(1)//'; })],
        ['oidc_keys', () => lying((body) => { body.jwks_uri = `${at}/html`; })],
    ];
    for (const [code, issuer, client = CLIENT] of cases) {
        const name = issuer();
        const { fault, fault_text: text, ready } = await company.setUp(name, client);
        assert.equal(fault, code, name);
        assert.ok(text.length > 10);
        assert.equal(ready, false);
    }
    const fine = await company.setUp(provider.issuer, CLIENT);
    assert.deepEqual([fine.fault, fine.ready], [null, true]);
});

test('a provider inside our own network is not called', async (t) => {
    const company = await Company.start(data, web);
    const provider = await provided(t, company);
    const careful = data.worker({ ...SETTINGS, KONSTRUCT_PRIVATE_ADDRESSES: 'off' });
    await worker.stop();
    data.children.delete(worker);
    t.after(async () => {
        await careful.stop();
        data.children.delete(careful);
        worker = data.worker(SETTINGS);
    });
    const plain = await company.setUp(provider.issuer, CLIENT);
    assert.equal(plain.fault, 'oidc_endpoint'); // no TLS
    const inside = await company.setUp(`https://localhost:${new URL(provider.issuer).port}`, CLIENT);
    assert.equal(inside.fault, 'oidc_private');
    assert.equal(provider.requests.length, 0);
});

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tampered = (token) => {
    const [head, claims, signature] = token.split('.');
    return [head, encoded({ ...JSON.parse(Buffer.from(claims, 'base64url')), sub: 'somebody-else' }), signature].join('.');
};

test('no lie of a provider lets anybody in, and each has its own name', async (t) => {
    const company = await Company.start(data, web);
    const liar = await Liar.start();
    t.after(() => liar.stop());
    const truth = { sub: 'ann', email: company.email, email_verified: true };
    const now = () => Math.floor(Date.now() / 1000);
    liar.honest(truth);
    assert.equal((await company.setUp(liar.issuer, CLIENT)).fault, null);
    await company.addDomain();
    const honest = await company.signIn(company.email);
    assert.equal(honest.status, 200, honest.text);

    const publicKey = () => liar.server.issuer.keys.toJSON()[0];
    const hashed = (secret) => (answer) => {
        const [, claims] = answer.body.id_token.split('.');
        const text = `${encoded({ alg: 'HS256', kid: publicKey().kid })}.${claims}`;
        answer.body.id_token = `${text}.${createHmac('sha256', secret()).update(text).digest('base64url')}`;
    };
    const pem = () => createPublicKey({ key: publicKey(), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const claim = (change) => ({ lie: (token) => change(token.payload) });
    const lies = [
        ['oidc_token_issuer', claim((p) => { p.iss = 'https://evil.example'; })],
        ['oidc_token_issuer', claim((p) => { p.iss += '/'; })],
        ['oidc_token_audience', claim((p) => { p.aud = 'somebody'; })],
        ['oidc_token_party', claim((p) => { p.aud = [CLIENT.id, 'somebody']; })],
        ['oidc_token_party', claim((p) => { p.azp = 'somebody'; })],
        ['oidc_token_expired', claim((p) => { p.exp = now() - 3600; })],
        ['oidc_token_time', claim((p) => { p.iat = now() + 3600; })],
        ['oidc_token_time', claim((p) => { p.iat = now() - 3600; })],
        ['oidc_token_nonce', claim((p) => { p.nonce = 'another'; })],
        ['oidc_token_nonce', claim((p) => { delete p.nonce; })],
        ['oidc_token_hash', claim((p) => { p.at_hash = 'AAAAAAAAAAAAAAAAAAAAAA'; })],
        ['oidc_token_subject', claim((p) => { delete p.sub; })],
        ['oidc_email_missing', claim((p) => { delete p.email; })],
        ['oidc_email_unverified', claim((p) => { p.email_verified = false; })],
        ['oidc_email_unverified', claim((p) => { delete p.email_verified; })],
        ['oidc_email_domain', claim((p) => { p.email = 'ann@elsewhere.example'; })],
        ['oidc_token_key', { lie: (token) => { token.header.kid = 'unknown'; } }],
        ['oidc_token_algorithm', { answer: (a) => { a.body.id_token = `${encoded({ alg: 'none' })}.${a.body.id_token.split('.')[1]}.`; } }],
        ['oidc_token_algorithm', { answer: hashed(pem) }],
        ['oidc_token_algorithm', { answer: hashed(() => CLIENT.secret) }],
        ['oidc_token_signature', { answer: (a) => { a.body.id_token = tampered(a.body.id_token); } }],
        ['oidc_token_malformed', { answer: (a) => { a.body.id_token = 'x'; } }],
        ['oidc_exchange', { answer: (a) => { delete a.body.id_token; } }],
        ['oidc_exchange', { answer: (a) => { Object.assign(a, { statusCode: 500, body: { error: '<script>' } }); } }],
        ['oidc_code', { answer: (a) => { Object.assign(a, { statusCode: 400, body: { error: 'invalid_grant' } }); } }],
        ['oidc_client', { answer: (a) => { Object.assign(a, { statusCode: 401, body: { error: 'invalid_client' } }); } }],
    ];
    const wrong = [];
    for (const [code, lie] of lies) {
        liar.honest(truth);
        Object.assign(liar, lie);
        const answer = await company.signIn(company.email);
        if (answer.json.code !== code || answer.headers['set-cookie']) wrong.push([code, answer.status, answer.text]);
        assert.ok(answer.json.reference);
        assert.doesNotMatch(answer.text, /<script>/);
    }
    assert.deepEqual(wrong, []);
    liar.honest(truth);
    assert.equal((await company.signIn(company.email)).status, 200);
});
