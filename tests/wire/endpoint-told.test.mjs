// What a program is told when a model says nothing, too much, or no: so that it does the right thing next. Behind the endpoint
// stand model servers of two providers, whose answers each test chooses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { after, before, beforeEach, describe, test } from 'node:test';
import { NO_LIMITS } from './lib/limits.mjs';
import { Program, events, said } from './lib/programs.mjs';
import { Raw } from './lib/raw.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

let server;
let up;
let program;
let answer; // of both providers: its path to [status, body, headers]
const asked = [];

const usage = { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 };
const chat = (content, finish_reason, more = { usage }) =>
    [200, { id: 'c1', object: 'chat.completion', model: 'm', choices: [{ index: 0, finish_reason, message: { role: 'assistant', content } }], ...more }];
const claude = (content, stop_reason) =>
    [200, { id: 'm1', type: 'message', role: 'assistant', model: 'm', content, stop_reason, usage: { input_tokens: 5, output_tokens: 4 } }];
const no = (status, message, headers) => [status, { error: { message, type: 'invented' } }, headers];
const system = [{ role: 'system', content: 'Say ok.' }];
const schema = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties: {} } } };

before(async () => {
    server = http.createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const list = request.method === 'GET';
        if (!list) asked.push(JSON.parse(Buffer.concat(pieces)));
        const [status, told, headers] = list ? [200, { data: [{ id: 'meta/llama-3' }] }] : answer(request.url);
        response.writeHead(status, { 'content-type': typeof told === 'string' ? 'text/event-stream' : 'application/json', ...headers });
        response.end(typeof told === 'string' ? told : JSON.stringify(told));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    up = await new Up().start({
        env: {
            ...NO_LIMITS, KONSTRUCT_OPENAI_URL: `${url}/v1`, KONSTRUCT_OPENAI_KEY: 'sk-wire-tests-1234',
            KONSTRUCT_ANTHROPIC_URL: url, KONSTRUCT_ANTHROPIC_KEY: 'sk-wire-tests-5678', KONSTRUCT_BREAKER_SECONDS: '0',
            KONSTRUCT_PRIVATE_ADDRESSES: 'on',
        },
    });
    program = await Program.start(up);
});
after(async () => {
    program?.stop();
    await up.stop();
    up.remove();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
    asked.length = 0;
    answer = () => chat('ok', 'stop');
});

const ask = (more) => program.chat('hello', more);
const choice = ({ status, json, text }) => {
    assert.equal(status, 200, text);
    return [json.choices[0].message.content, json.choices[0].finish_reason];
};

describe('an answer that its provider calls complete is handed on as it is', () => {
    test('without a word, for each reason to stop: it is billed once, and not asked for again', async () => {
        for (const [content, reason] of [['', 'length'], [null, 'stop'], ['', 'content_filter'], [' \n', 'stop'], ['\n a \n', 'stop']]) {
            answer = () => chat(content, reason);
            assert.deepEqual(choice(await ask()), [content ?? '', reason]);
        }
        for (const [reason, told] of [['max_tokens', 'length'], ['refusal', 'content_filter'], ['end_turn', 'stop'], ['stop_sequence', 'stop']]) {
            answer = () => claude([], reason);
            assert.deepEqual(choice(await ask({ model: 'claude-sonnet-4-5' })), ['', told]);
        }
        assert.equal(asked.length, 9);
    });

    test('as a stream', async () => {
        const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({ id: 'c1', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
        answer = () => [200, `${chunk({ role: 'assistant', content: '' })}${chunk({}, 'length')}data: [DONE]\n\n`];
        const all = events((await ask({ stream: true })).text);
        assert.deepEqual([all.at(-2).choices[0].finish_reason, all.at(-1)], ['length', '[DONE]']);
    });

    test('in one piece, though a stream was asked for', async () => {
        for (const [model, whole] of [['gpt-4o', chat('Hi there.', 'length')], ['claude-sonnet-4-5', claude([{ type: 'text', text: 'Hi there.' }], 'max_tokens')]]) {
            answer = () => whole;
            const all = events((await ask({ model, stream: true, stream_options: { include_usage: true } })).text);
            assert.equal(said(all), 'Hi there.');
            assert.deepEqual([all.at(-3).choices[0].finish_reason, all.at(-2).usage.completion_tokens, all.at(-1)], ['length', 4, '[DONE]']);
        }
        answer = () => [200, { error: { message: 'slow down', type: 'rate_limit_error' } }];
        const { status, json } = await ask({ stream: true });
        assert.deepEqual([status, json?.error.code], [429, 'rate_limit_exceeded']);
    });

    test('a call of a tool that the limit cut off is none', async () => {
        const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":' } };
        answer = () => [200, { id: 'c1', model: 'm', usage, choices: [{ index: 0, finish_reason: 'length', message: { role: 'assistant', tool_calls: [call] } }] }];
        const { json } = await ask({ tools: [{ type: 'function', function: { name: 'f' } }] });
        assert.deepEqual([json.choices[0].finish_reason, json.choices[0].message.tool_calls], ['length', undefined]);
    });
});

describe('a question that is asked in another way than usual', () => {
    test('instructions alone', async () => {
        for (const model of ['gpt-4o', 'claude-sonnet-4-5']) {
            answer = (path) => (path.endsWith('/messages') ? claude([{ type: 'text', text: 'ok' }], 'end_turn') : chat('ok', 'stop'));
            assert.deepEqual(choice(await program.call('POST', '/v1/chat/completions', { model, messages: system })), ['ok', 'stop']);
            assert.deepEqual(asked.at(-1).messages, [{ role: 'user', content: 'Say ok.' }]);
        }
    });

    test('a limit above what the model ever says', async () => {
        await ask({ max_tokens: 100_000 });
        assert.equal(asked.at(-1).max_tokens, 16_384);
        await ask({ max_tokens: 100 });
        assert.equal(asked.at(-1).max_tokens, 100);
    });

    test('no limit: there is room for an answer, and for what is thought before it', async () => {
        answer = (path) => (path.endsWith('/messages') ? claude([{ type: 'text', text: 'ok' }], 'end_turn') : chat('ok', 'stop'));
        for (const [model, more, most] of [['gpt-4o', {}, 4096], ['gpt-5', {}, 16_384], ['claude-sonnet-4-5', {}, 4096],
            ['claude-sonnet-4-5', { reasoning_effort: 'low' }, 16_384], ['gpt-5', { max_completion_tokens: 50 }, 50]]) {
            choice(await ask({ model, ...more }));
            const member = model === 'gpt-5' ? 'max_completion_tokens' : 'max_tokens';
            assert.equal(asked.at(-1)[member], most, `${model} ${JSON.stringify(more)}`);
        }
    });

    test('a conversation that goes on is marked for the cache of its provider, a lone question is not', async () => {
        answer = () => claude([{ type: 'text', text: 'ok' }], 'end_turn');
        const go = (...messages) => program.call('POST', '/v1/chat/completions', { model: 'claude-sonnet-4-5', messages });
        const [one, two, three] = [{ role: 'user', content: 'one' }, { role: 'assistant', content: 'two' }, { role: 'user', content: 'three' }];
        await go(one);
        assert.deepEqual(asked.at(-1).messages, [one]);
        await go(one, two, three);
        const cached = [{ type: 'text', text: 'three', cache_control: { type: 'ephemeral' } }];
        assert.deepEqual(asked.at(-1).messages, [one, two, { role: 'user', content: cached }]);
    });

    test('a picture as image/jpg', async () => {
        const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } }] }];
        choice(await program.call('POST', '/v1/chat/completions', { model: 'gpt-4o', messages }));
        assert.equal(asked.at(-1).messages[0].content[0].image_url.url, 'data:image/jpeg;base64,AAAA');
    });
});

describe('a no', () => {
    const told = ({ status, json, headers }) => [status, json.error.code, headers['retry-after'], headers['x-should-retry']];

    test('of providers that are busy says when to come back', async () => {
        answer = () => no(429, 'slow down', { 'retry-after': '20' });
        assert.deepEqual(told(await ask()), [429, 'rate_limit_exceeded', '20', 'true']);
        answer = () => no(503, 'slow down', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
        const [status, code, wait] = told(await ask());
        assert.deepEqual([status, code], [503, 'overloaded']);
        assert.ok(Number(wait) > 50 && Number(wait) <= 60, wait);
    });

    test('that is over in a moment comes before one that stays', async () => {
        answer = (path) => (path.endsWith('/messages') ? no(401, 'who are you?') : no(529, 'overloaded'));
        assert.deepEqual(told(await ask({ model: 'auto' })), [503, 'overloaded', '2', 'true']);
        assert.ok(asked.length >= 2, 'both were asked');
    });

    test('of all models is no answer of the built-in starter, nor its no', async () => {
        answer = () => no(529, 'overloaded');
        for (const more of [{}, { response_format: schema }]) {
            assert.deepEqual(told(await ask({ model: 'auto', ...more })), [503, 'overloaded', '2', 'true']);
        }
        const starter = await ask({ model: 'starter' });
        assert.equal(starter.json.model, 'starter', 'who names it is answered by it');
    });

    test('to the question says why, in the words of the provider', async () => {
        answer = () => no(400, 'Invalid schema: property a is odd. Key sk-wire-tests-1234.');
        const { status, json } = await ask();
        assert.equal(status, 400);
        assert.match(json.error.message, /Invalid schema: property a is odd/);
        assert.doesNotMatch(json.error.message, /sk-wire/);
        const vectors = await program.call('POST', '/v1/embeddings', { model: 'text-embedding-3-small', input: 'x' });
        assert.match(vectors.json.error.message, /Invalid schema/);
    });

    test('in the middle of a stream is told as that', async () => {
        answer = () => [200, `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Once' } }] })}\n\n`];
        const all = events((await ask({ stream: true })).text);
        assert.equal(all.at(-1).error.code, 'stream_broken');
        assert.match(all.at(-1).error.message, /broke off/);
    });

    test('names the member as it is called where it came in', async () => {
        const orphan = [{ role: 'user', content: 'x' }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
        const items = [{ type: 'function_call_output', call_id: 'a', output: 'x' }];
        const chat = await program.call('POST', '/v1/chat/completions', { model: 'gpt-4o', messages: orphan });
        const response = await program.call('POST', '/v1/responses', { model: 'gpt-4o', input: items });
        assert.deepEqual([chat.json.error.param, response.json.error.param], ['messages', 'input']);
    });

    test('of ours says what to do', async () => {
        const stranger = await program.call('GET', '/v1/models', undefined, { authorization: '' });
        assert.match(stranger.json.error.message, /Authorization: Bearer/);
        const vectors = await ask({ model: 'text-embedding-3-small' });
        assert.equal(vectors.status, 404);
        assert.match(vectors.json.error.message, /\/v1\/embeddings/);
        assert.equal((await program.call('GET', '/v1')).json.error.code, 'not_found');
    });

    test('to a request that could not even be read has a message for clients of OpenAI', async () => {
        const raw = await Raw.open(up.port);
        raw.send(`POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${up.port}\r\nTransfer-Encoding: gzip\r\n\r\n`);
        const { status, body } = await raw.answer();
        assert.equal(status, 411);
        assert.match(JSON.parse(body).error.message, /Content-Length/);
        const large = await program.call('POST', '/v1/chat/completions', { model: 'x'.repeat(26 << 20) }).catch((error) => error);
        assert.match(`${large.text ?? large.code}`, /"error":\{"message":|EPIPE|ECONNRESET/);
    });
});

test('a key that may ask some models asks any of them as auto', async () => {
    const [all, allowed] = [program.key, ['claude-haiku-4-5', 'openai/gpt-4o-mini']];
    answer = (path) => (path.endsWith('/messages') ? no(529, 'overloaded') : chat('ok', 'stop'));
    await program.newKey({ models: allowed.join(' ') });
    try {
        choice(await ask({ model: 'auto' }));
        assert.deepEqual([...new Set(asked.map(({ model }) => model))].at(-1), 'gpt-4o-mini');
        assert.deepEqual((await program.call('GET', '/v1/models')).json.data.map(({ id }) => id).sort(), ['claude-haiku-4-5', 'gpt-4o-mini']);
    } finally {
        program.key = all;
    }
});

test('a question in chunks, as of clients that do not know its length before', async () => {
    for (const content of ['hello', 'x'.repeat(700_000)]) {
        const json = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
        const request = https.request({
            ...program.portal.options, agent: program.agent, method: 'POST', path: '/v1/chat/completions',
            headers: { host: `localhost:${up.port}`, authorization: `Bearer ${program.key.secret}`, 'content-type': 'application/json' },
        });
        for (let at = 0; at < json.length; at += 50_000) request.write(json.slice(at, at + 50_000));
        request.end();
        const [told] = await once(request, 'response');
        assert.equal(request.getHeader('transfer-encoding') ?? 'chunked', 'chunked');
        assert.equal(told.statusCode, 200);
        told.resume();
        await once(told, 'end');
        assert.equal(asked.at(-1).messages[0].content, content);
    }
});

test('a model whose name has a slash is found by it', async () => {
    const url = `http://127.0.0.1:${server.address().port}/v1`;
    await program.portal.call('POST', '/provider-accounts', { provider: 'openai', name: 'Router', base_url: url, models: 'meta/llama-3' });
    await until(async () => (await program.call('GET', '/v1/models/meta%2Fllama-3')).json.id === 'meta/llama-3', 'the account to be felt');
    for (const name of ['meta%2fllama-4', '..%2f..%2fapi', '%2F']) {
        const { status, json } = await program.call('GET', `/v1/models/${name}`);
        assert.deepEqual([status, json.error.code], [404, 'model_not_found'], name);
    }
});
