// TLS as people and vendors meet it: K1 (no handshake under OpenSSL 3), K13 (dripped handshake), renewal.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificate, replace } from './lib/certificate.mjs';
import { folder, remove } from './lib/place.mjs';
import { signal } from './lib/process.mjs';
import { Raw, get } from './lib/raw.mjs';
import { until, within } from './lib/until.mjs';
import { Web } from './lib/web.mjs';

const nameOf = (raw) => raw.socket.getPeerCertificate().subject.CN;

async function seen(port) {
    const raw = await Raw.open(port);
    const name = nameOf(raw);
    const { status } = await raw.send(get('/healthz')).answer();
    raw.close();
    assert.equal(status, 200);
    return name;
}

for (const type of ['ec', 'rsa']) {
    describe(`K1 with a certificate of kind ${type}`, () => {
        let web;
        before(async () => { web = await Web.start({ pair: await certificate((dir = folder()), { type }) }); });
        after(async () => { await web.stop(); remove(dir); });
        let dir;

        test('a client that checks the certificate completes TLS 1.3 and gets an answer', async () => {
            const raw = await Raw.open(web.port, { ca: web.pair.ca });
            assert.equal(raw.socket.getProtocol(), 'TLSv1.3');
            assert.equal(new X509Certificate(raw.socket.getPeerCertificate().raw).publicKey.asymmetricKeyType, type);
            assert.equal((await raw.send(get('/healthz')).answer()).status, 200);
            raw.close();
        });

        test('many handshakes at once, in every worker', async () => {
            const names = await Promise.all(Array.from({ length: 40 }, () => seen(web.port)));
            assert.deepEqual(new Set(names), new Set([type]));
        });

        test('TLS 1.2 is refused', async () => {
            await assert.rejects(Raw.open(web.port, { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' }));
        });

        test('plain HTTP on the port gets no answer', async () => {
            const socket = net.connect(web.port, '127.0.0.1');
            const said = [];
            socket.on('data', (data) => said.push(data)).on('error', () => {});
            socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
            await within(new Promise((resolve) => socket.on('close', resolve)), 'the end of the connection');
            assert.ok(!Buffer.concat(said).toString('latin1').includes('HTTP/'));
        });
    });
}

describe('renewal of the certificate', () => {
    let web, dir;
    before(async () => {
        dir = folder();
        web = await Web.start({ pair: await certificate(dir, { name: 'first' }) });
    });
    after(async () => { await web.stop(); remove(dir); });

    test('no connection and no handshake is lost; new ones get the new certificate', async () => {
        const old = await Raw.open(web.port);
        assert.equal((await old.send(get('/healthz')).answer()).status, 200);
        let renewed = false;
        const names = new Set();
        const visitors = Array.from({ length: 8 }, async () => {
            for (let more = 20; more > 0; more -= renewed ? 1 : 0) names.add(await seen(web.port));
        });
        for (const [name, type] of [['second', 'ec'], ['third', 'rsa']]) {
            replace(await certificate(dir, { name, type }), web.pair);
            signal(web.pid, 'SIGHUP');
            await until(async () => (await seen(web.port)) === name, `the ${name} certificate`);
        }
        renewed = true;
        await Promise.all(visitors);
        assert.ok([...names].every((name) => ['first', 'second', 'third'].includes(name)));
        assert.equal(await seen(web.port), 'third');
        assert.equal((await old.send(get('/healthz')).answer()).status, 200, 'the old connection lives on');
        old.close();
    });

    test('a pair that does not fit is refused, and the one at hand goes on', async () => {
        const other = await certificate(dir, { name: 'other' });
        copyFileSync(other.cert, web.pair.cert);
        signal(web.pid, 'SIGHUP');
        await until(() => web.said().includes('not a pair that can be used'), 'the line in the log');
        assert.equal(await seen(web.port), 'third');
        writeFileSync(web.pair.key, 'not a key');
        signal(web.pid, 'SIGHUP');
        await until(() => web.said().split('not a pair that can be used').length > 2, 'the second line');
        assert.equal(await seen(web.port), 'third');
    });

    test('a worker that is replaced meanwhile has the pair at hand, too', async () => {
        for (const pid of web.workers()) {
            const before = web.workers();
            web.kill(pid);
            await until(() => web.workers().length === before.length && !web.workers().includes(pid), 'a new worker');
        }
        for (let i = 0; i < 30; i++) assert.equal(await seen(web.port), 'third');
    });
});

describe('a start that cannot be', () => {
    let dir;
    before(() => { dir = folder(); });
    after(() => remove(dir));

    test('a pair that does not fit, and a file that is not there, each end it with a sentence', async () => {
        const one = await certificate(dir, { name: 'one' });
        const other = await certificate(dir, { name: 'two', type: 'rsa' });
        await assert.rejects(Web.start({ pair: { ...one, key: other.key } }), /not a pair that can be used/);
        await assert.rejects(Web.start({ pair: { ...one, cert: `${dir}/missing` } }), /certificate in .*missing can't be read/);
    });

    test('a port that is taken is named', async () => {
        const holder = net.createServer((socket) => socket.destroy());
        await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
        await assert.rejects(Web.start({ port: holder.address().port }), /already in use.*KONSTRUCT_LISTEN/);
        holder.close();
    });
});

describe('K13', () => {
    let web;
    before(async () => { web = await Web.start({ env: { KONSTRUCT_WEB_HEADER_SECONDS: '1' } }); });
    after(async () => { await web.stop(); });

    test('a handshake that drips in is cut', async () => {
        const hello = await helloOf();
        const socket = net.connect(web.port, '127.0.0.1').on('error', () => {});
        const closed = new Promise((resolve) => socket.on('close', resolve));
        let at = 0;
        const timer = setInterval(() => socket.write(hello.subarray(at % hello.length, ++at % hello.length)), 50);
        await within(closed, 'the end of the connection');
        clearInterval(timer);
        assert.ok(at < hello.length, 'it was cut before it was through');
    });

    test('a connection that says nothing is cut', async () => {
        const socket = net.connect(web.port, '127.0.0.1').on('error', () => {});
        await within(new Promise((resolve) => socket.on('close', resolve)), 'the end of the connection');
    });
});

test('a handshake that pauses goes on: it has 10 s as a whole', async () => {
    const web = await Web.start();
    try {
        const socket = net.connect(web.port, '127.0.0.1').on('error', () => {});
        await sleep(6500); // Kore's own limit was 5 s without a byte
        await within(new Promise((resolve, reject) => {
            tls.connect({ socket, servername: 'localhost', rejectUnauthorized: false }).on('secureConnect', resolve).on('close', () => reject(new Error('it was cut')));
        }), 'the handshake');
        socket.destroy();
    } finally {
        await web.stop();
    }
});

/** The first bytes that a TLS client sends. */
async function helloOf() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const got = new Promise((resolve) => server.on('connection', (socket) => socket.once('data', (data) => {
        socket.destroy();
        resolve(data);
    })));
    tls.connect({ port: server.address().port, host: '127.0.0.1', servername: 'localhost' }).on('error', () => {});
    const hello = await got;
    server.close();
    return hello;
}
