// Requests that two servers could read in two ways, and those over a limit: K4, K5, K6, K7, K18. A refusal closes the
// connection, so that nothing behind it is ever read as a request.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Closed, Raw, get, once, post } from './lib/raw.mjs';
import { Web } from './lib/web.mjs';

let web;
before(async () => { web = await Web.start(); });
after(async () => { await web.stop(); });

const H = 'Host: localhost\r\n';
const SMUGGLED = `GET /healthz HTTP/1.1\r\n${H}\r\n`;
const LOGIN = 'POST /api/v1/login HTTP/1.1\r\n' + H + 'Content-Type: application/json\r\n';

/** Exactly one answer of this status, and then the end of the connection. */
async function refused(status, ...pieces) {
    const raw = await Raw.open(web.port);
    for (const piece of pieces) {
        raw.send(piece);
        await new Promise((resolve) => setTimeout(resolve, 30)); // each piece in a record of its own
    }
    const answer = await raw.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.headers.connection, 'close');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem = JSON.parse(answer.body);
    assert.equal(problem.status, status);
    assert.match(problem.code, /^[a-z_]+$/);
    assert.equal((await raw.end()).length, 0, 'nothing follows the refusal');
}

describe('K4: more body than Content-Length says', () => {
    test('in the first segment', () => refused(400, `${LOGIN}Content-Length: 5\r\n\r\nhello${SMUGGLED}`));
    test('31 MB behind a small length', () => refused(400, `${LOGIN}Content-Length: 2\r\n\r\n{}` + 'x'.repeat(31_000_000)));
    test('a length over the limit of the address', () => refused(413, `${LOGIN}Content-Length: 31000000\r\n\r\n`));
    test('a length over the limit, with the body', () =>
        refused(413, `${LOGIN}Content-Length: 4000000\r\n\r\n${'x'.repeat(4_000_000)}`));
});

describe('K4: a chunked body', () => {
    const CHUNKED = `${LOGIN}Transfer-Encoding: chunked\r\n\r\n`;
    const wrong = {
        'no size': '\r\nhello\r\n0\r\n\r\n', 'a size that is none': 'x\r\nhello\r\n0\r\n\r\n',
        'a size with a sign': '+5\r\nhello\r\n0\r\n\r\n', 'a size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
        'a size of nine digits': '000000005\r\nhello\r\n0\r\n\r\n', 'a blank behind the size': '5 \r\nhello\r\n0\r\n\r\n',
        'an extension': '5;a=b\r\nhello\r\n0\r\n\r\n', 'a bare LF behind the size': '5\nhello\r\n0\r\n\r\n',
        'a bare CR behind the size': '5\rhello\r\n0\r\n\r\n', 'more than the size says': '5\r\nhello!\r\n0\r\n\r\n',
        'a bare LF behind the data': '5\r\nhello\n0\r\n\r\n', 'a trailer': '5\r\nhello\r\n0\r\nX: y\r\n\r\n',
        'a request behind its end': `5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
    };
    for (const [name, body] of Object.entries(wrong)) {
        test(name, () => refused(400, CHUNKED + body));
        test(`${name}, byte by byte`, async () => {
            const raw = await Raw.open(web.port);
            raw.send(CHUNKED);
            for (const byte of body) raw.send(byte);
            assert.equal((await raw.answer()).status, 400);
        });
    }
    test('a size over the limit of the address', () => refused(413, `${CHUNKED}ffffffff\r\n`));
    test('a sum over the limit of the address', () => refused(413, CHUNKED + `1000\r\n${'x'.repeat(4096)}\r\n`.repeat(3)));
    test('of HTTP/1.0', () => refused(400, `${CHUNKED.replace('1.1', '1.0')}0\r\n\r\n`));

    test('is read however it is cut, and the connection goes on', async () => {
        const raw = await Raw.open(web.port);
        const body = '1\r\n{\r\n0002\r\n  \r\nA\r\n          \r\n1\r\n}\r\n0\r\n\r\n';
        for (const piece of [1, 2, 3, 7, body.length]) {
            raw.send(CHUNKED);
            for (let at = 0; at < body.length; at += piece) raw.send(body.slice(at, at + piece));
            const answer = await raw.answer();
            assert.equal(answer.status, 503, 'it got to where the database is missed');
            assert.notEqual(answer.headers.connection, 'close');
        }
        raw.close();
    });

    test('is waited for with 100 Continue', async () => {
        const raw = await Raw.open(web.port);
        raw.send(CHUNKED.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
        assert.match(`${await raw.upTo('\r\n\r\n')}`, /^HTTP\/1.1 100 /);
        raw.send('2\r\n{}\r\n0\r\n\r\n');
        assert.equal((await raw.answer()).status, 503);
        raw.close();
    });
});

describe('K5: a body where none belongs', () => {
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
        test(`${method} with Content-Length`, () =>
            refused(400, `${method} /healthz HTTP/1.1\r\n${H}Content-Length: ${SMUGGLED.length}\r\n\r\n`, SMUGGLED));
        test(`${method} with a chunked body`, () =>
            refused(400, `${method} /healthz HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, SMUGGLED));
    }

    test('Content-Length: 0 is fine', async () => {
        assert.equal((await once(web.port, get('/healthz', 'Content-Length: 0\r\n'))).status, 200);
    });

    test('a second request in the same segment is not lost in silence: the connection ends', async () => {
        const raw = await Raw.open(web.port);
        const first = await raw.send(get('/healthz') + get('/readyz')).answer();
        assert.equal(first.status, 200);
        assert.equal(first.headers.connection, 'close');
        await assert.rejects(raw.answer(), Closed);
    });
});

describe('K6: headers that can be read in two ways', () => {
    const cases = {
        'bare CR ends a line': `GET /healthz HTTP/1.1\r\n${H}A: b\rX-Test: injected\r\n\r\n`,
        'bare LF ends a line': `GET /healthz HTTP/1.1\r\n${H}A: b\nX-Test: injected\r\n\r\n`,
        'bare LF throughout': 'GET /healthz HTTP/1.1\nHost: localhost\n\n',
        'NUL in a header': `GET /healthz HTTP/1.1\r\n${H}A: b\0c\r\nX-More: d\r\n\r\n`,
        'control character in a header': `GET /healthz HTTP/1.1\r\n${H}A: b\x01c\r\n\r\n`,
        'folded line': `GET /healthz HTTP/1.1\r\n${H}A: b\r\n c\r\n\r\n`,
        'blank before the colon': `GET /healthz HTTP/1.1\r\n${H}A : b\r\n\r\n`,
        'no colon': `GET /healthz HTTP/1.1\r\n${H}A\r\n\r\n`,
        'no name': `GET /healthz HTTP/1.1\r\n${H}: b\r\n\r\n`,
        'two Host': `GET /healthz HTTP/1.1\r\n${H}Host: evil.example\r\n\r\n`,
        'no Host, only one that begins so': 'GET /healthz HTTP/1.1\r\nHostx: localhost\r\n\r\n',
        'empty Host': 'GET /healthz HTTP/1.1\r\nHost: \r\n\r\n',
        'Host that is none': 'GET /healthz HTTP/1.1\r\nHost: a@localhost\r\n\r\n',
        'two Content-Length': `${LOGIN}Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello`,
        'two equal Content-Length': `${LOGIN}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
        'Content-Length: +5': `${LOGIN}Content-Length: +5\r\n\r\nhello`,
        'Content-Length: -5': `${LOGIN}Content-Length: -5\r\n\r\nhello`,
        'Content-Length: 0x5': `${LOGIN}Content-Length: 0x5\r\n\r\nhello`,
        'Content-Length: 5, 5': `${LOGIN}Content-Length: 5, 5\r\n\r\nhello`,
        'empty Content-Length': `${LOGIN}Content-Length: \r\n\r\nhello`,
        'Content-Length of 20 digits': `${LOGIN}Content-Length: 99999999999999999999\r\n\r\nhello`,
        'chunked and Content-Length': `${LOGIN}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello`,
        'two spaces in the request line': `GET  /healthz HTTP/1.1\r\n${H}\r\n`,
        'tab in the request line': `GET /healthz\tHTTP/1.1\r\n${H}\r\n`,
        'a fourth word in the request line': `GET /healthz x HTTP/1.1\r\n${H}\r\n`,
        'absolute form': `GET http://localhost/healthz HTTP/1.1\r\n${H}\r\n`,
    };
    for (const [name, text] of Object.entries(cases)) test(name, () => refused(400, text));

    for (const coding of ['gzip, chunked', 'chunked, chunked', 'identity', 'xchunked', ''])
        test(`transfer coding "${coding}"`, () => refused(411, `${LOGIN}Transfer-Encoding: ${coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`));
    test('two transfer codings', () =>
        refused(411, `${LOGIN}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`));
    test('a method in small letters', () => refused(501, `get /healthz HTTP/1.1\r\n${H}\r\n`));
    test('HTTP/2.0 in the request line', () => refused(505, `GET /healthz HTTP/2.0\r\n${H}\r\n`));

    test('a line too many is refused and not dropped', async () => {
        const lines = (n) => Array.from({ length: n }, (_, i) => `H${i}: v\r\n`).join('');
        assert.equal((await once(web.port, get('/healthz', lines(60)))).status, 200);
        await refused(400, get('/healthz', lines(80)));
    });

    test('what is allowed goes through: an empty value, tabs, blanks round a value', async () => {
        assert.equal((await once(web.port, get('/healthz', 'X-Empty:\r\nX-Tab: a\tb\r\nX-Blank: \t c \t\r\n'))).status, 200);
    });

    test('a POST without a length has no body', async () => {
        assert.equal((await once(web.port, LOGIN + '\r\n')).status, 503, 'it got to where the database is missed');
    });
});

describe('K7: paths out of the portal', () => {
    for (const path of [
        '/static/../www-secret/s.txt', '/../../../../etc/passwd', '/assets/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd',
        '/assets/%00.js', '/assets/%zz.js', '/%ff.js',
    ]) {
        test(path, async () => {
            const { status, body } = await once(web.port, get(path));
            assert.ok(!body.toString().includes('root:'));
            // Without an ending it is an address within the portal, and gets the portal's own page.
            if (status === 200) assert.match(body.toString(), /<!doctype html>/i);
            else assert.ok([400, 404].includes(status), `${status}`);
        });
    }
});

describe('K18: lengths', () => {
    test('an address of 1,900 bytes', async () => {
        assert.equal((await once(web.port, get(`/${'a'.repeat(1900)}`))).status, 200);
    });
    test('an address over the limit', () => refused(414, get(`/${'a'.repeat(2100)}`)));
    test('a header of 15 KB', async () => {
        assert.equal((await once(web.port, get('/healthz', `X-Big: ${'a'.repeat(15_000)}\r\n`))).status, 200);
    });
    test('a header over 16 KB', () => refused(431, get('/healthz', `X-Big: ${'a'.repeat(20_000)}\r\n`)));
});

describe('bodies', () => {
    test('in many small pieces, and Expect: 100-continue', async () => {
        const raw = await Raw.open(web.port);
        const body = JSON.stringify({ email: 'a@b.example', password: 'x'.repeat(3000) });
        raw.send(`${LOGIN}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
        assert.equal((await raw.answer()).status, 100);
        for (let at = 0; at < body.length; at += 100) raw.send(body.slice(at, at + 100));
        assert.equal((await raw.answer()).status, 503, 'it got to where the database is missed');
        assert.equal((await raw.send(get('/healthz')).answer()).status, 200, 'and the connection goes on');
        raw.close();
    });

    test('many requests on one connection', async () => {
        const raw = await Raw.open(web.port);
        for (let i = 0; i < 200; i++) {
            const { status } = await raw.send(i % 2 ? get('/healthz') : post('/api/v1/login', '{"a":1}')).answer();
            assert.equal(status, i % 2 ? 200 : 503);
        }
        raw.close();
    });
});
