// A company's own accounts with the running programs: tested live against providers that we did not write, in every format, and
// against servers that do what none should; a key stands nowhere but sealed, outlives a rotation, and a test the worker that made it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FAULTS, Hostile, STREAMS } from '../judges/hostile.mjs';
import { APIS, KEY, Models } from '../judges/models.mjs';
import { NO_LIMITS } from './lib/limits.mjs';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run, signal } from './lib/process.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const WRONG_KEY = 'sk-wrong-0123456789abcdef';
const AT_ONCE = 8;

let models;
let hostile;
let up;
let portal;

before(async () => {
    models = await Models.start([
        { match: { userMessage: 'Say ok.' }, response: { content: 'ok' } },
        { match: { userMessage: 'revoked' }, response: { error: { message: 'Key revoked.', type: 'invalid_api_key' }, status: 401 } },
        { match: {}, response: { content: 'I think with your own account.' } },
    ]);
    hostile = await Hostile.start();
    up = await new Up().start({ env: { ...NO_LIMITS, KONSTRUCT_PRIVATE_ADDRESSES: 'on', KONSTRUCT_LEASE_SECONDS: '2' } });
    portal = await Portal.signUp(up);
    await until(async () => (await up.sql('SELECT count(*) FROM tenant_key'))[0] === '1', 'the company’s key');
});
after(async () => {
    const logs = up.said() + readdirSync(join(up.run, 'log')).map((name) => readFileSync(join(up.run, 'log', name))).join('');
    const redis = await up.redis();
    await up.stop();
    up.remove();
    await models.stop();
    await hostile.stop();
    for (const key of [KEY, WRONG_KEY]) {
        assert.ok(!logs.includes(key), 'a key stands in a log');
        assert.ok(!redis.includes(key), 'a key stands in Redis');
    }
});

const add = (body) => portal.call('POST', '/provider-accounts', { name: 'Tested', ...body });
const tested = ({ id }) => portal.call('POST', `/provider-accounts/${id}/test`);
const remove = ({ id }) => portal.call('DELETE', `/provider-accounts/${id}`);

/** What the live test of a new account finds, when it is added and waited for. */
async function found(body) {
    const account = await tested(await add(body));
    await remove(account);
    return account;
}

function accountAt(api, key) {
    const { provider, path, model, more } = APIS[api];
    return { provider, base_url: models.url + path, key, ...more, ...(api === 'azure' && { models: model }) };
}

for (const api of Object.keys(APIS)) {
    test(`an account is found in order, and a wrong key named: ${api}`, async () => {
        const good = await found(accountAt(api, KEY));
        assert.deepEqual([good.state, good.fault, good.fault_detail], ['ok', null, null]);
        assert.equal(good.models_found === '', api === 'azure');
        const wrong = await found(accountAt(api, WRONG_KEY));
        assert.deepEqual([wrong.state, wrong.fault], ['broken', 'account_key']);
        assert.ok(!JSON.stringify([good, wrong]).includes('0123456789'));
    });
}

test('an employee thinks with the company’s account, also after its key was sealed anew', async () => {
    const account = await add(accountAt('openai', KEY));
    assert.equal((await tested(account)).state, 'ok');
    await portal.call('PATCH', `/employees/${portal.employee.id}/models`, { primary_provider: 'openai', primary_model: 'gpt-4o' });
    assert.equal((await portal.ask('hello')).text, 'I think with your own account.');

    const [sealed] = await up.sql(`SELECT key_sealed FROM provider_account WHERE id = '${account.id}'`);
    assert.ok(!sealed.includes(KEY));
    await run(program('konstruct'), ['keys', 'rotate', '--kind', 'tenant', '--tenant', portal.company],
        { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });
    assert.notEqual((await up.sql(`SELECT key_sealed FROM provider_account WHERE id = '${account.id}'`))[0], sealed);
    assert.equal((await tested(account)).state, 'ok');
    assert.equal((await portal.ask('and now?')).text, 'I think with your own account.');

    // The provider turns the key away in the middle of the work: the account tells of it.
    assert.equal((await portal.ask('revoked')).outcome, 'failed');
    const [told] = (await portal.call('GET', '/provider-accounts')).items;
    assert.ok(told.refused > 0);
    assert.match(told.refused_text, /does not know this key/);
    await remove(account);
});

test('whatever a server does, the test ends with a fault that has a name', async () => {
    const faults = Object.keys(FAULTS).filter((fault) => !STREAMS.has(fault));
    const codes = {};
    const next = async () => {
        for (let fault = faults.shift(); fault !== undefined; fault = faults.shift()) {
            const account = await found({ provider: 'openai', base_url: `${hostile.url}/${fault}`, key: KEY });
            assert.match(account.fault ?? 'none', /^account_(not_llm|slow|moved|provider|address)$/, fault);
            assert.ok(account.fault_text.length > 20);
            assert.ok(!(account.fault_detail ?? '').includes(KEY));
            codes[fault] = account.fault;
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    for (const status of [301, 302, 303, 307, 308]) assert.equal(codes[`redirects_${status}`], 'account_moved');
    assert.equal(codes.a_page, 'account_not_llm');
    assert.equal(codes.says_nothing, 'account_slow');
    assert.ok(hostile.asked.every((path) => !path.includes('followed')));
});

test('a test outlives the worker that made it', async () => {
    const account = await add({ provider: 'openai', base_url: `${hostile.url}/says_nothing`, key: KEY });
    const asked = hostile.asked.length;
    const waiting = tested(account);
    await until(() => hostile.asked.length > asked, 'the worker to ask');
    const { worker } = up.children();
    signal(worker, 'SIGKILL');
    await up.anew('worker', worker);
    const after_all = await waiting;
    assert.equal(after_all.fault, 'account_slow');
    assert.notEqual(after_all.state, 'testing');
    await remove(account);
});
