// What stands in the head of every kind of answer, what an address says of its methods, and which pages may read.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { Data } from './lib/data.mjs';
import { get, once, post } from './lib/raw.mjs';

const LISTED = 'https://app.example.com';
let data;
let web;
let ann;
let conversation;
let script;
before(async () => {
    data = await Data.start();
    web = await data.web({ KONSTRUCT_CORS_ORIGINS: LISTED, KONSTRUCT_HSTS_SECONDS: '86400', KONSTRUCT_LIMIT_WRITES: '3' });
    ann = await Account.signUp(web.port);
    conversation = await ann.conversation();
    [script] = (await once(web.port, get('/'))).body.toString().match(/\/assets\/[^"]+\.js/);
});
after(() => data?.stop());

const options = (path, more = '') => get(path, more).replace('GET', 'OPTIONS');
const kinds = {
    page: [() => get('/'), 200],
    'a page that the browser has': [async () => get('/', `If-None-Match: ${(await once(web.port, get('/'))).headers.etag}\r\n`), 304],
    script: [() => get(script), 200],
    'no such file': [() => get('/missing.js'), 404],
    'API, answered': [() => ann.text('GET', '/api/v1/me'), 200],
    'API, not logged in': [() => get('/api/v1/me'), 401],
    'API, not found': [() => ann.text('GET', '/api/v1/nothing'), 404],
    'API, another method': [() => ann.text('PUT', '/api/v1/me', {}), 405],
    'API, a bad body': [() => post('/api/v1/login', '{'), 400],
    'API, another site': [() => get('/api/v1/me', 'Origin: https://evil.example\r\n'), 403],
    'API, too much': [() => ann.text('POST', `/api/v1/conversations/${conversation}/messages`, {}), 429],
    document: [() => get('/api/v1/openapi.json'), 200],
    webhook: [() => post('/hooks/slack/events', '{}'), 401],
    stream: [() => ann.text('GET', `/api/v1/conversations/${conversation}/stream`), 200],
    health: [() => get('/healthz'), 200],
    metrics: [() => get('/metrics'), 404],
    'question for the methods': [() => options('/api/v1/me'), 204],
    'malformed request': [() => 'GET / HTTP/1.1\r\n\r\n', 400],
    'path that can not be read': [() => get('/%zz'), 400],
};

describe('every answer', () => {
    for (const [name, [text, status]] of Object.entries(kinds)) {
        test(`${name}: ${status}, with all that browsers are told`, async () => {
            const answer = await once(web.port, await text());
            const { headers } = answer;
            assert.equal(answer.status, status, `${answer.body}`);
            const policy = headers['content-security-policy'];
            assert.match(policy, /^default-src 'none';/);
            assert.match(policy, /script-src 'self';/);
            assert.match(policy, /frame-ancestors 'none'/);
            assert.match(policy, /base-uri 'none'/);
            assert.doesNotMatch(policy, /unsafe|\*|https?:/);
            assert.equal(headers['strict-transport-security'], 'max-age=86400');
            assert.equal(headers['x-content-type-options'], 'nosniff');
            assert.equal(headers['x-frame-options'], 'DENY');
            assert.equal(headers['referrer-policy'], 'no-referrer');
            assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
            assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
            assert.ok(headers['permissions-policy']);
            assert.ok(headers['cache-control']);
            assert.equal(headers.server, 'konstruct');
            assert.equal(headers['access-control-allow-origin'], undefined);
            assert.equal(headers['access-control-allow-credentials'], undefined);
            if (answer.body.length > 0) assert.ok(headers['content-type']);
            if (status >= 400) assert.equal(headers['content-type'], 'application/problem+json');
        });
    }
});

test('the page has no script, style or handler of its own', async () => {
    const page = (await once(web.port, get('/'))).body.toString();
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/);
    assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:/i);
});

test('an address that takes another method says which; so does one that is asked', async () => {
    const allow = async (text) => (await once(web.port, text)).headers.allow;
    assert.equal(await allow(get('/hooks/slack/events')), 'POST, OPTIONS');
    assert.equal(await allow(ann.text('DELETE', '/api/v1/me')), 'GET, HEAD, OPTIONS');
    assert.equal(await allow(options('/api/v1/api-keys')), 'GET, HEAD, POST, OPTIONS');
    assert.equal(await allow(options('/')), 'GET, HEAD, OPTIONS');
    assert.equal(await allow(options('/api/v1/nothing')), undefined);
});

test("a page that the host has listed may ask, and read; another may not; neither with a person's cookie", async () => {
    const wish = 'Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n';
    const asked = await once(web.port, options('/api/v1/api-keys', `Origin: ${LISTED}\r\n${wish}`));
    assert.equal(asked.status, 204);
    assert.equal(asked.headers['access-control-allow-origin'], LISTED);
    assert.match(asked.headers['access-control-allow-methods'], /POST/);
    assert.match(asked.headers['access-control-allow-headers'], /authorization/);
    assert.equal(asked.headers.vary, 'origin');
    const refused = await once(web.port, options('/api/v1/api-keys', `Origin: https://evil.example\r\n${wish}`));
    assert.equal(refused.headers['access-control-allow-methods'], undefined);

    const read = await once(web.port, get('/api/v1/me', `Origin: ${LISTED}\r\nAuthorization: Bearer kst_wrong\r\n`));
    assert.equal(read.status, 401);
    assert.equal(read.headers['access-control-allow-origin'], LISTED);
    for (const origin of [LISTED, 'https://evil.example', 'null']) {
        for (const path of ['/api/v1/me', `/api/v1/conversations/${conversation}/stream`]) {
            const { status, headers } = await once(web.port, ann.text('GET', path).replace(/Origin: .*/, `Origin: ${origin}`));
            assert.equal(status, 403, `${origin} ${path}`);
            assert.equal(headers['access-control-allow-credentials'], undefined);
        }
    }
});
