// How an answer came about, told by the running programs: whom the message was given to and why, what the question was made of
// (counted by a tokenizer that others wrote), and what it cost, as the ledger says.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { KEY, Models } from '../judges/models.mjs';
import { program, top } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

const { getEncoding } = createRequire(join(top, 'tests/judges/package.json'))('js-tiktoken');
const tokenizer = getEncoding('o200k_base');
const WRAPPING = 4; // tokens around a message, as OpenAI counts them

const usage = { prompt_tokens: 1000, completion_tokens: 100, input_tokens: 1000, output_tokens: 100 };
const fixtures = [
    { match: { userMessage: 'overloaded', model: 'gpt-4o-mini' }, response: { error: { message: 'Busy.', type: 'overloaded' }, status: 529 } },
    { match: { userMessage: 'overloaded' }, response: { content: 'I am here.', usage } },
    {
        match: { userMessage: 'what time', toolName: 'date_and_time', hasToolResult: false },
        response: { content: 'Let me look.', toolCalls: [{ name: 'date_and_time', arguments: '{"zone":"Europe/Berlin"}' }], usage },
    },
    { match: { userMessage: 'what time', hasToolResult: true }, response: { content: 'It is late in Berlin.', usage } },
    { match: {}, response: { content: 'Hi there.', usage } },
];

let models;
let up;
let portal;

before(async () => {
    models = await Models.start(fixtures);
    up = await new Up().start({
        env: {
            KONSTRUCT_OPENAI_URL: `${models.url}/v1`, KONSTRUCT_OPENAI_KEY: KEY,
            KONSTRUCT_ANTHROPIC_URL: models.url, KONSTRUCT_ANTHROPIC_KEY: KEY,
        },
    });
    portal = await Portal.signUp(up);
    await run(program('konstruct'), [
        'employee', 'models', 'Mara', '--tenant', portal.company,
        '--primary', 'openai:gpt-4o-mini', '--fallback', 'anthropic:claude-haiku-4-5', '--local', 'starter:starter',
    ], { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });
});
beforeEach(() => models.reset());
after(async () => {
    const log = up.said();
    await up.stop();
    up.remove();
    await models.stop();
    assert.ok(!log.includes(KEY), 'a key stands in the log');
});

/** The prompt as it came to the provider, counted by somebody else's tokenizer. */
function count(body) {
    const texts = body.messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)));
    const tools = body.tools ? JSON.stringify(body.tools) : '';
    return texts.reduce((sum, text) => sum + WRAPPING + tokenizer.encode(text).length, tokenizer.encode(tools).length);
}

const evidence = (answer) => portal.call('GET', `/messages/${answer.id}/evidence`);
const calls = async (answer) => (await portal.call('GET', `/messages/${answer.id}/calls`)).items;

test('"hello" to the first employee costs far less than 1,000 prompt tokens, and the parts add up to them', async () => {
    const answer = await portal.ask('hello');
    const [{ body }] = await models.asked();
    const counted = count(body);
    const told = await evidence(answer);
    const parts = ['persona', 'memory', 'knowledge', 'tools', 'history'].map((part) => told[`${part}_tokens`]);
    const sum = parts.reduce((a, b) => a + b);
    console.log(`prompt of "hello": ${counted} tokens (o200k_base), our estimate ${sum} (${parts.join(' + ')})`);
    assert.ok(counted < 1000, `${counted} tokens`);
    assert.ok(counted > 100, 'persona and knowledge are there');
    assert.ok(sum > counted * 0.67 && sum < counted * 1.5, `an estimate of ${sum} for ${counted}`);
});

test('the next question begins as the one before did, word for word', async () => {
    const conversation = await portal.begin();
    for (const text of ['hello', 'and again', 'and once more']) await portal.ask(text, conversation);
    const bodies = (await models.asked()).map(({ body }) => body.messages);
    assert.equal(bodies.length, 3);
    for (const [i, messages] of bodies.slice(1).entries())
        assert.deepEqual(messages.slice(0, bodies[i].length), bodies[i]);
});

test('one fails, the next one answers, and both can be read with the reason and the cost of the ledger', async () => {
    const answer = await portal.ask('are you overloaded?');
    assert.equal(answer.text, 'I am here.');
    const told = await calls(answer);
    const last = told.at(-1);
    assert.ok(told.length >= 2);
    for (const failed of told.slice(0, -1)) {
        assert.deepEqual([failed.provider, failed.model, failed.purpose, failed.asked], ['openai', 'gpt-4o-mini', 'primary', true]);
        assert.deepEqual([failed.code, failed.status], ['llm_overloaded', 529]);
    }
    assert.deepEqual([last.provider, last.purpose, last.code, last.counted], ['anthropic', 'fallback', 'answered', true]);
    assert.deepEqual([last.input_tokens, last.output_tokens], [1000, 100]);
    const whole = await evidence(answer);
    const [ledger] = await up.sql(`SELECT sum(cost_micros) FROM usage u JOIN message m ON m.job_id = u.job_id WHERE m.id = '${answer.id}'`);
    assert.equal(whole.cost_micros, Number(ledger));
    assert.equal(whole.cost_micros, told.reduce((sum, { cost_micros }) => sum + cost_micros, 0));
    assert.ok(whole.cost_micros > 0);
    assert.deepEqual([whole.provider, whole.calls, whole.outcome], ['anthropic', told.length, 'answered']);
});

for (const [provider, model] of [['openai', 'gpt-4o-mini'], ['anthropic', 'claude-haiku-4-5']])
    test(`${provider}: a model that wants to know the time first is told it, and both steps can be read`, async () => {
        await run(program('konstruct'), ['employee', 'models', 'Mara', '--tenant', portal.company, '--primary', `${provider}:${model}`],
            { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });
        const events = await portal.watch('what time is it in Berlin?');
        const answer = events.at(-1).data;
        assert.equal(answer.text, 'It is late in Berlin.');
        const asked = await models.asked();
        assert.equal(asked.length, 2);
        assert.match(JSON.stringify(asked[1].body.messages), /\d{4}, \d\d:\d\d in Europe\/Berlin \(CES?T, \+0[12]:00 from UTC\)/);
        const told = await calls(answer);
        assert.deepEqual(told.map(({ step, code, tools }) => [step, code, tools]), [[1, 'tools', 'date_and_time'], [2, 'answered', null]]);
        assert.ok(told.every(({ first_ms, ms }) => first_ms >= 0 && first_ms <= ms));
        const whole = await evidence(answer);
        assert.deepEqual([whole.steps, whole.calls, whole.input_tokens], [2, 2, 2000]);
        assert.ok(whole.tools_tokens > 20);
        // What a person saw begin is not what stands in the end: the words before the tool are taken back.
        const seen = events.filter(({ event }) => event === 'delta').map(({ data }) => data);
        const last = seen.findLastIndex(({ at }) => at === 0);
        assert.equal(seen.slice(last).map(({ text }) => text).join(''), answer.text);
    });
