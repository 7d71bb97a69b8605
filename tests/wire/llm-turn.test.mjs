// A person in the portal, Mara, and providers that fail (aimock): every message gets an answer or a true sentence, what it
// cost is recorded, and a stream that breaks starts anew before the person's eyes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { KEY, Models } from '../judges/models.mjs';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

const LONG = 'The office is open from nine to five. '.repeat(20).trim();
const usage = { prompt_tokens: 1000, completion_tokens: 100, input_tokens: 1000, output_tokens: 100 };
const fixtures = [
    { match: { userMessage: 'break', model: 'gpt-4o-mini' }, response: { content: LONG }, latency: 20, truncateAfterChunks: 6 },
    { match: { userMessage: 'break' }, response: { content: 'Whole again.', usage } },
    { match: { userMessage: 'hello' }, response: { content: 'Hi there.', usage } },
];
const FAULTS = [{ dropRate: 1 }, { malformedRate: 1 }, { disconnectRate: 1 }, { rateLimitRate: 1 }];

let models;
let up;
let portal;

const employee = (...args) => run(program('konstruct'), ['employee', 'models', 'Mara', '--tenant', portal.company, ...args], {
    env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') },
});

const sql = (text) => up.sql(text);

before(async () => {
    models = await Models.start(fixtures);
    up = await new Up().start({
        env: {
            KONSTRUCT_OPENAI_URL: `${models.url}/v1`, KONSTRUCT_OPENAI_KEY: KEY,
            KONSTRUCT_BREAKER_SECONDS: '0', KONSTRUCT_ANTHROPIC_URL: models.url, KONSTRUCT_ANTHROPIC_KEY: KEY, KONSTRUCT_OLLAMA_URL: models.url,
        },
    });
    portal = await Portal.signUp(up);
});
beforeEach(async () => {
    await models.chaos({});
    await employee('--primary', 'openai:gpt-4o-mini', '--fallback', 'anthropic:claude-haiku-4-5', '--local', 'starter:starter');
});
after(async () => {
    const log = up.said();
    await up.stop();
    up.remove();
    await models.stop();
    assert.ok(!log.includes(KEY), 'a key stands in the log');
});

test('an answer of the primary model, and what it cost', async () => {
    await sql('DELETE FROM usage');
    const answer = await portal.ask('hello');
    assert.equal(answer.text, 'Hi there.');
    assert.equal(answer.outcome, 'answered');
    // 1,000 tokens in at 0.15 dollars a million, 100 out at 0.60: 210 micro-dollars.
    assert.deepEqual(await sql('SELECT provider, model, input_tokens, output_tokens, counted, cost_micros FROM usage'),
        ['openai|gpt-4o-mini|1000|100|t|210']);
});

test('every fault of all providers: the starter brain answers, and says that it is that', async () => {
    for (const faults of FAULTS) {
        await models.chaos(faults);
        const answer = await portal.ask('hello');
        assert.equal(answer.outcome, 'answered');
        assert.match(answer.text, /I am Mara.*built-in starter brain/s);
    }
});

test('every fault with nobody behind: one true sentence', async () => {
    await employee('--fallback', 'none', '--local', 'none');
    for (const faults of FAULTS) {
        await models.chaos(faults);
        const answer = await portal.ask('hello');
        assert.equal(answer.outcome, 'failed');
        assert.match(answer.text, /the model that I use does not answer/);
    }
    await models.chaos({});
    assert.equal((await portal.ask('hello')).text, 'Hi there.');
});

test('a stream that breaks starts anew with the next model', async () => {
    await sql('DELETE FROM usage');
    const events = await portal.watch('break');
    let seen = '';
    let before = '';
    for (const { event, data } of events) {
        if (event !== 'delta') continue;
        if (data.at === 0) [before, seen] = [before + seen, ''];
        assert.equal(data.at, Buffer.byteLength(seen), 'a piece is missing');
        seen += data.text;
    }
    assert.match(before, /^The office/);
    assert.equal(seen, 'Whole again.');
    assert.equal(events.at(-1).data.text, 'Whole again.');
    // The broken one may be billed as well: it is booked with an estimate of ours.
    const rows = await sql('SELECT provider, counted, cost_micros > 0 FROM usage ORDER BY step_no');
    assert.deepEqual(rows.map((row) => row.split('|')[0]), ['anthropic', 'openai']);
    assert.ok(rows.every((row) => row.endsWith('|t')), `${rows}`);
    assert.equal(rows[1].split('|')[1], 'f');
});

test('faults by chance: no message stays without an answer', async () => {
    await models.chaos({ dropRate: 0.3, malformedRate: 0.2, disconnectRate: 0.2 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => portal.ask('hello')));
    for (const { text, outcome } of answers) {
        assert.equal(outcome, 'answered');
        assert.match(text, /^Hi there\.$|I am Mara/);
    }
});
