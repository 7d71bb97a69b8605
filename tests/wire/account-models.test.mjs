// A model that nobody but its company knows, behind a gateway at the company's own address (aimock): once an admin has said what
// it costs and what it can do, its calls cost that, the cap holds, and questions that it can't answer are not sent to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KEY, Models } from '../judges/models.mjs';
import { NO_LIMITS } from './lib/limits.mjs';
import { events, Program, said } from './lib/programs.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const MODEL = 'ours/32b-instruct';
const usage = { prompt_tokens: 1000, completion_tokens: 400 };
// At 2.50 dollars a million tokens in and 10 out.
const COST = 6500;
// A token is at least a byte: as many of them as the provider counts must fit in.
const HELLO = 'hello '.repeat(200);

let models;
let up;
let program;
let portal;
let path;

before(async () => {
    models = await Models.start([{ match: {}, response: { content: 'Hi there.', usage } }]);
    up = await new Up().start({ env: { ...NO_LIMITS, KONSTRUCT_PRIVATE_ADDRESSES: 'on', KONSTRUCT_LEASE_SECONDS: '4' } });
    program = await Program.start(up);
    portal = program.portal;
    const account = { provider: 'openai', name: 'Gateway', base_url: `${models.url}/v1`, key: KEY, models: MODEL };
    const { id } = await until(() => portal.call('POST', '/provider-accounts', account).catch(() => null), 'the account');
    path = `/provider-accounts/${id}/models`;
    await until(async () => (await portal.call('GET', `/provider-accounts/${id}`)).state === 'ok', 'it to be tested');
});
after(async () => {
    program?.stop();
    await up.stop();
    up.remove();
    await models.stop();
});

const say = (about) => portal.call('PUT', path, { name: MODEL, ...about });
const PRICE = { input: '2.50', output: '10' };
const chat = (more = {}) => program.chat(HELLO, { model: MODEL, max_tokens: 400, ...more });
const total = async () => Number((await up.sql('SELECT coalesce(sum(cost_micros), 0) FROM usage'))[0]);

/** The ledger's newest row of a program's call that is not `before`. */
const newest = (before) => until(async () => {
    const { items: [call] } = await portal.call('GET', `/usage/calls?limit=1&key_id=${program.key.id}`);
    return call && call.id !== before && call;
}, 'the ledger');

test('without a price it costs nothing, and account and ledger say that none is known', async () => {
    const { items: [account] } = await portal.call('GET', '/provider-accounts');
    assert.equal(account.unpriced, 1);
    const { items: [model] } = await portal.call('GET', path);
    assert.deepEqual([model.name, model.price_by, model.holds_input, model.holds_tools], [MODEL, 'unknown', null, null]);
    assert.equal((await chat()).status, 200);
    const call = await newest();
    assert.deepEqual([call.cost_micros, call.price_from, call.price_own], [0, null, false]);
});

test('with a price each call costs it, streamed or not, and so says the ledger', async () => {
    assert.equal((await say(PRICE)).price_by, 'own');
    assert.equal((await portal.call('GET', '/provider-accounts')).items[0].unpriced, 0);
    let call = await newest();
    await until(async () => {
        assert.equal((await chat()).status, 200);
        call = await newest(call.id);
        return call.cost_micros > 0;
    }, 'the price to be felt');
    assert.deepEqual([call.cost_micros, call.price_own, call.model], [COST, true, MODEL]);
    assert.equal(call.price_from, (await up.sql(`SELECT (now() AT TIME ZONE 'UTC')::date`))[0]);
    const { answer } = await program.stream('hello', { model: MODEL, max_tokens: 400 });
    const pieces = [];
    for await (const piece of answer) pieces.push(piece);
    assert.equal(said(events(Buffer.concat(pieces).toString())), 'Hi there.');
    call = await newest(call.id);
    assert.deepEqual([call.cost_micros, call.price_own], [COST, true]);
    const { items: [sum] } = await portal.call('GET', '/usage?by=key');
    const [ledger] = await up.sql(`SELECT sum(cost_micros) FROM usage WHERE key_id = '${program.key.id}'`);
    assert.equal(sum.cost_micros, Number(ledger));
});

test('the cap holds: many at once, none past it, and who is refused is told so', async () => {
    const cap = (await total()) + 100_000;
    const { items: caps } = await portal.call('GET', '/caps');
    const day = caps.find(({ scope, period }) => scope === 'tenant' && period === 'day');
    await portal.call('PATCH', `/caps/${day.id}`, { limit_micros: cap });
    // Until the new limit is felt the old one holds: no more than what is left of the new one is asked meanwhile.
    await until(async () => (await chat({ max_tokens: 9000 })).status === 429, 'the cap to be felt');
    const answers = await Promise.all(Array.from({ length: 60 }, () => chat()));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0, 'nobody was refused');
    assert.equal(refused[0].json.error.code, 'insufficient_quota');
    assert.ok(answers.every(({ status }) => status === 200 || status === 429));
    await until(async () => (await up.sql('SELECT count(*) FROM call_open'))[0] === '0', 'the books to be written');
    const sum = await total();
    assert.ok(sum <= cap && sum > cap - 5 * COST, `${sum} were spent of ${cap}`);
    const [spent] = await up.sql(`SELECT p.spent_micros FROM cap_period p JOIN cap c ON c.id = p.cap_id WHERE c.id = '${day.id}'`);
    assert.equal(Number(spent), sum);
    await portal.call('PATCH', `/caps/${day.id}`, { limit_micros: 100_000_000 });
    await until(async () => (await chat()).status === 200, 'the new limit to be felt');
});

test('what it can do decides who is asked, with what', async () => {
    await say({ ...PRICE, context: 2000, answer: 300, images: 'no', tools: 'yes' });
    const tooLong = async () => {
        const { json } = await program.chat('hello '.repeat(4000), { model: MODEL, max_tokens: 100 });
        return json.error?.code === 'context_length_exceeded';
    };
    await until(tooLong, 'the context to be felt');
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    const picture = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const blind = await program.call('POST', '/v1/chat/completions', { model: MODEL, max_tokens: 100, messages: picture });
    assert.equal(blind.status, 400);
    await models.reset();
    assert.equal((await chat({ max_tokens: 1000 })).status, 200);
    assert.equal((await models.asked()).at(-1).body.max_tokens, 300);

    await say({ ...PRICE, context: 32_000, tools: 'yes' });
    await portal.call('PATCH', `/employees/${portal.employee.id}/models`, { primary_provider: 'openai', primary_model: MODEL });
    await until(async () => {
        await models.reset();
        const { text } = await portal.ask('What time is it in Berlin?');
        return text === 'Hi there.' && (await models.asked()).at(-1).body.tools?.length > 0;
    }, 'a tool to be offered');
    const { items: [turn] } = await portal.call('GET', `/usage/calls?limit=1&employee_id=${portal.employee.id}`);
    assert.deepEqual([turn.cost_micros, turn.price_own], [COST, true]);
});

test('taken back, it is unknown again', async () => {
    const { items: [model] } = await portal.call('GET', path);
    await portal.call('DELETE', `${path}/${model.id}`);
    let call = await newest();
    await until(async () => {
        assert.equal((await chat()).status, 200);
        call = await newest(call.id);
        return call.cost_micros === 0 && call.price_from === null;
    }, 'it to be felt');
});
