// What the web process does with its database: K2 (a transaction that outlives its request), K3 (a connection that
// outlives its server), K16 (JSON), K18 (cookies).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { Data } from './lib/data.mjs';
import { signal } from './lib/process.mjs';
import { Raw, get, once, post } from './lib/raw.mjs';
import { until } from './lib/until.mjs';

let data, web, ann, bob;
before(async () => {
    data = await Data.start();
    web = await data.web();
    ann = await Account.signUp(web.port, 'Ann');
    bob = await Account.signUp(web.port, 'Bob');
});
after(async () => { await data.stop(); });

const tenantSeen = async (account) => JSON.parse((await account.get('/api/v1/me')).body).tenant_id;

describe('K2: clients that leave in the middle', () => {
    test('leave no open transaction, and nothing of theirs to the next', async () => {
        const conversation = await ann.conversation();
        for (let i = 0; i < 200; i++) {
            const raw = await Raw.open(web.port);
            raw.send(ann.text('POST', `/api/v1/conversations/${conversation}/messages`, { text: `m${i}`, key: crypto.randomUUID() }));
            if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
            raw.close();
            if (i % 10 === 0) assert.equal(await tenantSeen(bob), bob.me.tenant_id);
        }
        await until(async () => (await data.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'konstruct_web' AND state LIKE 'idle in transaction%'", 'WEB',
        )) === '0', 'the end of all transactions');
        assert.equal(await tenantSeen(ann), ann.me.tenant_id);
        assert.equal(await tenantSeen(bob), bob.me.tenant_id);
        const others = JSON.parse((await bob.get('/api/v1/employees')).body).items;
        assert.ok(others.length > 0);
    });
});

describe('K3: a restarted PostgreSQL', () => {
    test('is answered with 503 while it is away, and found again by itself', async () => {
        const { postgres } = data.up.children();
        const workers = web.workers();
        signal(postgres, 'SIGKILL');
        await until(async () => (await ann.get('/api/v1/me')).status === 503, 'an answer without a database');
        assert.equal((await once(web.port, get('/healthz'))).status, 200, 'the process lives');
        assert.equal((await once(web.port, get('/'))).status, 200, 'and serves the portal');
        await data.up.anew('postgres', postgres);
        // Each worker finds it for itself; many at once reach both.
        await until(async () => {
            const answers = await Promise.all(Array.from({ length: 20 }, () => ann.get('/api/v1/me')));
            assert.ok(answers.every(({ status }) => [200, 503].includes(status)));
            return answers.every(({ status }) => status === 200);
        }, 'the database to be found');
        for (let i = 0; i < 20; i++) {
            assert.equal(await tenantSeen(ann), ann.me.tenant_id);
            assert.equal(await tenantSeen(bob), bob.me.tenant_id);
        }
        assert.deepEqual(web.workers(), workers, 'no worker died of it');
    });
});

describe('waiting requests', () => {
    test('outlast a restart of PostgreSQL', async () => {
        const conversation = await ann.conversation();
        const stream = await ann.stream(conversation);
        const waiting = await ann.ask(conversation, 'are you there?');
        assert.match(await stream.upTo('\n\n'), /are you there/);
        const { postgres } = data.up.children();
        signal(postgres, 'SIGKILL');
        await until(async () => (await bob.get('/api/v1/me')).status === 503, 'an answer without a database');
        await data.up.anew('postgres', postgres);
        const worker = data.worker();
        const { status, body } = await waiting.answer();
        assert.equal(status, 200);
        assert.equal(JSON.parse(body).author, 'employee');
        assert.match(await stream.upTo('"author":"employee"'), /event: message/);
        await worker.stop();
        for (const raw of [stream, waiting]) raw.close();
    });
});

describe('K16: JSON', () => {
    const login = (body) => once(web.port, post('/api/v1/login', body));

    test('escapes, surrogate pairs included, are understood', async () => {
        const escaped = [...ann.email].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
        assert.equal((await login(`{"email":"${escaped}","password":"${ann.password}"}`)).status, 200);
        assert.equal((await login('{"email":"a@b.example","password":"\\ud83d\\ude00 is a face"}')).status, 401);
        assert.equal((await login('{"email":"a@b.example","password":"half \\ud83d of one"}')).status, 400);
    });

    test('depth is bounded, and long texts cost little', async () => {
        assert.equal((await login('['.repeat(4000))).status, 400);
        assert.equal((await login(`{"email":"${'x'.repeat(7000)}","password":"p"}`)).status, 400);
    });
});

describe('K18: cookies', () => {
    test("one with '=' in its value before ours changes nothing", async () => {
        const cookie = (text) => once(web.port, get('/api/v1/me', `Cookie: ${text}\r\n`));
        assert.equal((await cookie(`a=b==; c="d=e"; ${ann.cookie}`)).status, 200);
        assert.equal((await cookie(`${ann.cookie}; a=b==`)).status, 200);
        assert.equal((await cookie(`x${ann.cookie}`)).status, 401);
        assert.equal((await cookie(`${ann.cookie}x`)).status, 401);
    });

    test('ours has no Domain, and is for this host, TLS and the server only', async () => {
        const { headers } = await ann.post('/api/v1/login', { email: ann.email, password: ann.password });
        const set = headers['set-cookie'];
        assert.match(set, /^__Host-konstruct=[\w-]{40,};/);
        for (const part of ['Path=/', 'Secure', 'HttpOnly']) assert.ok(set.includes(part), part);
        assert.match(set, /SameSite=(Lax|Strict)/);
        assert.ok(!/domain/i.test(set));
    });
});
