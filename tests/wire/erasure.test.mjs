// A company is erased while it is in use: its people are out at once, nothing of it is left in database, Redis and folders but
// the bare audit, and the company beside it notices nothing. By the command of the host, and by the worker when it is due.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { program } from './lib/place.mjs';
import { run } from './lib/process.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const KEPT = ['audit', 'audit_head', 'audit_signature', 'tenant'];

let up;
let ben;

const konstruct = (...args) => run(program('konstruct'), args, { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });
// What Redis keeps of a company; the buckets of limits fall away by themselves within a minute or two.
const remembered = async (id) => (await up.redis()).split('\n').filter((line) => line.includes(id) && !line.startsWith('konstruct:limit:'));
const mails = () => readdirSync(join(up.run, 'mail'));

/** A company with a conversation, an open stream and an export. */
async function busy(name) {
    const account = await Account.signUp(up.port, name);
    const conversation = await account.conversation();
    const asked = await account.ask(conversation);
    assert.equal((await asked.answer()).status, 200);
    asked.close();
    account.open = await account.stream(conversation);
    assert.equal((await account.post('/api/v1/exports', {})).status, 201);
    await until(async () => /"ready"/.test((await account.get('/api/v1/exports')).body), 'the export');
    await until(() => up.sql(`SELECT 1 FROM mail WHERE tenant_id = '${account.me.tenant_id}' AND state = 'sent'`)
        .then((rows) => rows.length > 0), 'the mail');
    return account;
}

async function isGone({ me, email, ...account }) {
    const tables = await up.sql('SELECT tab FROM tenant_tables()');
    for (const table of tables) {
        const [rows] = await up.sql(`SELECT count(*) FROM ${table} WHERE tenant_id = '${me.tenant_id}'`);
        assert.equal(rows !== '0', KEPT.includes(table), `${table}: ${rows} rows`);
    }
    assert.deepEqual(await up.sql(`SELECT 1 FROM person WHERE email = '${email}'`), []);
    assert.deepEqual(await up.sql(`SELECT 1 FROM audit WHERE tenant_id = '${me.tenant_id}' AND actor || body <> ''`), []);
    assert.deepEqual(await remembered(me.tenant_id), []);
    assert.ok(!existsSync(join(up.run, 'files/exports', me.tenant_id)));
    assert.ok(!(await konstruct('tenants')).includes(me.tenant_id));
    account.open.close();
}

before(async () => {
    up = await new Up().start({ env: { KONSTRUCT_ERASE_DAYS: '0' } });
    ben = await Account.signUp(up.port, 'Ben');
});
after(async () => {
    await up.stop();
    up.remove();
});

test('the command of the host erases at once, and only what was named', async () => {
    const ann = await busy('Ann');
    const before = mails().length;
    const erase = (...args) => konstruct('tenant', 'erase', '--tenant', ann.me.tenant_id, ...args);
    await assert.rejects(erase('--now'), /Repeat the name/);
    await assert.rejects(erase('--confirm', "Ben's company", '--now'), /Repeat the name/);
    assert.equal((await ann.get('/api/v1/me')).status, 200);
    assert.match(await erase('--confirm', "Ann's company", '--now'), /message\n[^]*Erased/);
    assert.equal((await ann.get('/api/v1/me')).status, 401);
    assert.equal((await ann.post('/api/v1/login', { email: ann.email, password: ann.password })).status, 401);
    await isGone(ann);
    assert.equal(mails().length, before - 1);
    await assert.rejects(erase('--confirm', 'erased', '--now'), /no such tenant/);
    assert.equal((await ben.get('/api/v1/me')).status, 200);
});

test('the worker erases when it is due', async () => {
    const eve = await busy('Eve');
    const asked = await eve.post('/api/v1/erasure', { company: "Eve's company", password: eve.password });
    assert.equal(asked.status, 202, asked.body);
    await until(async () => (await eve.get('/api/v1/me')).status === 401, 'the company to be shut');
    await until(async () => (await up.sql(`SELECT 1 FROM tenant WHERE tenant_id = '${eve.me.tenant_id}' AND erased_at IS NOT NULL`))
        .length > 0, 'the company to be erased');
    await until(async () => (await remembered(eve.me.tenant_id)).length === 0, 'Redis to forget it');
    await isGone(eve);
    assert.equal((await ben.get('/api/v1/me')).status, 200);
});
