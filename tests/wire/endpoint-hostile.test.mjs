// The endpoint before a model server that does what none should, all of it at once. With nobody else to ask every call ends in an
// error of OpenAI's form or in a stream that says that it broke; with somebody else it is answered, and so is a stream that broke
// before its first word. Others are answered meanwhile, no money stays held, and the worker lives and stays small.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { FAULTS, Hostile, STREAMS } from '../judges/hostile.mjs';
import { KEY as MODELS_KEY, Models } from '../judges/models.mjs';
import { NO_LIMITS } from './lib/limits.mjs';
import { Program, events, said } from './lib/programs.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const KEY = 'sk-hostile-0123456789abcdef';
const MEMORY_MAX = 96 << 20;
const names = Object.keys(FAULTS);

let hostile;
let up;
let program;
let worker;

async function start(env) {
    hostile = await Hostile.start();
    up = await new Up().start({
        env: { ...NO_LIMITS, KONSTRUCT_OPENAI_URL: `${hostile.url}/v1`, KONSTRUCT_OPENAI_KEY: KEY, KONSTRUCT_CALL_SECONDS: '10', ...env },
    });
    program = await Program.start(up);
    worker = up.children().worker;
}
async function stop() {
    program?.stop();
    await up.stop();
    up.remove();
    await hostile.stop();
}

const question = (model, stream) => ({ model, stream, max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] });

async function ask(model, stream) {
    const answer = await program.open('POST', '/v1/chat/completions', question(model, stream)).answer;
    const pieces = [];
    for await (const piece of answer) pieces.push(piece);
    return { status: answer.statusCode, text: Buffer.concat(pieces).toString() };
}

/** An error and nothing else; never an answer, never a key, never an address. */
function isError(text, name) {
    const { error } = JSON.parse(text);
    for (const member of ['message', 'type', 'code']) assert.equal(typeof error[member], 'string', `${name}: ${text}`);
    assert.ok(!/POISON|127\.0\.0\.1|0123456789abcdef/.test(text), `${name}: ${text}`);
}

/** A stream that had begun says that it broke, and nothing else of an end. */
function isBroken(text, name) {
    const all = events(text);
    assert.notEqual(all.at(-1), '[DONE]', `${name} was taken for an answer`);
    assert.equal(all.at(-1).error.type, 'server_error', `${name}: ${JSON.stringify(all.at(-1))}`);
    assert.ok(!all.some((event) => event.choices?.[0]?.finish_reason), `${name} said that it ended well`);
}

/** Asks with every fault at once, plain and streamed, and goes on asking a good model until all is over. */
async function everything(judge) {
    let over = false;
    let answered = 0;
    const good = (async () => {
        for (; !over; answered++) {
            const { text } = await ask('good', answered % 2 === 1);
            assert.ok(text.includes('Hi there.'), text);
        }
    })();
    const one = async (name, stream) => judge(name, stream, await ask(name, stream));
    await Promise.all(names.flatMap((name) => (STREAMS.has(name) ? [true] : [false, true]).map((stream) => one(name, stream))))
        .finally(() => { over = true; });
    await good;
    assert.ok(answered > 5, `${answered} others were answered`);
}

async function nothingStays() {
    assert.equal(up.children().worker, worker, 'it is the same worker');
    await until(async () => (await up.sql('SELECT coalesce(sum(leased_micros), 0) FROM cap_period'))[0] === '0', 'every call to be booked');
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))[1]) << 10;
    assert.ok(peak < MEMORY_MAX, `the worker took ${peak >> 20} MiB`);
    assert.ok(hostile.asked.every((path) => path.startsWith('/v1/')), 'no redirect was followed');
    assert.ok(!readFileSync(up.log, 'utf8').includes('0123456789abcdef'), 'a key stands in the log');
    assert.equal(said(events((await ask('good', true)).text)), 'Hi there.');
}

describe('with nobody else to ask', () => {
    before(() => start({}));
    after(stop);

    test('every fault at once, and others are answered meanwhile', () => everything((name, stream, { status, text }) => {
        if (stream && status === 200) return isBroken(text, name);
        assert.ok(status >= 400, `${name} was taken for an answer: ${text}`);
        isError(text, name);
    }));
    test('an answer that is too large to be passed on is a stream that broke, not one that is cut', async () => {
        const answer = await program.open('POST', '/v1/responses', {
            model: 'large_calls', stream: true, max_output_tokens: 50, input: 'hello', tools: [{ type: 'function', name: 'look' }],
        }).answer;
        const pieces = [];
        for await (const piece of answer) pieces.push(piece);
        const last = Buffer.concat(pieces).toString().trimEnd().split('\n\n').at(-1);
        assert.equal(answer.statusCode, 200);
        assert.equal(JSON.parse(/^data: (.*)$/m.exec(last)[1]).error.code, 'answer_too_long');
    });
    test('nothing of it stays', nothingStays);
});

describe('with somebody else to ask', () => {
    let models;
    before(async () => {
        models = await Models.start([{ match: { userMessage: 'hello' }, response: { content: 'I stand in.' } }]);
        await start({ KONSTRUCT_ANTHROPIC_URL: models.url, KONSTRUCT_ANTHROPIC_KEY: MODELS_KEY });
    });
    after(async () => {
        await stop();
        await models.stop();
    });

    test('every fault at once: answered by the other one, but for streams that had begun', () => everything((name, stream, { status, text }) => {
        assert.equal(status, 200, `${name}: ${text}`);
        if (stream && text.includes('POISON')) return isBroken(text, name);
        const answer = stream ? said(events(text)) : JSON.parse(text).choices[0].message.content;
        assert.equal(answer, 'I stand in.', name);
        if (stream) assert.equal(events(text).at(-1), '[DONE]');
    }));
    test('nothing of it stays', nothingStays);
});
