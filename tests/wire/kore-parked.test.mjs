// Requests that wait: they delay nobody, end in order, and leave nothing behind. Also K17's concern, a reader who does
// not read, for server-sent events.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { Data } from './lib/data.mjs';
import { signal } from './lib/process.mjs';
import { Raw, get, once } from './lib/raw.mjs';
import { sleep, until } from './lib/until.mjs';

const METRICS_TOKEN = 'wire-tests-metrics-token-2f6c90b1d84e';

let data;
before(async () => { data = await Data.start(); });
after(async () => { await data.stop(); });

async function counter(web, name) {
    const { body } = await once(web.port, get('/metrics', `Authorization: Bearer ${METRICS_TOKEN}\r\n`));
    return Number(body.toString().match(new RegExp(`^konstruct_${name}_total (\\d+)$`, 'm'))[1]);
}

/** Opens this many waiting requests and waits until all are parked. */
async function park(web, accounts, count) {
    const before = await counter(web, 'http_parked');
    const waiting = [];
    for (let i = 0; i < count; i++) {
        const { account, conversation } = accounts[i % accounts.length];
        waiting.push(await account.ask(conversation, `question ${i}`));
    }
    await until(async () => (await counter(web, 'http_parked')) >= before + count, `${count} parked requests`);
    return waiting;
}

async function people(web, count) {
    const all = [];
    for (let i = 0; i < count; i++) {
        const account = await Account.signUp(web.port);
        all.push({ account, conversation: await account.conversation() });
    }
    return all;
}

const start = (env = {}) => data.web({ KONSTRUCT_METRICS_TOKEN: METRICS_TOKEN, ...env });

describe('500 waiting requests', () => {
    test('delay no plain one, and each gets its answer when the worker comes', async (t) => {
        const web = await start();
        const waiting = await park(web, await people(web, 4), 500);
        for (let i = 0; i < 20; i++) assert.equal((await once(web.port, get('/readyz'))).status, 200);
        const others = waiting.filter((raw) => raw.ended || raw.bytes.length > 0);
        assert.deepEqual(others.map((raw) => raw.bytes.toString()), [], 'all of them wait still');
        const worker = data.worker();
        t.after(() => worker.stop());
        const answers = await Promise.all(waiting.map((raw) => raw.answer()));
        for (const { status, body } of answers) {
            assert.equal(status, 200);
            assert.equal(JSON.parse(body).author, 'employee');
        }
        for (const raw of waiting) raw.close();
        await web.stop();
    });
});

describe('K11', () => {
    test('an answer may take longer than a header', async (t) => {
        const web = await start({ KONSTRUCT_WEB_HEADER_SECONDS: '3' });
        const [waiting] = await park(web, await people(web, 1), 1);
        await sleep(4500);
        assert.ok(!waiting.ended && waiting.bytes.length === 0, 'it waits still');
        const worker = data.worker();
        t.after(() => worker.stop());
        assert.equal((await waiting.answer()).status, 200);
        waiting.close();
        await web.stop();
    });
});

describe('limits', () => {
    test('a company may have 256 waiting in a process; a client that leaves makes room', async () => {
        const web = await start({ KONSTRUCT_WEB_WORKERS: '1' });
        const [one] = await people(web, 1);
        const waiting = await park(web, [one], 256);
        const refused = await one.account.ask(one.conversation);
        const answer = await refused.answer();
        assert.equal(answer.status, 429);
        assert.equal(JSON.parse(answer.body).code, 'too_many_waiting');
        assert.equal(JSON.parse(answer.body).limit, 'parked_requests');
        assert.equal(answer.headers['retry-after'], '1');
        assert.ok(answer.headers['retry-after']);
        refused.close();
        const [other] = await people(web, 1);
        for (const raw of [...waiting.splice(0, 10), ...(await park(web, [other], 1))]) raw.close();
        const again = await until(async () => {
            const raw = await one.account.ask(one.conversation);
            const parked = await counter(web, 'http_parked');
            await once(web.port, get('/healthz'));
            if (!raw.ended && raw.bytes.length === 0 && parked > 257) return raw;
            raw.close();
            return null;
        }, 'a place to wait in');
        for (const raw of [again, ...waiting]) raw.close();
        assert.equal((await once(web.port, get('/readyz'))).status, 200);
        await web.stop();
    });
});

describe('work for the processor', () => {
    test('hashing a password delays no plain request', async () => {
        const web = await start({ KONSTRUCT_WEB_WORKERS: '1', KONSTRUCT_ARGON2_MIB: '256', KONSTRUCT_ARGON2_PASSES: '8' });
        const raw = await Raw.open(web.port);
        const account = Object.assign(new Account(), { port: web.port });
        raw.send(account.text('POST', '/api/v1/signup', {
            company: 'Slow', name: 'Sam', email: `sam-${Date.now()}@example.com`, password: 'a long password indeed',
        }));
        await until(async () => (await counter(web, 'http_parked')) >= 1, 'the work to begin');
        for (let i = 0; i < 5; i++) assert.equal((await once(web.port, get('/readyz'))).status, 200);
        assert.ok(!raw.ended && raw.bytes.length === 0, 'it is not done yet');
        assert.equal((await raw.answer()).status, 201);
        raw.close();
        await web.stop();
    });

    test('a client that leaves meanwhile harms nobody', async () => {
        const web = await start({ KONSTRUCT_WEB_WORKERS: '1' });
        const before = web.workers();
        const account = Object.assign(new Account(), { port: web.port });
        for (let i = 0; i < 20; i++) {
            const raw = await Raw.open(web.port);
            raw.send(account.text('POST', '/api/v1/login', { email: `nobody${i}@example.com`, password: 'does not matter' }));
            if (i % 2) await once(web.port, get('/healthz'));
            raw.close();
        }
        assert.equal((await account.post('/api/v1/login', { email: 'nobody@example.com', password: 'does not matter' })).status, 401);
        assert.deepEqual(web.workers(), before, 'the same worker still lives');
        await web.stop();
    });
});

const ANSWER_MOST = 240_000; // bytes; below what one may have

describe('streams', () => {
    let web, account, conversation;
    before(async () => {
        web = await start();
        [{ account, conversation }] = await people(web, 1);
    });
    after(async () => { await web.stop(); });

    test('tell what was said before and what is said now; Last-Event-ID goes on from there', async () => {
        const message = (text) => account.post(`/api/v1/conversations/${conversation}/messages`, { text, key: crypto.randomUUID() });
        assert.equal((await message('first')).status, 202);
        const stream = await account.stream(conversation);
        assert.equal(stream.status, 200);
        assert.equal(stream.headers['content-type'], 'text/event-stream');
        assert.match(await stream.upTo('\n\n'), /"text":"first"/);
        assert.equal((await message('second')).status, 202);
        const event = await stream.upTo('\n\n');
        assert.match(event, /"text":"second"/);
        const [, seq] = event.match(/^id: (\d+)$/m);
        stream.close();
        assert.equal((await message('third')).status, 202);
        const later = await account.stream(conversation, `Last-Event-ID: ${seq}\r\n`);
        assert.match(await later.upTo('\n\n'), /"text":"third"/);
        later.close();
    });

    test('a reader who does not read is cut, and the others are not; he comes back for the rest', async () => {
        const reader = await account.stream(conversation);
        const idle = await account.stream(conversation);
        idle.socket.pause();
        const cut = await counter(web, 'stream_cut');
        const text = 'x'.repeat(20_000);
        const turns = new Map(); // and their answers
        await until(async () => {
            const whose = { turn: crypto.randomUUID(), answer: crypto.randomUUID(), take: 1 };
            turns.set(whose.turn, whose.answer);
            for (let at = 0; at + text.length <= ANSWER_MOST; at += text.length) await tell({ type: 'delta', ...whose, at, text });
            // Those who read must get all of it.
            let event;
            do event = await reader.upTo('\n\n');
            while (!event.includes(whose.turn) || !event.includes(`"at":${ANSWER_MOST - text.length}`));
            return (await counter(web, 'stream_cut')) > cut;
        }, 'the end of the idle stream');
        idle.socket.resume();
        await idle.end();
        assert.equal(reader.ended, false);
        // What he got ends in the middle of an event; behind the last whole one he goes on, and misses nothing.
        const [, id] = [...idle.bytes.toString('latin1').matchAll(/^id: (.*)\n.*\n.*\n\n/gm)].at(-1);
        const [, turn, take, has] = id.split('.');
        const key = `konstruct:text:${account.me.tenant_id}:${conversation}`;
        await keep(key, `${turn} ${take.padStart(19, '0')} ${turns.get(turn)}\n${'x'.repeat(ANSWER_MOST)}`);
        const again = await account.stream(conversation, `Last-Event-ID: ${id}\r\n`);
        const rest = JSON.parse(/^data: (.*)$/m.exec(await again.upTo('\n\n'))[1]);
        assert.equal(rest.at, Number(has));
        assert.equal(rest.at + rest.text.length, ANSWER_MOST);
        again.close();
        await keep(key, ''); // nobody answers any more
        assert.equal((await account.get('/api/v1/me')).status, 200);
        reader.close();
    });

    test('with Redis away waiting requests look at the rows', async () => {
        const stream = await account.stream(conversation, 'Last-Event-ID: 3\r\n');
        const { redis } = data.up.children();
        signal(redis, 'SIGKILL');
        const { status } = await account.post(`/api/v1/conversations/${conversation}/messages`, { text: 'in the dark', key: crypto.randomUUID() });
        assert.equal(status, 202);
        assert.match(await stream.upTo('\n\n'), /"text":"in the dark"/);
        await data.up.anew('redis', redis);
        stream.close();
    });

    async function keep(key, text) {
        const { run } = await import('./lib/process.mjs');
        await run('redis-cli', ['-s', data.settings.REDIS_URL.replace('unix://', ''), '-x', 'SET', key], { input: text });
    }

    async function tell(event) {
        const { run } = await import('./lib/process.mjs');
        const socket = data.settings.REDIS_URL.replace('unix://', '');
        await run('redis-cli', ['-s', socket, '-x', 'PUBLISH', await channel()], { input: JSON.stringify(event) });
    }

    let known;
    async function channel() {
        if (known) return known;
        const { run } = await import('./lib/process.mjs');
        const socket = data.settings.REDIS_URL.replace('unix://', '');
        known = (await run('redis-cli', ['-s', socket, 'PUBSUB', 'CHANNELS'])).split('\n').find((name) => name.includes(conversation));
        return known;
    }
});

describe('K14: told to stop', () => {
    let worker;
    afterEach(async () => { await worker?.stop(); });

    test('streams end, waiting requests get their answers, and it ends with 0', async () => {
        const web = await start();
        const [{ account, conversation }] = await people(web, 1);
        const stream = await account.stream(conversation);
        const [waiting] = await park(web, [{ account, conversation }], 1);
        signal(web.pid, 'SIGTERM');
        await stream.end();
        worker = data.worker();
        const { status, headers } = await waiting.answer();
        assert.ok([200, 504].includes(status), `${status}`);
        assert.equal(headers.connection, 'close');
        assert.deepEqual(await web.child.ended, { code: 0, by: null });
    });
});
