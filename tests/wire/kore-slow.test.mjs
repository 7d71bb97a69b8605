// Slow and silent clients: K11 (long answers cut), K12 (408 on an idle connection), K13 (drips), and the limits of
// connections. Each checks that something ends or goes on, never how long it took.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Closed, Raw, get } from './lib/raw.mjs';
import { sleep, until } from './lib/until.mjs';
import { Web } from './lib/web.mjs';

describe('with one second for a header', { concurrency: true }, () => {
    let web;
    before(async () => {
        web = await Web.start({ env: { KONSTRUCT_WEB_HEADER_SECONDS: '1', KONSTRUCT_WEB_BODY_SECONDS: '1' } });
    });
    after(async () => { await web.stop(); });

    /** Sends a byte at a time until the server says or does something; gives its answer. */
    async function drip(raw, text) {
        const answer = raw.answer();
        let over = false;
        answer.then(() => { over = true; }, () => { over = true; });
        for (let at = 0; at < text.length && !over; at++) {
            raw.send(text[at]);
            await sleep(50);
        }
        assert.ok(over, 'the server waited until the end of it');
        return await answer;
    }

    test('K13: a header that drips in is refused with 408', async () => {
        const raw = await Raw.open(web.port);
        assert.equal((await drip(raw, get('/healthz', `X-Slow: ${'a'.repeat(200)}\r\n`))).status, 408);
        await raw.end();
    });

    for (const [name, framing] of [['', 'Content-Length: 1000\r\n\r\n'], [' in a chunk', 'Transfer-Encoding: chunked\r\n\r\n3e8\r\n']])
        test(`K13: a body that drips in${name} is refused with 408`, async () => {
            const raw = await Raw.open(web.port);
            raw.send(`POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n${framing}`);
            assert.equal((await drip(raw, 'a'.repeat(200))).status, 408);
            await raw.end();
        });

    test('K12: a connection that rests between two requests goes on without a 408', async () => {
        const raw = await Raw.open(web.port);
        for (let i = 0; i < 3; i++) {
            assert.equal((await raw.send(get('/healthz')).answer()).status, 200);
            await sleep(1700);
        }
        assert.equal(raw.ended, false);
        assert.equal(raw.bytes.length, 0);
        raw.close();
    });

    test('K11: answers that take longer to read than a header may take come whole', async () => {
        const raw = await Raw.open(web.port);
        const page = (await raw.send(get('/')).answer()).body.toString();
        const script = page.match(/\/assets\/[^"]+\.js/)[0];
        const { length } = (await raw.send(get(script)).answer()).body;
        raw.socket.pause();
        // More than the buffers between us hold, so that some of it waits in the server.
        const times = Math.ceil(20_000_000 / length);
        // Each leaves by itself: two in one segment would end the connection.
        for (let i = 0; i < times; i++) await new Promise((resolve) => raw.socket.write(get(script), resolve));
        await sleep(3000);
        raw.socket.resume();
        for (let i = 0; i < times; i++) assert.equal((await raw.answer()).body.length, length);
        raw.close();
    });
});

describe('with one second of rest', () => {
    let web;
    before(async () => { web = await Web.start({ env: { KONSTRUCT_WEB_IDLE_SECONDS: '1' } }); });
    after(async () => { await web.stop(); });

    test('a connection that stays unused is closed without a word', async () => {
        const raw = await Raw.open(web.port);
        assert.equal((await raw.send(get('/healthz')).answer()).status, 200);
        assert.equal((await raw.end()).length, 0);
    });
});

describe('K13: a limit of connections for an address', () => {
    const LIMIT = 8;
    let web;
    before(async () => {
        web = await Web.start({ env: { KONSTRUCT_WEB_PER_ADDRESS: `${LIMIT}`, KONSTRUCT_WEB_WORKERS: '1' } });
    });
    after(async () => { await web.stop(); });

    test('one too many is turned away, and gets in when another has left', async () => {
        const held = [];
        for (let i = 0; i < LIMIT; i++) held.push(await Raw.open(web.port));
        await assert.rejects(Raw.open(web.port));
        await assert.rejects(Raw.open(web.port));
        assert.equal((await held[0].send(get('/healthz')).answer()).status, 200, 'those inside are served');
        held.pop().close();
        held.push(await until(() => Raw.open(web.port).catch(() => null), 'a place'));
        for (const raw of held) raw.close();
    });
});

describe('K13: a limit of connections for a worker', () => {
    let web;
    before(async () => {
        web = await Web.start({ env: { KONSTRUCT_WEB_CONNECTIONS: '16', KONSTRUCT_WEB_WORKERS: '1' } });
    });
    after(async () => { await web.stop(); });

    test('more than that wait and are served when there is room', async () => {
        const held = [];
        for (let i = 0; i < 16; i++) held.push(await Raw.open(web.port));
        const next = Raw.open(web.port);
        assert.equal((await held[0].send(get('/healthz')).answer()).status, 200);
        for (const raw of held.splice(0, 4)) raw.close();
        const raw = await next;
        assert.equal((await raw.send(get('/healthz')).answer()).status, 200);
        for (const other of [raw, ...held]) other.close();
        await assert.rejects(raw.answer(), Closed);
    });
});
