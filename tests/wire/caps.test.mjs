// A cap is a cap: many people at once, a model that costs money (aimock), and a day's limit. What the provider counted never
// passes it, the ledger agrees with the provider to the token, whoever is refused is told so, and a worker that dies with a
// call under way leaves neither a free call nor money that nobody can spend.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KEY, Models } from '../judges/models.mjs';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run } from './lib/process.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

// gpt-4o: 2.50 dollars a million tokens in, 10 out. An answer here costs 2,500 + 4,000 micro-dollars.
const usage = { prompt_tokens: 1000, completion_tokens: 400 };
const COST = 6500;
const fixtures = [
    { match: { userMessage: 'slowly' }, response: { content: 'Late.', usage }, latency: 60_000 },
    { match: { userMessage: 'hello' }, response: { content: 'Hi there.', usage }, latency: 30 },
];

let models;
let up;
let portal;

const sql = (text) => up.sql(text);
const limit = (micros) => sql(`UPDATE cap SET limit_micros = ${micros} WHERE period = 'day'`);
const day = async () => {
    const [row] = await sql(`SELECT p.spent_micros, p.lost_micros, p.leased_micros FROM cap_period p JOIN cap c ON c.id = p.cap_id
        WHERE c.period = 'day'`);
    const [spent, lost, leased] = row.split('|').map(Number);
    return { spent, lost, leased };
};

before(async () => {
    models = await Models.start(fixtures);
    up = await new Up().start({
        env: { KONSTRUCT_OPENAI_URL: `${models.url}/v1`, KONSTRUCT_OPENAI_KEY: KEY, KONSTRUCT_LEASE_SECONDS: '4' },
    });
    portal = await Portal.signUp(up);
    await run(program('konstruct'), ['employee', 'models', 'Mara', '--tenant', portal.company, '--primary', 'openai:gpt-4o'], {
        env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') },
    });
});
after(async () => {
    await up.stop();
    up.remove();
    await models.stop();
});

test('many at once: what the provider counts stays below the cap, and the ledger agrees with it', async () => {
    const cap = 150_000;
    await limit(cap);
    const answers = await Promise.all(Array.from({ length: 60 }, () => portal.ask('hello')));
    const answered = answers.filter(({ outcome }) => outcome === 'answered').length;
    const asked = (await models.asked()).filter(({ path }) => path.endsWith('/chat/completions')).length;
    assert.ok(asked * COST <= cap, `${asked} calls cost more than the cap`);
    assert.equal(answered, asked);
    assert.ok(answered >= 10, `only ${answered} were answered`);
    for (const { text, outcome } of answers)
        if (outcome !== 'answered') assert.match(text, /used up what I may spend on thinking today/);
    assert.deepEqual(await sql(`SELECT count(*), sum(input_tokens), sum(output_tokens), sum(cost_micros) FROM usage WHERE counted`),
        [`${asked}|${asked * 1000}|${asked * 400}|${asked * COST}`]);
    await until(async () => (await day()).leased === 0, 'what was leased to come back');
    assert.deepEqual(await day(), { spent: asked * COST, lost: 0, leased: 0 });
});

test('the admins are told, once for each threshold', async () => {
    const percents = async () => (await sql('SELECT percent FROM cap_alert ORDER BY percent')).join(' ');
    await until(async () => (await percents()) === '50 80 100', 'three alerts');
    await until(async () => (await sql(`SELECT count(*) FROM audit WHERE action = 'cap.reached'`))[0] === '3', 'three entries');
});

test('raising the limit is enough', async () => {
    await limit(10_000_000);
    assert.equal((await portal.ask('hello')).outcome, 'answered');
});

test('a worker that dies with a call under way: settled at what was held, flagged, and nothing stays leased', async () => {
    const { spent } = await day();
    const conversation = await portal.begin();
    portal.call('POST', `/conversations/${conversation}/messages`, { text: 'slowly', key: crypto.randomUUID() });
    await until(async () => (await sql('SELECT count(*) FROM call_open'))[0] === '1', 'the call');
    process.kill(up.children().worker, 'SIGKILL');
    const [held] = await sql('SELECT held_micros FROM call_open');
    // The one that takes over asks again, and has a call of its own under way.
    await until(async () => (await sql(`SELECT count(*) FROM usage WHERE outcome = 'unknown'`))[0] !== '0', 'the sweep', 60_000);
    assert.deepEqual(await sql(`SELECT count(*), sum(cost_micros), bool_or(counted) FROM usage WHERE outcome = 'unknown'`),
        [`1|${held}|f`]);
    assert.equal((await day()).spent, spent + Number(held));
});
