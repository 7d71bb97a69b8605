// The portal's files as the web process serves them, and what stands in every answer.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Raw, get, once } from './lib/raw.mjs';
import { Web } from './lib/web.mjs';

let web, script;
before(async () => {
    web = await Web.start();
    const page = (await once(web.port, get('/'))).body.toString();
    [script] = page.match(/\/assets\/[^"]+\.js/);
});
after(async () => { await web.stop(); });

const ask = (path, headers) => once(web.port, get(path, headers));

describe('files', () => {
    test('the page is asked for each time, a hashed file is kept for ever', async () => {
        const page = await ask('/');
        assert.equal(page.status, 200);
        assert.match(page.headers['content-type'], /^text\/html/);
        assert.equal(page.headers['cache-control'], 'no-cache');
        const file = await ask(script);
        assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.match(file.headers['content-type'], /javascript/);
    });

    test('each coding holds the same bytes, and has a tag of its own', async () => {
        const plain = await ask(script);
        const gzip = await ask(script, 'Accept-Encoding: gzip\r\n');
        const br = await ask(script, 'Accept-Encoding: gzip, deflate, br\r\n');
        assert.equal(plain.headers['content-encoding'], undefined);
        assert.equal(gzip.headers['content-encoding'], 'gzip');
        assert.equal(br.headers['content-encoding'], 'br');
        assert.deepEqual(gunzipSync(gzip.body), plain.body);
        assert.deepEqual(brotliDecompressSync(br.body), plain.body);
        assert.ok(br.body.length < plain.body.length);
        assert.equal(new Set([plain, gzip, br].map(({ headers }) => headers.etag)).size, 3);
        for (const { headers } of [plain, gzip, br]) {
            assert.equal(headers.vary, 'accept-encoding');
            assert.match(headers.etag, /^"[^"]+"$/);
        }
    });

    for (const [accept, coding] of [
        ['br;q=0, gzip', 'gzip'],
        ['br;q=0.2, gzip;q=0.8', 'gzip'],
        ['br; q=0.9, gzip; q=0.8', 'br'],
        ['gzip;q=0, br;q=0', undefined],
        ['*', 'br'],
        ['*;q=0, gzip', 'gzip'],
        ['identity;q=1, gzip;q=0.5', undefined],
        ['GZIP', 'gzip'],
        ['xbr, gzipx', undefined],
        ['', undefined],
    ]) {
        test(`Accept-Encoding: ${accept}`, async () => {
            const { status, headers } = await ask(script, `Accept-Encoding: ${accept}\r\n`);
            assert.equal(status, 200);
            assert.equal(headers['content-encoding'], coding);
        });
    }

    test('a tag that the browser has saves the file', async () => {
        const { headers: { etag } } = await ask('/', 'Accept-Encoding: br\r\n');
        for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
            const answer = await ask('/', `Accept-Encoding: br\r\nIf-None-Match: ${tags}\r\n`);
            assert.equal(answer.status, 304, tags);
            assert.equal(answer.body.length, 0);
            assert.equal(answer.headers.etag, etag);
            assert.equal(answer.headers['content-length'], undefined);
        }
        for (const tags of ['"other"', etag.slice(0, -2) + '"'])
            assert.equal((await ask('/', `Accept-Encoding: br\r\nIf-None-Match: ${tags}\r\n`)).status, 200);
    });

    test('HEAD has the same head and no body', async () => {
        const raw = await Raw.open(web.port);
        const whole = await raw.send(get(script)).answer();
        const head = await raw.send(get(script).replace('GET', 'HEAD')).answer({ head: true });
        assert.equal(head.status, 200);
        assert.equal(head.headers['content-length'], whole.headers['content-length']);
        assert.equal((await raw.send(get('/healthz')).answer()).status, 200, 'no body came in between');
        raw.close();
    });

    test("an address within the portal gets its page; a file that is not there, or the API's, does not", async () => {
        const { body } = await ask('/');
        for (const path of ['/login', '/employees/17', '/a/b/c', '/?x=1']) assert.deepEqual((await ask(path)).body, body, path);
        for (const path of ['/missing.js', '/assets/missing.css']) assert.equal((await ask(path)).status, 404, path);
        for (const path of ['/api', '/api/x', '/api/v1/x', '/hooks/x', '/v1/models', '/metrics'])
            assert.match((await ask(path)).headers['content-type'], /problem/, path);
    });
});

describe('every answer', () => {
    for (const [name, text] of Object.entries({
        page: get('/'),
        script: get('/missing.js'),
        API: get('/api/v1/me'),
        health: get('/healthz'),
        'malformed request': 'GET / HTTP/1.1\r\n\r\n',
        'method not used': get('/healthz').replace('GET', 'OPTIONS'),
    })) {
        test(`${name}: security headers, no name of the software's version`, async () => {
            const { headers } = await once(web.port, text);
            assert.match(headers['content-security-policy'], /^default-src 'none';/);
            assert.ok(!headers['content-security-policy'].includes('unsafe'));
            assert.match(headers['strict-transport-security'], /^max-age=\d{8,}/);
            assert.equal(headers['x-content-type-options'], 'nosniff');
            assert.equal(headers['referrer-policy'], 'no-referrer');
            assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
            assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
            assert.ok(headers['permissions-policy']);
            assert.equal(headers.server, 'konstruct');
            assert.ok(headers.date);
            assert.ok(headers['cache-control']);
        });
    }
});

describe('K17: no WebSocket', () => {
    test('an upgrade is answered like any other request', async () => {
        const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
        assert.equal((await ask('/', upgrade)).status, 200);
        assert.equal((await ask('/healthz', upgrade)).status, 200);
    });
});
