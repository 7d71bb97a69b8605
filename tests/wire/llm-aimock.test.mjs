// The pool of models against providers that we did not write (aimock, strict): OpenAI's, Anthropic's and Ollama's formats,
// whole and streaming, and every fault that it can put in. Whatever happens, there is an answer of a later candidate or a
// fault with a stable code; never half an answer, never a key in what is told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createInterface } from 'node:readline';
import { FORMATS, KEY, Models } from '../judges/models.mjs';
import { freePort, program } from './lib/place.mjs';
import { stop } from './lib/process.mjs';

const LONG = 'The office is open from nine to five. '.repeat(40).trim();
const ODD = 'Grüße, 你好, 😀 "quoted" \\ and\nnew\tlines';
const usage = { prompt_tokens: 21, completion_tokens: 9, input_tokens: 21, output_tokens: 9 };

// aimock takes the first that fits, so the rows go from the special to the general.
const fixtures = [
    { match: { userMessage: 'again', turnIndex: 1, systemMessage: 'Be kind.' }, response: { content: 'I remember.' } },
    { match: { userMessage: 'hello' }, response: { content: 'Hi there.', usage } },
    { match: { userMessage: 'long' }, response: { content: LONG, usage } },
    { match: { userMessage: 'odd' }, response: { content: ODD, usage } },
    { match: { userMessage: 'limit' }, response: { content: 'Cut', finishReason: 'length', usage } },
    { match: { userMessage: 'slow' }, response: { content: LONG }, latency: 300 },
    { match: { userMessage: 'cut' }, response: { content: LONG }, latency: 20, truncateAfterChunks: 4 },
    { match: { userMessage: 'lost' }, response: { content: LONG }, latency: 40, disconnectAfterMs: 150 },
    { match: { userMessage: 'tool' }, response: { toolCalls: [{ name: 'look', arguments: '{}' }] } },
    ...[400, 401, 403, 404, 413, 429, 500, 502, 503, 529].map((status) => ({
        match: { userMessage: `status ${status}` },
        response: { error: { message: `This is ${status}.`, type: 'invented' }, status },
    })),
];

let models;
let probe;
let lines;

before(async () => {
    models = await Models.start(fixtures);
    probe = spawn(program('judges/pool_probe'), [], { stdio: ['pipe', 'pipe', 'pipe'] });
    probe.ended = new Promise((resolve) => probe.on('exit', resolve));
    probe.log = '';
    probe.stderr.on('data', (data) => { probe.log += data; });
    lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
});
beforeEach(async () => {
    await models.chaos({});
    await models.reset();
});
after(async () => {
    await stop(probe);
    await models.stop();
    assert.ok(!probe.log.includes('0123456789abcdef'), 'a key stands in the log');
    assert.ok(!probe.log.includes('Sanitizer'), probe.log);
});

function candidate(provider, more = {}) {
    const base_url = models.url + FORMATS[provider].path;
    return { provider, base_url, key: KEY, model: `${provider}-model`, purpose: 'primary', ...more };
}
const starter = { provider: 'starter', model: 'starter', purpose: 'local' };

async function ask(text, candidates, more = {}) {
    const row = {
        candidates, name: 'Mara', role: 'Support', system: 'Be kind.', max_tokens: 500,
        messages: [{ author: 'person', text }], ...more,
    };
    probe.stdin.write(`${JSON.stringify(row)}\n`);
    const answer = JSON.parse((await lines.next()).value);
    assert.ok(!JSON.stringify(answer).includes('0123456789abcdef'), 'a key stands in the answer');
    return answer;
}

const codes = (answer) => answer.tries.map((one) => one.code);

/** The person has a whole answer of the last candidate, and nothing of the ones before it. */
function answeredByStarter(answer, stream) {
    assert.equal(answer.code, null);
    assert.equal(answer.candidate, 1);
    assert.match(answer.text, /^Hello! I am Mara|starter brain/);
    if (stream) assert.equal(answer.seen.trim(), answer.text);
}

for (const provider of Object.keys(FORMATS))
    for (const stream of [false, true])
        describe(`${provider}, ${stream ? 'streaming' : 'whole'}`, () => {
            const go = (text, more) => ask(text, [candidate(provider)], { stream, ...more });
            const fall = (text, more) => ask(text, [candidate(provider), starter], { stream, ...more });

            test('an answer, its figures, and what was asked', async () => {
                const answer = await go('hello');
                assert.equal(answer.code, null);
                assert.equal(answer.text, 'Hi there.');
                assert.equal(answer.model, `${provider}-model`);
                assert.deepEqual(answer.tries, []);
                // aimock knows no figures in Ollama's form: ours are an estimate then, and say so.
                if (provider === 'ollama') assert.equal(answer.counted, false);
                else {
                    assert.equal(answer.counted, true);
                    assert.equal(answer.output, 9);
                    // In Anthropic's streams aimock leaves the input out.
                    if (provider === 'openai' || !stream) assert.equal(answer.input, 21);
                }
                assert.equal(answer.seen, stream ? 'Hi there.' : '');

                const [asked, ...others] = await models.asked();
                assert.deepEqual(others, []);
                assert.equal(asked.path, FORMATS[provider].endpoint);
                assert.equal(asked.response.status, 200);
                assert.equal(asked.body.stream === true, stream);
                assert.deepEqual(asked.body.messages.map(({ role, content }) => ({ role, content })), [
                    { role: 'system', content: 'Be kind.' },
                    { role: 'user', content: 'hello' },
                ]);
                if (provider === 'anthropic') assert.equal(asked.headers['anthropic-version'], '2023-06-01');
                if (provider === 'openai' && stream) assert.equal(asked.body.stream_options.include_usage, true);
            });

            test('long and odd text comes through whole', async () => {
                for (const [text, expected] of [['long', LONG], ['odd', ODD]]) {
                    const answer = await go(text);
                    assert.equal(answer.text, expected);
                    if (stream) assert.equal(answer.seen, expected);
                    if (stream) assert.ok(text !== 'long' || answer.deltas > 1);
                    assert.equal(answer.restarts, 0);
                }
            });

            test('a conversation keeps its order and authors', async () => {
                const messages = [
                    { author: 'person', text: 'first' },
                    { author: 'employee', text: 'second' },
                    { author: 'person', text: 'and again' },
                ];
                assert.equal((await go('', { messages })).text, 'I remember.');
            });

            test('an answer that the limit cut says so', async () => {
                const answer = await go('limit');
                assert.equal(answer.text, 'Cut');
                // aimock's Ollama always says that it came to its end.
                assert.equal(answer.stop, provider === 'ollama' ? 0 : 1);
            });

            test('a tool call that nobody asked for is an empty answer', async () => {
                const answer = await fall('hello tool', { messages: [{ author: 'person', text: 'tool' }] });
                assert.deepEqual(codes(answer), ['llm_empty']);
                assert.equal(answer.candidate, 1);
            });

            test('what fits no fixture is refused by strict mode, and tried twice', async () => {
                const answer = await go('nothing like this');
                assert.equal(answer.code, 'llm_all_failed');
                assert.deepEqual(codes(answer), ['llm_overloaded', 'llm_overloaded']);
            });

            test('a wrong key', async () => {
                const answer = await ask('hello', [candidate(provider, { key: 'sk-wrong-0123456789abcdef' }), starter], { stream });
                answeredByStarter(answer, stream);
                assert.deepEqual(codes(answer), ['llm_key_refused']);
                assert.equal(answer.tries[0].status, 401);
            });

            test('every status has its code', async () => {
                const expected = {
                    400: ['llm_bad_request'], 401: ['llm_key_refused'], 403: ['llm_key_refused'],
                    404: ['llm_model_unknown'], 413: ['llm_too_long'],
                    500: ['llm_broken', 'llm_broken'], 502: ['llm_broken', 'llm_broken'],
                    503: ['llm_overloaded', 'llm_overloaded'], 529: ['llm_overloaded', 'llm_overloaded'],
                };
                for (const [status, list] of Object.entries(expected)) {
                    const answer = await fall('hi', { messages: [{ author: 'person', text: `status ${status}` }] });
                    assert.deepEqual(codes(answer), list, `status ${status}`);
                    assert.equal(answer.tries[0].status, Number(status));
                    assert.match(answer.tries[0].detail, new RegExp(`This is ${status}`));
                    assert.equal(answer.candidate, 1);
                }
            });

            test('chaos: drop', async () => {
                await models.chaos({ dropRate: 1 });
                const answer = await fall('hello');
                answeredByStarter(answer, stream);
                assert.deepEqual(codes(answer), ['llm_broken', 'llm_broken']);
                assert.equal((await models.asked()).length, 2);
            });

            test('chaos: malformed', async () => {
                await models.chaos({ malformedRate: 1 });
                const answer = await fall('hello');
                answeredByStarter(answer, stream);
                assert.deepEqual(codes(answer), ['llm_broken']);
            });

            test('chaos: disconnect', async () => {
                await models.chaos({ disconnectRate: 1 });
                const answer = await fall('hello');
                answeredByStarter(answer, stream);
                assert.deepEqual(codes(answer), ['http_broken', 'http_broken']);
            });

            test('chaos: rate limit', async () => {
                await models.chaos({ rateLimitRate: 1 });
                const answer = await fall('hello');
                answeredByStarter(answer, stream);
                // It asks for one second, which is short enough to try once more.
                assert.deepEqual(codes(answer), ['llm_rate_limited', 'llm_rate_limited']);
            });

            test('chaos: latency past the limit', async () => {
                await models.chaos({ latencyMs: 30000 });
                const limits = stream ? { first_ms: 300 } : { total_ms: 1000 };
                const answer = await fall('hello', { limits });
                answeredByStarter(answer, stream);
                assert.deepEqual(codes(answer), ['http_timeout']);
            });

            test('chaos: latency within the limit', async () => {
                await models.chaos({ latencyMs: 200 });
                assert.equal((await go('hello')).text, 'Hi there.');
            });

            test('chaos: every fault by chance, many times', async () => {
                await models.chaos({ dropRate: 0.2, malformedRate: 0.2, disconnectRate: 0.2, rateLimitRate: 0.05 });
                for (let i = 0; i < 8; i++) {
                    const answer = await fall('hello');
                    if (answer.candidate === 1) answeredByStarter(answer, stream);
                    else assert.equal(answer.text, 'Hi there.');
                    if (stream) assert.equal(answer.seen.trim(), answer.text);
                }
            });

            test('chaos with nobody behind: a fault with its reasons', async () => {
                for (const faults of [{ dropRate: 1 }, { malformedRate: 1 }, { disconnectRate: 1 }, { rateLimitRate: 1 }]) {
                    await models.chaos(faults);
                    const answer = await go('hello');
                    assert.equal(answer.code, 'llm_all_failed');
                    assert.ok(answer.tries.length >= 1 && answer.tries.length <= 2);
                    assert.equal(answer.seen, '');
                }
            });
        });

for (const provider of Object.keys(FORMATS))
    describe(`${provider}, streams that break`, () => {
        for (const [text, what] of [['cut', 'after some pieces'], ['lost', 'in the middle of the line']])
            test(`${what}: the next one starts anew`, async () => {
                const answer = await ask(text, [candidate(provider), candidate('openai', { purpose: 'fallback' }), starter], {
                    stream: true,
                });
                assert.equal(answer.code, null);
                assert.equal(answer.candidate, 2);
                assert.equal(answer.tries[0].purpose, 'primary');
                assert.equal(answer.tries[1].purpose, 'fallback');
                assert.ok(answer.tries.every((one) => ['llm_torn', 'http_broken', 'llm_broken'].includes(one.code)), codes(answer));
                assert.equal(answer.restarts, 2);
                assert.equal(answer.seen.trim(), answer.text);
                assert.ok(!answer.text.includes('The office'));
            });

        test('that fall silent are given up', async () => {
            const answer = await ask('slow', [candidate(provider), starter], { stream: true, limits: { idle_ms: 150, first_ms: 150 } });
            assert.deepEqual(codes(answer), ['http_timeout']);
            assert.equal(answer.candidate, 1);
            assert.equal(answer.seen.trim(), answer.text);
        });
    });

test('from one provider to the next, and to our own', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const chain = [
        candidate('anthropic', { base_url: dead }),
        candidate('openai', { key: 'sk-wrong-0123456789abcdef', purpose: 'fallback' }),
        candidate('ollama', { purpose: 'local' }),
    ];
    const answer = await ask('hello', chain, { stream: true });
    assert.equal(answer.candidate, 2);
    assert.equal(answer.text, 'Hi there.');
    assert.deepEqual(codes(answer), ['http_connect', 'http_connect', 'llm_key_refused']);
});
