// Large bodies that never end: who opens many of them gets no more of the server's memory than there is for one address, and
// everybody else is served meanwhile. Nothing of a body needs to be sent for it: what is announced counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Raw, get, once } from './lib/raw.mjs';
import { until } from './lib/until.mjs';
import { Web } from './lib/web.mjs';

const MIB = 1 << 20;
const MOST = 128; // bodies of 1 MiB that one address may have on their way

let web;
const open = [];
before(async () => { web = await Web.start({ env: { KONSTRUCT_WEB_WORKERS: '1' } }); });
after(async () => {
    for (const raw of open) raw.close();
    await web.stop();
});

/** Announces a body; gives the answer to that, and keeps the connection when it may come. */
async function announce(length, options) {
    const raw = await Raw.open(web.port, options);
    const { status, headers } = await raw.send(
        `POST /hooks/slack/events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`).answer();
    if (status === 100) open.push(raw);
    else raw.close();
    return { status, headers };
}

test('one address may have so many bytes on their way and no more', async () => {
    for (let i = 0; i < MOST; i++) assert.equal((await announce(MIB)).status, 100);
    const { status, headers } = await announce(MIB);
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '2');
});

test('others are served meanwhile, and so are small bodies', async () => {
    assert.equal((await announce(MIB, { localAddress: '127.0.0.2' })).status, 100);
    assert.equal((await announce(1000)).status, 100);
    assert.equal((await once(web.port, get('/healthz'))).status, 200);
});

test('all addresses together may have twice as many', async () => {
    for (let i = 0; i < MOST - 1; i++) assert.equal((await announce(MIB, { localAddress: '127.0.0.2' })).status, 100);
    assert.equal((await announce(MIB, { localAddress: '127.0.0.3' })).status, 503);
});

test('a chunk is a body as well', async () => {
    const raw = await Raw.open(web.port);
    raw.send('POST /hooks/slack/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n');
    assert.equal((await raw.answer()).status, 503);
    raw.close();
});

test('who goes makes room', async () => {
    for (const raw of open.splice(0)) raw.close();
    await until(async () => (await announce(MIB)).status === 100, 'room for a body');
});
