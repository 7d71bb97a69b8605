// Tools, parallel calls, structure, images and thinking through the pool against aimock, strict, in every API: what comes back,
// whole and streaming, and that a tool loop with thinking in it is accepted by a judge that looks at its order.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createInterface } from 'node:readline';
import { APIS, KEY, Models } from '../judges/models.mjs';
import { program } from './lib/place.mjs';
import { stop } from './lib/process.mjs';

const [TEXT, IMAGE, CALL, RESULT, OPAQUE] = [0, 1, 2, 3, 4];
const STOP = { end: 0, length: 1, calls: 3, filtered: 4 };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const calls = [
    { name: 'order_find', arguments: '{"number":4711}' },
    { name: 'customer_find', arguments: '{"name":"Grüßner & Söhne","near":[1,19.99,null]}' },
];
const tools = [
    { name: 'order_find', about: 'Finds an order.', schema: '{"type":"object","properties":{"number":{"type":"integer"}}}' },
    { name: 'customer_find', about: 'Finds a customer.', schema: '{"type":"object","properties":{"name":{"type":"string"}}}' },
];
const schema = '{"type":"object","properties":{"mood":{"type":"string"}},"required":["mood"],"additionalProperties":false}';

// aimock takes the first that fits, so the rows go from the special to the general. The ones with a tool's name fit only when
// that tool was really offered.
const fixtures = [
    { match: { userMessage: 'both', toolName: 'customer_find', hasToolResult: false }, response: { toolCalls: calls } },
    { match: { userMessage: 'one', toolName: 'order_find', hasToolResult: false }, response: { content: 'I look.', toolCalls: calls.slice(0, 1) } },
    {
        match: { userMessage: 'think', toolName: 'order_find', hasToolResult: false },
        response: { reasoning: 'They want – "an order".', toolCalls: calls },
    },
    { match: { hasToolResult: true }, response: { content: 'It is on its way.' } },
    { match: { userMessage: 'mood', responseFormat: 'json_schema' }, response: { content: '{"mood":"good"}' } },
    { match: { userMessage: 'mood' }, response: { content: '{"mood":"good"}' } },
    { match: { userMessage: 'picture' }, response: { content: 'A dot.' } },
    { match: { userMessage: 'filtered' }, response: { content: 'The first', finishReason: 'content_filter' } },
];

let models;
let probe;
let lines;

before(async () => {
    const path = program('judges/pool_probe'); // before anything runs that would have to be stopped
    models = await Models.start(fixtures);
    probe = spawn(path, [], { stdio: ['pipe', 'pipe', 'pipe'] });
    probe.ended = new Promise((resolve) => probe.on('exit', resolve));
    probe.log = '';
    probe.stderr.on('data', (data) => { probe.log += data; });
    lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
});
beforeEach(() => models.reset());
after(async () => {
    await stop(probe);
    await models.stop();
    assert.ok(!probe.log.includes('Sanitizer'), probe.log);
});

/** Asks one API; `messages` are texts of the person or whole messages. */
async function ask(api, messages, more = {}) {
    const at = APIS[api];
    const row = {
        candidates: [{ provider: at.provider, base_url: models.url + at.path, key: KEY, model: at.model, purpose: 'primary', ...at.more }],
        system: 'Be kind.', max_tokens: 4000,
        messages: messages.map((one) => (typeof one === 'string' ? { author: 'person', text: one } : one)),
        ...more,
    };
    probe.stdin.write(`${JSON.stringify(row)}\n`);
    const answer = JSON.parse((await lines.next()).value);
    assert.equal(answer.code, null, JSON.stringify(answer.tries));
    assert.deepEqual(answer.tries, []);
    return answer;
}

const callsOf = (answer) => answer.parts.filter((part) => part.kind === CALL);

/** The calls are the ones of the fixture, whole, in order, each with an id of its own. */
function sameCalls(answer, expected) {
    assert.equal(answer.stop, STOP.calls);
    assert.deepEqual(callsOf(answer).map((call) => [call.tool, JSON.parse(call.arguments)]),
        expected.map((call) => [call.name, JSON.parse(call.arguments)]));
    const ids = callsOf(answer).map((call) => call.call_id);
    assert.ok(ids.every((id) => id.length > 3));
    assert.equal(new Set(ids).size, ids.length);
}

/** The answer and the results of its calls, to be asked with again. */
const goOn = (question, answer) => [
    question,
    { author: 'employee', parts: answer.parts },
    { author: 'person', parts: callsOf(answer).reverse().map((call) => ({ kind: RESULT, call_id: call.call_id, text: `done: ${call.tool}` })) },
];

for (const api of Object.keys(APIS))
    for (const stream of [false, true])
        describe(`${api}, ${stream ? 'streaming' : 'whole'}`, () => {
            test('two calls at once, their results, and the answer', async () => {
                const answer = await ask(api, ['both'], { stream, tools });
                sameCalls(answer, calls);
                assert.equal(answer.text, '');
                const end = await ask(api, goOn('both', answer), { stream, tools });
                assert.equal(end.text, 'It is on its way.');
                assert.equal(end.stop, STOP.end);

                const asked = await models.asked();
                assert.deepEqual(asked.map((one) => one.path.split('?')[0]), [APIS[api].endpoint, APIS[api].endpoint]);
                const results = asked[1].body.messages.filter((message) => message.role === 'tool');
                assert.deepEqual(results.map((message) => message.content), ['done: customer_find', 'done: order_find']);
                // Where the API has ids, they tie results and calls together; aimock makes its own for Ollama.
                if (api !== 'ollama')
                    assert.deepEqual(results.map((message) => message.tool_call_id), callsOf(answer).map((call) => call.call_id).reverse());
                const offered = asked[0].body.tools.map((tool) => [tool.function.name, tool.function.description]);
                assert.deepEqual(offered, tools.map((tool) => [tool.name, tool.about]));
            });

            test('a call beside text', async () => {
                const answer = await ask(api, ['one'], { stream, tools });
                sameCalls(answer, calls.slice(0, 1));
                assert.equal(answer.text, 'I look.');
                assert.equal(answer.seen, stream ? 'I look.' : '');
                assert.deepEqual(answer.parts.map((part) => part.kind).filter((kind) => kind !== OPAQUE), [TEXT, CALL]);
            });

            test('a structured answer', async () => {
                const answer = await ask(api, ['mood'], { stream, format: { name: 'mood', schema } });
                assert.deepEqual(JSON.parse(answer.text), { mood: 'good' });
                assert.equal(answer.stop, STOP.end);
            });

            test('images go along', async () => {
                const parts = [{ kind: TEXT, text: 'picture' }, { kind: IMAGE, media: 'image/png', base64: PIXEL }];
                assert.equal((await ask(api, [{ author: 'person', parts }], { stream })).text, 'A dot.');
            });

            if (api !== 'ollama' && api !== 'anthropic' && api !== 'responses')
                test('what a filter cut says so', async () => {
                    const answer = await ask(api, ['filtered'], { stream });
                    assert.equal(answer.text, 'The first');
                    assert.equal(answer.stop, STOP.filtered);
                });
        });

for (const api of ['anthropic', 'responses'])
    for (const stream of [false, true])
        test(`${api}, ${stream ? 'streaming' : 'whole'}: a tool loop with thinking`, async () => {
            const answer = await ask(api, ['think'], { stream, tools, effort: 2 });
            sameCalls(answer, calls);
            const [own] = answer.parts;
            assert.equal(own.kind, OPAQUE);
            const block = JSON.parse(own.block);
            if (api === 'anthropic') {
                assert.equal(block.thinking, 'They want – "an order".');
                assert.ok(block.signature.length > 0);
            } else assert.ok(block.encrypted_content.length > 0);

            // aimock answers 400 when thinking is on and a call has no signed thinking before it.
            const end = await ask(api, goOn('think', answer), { stream, tools, effort: 2 });
            assert.equal(end.text, 'It is on its way.');

            // Another API gets none of it, and must not miss it.
            const other = await ask(api === 'anthropic' ? 'responses' : 'anthropic', goOn('think', answer), { stream, tools, effort: 2 });
            assert.equal(other.text, 'It is on its way.');
        });

test('what Ollama cannot be told goes to the next one', async () => {
    const at = APIS.openai;
    const row = {
        candidates: [
            { provider: 'ollama', base_url: models.url, key: KEY, model: 'm', purpose: 'primary' },
            { provider: 'openai', base_url: models.url + at.path, key: KEY, model: 'm', purpose: 'fallback' },
        ],
        max_tokens: 400, messages: [{ author: 'person', text: 'both' }], tools, choice: 2,
    };
    probe.stdin.write(`${JSON.stringify(row)}\n`);
    const answer = JSON.parse((await lines.next()).value);
    assert.deepEqual(answer.tries.map((one) => one.code), ['llm_cannot']);
    assert.equal(answer.candidate, 1);
    sameCalls(answer, calls);
    const [asked, ...others] = await models.asked();
    assert.deepEqual(others, []);
    assert.equal(asked.body.tool_choice, 'required');
});
