// Programs that use OpenAI's own package for Node, unchanged, against our endpoint; behind it model servers that we did not write
// either (aimock, strict). Every body and every event on the way is held against the types that the package declares.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import OpenAI from '../judges/node_modules/openai/index.mjs';
import { makeParseableResponseFormat, makeParseableTextFormat } from '../judges/node_modules/openai/lib/parser.mjs';
import { Agent, fetch } from '../judges/node_modules/undici/index.js';
import { FORMATS, KEY, Models } from '../judges/models.mjs';
import { faults } from '../judges/types.mjs';
import { NO_LIMITS } from './lib/limits.mjs';
import { Program } from './lib/programs.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const LONG = 'The office is open from nine to five. '.repeat(40).trim();
const ODD = 'Grüße, 你好, 😀 "quoted" \\ and\nnew\tlines';
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const usage = { prompt_tokens: 21, completion_tokens: 9, input_tokens: 21, output_tokens: 9 };
const calls = [
    { id: 'call_order', name: 'order_find', arguments: '{"number":4711}' },
    { id: 'call_customer', name: 'customer_find', arguments: '{"name":"Grüßner & Söhne"}' },
];
const mood = {
    name: 'mood', strict: true,
    schema: { type: 'object', properties: { mood: { type: 'string' } }, required: ['mood'], additionalProperties: false },
};
const parameters = (name, type) => ({ type: 'object', properties: { [name]: { type } }, required: [name], additionalProperties: false });
const functions = [
    { name: 'order_find', description: 'Finds an order.', parameters: parameters('number', 'integer'), strict: true },
    { name: 'customer_find', description: 'Finds a customer.', parameters: parameters('name', 'string'), strict: true },
];

// aimock takes the first that fits, so the rows go from the special to the general.
const vector = Array.from({ length: 256 }, (_, i) => Math.sin(i + 1) / 11);
const fixtures = [
    { match: { model: 'no-such-model' }, response: { error: { message: 'No such model.', type: 'invalid_request_error', code: 'model_not_found' }, status: 404 } },
    { match: { userMessage: 'elsewhere', model: 'gpt-4.1' }, response: { error: { message: 'No.', type: 'invented' }, status: 401 } },
    { match: { userMessage: 'elsewhere' }, response: { content: 'I stand in.', usage } },
    { match: { inputText: 'zwei' }, response: { embedding: vector } },
    { match: { userMessage: 'both', toolName: 'customer_find', hasToolResult: false }, response: { content: 'I look.', toolCalls: calls, usage } },
    { match: { hasToolResult: true, toolResultContains: 'sent' }, response: { content: 'It is on its way.', usage } },
    { match: { userMessage: 'mood' }, response: { content: '{"mood":"good"}', usage } },
    { match: { userMessage: 'picture' }, response: { content: 'A dot.', usage } },
    { match: { userMessage: 'hello' }, response: { content: 'Hi there.', usage } },
    { match: { userMessage: 'long' }, response: { content: LONG, usage } },
    { match: { userMessage: 'odd' }, response: { content: ODD, usage } },
    { match: { userMessage: 'limit' }, response: { content: 'Cut', finishReason: 'length', usage } },
    { match: { userMessage: 'filtered' }, response: { content: 'The first', finishReason: 'content_filter', usage } },
    { match: { userMessage: 'torn' }, response: { content: LONG }, latency: 20, truncateAfterChunks: 4 },
    ...[400, 413, 500].map((status) => ({
        match: { userMessage: `status ${status}` }, response: { error: { message: `This is ${status}.`, type: 'invented' }, status },
    })),
];
// The same questions to models of two providers: what a program sees may not depend on who answers.
const MODELS = ['gpt-4o', 'claude-sonnet-4-5'];

let models;
let up;
let program;
let openai;
let requests = 0;
const seen = new Map(); // what the endpoint said, for the types

before(async () => {
    models = await Models.start(fixtures);
    up = await new Up().start({
        env: {
            ...NO_LIMITS, KONSTRUCT_OPENAI_URL: models.url + FORMATS.openai.path, KONSTRUCT_OPENAI_KEY: KEY,
            KONSTRUCT_ANTHROPIC_URL: models.url + FORMATS.anthropic.path, KONSTRUCT_ANTHROPIC_KEY: KEY,
            KONSTRUCT_CORS_ORIGINS: 'https://app.example',
        },
    });
    program = await Program.start(up);
    openai = client();
});
after(async () => {
    program?.stop();
    await up.stop();
    up.remove();
    await models.stop();
});
beforeEach(async () => {
    requests = 0;
    await models.chaos({});
    await models.reset();
});

/** The package's client; it trusts the instance's certificate, and its requests are counted. */
function client(more = {}) {
    const { ca, servername } = program.portal.options;
    return new OpenAI({
        apiKey: program.key.secret,
        baseURL: `https://localhost:${up.port}/v1`,
        fetch: (...args) => {
            requests++;
            return fetch(...args);
        },
        fetchOptions: { dispatcher: new Agent({ connect: { ca, servername } }) },
        logLevel: 'off',
        ...more,
    });
}

// What tells one form from another; of bodies that differ in their words alone one is enough for the types.
const FORM = new Set(['type', 'object', 'role', 'status', 'finish_reason']);
const keep = (api, body) => {
    const form = JSON.stringify([api, body], (key, v) => (FORM.has(key) || typeof v === 'object' ? v : typeof v));
    if (!seen.has(form)) seen.set(form, { name: `${api}${seen.size}`, api, body: JSON.parse(JSON.stringify(body)) });
    return body;
};
const user = (content) => [{ role: 'user', content }];
const tools = functions.map((one) => ({ type: 'function', function: one }));
const flatTools = functions.map((one) => ({ type: 'function', ...one }));

async function all(stream, api) {
    const events = [];
    for await (const event of stream) events.push(keep(api, event));
    return events;
}
const said = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');

for (const model of MODELS)
    describe(`chat completions of ${model}`, () => {
        const create = (content, more) => openai.chat.completions.create({ model, messages: user(content), max_tokens: 300, ...more });

        test('plain', async () => {
            const answer = keep('completion', await create('hello'));
            assert.equal(answer.object, 'chat.completion');
            assert.equal(answer.choices[0].message.content, 'Hi there.');
            assert.equal(answer.choices[0].finish_reason, 'stop');
            assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [21, 9, 30]);
            assert.match(answer.id, /^chatcmpl-/);
            assert.match(answer._request_id, /^[0-9a-f-]{36}$/);
            assert.match(answer.model, new RegExp(`^${model}`));
        });

        test('streamed: the same text in pieces, and the figures at its end', async () => {
            for (const [content, expected] of [['hello', 'Hi there.'], ['long', LONG], ['odd', ODD]]) {
                const chunks = await all(await create(content, { stream: true, stream_options: { include_usage: true } }), 'chunk');
                assert.equal(said(chunks), expected);
                assert.equal(chunks[0].choices[0].delta.role, 'assistant');
                assert.ok(chunks.every(({ id }) => id === chunks[0].id));
                assert.deepEqual(chunks.at(-2).choices[0].delta, {});
                assert.equal(chunks.at(-2).choices[0].finish_reason, 'stop');
                assert.deepEqual(chunks.at(-1).choices, []);
                assert.equal(chunks.at(-1).usage.completion_tokens, 9);
            }
            const without = await all(await create('hello', { stream: true }), 'chunk');
            assert.ok(without.every((chunk) => !chunk.usage));
        });

        test('the package puts a stream together again', async () => {
            const stream = openai.chat.completions.stream({ model, messages: user('odd'), stream_options: { include_usage: true } });
            const whole = await stream.finalChatCompletion();
            assert.equal(whole.choices[0].message.content, ODD);
            assert.equal(whole.usage.prompt_tokens, 21);
        });

        test('why it ended', async () => {
            assert.equal(keep('completion', await create('limit')).choices[0].finish_reason, 'length');
            const [end] = (await all(await create('limit', { stream: true }), 'chunk')).slice(-1);
            assert.equal(end.choices[0].finish_reason, 'length');
        });

        test('tools: parallel calls, plain and streamed', async () => {
            for (const stream of [false, true]) {
                const answer = stream
                    ? await openai.chat.completions.stream({ model, messages: user('both'), tools }).finalChatCompletion()
                    : keep('completion', await create('both', { tools }));
                const { message, finish_reason } = answer.choices[0];
                assert.equal(finish_reason, 'tool_calls');
                assert.equal(message.content, 'I look.');
                assert.deepEqual(message.tool_calls.map((one) => [one.type, one.function.name, JSON.parse(one.function.arguments)]),
                    calls.map((one) => ['function', one.name, JSON.parse(one.arguments)]));
            }
            await all(await create('both', { tools, stream: true }), 'chunk');
        });

        test('a tool loop that the package runs', async () => {
            const ran = [];
            const runner = openai.chat.completions.runTools({
                model, messages: user('both'),
                tools: functions.map((one) => ({
                    type: 'function',
                    function: {
                        ...one, parse: JSON.parse,
                        function: (args) => {
                            ran.push([one.name, args]);
                            return '{"state":"sent"}';
                        },
                    },
                })),
            });
            assert.equal(await runner.finalContent(), 'It is on its way.');
            assert.deepEqual(ran, calls.map((one) => [one.name, JSON.parse(one.arguments)]));
        });

        test('structured output, parsed by the package', async () => {
            const response_format = makeParseableResponseFormat({ type: 'json_schema', json_schema: mood }, JSON.parse);
            const answer = await openai.chat.completions.parse({ model, messages: user('mood'), response_format });
            assert.deepEqual(answer.choices[0].message.parsed, { mood: 'good' });
            const [asked] = await models.asked();
            const sent = JSON.stringify(asked.body);
            // aimock shows Anthropic's requests without it
            assert.ok(model !== 'gpt-4o' || sent.includes('additionalProperties'), `the schema reaches the model: ${sent}`);
        });

        test('a picture', async () => {
            const answer = await create([
                { type: 'text', text: 'What is in this picture?' },
                { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
            ]);
            assert.equal(answer.choices[0].message.content, 'A dot.');
            const sent = JSON.stringify((await models.asked())[0].body);
            assert.ok(model !== 'gpt-4o' || sent.includes(PIXEL), `the picture reaches the model: ${sent}`);
        });

        test('a whole conversation reaches the model', async () => {
            await create('', {
                messages: [
                    { role: 'developer', content: 'Be kind.' }, { role: 'user', content: 'first' },
                    { role: 'assistant', content: 'second' }, { role: 'user', content: 'hello again' },
                ],
                temperature: 0.5, stop: ['END'],
            });
            const [asked] = await models.asked();
            assert.deepEqual(asked.body.messages.map(({ role, content }) => [role, content]), [
                ['system', 'Be kind.'], ['user', 'first'], ['assistant', 'second'], ['user', 'hello again'],
            ]);
        });

        test('a stream that breaks in the middle ends with an error, after what came', async () => {
            let text = '';
            const error = await create('torn', { stream: true }).then(async (stream) => {
                for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
            }).then(() => null, (e) => e);
            assert.ok(error instanceof OpenAI.APIError, `${error}`);
            assert.ok(text.length > 0 && LONG.startsWith(text), text);
        });
    });

for (const model of MODELS)
    describe(`responses of ${model}`, () => {
        const create = (input, more) => openai.responses.create({ model, input, max_output_tokens: 300, ...more });

        test('plain', async () => {
            const answer = await create('hello', { instructions: 'Be kind.', metadata: { ticket: '7' } });
            assert.equal(answer.output_text, 'Hi there.');
            assert.equal(answer.status, 'completed');
            assert.equal(answer.instructions, 'Be kind.');
            assert.deepEqual(answer.metadata, { ticket: '7' });
            assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens], [21, 9, 30]);
            const { output_text, _request_id, ...body } = answer;
            keep('response', body);
        });

        test('streamed', async () => {
            const events = await all(await create('odd', { stream: true }), 'event');
            assert.equal(events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta).join(''), ODD);
            assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
            assert.equal(events.at(-1).type, 'response.completed');
            assert.equal(events.at(-1).response.usage.output_tokens, 9);
            const whole = await openai.responses.stream({ model, input: 'odd' }).finalResponse();
            assert.equal(whole.output_text, ODD);
        });

        test('why it ended', async () => {
            const answer = await create('limit');
            assert.equal(answer.status, 'incomplete');
            assert.equal(answer.incomplete_details.reason, 'max_output_tokens');
            const events = await all(await create('limit', { stream: true }), 'event');
            assert.equal(events.at(-1).type, 'response.incomplete');
        });

        test('a tool loop: what it said goes back with the results', async () => {
            for (const stream of [false, true]) {
                const input = user('both');
                const first = stream
                    ? await openai.responses.stream({ model, input, tools: flatTools }).finalResponse()
                    : await create(input, { tools: flatTools });
                const asked = first.output.filter(({ type }) => type === 'function_call');
                assert.deepEqual(asked.map((one) => [one.name, JSON.parse(one.arguments)]), calls.map((one) => [one.name, JSON.parse(one.arguments)]));
                input.push(...first.output);
                for (const one of asked) input.push({ type: 'function_call_output', call_id: one.call_id, output: '{"state":"sent"}' });
                const second = await create(input, { tools: flatTools });
                assert.equal(second.output_text, 'It is on its way.');
            }
            await all(await create('both', { tools: flatTools, stream: true }), 'event');
        });

        test('structured output, parsed by the package', async () => {
            const format = makeParseableTextFormat({ type: 'json_schema', ...mood }, JSON.parse);
            const answer = await openai.responses.parse({ model, input: 'mood', text: { format } });
            assert.deepEqual(answer.output_parsed, { mood: 'good' });
        });

        test('a picture', async () => {
            const answer = await create([{
                role: 'user',
                content: [
                    { type: 'input_text', text: 'What is in this picture?' },
                    { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${PIXEL}` },
                ],
            }]);
            assert.equal(answer.output_text, 'A dot.');
        });

        test('a stream that breaks in the middle ends with an error', async () => {
            const error = await create('torn', { stream: true }).then(async (stream) => {
                for await (const event of stream) assert.notEqual(event.type, 'response.completed');
            }).then(() => null, (e) => e);
            assert.ok(error instanceof OpenAI.APIError, `${error}`);
        });
    });

test('whoever answers in place of another is named, plain and streamed', async () => {
    const ask = (more) => openai.chat.completions.create({ model: 'auto', messages: user('go elsewhere'), ...more });
    const plain = await ask();
    assert.match(plain.model, /^claude-/);
    const chunks = await all(await ask({ stream: true }), 'chunk');
    assert.equal(said(chunks), 'I stand in.');
    assert.deepEqual([...new Set(chunks.map(({ model }) => model))], [plain.model]);
});

test('the built-in starter answers without any account, plain and streamed', async () => {
    const ask = (more) => openai.chat.completions.create({ model: 'starter', messages: user('hello'), ...more });
    const { choices: [{ message }], model } = keep('completion', await ask());
    assert.equal(model, 'starter');
    assert.match(message.content, /starter/);
    assert.equal(said(await all(await ask({ stream: true }), 'chunk')), message.content);
    assert.deepEqual(await models.asked(), [], 'nobody was asked');
});

describe('the rest', () => {
    test('embeddings: the package asks for base64, and gets the same as in numbers', async () => {
        const ask = (more) => openai.embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'zwei', '三'], ...more });
        const packed = await ask();
        const plain = keep('embeddings', await ask({ encoding_format: 'float' }));
        assert.equal(packed.data.length, 3);
        assert.deepEqual(packed.data.map(({ index }) => index), [0, 1, 2]);
        assert.deepEqual([...packed.data[0].embedding], [...Float32Array.from(vector)]);
        assert.deepEqual(packed.data.map(({ embedding }) => [...embedding]),
            plain.data.map(({ embedding }) => [...Float32Array.from(embedding)]));
        assert.ok(plain.usage.total_tokens > 0);
    });

    // Against the vectors that another implementation made: tests/unit/recordings/minilm.
    test('embeddings by the model that is built in', async () => {
        const folder = new URL('../unit/recordings/minilm/', import.meta.url);
        const texts = readFileSync(new URL('texts.jsonl', folder), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
        const file = readFileSync(new URL('vectors.f32', folder));
        const wanted = new Float32Array(file.buffer, file.byteOffset, file.length / 4);
        const some = texts.map((one, i) => ({ ...one, i })).filter(({ text, ids }) => text.trim() !== '' && ids.length < 30);
        const { data, usage, model } = await openai.embeddings.create({ model: 'all-MiniLM-L6-v2', input: some.map(({ text }) => text) });
        const off = Math.max(...data.flatMap(({ embedding }, k) =>
            [...embedding].map((value, d) => Math.abs(value - wanted[some[k].i * 384 + d]))));
        assert.equal(model, 'all-MiniLM-L6-v2');
        assert.equal(data.length, some.length);
        assert.ok(off < 1e-4, `off by ${off}`);
        assert.equal(usage.prompt_tokens, some.reduce((sum, { ids }) => sum + ids.length, 0));
        assert.equal((await openai.embeddings.create({ model: 'auto', input: 'x' })).model, 'all-MiniLM-L6-v2');
        const error = await openai.embeddings.create({ model: 'all-MiniLM-L6-v2', input: 'word '.repeat(600) })
            .then(() => assert.fail('it was answered'), (e) => e);
        assert.equal(error.status, 400);
        assert.equal(error.code, 'context_length_exceeded');
        assert.equal(error.param, 'input');
        assert.match(error.message, /602 tokens/);
        await assert.rejects(openai.embeddings.create({ model: 'all-MiniLM-L6-v2', input: 'x', dimensions: 100 }), { status: 400 });
    });

    test('models', async () => {
        const list = [];
        for await (const model of openai.models.list()) list.push(model);
        keep('models', { object: 'list', data: list });
        for (const model of MODELS) assert.ok(list.some(({ id }) => id === model), `${model} is among ${list.map(({ id }) => id)}`);
        assert.equal((await openai.models.retrieve('gpt-4o')).id, 'gpt-4o');
    });
});

test('a page of another origin may send whatever the package sends', async () => {
    const sent = new Set();
    const spy = client({
        fetch: (url, init) => {
            for (const [name] of new Headers(init.headers)) sent.add(name);
            return fetch(url, init);
        },
        organization: 'o', project: 'p',
    });
    for await (const chunk of await spy.chat.completions.create({ model: 'starter', messages: user('hello'), stream: true })) assert.ok(chunk);
    const { headers } = await program.call('OPTIONS', '/v1/chat/completions', undefined, {
        origin: 'https://app.example', 'access-control-request-method': 'POST',
    });
    const allowed = headers['access-control-allow-headers'].split(', ');
    assert.ok(sent.size > 8, [...sent].join(' '));
    assert.deepEqual([...sent].filter((name) => name !== 'accept' && !allowed.includes(name)), []);
});

describe('errors, as the package knows them', () => {
    const ask = (more = {}, who = openai) =>
        who.chat.completions.create({ model: 'gpt-4o', messages: user('hello'), ...more }).then(() => assert.fail('it was answered'), (e) => e);

    test('a wrong key', async () => {
        const error = await ask({}, client({ apiKey: 'kst_wrong' }));
        assert.ok(error instanceof OpenAI.AuthenticationError);
        assert.equal(error.code, 'invalid_api_key');
        assert.equal(requests, 1);
    });

    test('an unknown model', async () => {
        const error = await ask({ model: 'no-such-model' });
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.equal(error.code, 'model_not_found');
    });

    test('what cannot be done names the member at fault', async () => {
        for (const [more, param] of [
            [{ n: 2 }, 'n'], [{ temperature: 7 }, 'temperature'], [{ logprobs: true }, 'logprobs'], [{ messages: [] }, 'messages'],
            [{ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] }, 'messages[0].content[0].type'],
        ]) {
            const error = await ask(more);
            assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
            assert.equal(error.param, param);
            assert.equal(error.type, 'invalid_request_error');
        }
        assert.deepEqual(await models.asked(), [], 'nobody was asked');
    });

    test('a cap that is reached is an empty quota, and is not tried again', async () => {
        await program.portal.call('POST', '/caps', { scope: 'key', scope_id: program.key.id, period: 'day', limit_micros: 1 });
        const rich = program.key;
        await program.newKey();
        const fresh = client();
        program.key = rich;
        await until(async () => {
            requests = 0;
            const error = await openai.chat.completions.create({ model: 'gpt-4o', messages: user('hello') }).then(() => null, (e) => e);
            if (error === null) return false;
            assert.ok(error instanceof OpenAI.RateLimitError, `${error}`);
            assert.equal(error.code, 'insufficient_quota');
            assert.equal(requests, 1);
            return true;
        }, 'the cap to be felt');
        openai = fresh;
    });

    test('what a provider refuses, and what nobody can', async () => {
        assert.ok(await ask({ messages: user('status 400') }) instanceof OpenAI.BadRequestError);
        const long = await ask({ messages: user('status 413') });
        assert.equal(long.code, 'context_length_exceeded');
        const broken = await ask({ messages: user('status 500') }, client({ apiKey: openai.apiKey, maxRetries: 1 }));
        assert.ok(broken instanceof OpenAI.InternalServerError, `${broken}`);
    });
});

test('every body and every event has the form that the package declares', () => {
    const bodies = [...seen.values()];
    assert.ok(bodies.length > 30, `${bodies.length}`);
    assert.deepEqual(faults(bodies), {});
});
