// The processes: their sandbox (K8, K9), what a death leaves behind (K10, K15, K19), and the end in order (K14).
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { alive, children, gone, signal } from './lib/process.mjs';
import { Raw, get, once } from './lib/raw.mjs';
import { sleep, until } from './lib/until.mjs';
import { Web } from './lib/web.mjs';

let web;
beforeEach(async () => { web = await Web.start(); });
afterEach(async () => { await web.stop(); });

/** Waits for another worker in the place of this one. */
const replaced = (pid, count = 2) =>
    until(() => !alive(pid) && web.workers().length === count && !web.workers().includes(pid), `a worker in place of ${pid}`);

describe('sandbox', () => {
    test('K8: every child runs under a filter, without new privileges and without core dumps', () => {
        const all = children(web.pid);
        assert.equal(all.length, 3, 'two workers and the key manager');
        for (const pid of all) {
            const status = readFileSync(`/proc/${pid}/status`, 'utf8');
            assert.match(status, /^Seccomp:\t2$/m);
            assert.match(status, /^NoNewPrivs:\t1$/m);
            assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
        }
    });

    test('workers share the socket that they listen on, and no other', () => {
        const sockets = (pid) => readdirSync(`/proc/${pid}/fd`)
            .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
            .filter((name) => name.startsWith('socket:'));
        const [first, second] = web.workers().map(sockets);
        assert.equal(first.filter((name) => second.includes(name)).length, 1);
    });
});

describe('started as root', { skip: process.getuid() !== 0 }, () => {
    const uid = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^Uid:\t(\d+)/m)[1]);

    test('workers become the user of the settings, the key manager the owner of the key; K10 holds there, too', async () => {
        const other = await Web.start({ env: { KONSTRUCT_USER: 'nobody' } });
        const nobody = 65534;
        assert.deepEqual(other.workers().map(uid), [nobody, nobody]);
        assert.equal(uid(other.keyManager()), 0);
        assert.equal((await once(other.port, get('/healthz'))).status, 200);
        const all = children(other.pid);
        signal(other.pid, 'SIGKILL');
        await gone(all);
        await other.stop();
    });
});

describe('K9: a worker that hangs', () => {
    test('holds up no new connection, and is replaced', async () => {
        const [hung] = web.workers();
        web.kill(hung, 'SIGSTOP');
        for (let i = 0; i < 20; i++) assert.equal((await once(web.port, get('/healthz'))).status, 200);
        await replaced(hung);
        for (let i = 0; i < 20; i++) assert.equal((await once(web.port, get('/healthz'))).status, 200);
    });

    test('a worker that dies from a forbidden call is gone as a whole, and is replaced', async () => {
        const [pid] = web.workers();
        web.kill(pid, 'SIGSYS');
        await replaced(pid);
        assert.ok(web.said().includes('died from sandbox violation'));
    });
});

describe('connections that stay', () => {
    test('spread over the workers, also when they come one by one', async () => {
        const held = [];
        for (let i = 0; i < 40; i++) {
            held.push(await Raw.open(web.port));
            assert.equal((await held[i].send(get('/healthz')).answer()).status, 200);
            if (i < 12) await sleep(150); // at leisure first, then one behind the other
        }
        const sockets = (pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;
        for (const pid of web.workers()) assert.ok(sockets(pid) >= 16, `${web.workers().map(sockets)}`);
        for (const raw of held) raw.close();
    });
});

describe('K10: a killed parent', () => {
    test('leaves nobody behind, and the port is free', async () => {
        const all = children(web.pid);
        signal(web.pid, 'SIGKILL');
        await gone(all);
        assert.equal(await web.answers(), false);
        const next = await Web.start({ port: web.port });
        assert.equal(await next.answers(), true);
        await next.stop();
    });
});

describe('K15: a killed worker', () => {
    test('is replaced, and every handshake with the new one completes', async () => {
        for (const pid of web.workers()) {
            web.kill(pid);
            await replaced(pid);
        }
        const answers = await Promise.all(Array.from({ length: 60 }, () => once(web.port, get('/healthz'))));
        assert.ok(answers.every(({ status }) => status === 200));
    });

    test('comes back ever later while it dies ever again, and the other goes on serving', async () => {
        for (let i = 0; i < 4; i++) {
            const pid = web.workers().at(-1);
            web.kill(pid);
            await until(() => !alive(pid), 'its end');
            assert.equal((await once(web.port, get('/healthz'))).status, 200);
            await replaced(pid);
        }
        const at = (text) => web.lines().filter((line) => line.text?.includes(text) || line.event === text).map((line) => Date.parse(line.time));
        const died = at('web_worker_died');
        const back = at('restarting worker');
        assert.equal(died.length, 4);
        // A pause can only turn out longer than it was meant.
        assert.ok(back[1] - died[1] >= 95, `${back[1] - died[1]}`);
        assert.ok(back[3] - died[3] >= 395, `${back[3] - died[3]}`);
    });

    test('the key manager is replaced as well', async () => {
        const pid = web.keyManager();
        web.kill(pid);
        await until(() => web.keyManager() !== undefined && web.keyManager() !== pid, 'a new key manager');
        await until(() => web.said().split('certificate and key loaded').length > 2, 'its keys');
        for (let i = 0; i < 20; i++) assert.equal((await once(web.port, get('/healthz'))).status, 200);
    });
});

describe('K14: told to stop', () => {
    test('it finishes what it was asked, closes what rests, refuses new connections and ends with 0', async () => {
        const rests = await Raw.open(web.port);
        assert.equal((await rests.send(get('/healthz')).answer()).status, 200);
        const asks = await Raw.open(web.port);
        const text = 'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
        asks.send(text.slice(0, -1));
        // The header is there when the server says what it thinks of the expectation; here a round trip does.
        assert.equal((await once(web.port, get('/healthz'))).status, 200);
        signal(web.pid, 'SIGTERM');
        await until(async () => !(await web.answers()), 'the end of new connections');
        asks.send(text.slice(-1));
        const answer = await asks.answer();
        assert.equal(answer.status, 503);
        assert.equal(answer.headers.connection, 'close');
        await rests.end();
        assert.deepEqual(await web.child.ended, { code: 0, by: null });
    });

    test('a second time it ends at once', async () => {
        const asks = await Raw.open(web.port);
        asks.send('POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{');
        assert.equal((await once(web.port, get('/healthz'))).status, 200);
        signal(web.pid, 'SIGTERM');
        await until(() => web.said().includes('web_draining'), 'the beginning of the end');
        signal(web.pid, 'SIGTERM');
        await asks.end();
        await web.child.ended;
    });

    test('SIGHUP does not disturb a request under way', async () => {
        const asks = await Raw.open(web.port);
        const text = 'POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}';
        asks.send(text.slice(0, -1));
        for (let i = 0; i < 5; i++) {
            signal(web.pid, 'SIGHUP');
            assert.equal((await once(web.port, get('/healthz'))).status, 200);
        }
        asks.send(text.slice(-1));
        assert.equal((await asks.answer()).status, 503);
        asks.close();
    });
});

describe('K19: log lines', () => {
    test('each is whole and in the file, however the process ended', async () => {
        const [pid] = web.workers();
        web.kill(pid);
        await replaced(pid);
        const all = children(web.pid);
        signal(web.pid, 'SIGKILL');
        await gone(all);
        const lines = web.said().split('\n').filter(Boolean).map((line) => JSON.parse(line));
        assert.ok(lines.some((line) => line.event === 'web_worker_died'));
        assert.ok(lines.every((line) => line.time && line.level && line.program === 'web'));
    });
});
