// /v1 on its whole way: program, web process, line, worker, model server. The forms of OpenAI's API are judged by its own
// client elsewhere; here: who may ask what, and what happens when somebody is slow, leaves, dies, or has no money left.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { NO_LIMITS } from './lib/limits.mjs';
import { Model } from './lib/model.mjs';
import { Program, events, said } from './lib/programs.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

let model;
let up;
let program;

const worker = () => up.children().worker;
const whole = (call) => (call.asked.stream ? (call.say('Hi '), call.say('there.'), call.end()) : call.whole('Hi there.'));

before(async () => {
    model = await Model.start(whole);
    up = await new Up().start({
        env: { ...NO_LIMITS, KONSTRUCT_OPENAI_URL: model.url, KONSTRUCT_OPENAI_KEY: 'sk-wire-tests-1234', KONSTRUCT_LEASE_SECONDS: '4' },
    });
    program = await Program.start(up);
});
after(async () => {
    program?.stop();
    await up.stop();
    up.remove();
    await model.stop();
});
beforeEach(() => {
    model.answer = whole;
    model.calls.length = 0;
});

async function text(answer) {
    const pieces = [];
    for await (const piece of answer) pieces.push(piece);
    return Buffer.concat(pieces).toString();
}

describe('asking', () => {
    test('plain: the answer, and who asked is in the ledger', async () => {
        const { status, json, headers } = await program.chat();
        assert.equal(status, 200);
        assert.equal(json.choices[0].message.content, 'Hi there.');
        assert.deepEqual([json.usage.prompt_tokens, json.usage.completion_tokens], [5, 3]);
        assert.match(headers['x-request-id'], /^[0-9a-f-]{36}$/);
        await until(async () => (await up.sql(`SELECT count(*) FROM usage WHERE key_id = '${program.key.id}'`))[0] === '1', 'the ledger');
    });

    test('streamed, on a connection that then goes on', async () => {
        const { answer, status } = await program.stream('hello', { stream_options: { include_usage: true } });
        assert.equal(status, 200);
        assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8');
        const all = events(await text(answer));
        assert.equal(said(all), 'Hi there.');
        assert.equal(all.at(-1), '[DONE]');
        assert.equal(all.at(-2).usage.completion_tokens, 3);
        const [before] = Object.values(program.agent.freeSockets).flat();
        const again = await program.stream();
        assert.equal(again.answer.socket, before, 'the same connection');
        assert.equal(said(events(await text(again.answer))), 'Hi there.');
    });

    test('a question and an answer far larger than a frame of the line', async () => {
        const long = 'wörter und mehr '.repeat(20_000);
        model.answer = (call) => call.whole(call.text.slice(0, 200_000).trim());
        const { json } = await program.chat(long, { max_tokens: 10 });
        assert.equal(model.calls[0].text, long);
        assert.equal(json.choices[0].message.content, long.slice(0, 200_000).trim());
    });

    test('an image of megabytes passes, of nobody but a program that may ask', async () => {
        const url = `data:image/png;base64,${Buffer.alloc(3_000_000, 7).toString('base64')}`;
        const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }, { type: 'text', text: 'What is it?' }] }];
        model.answer = (call) => call.whole('A picture.');
        const { status, json } = await program.call('POST', '/v1/chat/completions', { model: 'gpt-4o', messages });
        assert.deepEqual([status, json?.choices[0].message.content], [200, 'A picture.']);
        assert.ok(JSON.stringify(model.calls[0].asked.messages).includes(url));
        const stranger = await program.call('POST', '/v1/chat/completions', { model: 'gpt-4o', messages }, { authorization: 'Bearer kst_no' });
        assert.equal(stranger.status, 413);
    });

    test('300 at once, each gets its own', async () => {
        model.answer = (call) => call.whole(`echo ${call.text}`);
        const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => program.chat(`number ${i}`, { max_tokens: 10 })));
        answers.forEach(({ json }, i) => assert.equal(json.choices[0].message.content, `echo number ${i}`));
    });

    test('the list of models, and one of them', async () => {
        const { json } = await program.call('GET', '/v1/models');
        assert.equal(json.object, 'list');
        assert.ok(json.data.some(({ id }) => id === 'gpt-4o'));
        assert.equal((await program.call('GET', '/v1/models/gpt-4o')).json.id, 'gpt-4o');
        const head = await program.call('HEAD', '/v1/models/gpt-4o');
        assert.deepEqual([head.status, head.text], [200, '']);
        const none = await program.call('GET', '/v1/models/gpt-none');
        assert.deepEqual([none.status, none.json.error.code], [404, 'model_not_found']);
    });
});

describe('who may', () => {
    const refused = ({ status, json }) => [status, json.error.code];
    const other = async (key) => {
        const made = Object.assign(Object.create(program), { key: program.key });
        await made.newKey(key);
        return made;
    };

    test('no key, a key that is none, one without the scope: refused in the form of OpenAI', async () => {
        assert.deepEqual(refused(await program.call('GET', '/v1/models', undefined, { authorization: '' })), [401, 'invalid_api_key']);
        assert.deepEqual(refused(await program.call('GET', '/v1/models', undefined, { authorization: 'Bearer kst_abc' })), [401, 'invalid_api_key']);
        const reader = await other({ scopes: 'employees:read' });
        assert.deepEqual(refused(await Program.prototype.call.call(reader, 'GET', '/v1/models')), [403, 'insufficient_scope']);
        assert.deepEqual(refused(await program.call('GET', '/v1/nothing')), [404, 'not_found']);
        assert.equal((await program.call('DELETE', '/v1/models')).status, 405);
    });

    test('a key for some models asks no others, and sees no others', async () => {
        const some = await other({ models: 'gpt-4o-mini starter' });
        const ask = (name) => some.call('POST', '/v1/chat/completions', { model: name, messages: [{ role: 'user', content: 'x' }] });
        assert.deepEqual(refused(await ask('gpt-4o')), [404, 'model_not_found']);
        assert.equal((await ask('gpt-4o-mini')).status, 200);
        const { json } = await some.call('GET', '/v1/models');
        assert.deepEqual(json.data.map(({ id }) => id).sort(), ['gpt-4o-mini', 'starter']);
        await some.portal.call('PATCH', `/api-keys/${some.key.id}`, { models: 'gpt-4o' });
        await until(async () => (await ask('gpt-4o')).status === 200, 'the change to be felt');
        assert.deepEqual(refused(await ask('gpt-4o-mini')), [404, 'model_not_found']);
    });

    test('a revoked key is refused in every web process', async () => {
        const one = await other({});
        for (let i = 0; i < 6; i++) assert.equal((await one.call('GET', '/v1/models', undefined, { connection: 'close' })).status, 200);
        await one.portal.call('DELETE', `/api-keys/${one.key.id}`);
        await until(async () => {
            const all = await Promise.all(Array.from({ length: 8 }, () => one.call('GET', '/v1/models', undefined, { connection: 'close' })));
            return all.every(({ status }) => status === 401);
        }, 'all processes to know');
    });

    test('a cap of the key: what goes over it is refused as an empty quota, and nobody is asked', async () => {
        const poor = await other({});
        await poor.portal.call('POST', '/caps', { scope: 'key', scope_id: poor.key.id, period: 'day', limit_micros: 1 });
        await until(async () => {
            model.calls.length = 0;
            const { status, json, headers } = await poor.call('POST', '/v1/chat/completions',
                { model: 'gpt-4o', max_tokens: 100, messages: [{ role: 'user', content: 'x' }] });
            return status === 429 && json.error.code === 'insufficient_quota' && headers['x-should-retry'] === 'false' && model.calls.length === 0;
        }, 'the cap to be felt');
        assert.equal((await program.chat()).status, 200);
    });
});

describe('a program that leaves', () => {
    // Under a key of their own: calls of the tests before may still be on their way to the ledger.
    beforeEach(() => program.newKey());
    const left = async () => Number((await up.sql(`SELECT count(*) FROM usage WHERE ended <> 'whole' AND key_id = '${program.key.id}'`))[0]);

    test('before the answer: the model is left too, and what it may cost is booked once', async () => {
        model.answer = (call) => call.gone;
        const request = program.open('POST', '/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] });
        request.on('error', () => {});
        await until(() => model.calls.length === 1, 'the question');
        request.destroy();
        assert.equal(await model.calls[0].gone, true);
        await until(async () => (await left()) === 1, 'the call to be booked');
        await until(async () => (await up.sql('SELECT count(*) FROM call_open'))[0] === '0', 'its announcement to go');
    });

    test('a hundred of them, in the middle of their streams: each is booked once, nothing stays held', async () => {
        model.answer = async (call) => {
            call.say('Once upon a time ');
            await call.gone;
        };
        await Promise.all(Array.from({ length: 100 }, async () => {
            const { request, answer } = await program.stream('hello', { max_tokens: 2000 });
            answer.on('error', () => {});
            await new Promise((resolve) => answer.once('data', resolve));
            request.destroy();
        }));
        await Promise.all(model.calls.map(({ gone }) => gone));
        await until(async () => (await left()) === 100, 'all to be booked');
        assert.equal(Number((await up.sql("SELECT count(*) FROM usage WHERE ended = 'cancelled' AND NOT counted"))[0]) >= 100, true);
        await until(async () => (await up.sql('SELECT coalesce(sum(leased_micros), 0) FROM cap_period'))[0] === '0', 'what was leased to come back');
    });
});

describe('more than may come', () => {
    test('at once: a company may have 1,024 calls open in a process, and one that ends makes room', async () => {
        const few = await new Up().start({
            env: {
                ...NO_LIMITS, KONSTRUCT_OPENAI_URL: model.url, KONSTRUCT_OPENAI_KEY: 'sk-wire-tests-1234', KONSTRUCT_WEB_WORKERS: '1',
                KONSTRUCT_WEB_PER_ADDRESS: '2000', KONSTRUCT_CAP_DAY_CENTS: '1000000', KONSTRUCT_CAP_MONTH_CENTS: '1000000',
            },
        });
        const eager = await Program.start(few);
        model.answer = async (call) => {
            call.say('Hi ');
            await call.gone;
        };
        try {
            const open = [];
            for (let i = 0; i < 1024; i += 64)
                open.push(...await Promise.all(Array.from({ length: 64 }, () => eager.stream('x', { max_tokens: 2000 }))));
            assert.ok(open.every(({ status }) => status === 200));
            const refused = await eager.chat('x', { max_tokens: 10 });
            assert.deepEqual([refused.status, refused.json.error.code], [429, 'rate_limit_exceeded']);
            for (const { answer } of open) answer.on('error', () => {});
            open[0].request.destroy();
            model.answer = whole;
            await until(async () => (await eager.chat('x', { max_tokens: 10 })).status === 200, 'room for another one');
            for (const { request } of open) request.destroy();
        } finally {
            eager.stop();
            await few.stop();
            few.remove();
        }
    });

    test('is refused as a rate limit, with the time to wait', async () => {
        const web = await new Up().start({
            env: { ...NO_LIMITS, KONSTRUCT_OPENAI_URL: model.url, KONSTRUCT_OPENAI_KEY: 'sk-wire-tests-1234', KONSTRUCT_LIMIT_MODELS: '60' },
        });
        const eager = await Program.start(web);
        try {
            const answers = await Promise.all(Array.from({ length: 40 }, () => eager.chat('x', { max_tokens: 10 })));
            const refused = answers.filter(({ status }) => status === 429);
            assert.ok(refused.length >= 10 && refused.length < 40, `${refused.length} of 40 were refused`);
            for (const { json, headers } of refused) {
                assert.equal(json.error.code, 'rate_limit_exceeded');
                assert.ok(Number(headers['retry-after']) >= 1);
                assert.equal(headers['x-should-retry'], 'true');
            }
        } finally {
            eager.stop();
            await web.stop();
            web.remove();
        }
    });
});

describe('a stream', () => {
    test('whose reader is slow holds the model back, and loses nothing', async () => {
        const count = 100_000; /* each a frame of some 200 bytes: more than all buffers on the way hold */
        model.answer = async (call) => {
            for (let i = 0; i < count; i++)
                if (!call.say('x')) await Promise.race([once(call.response, 'drain'), call.gone]);
            call.end();
        };
        const { answer } = await program.stream();
        answer.pause();
        let before = -1;
        await until(async () => {
            const stands = model.calls[0].sent === before;
            before = model.calls[0].sent;
            await new Promise((resolve) => { setTimeout(resolve, 500); });
            return stands;
        }, 'the model to be held back');
        assert.ok(before < count, `the model has said ${before} of ${count}`);
        const all = events(await text(answer));
        assert.equal(said(all).length, count);
        assert.equal(all.at(-1), '[DONE]');
    });

    test('whose reader leaves is over for the model, too', async () => {
        await program.newKey();
        model.answer = async (call) => {
            call.say('Once upon a time ');
            await call.gone;
        };
        const { request, answer } = await program.stream('hello', { max_tokens: 4000 });
        await new Promise((resolve) => answer.once('data', resolve));
        request.destroy();
        assert.equal(await model.calls[0].gone, true);
        await until(async () => (await up.sql(`SELECT count(*) FROM usage WHERE key_id = '${program.key.id}'`))[0] === '1', 'the call to be booked');
    });

    test('that begins without a word has begun; one that dies then is replaced', async () => {
        let go;
        const gate = new Promise((resolve) => { go = resolve; });
        model.answer = async (call) => {
            call.begin();
            await gate;
            if (model.calls.length === 1) return call.die();
            call.say('Hi there.');
            call.end();
        };
        const { answer, status } = await program.stream();
        assert.equal(status, 200);
        const [first] = await once(answer, 'data');
        assert.deepEqual(events(String(first)).map(({ choices }) => choices[0].delta), [{ role: 'assistant', content: '', refusal: null }]);
        go();
        const all = events(await text(answer));
        assert.equal(said(all), 'Hi there.');
        assert.equal(all.filter((event) => event.choices?.[0]?.delta.role !== undefined).length, 0, 'the role is told once');
        assert.equal(model.calls.length, 2);
    });

    test('that breaks before its first word is asked for again, and the reader sees nothing of it', async () => {
        let calls = 0;
        model.answer = (call) => (++calls === 1 ? call.die() : whole(call));
        const { answer, status } = await program.stream();
        assert.equal(status, 200);
        assert.equal(said(events(await text(answer))), 'Hi there.');
        assert.equal(calls, 2);
    });

    test('that breaks after it says so, and is whole in itself', async () => {
        model.answer = async (call) => {
            call.say('Hi ');
            await new Promise((resolve) => { setTimeout(resolve, 50); });
            call.die();
        };
        const { answer } = await program.stream();
        const all = events(await text(answer));
        assert.equal(said(all), 'Hi ');
        assert.equal(all.at(-1).error.type, 'server_error');
        assert.equal(model.calls.length, 1, 'nobody else is asked');
    });
});

describe('a worker', () => {
    test('that dies in a stream: the reader is told, and the next one is served by its successor', async () => {
        model.answer = async (call) => {
            call.say('Hi ');
            await call.gone;
        };
        const { answer } = await program.stream();
        await new Promise((resolve) => answer.once('data', resolve));
        const before = worker();
        const rest = text(answer);
        process.kill(before, 'SIGKILL');
        const all = events(await rest);
        assert.equal(all.at(-1).error.code, 'stream_broken');
        model.answer = whole;
        await up.anew('worker', before);
        await until(async () => (await program.chat()).status === 200, 'the next worker');
    });

    test('that is away: 503, to be tried again', async () => {
        const before = worker();
        process.kill(before, 'SIGSTOP');
        const waiting = program.chat();
        process.kill(before, 'SIGKILL');
        const { status, headers, json } = await waiting;
        assert.equal(status, 503);
        assert.ok(Number(headers['retry-after']) > 0);
        assert.equal(headers['x-should-retry'], 'true');
        assert.equal(json.error.type, 'server_error');
        await up.anew('worker', before);
        await until(async () => (await program.chat()).status === 200, 'the next worker');
    });

    test('that is told to stop finishes what is under way', async () => {
        let go;
        const told = new Promise((resolve) => { go = resolve; });
        model.answer = async (call) => {
            if (call.text !== 'slowly') return whole(call);
            call.say('Hi ');
            await told;
            call.say('there.');
            call.end();
        };
        const { answer } = await program.stream('slowly');
        await new Promise((resolve) => answer.once('data', resolve));
        const before = worker();
        const rest = text(answer);
        process.kill(before, 'SIGTERM');
        await new Promise((resolve) => { setTimeout(resolve, 200); });
        go();
        const all = events(await rest);
        assert.equal(all.at(-1), '[DONE]');
        await up.anew('worker', before);
        await until(async () => (await program.chat()).status === 200, 'the next worker');
    });
});
