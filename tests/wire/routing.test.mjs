// A company's own accounts, as its employees and its programs are routed to them: in the company's order, past those that fail,
// by the names of accounts, by task, and with the account that answered in evidence and ledger.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { NO_LIMITS } from './lib/limits.mjs';
import { Program } from './lib/programs.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const MODELS = ['gpt-4o-mini', 'gpt-4.1', 'o3', 'house-model'];
const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };

/** A server in OpenAI's format that says its own name; `status` other than 200 refuses every question. */
class Server {
    static async start(name) {
        const server = new Server();
        Object.assign(server, { name, status: 200, asked: [] });
        server.http = http.createServer(async (request, response) => {
            const pieces = [];
            for await (const piece of request) pieces.push(piece);
            response.setHeader('content-type', 'application/json');
            if (request.method === 'GET') return response.end(JSON.stringify({ object: 'list', data: MODELS.map((id) => ({ id, object: 'model' })) }));
            server.answer(JSON.parse(Buffer.concat(pieces)), request.headers.authorization, response);
        });
        await new Promise((resolve) => server.http.listen(0, '127.0.0.1', resolve));
        server.url = `http://127.0.0.1:${server.http.address().port}/v1`;
        return server;
    }

    answer({ model, stream }, key, response) {
        this.asked.push({ model, key });
        response.statusCode = this.status;
        if (this.status !== 200) return response.end(JSON.stringify({ error: { message: 'Not now.', type: 'server_error' } }));
        const content = `${this.name} with ${model}`;
        if (!stream) {
            const message = { role: 'assistant', content };
            return response.end(JSON.stringify({ id: 'c', object: 'chat.completion', model, usage, choices: [{ index: 0, finish_reason: 'stop', message }] }));
        }
        response.setHeader('content-type', 'text/event-stream');
        for (const part of [{ choices: [{ index: 0, delta: { content } }] }, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }, { choices: [], usage }])
            response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model, ...part })}\n\n`);
        response.end('data: [DONE]\n\n');
    }

    stop() {
        this.http.closeAllConnections();
        return new Promise((resolve) => this.http.close(resolve));
    }
}

const servers = {};
let up;
let program;
let portal;

before(async () => {
    for (const name of ['north', 'south']) servers[name] = await Server.start(name);
    up = await new Up().start({ env: { ...NO_LIMITS, KONSTRUCT_PRIVATE_ADDRESSES: 'on', KONSTRUCT_BREAKER_SECONDS: '0' } });
    program = await Program.start(up);
    portal = program.portal;
    for (const [name, { url }] of Object.entries(servers)) {
        const account = { provider: 'openai', name, base_url: url, key: `sk-of-${name}-0123456789` };
        const { id } = await until(() => portal.call('POST', '/provider-accounts', account).catch(() => null), 'the account');
        await until(async () => (await portal.call('GET', `/provider-accounts/${id}`)).state === 'ok', `${name} to be tested`);
    }
});
beforeEach(async () => {
    for (const server of Object.values(servers)) Object.assign(server, { status: 200, asked: [] });
    await models({ primary_provider: 'openai', primary_model: 'house-model' });
});
after(async () => {
    program?.stop();
    await up.stop();
    up.remove();
    await Promise.all(Object.values(servers).map((server) => server.stop()));
});

const models = (chosen) => portal.call('PATCH', `/employees/${portal.employee.id}/models`, chosen);
const calls = async (answer) => (await portal.call('GET', `/messages/${answer.id}/calls`)).items;

test('an employee: the first account, by its own key; then the next one when it fails', async () => {
    assert.equal((await portal.ask('Where are you?')).text, 'north with house-model');
    assert.deepEqual(servers.north.asked, [{ model: 'house-model', key: 'Bearer sk-of-north-0123456789' }]);
    servers.north.status = 503;
    const answer = await portal.ask('Where are you now?');
    assert.equal(answer.text, 'south with house-model');
    const told = (await calls(answer)).map(({ account, code, status }) => [account, code, status]);
    assert.deepEqual(told[0], ['north', 'llm_overloaded', 503]);
    assert.deepEqual(told.at(-1), ['south', 'answered', 0]);
    const [ledger] = await up.sql(`SELECT a.name, u.tries->0->>'code' FROM usage u JOIN message m ON m.job_id = u.job_id`
        + ` JOIN provider_account a ON a.id = u.account_id WHERE m.id = '${answer.id}'`);
    assert.equal(ledger, 'south|llm_overloaded');
    const { items: [newest] } = await portal.call('GET', '/usage/calls?limit=1');
    assert.equal(newest.tries, told.length - 1);
    assert.equal(newest.tried, Array(newest.tries).fill('openai/house-model llm_overloaded').join(', '));
});

test('an employee that thinks with whatever suits: by what the message is about, and it can be read', async () => {
    await models({ primary_provider: 'auto', primary_model: 'auto' });
    assert.equal((await portal.ask('Good morning!')).text, 'north with gpt-4o-mini');
    assert.equal((await portal.ask('Which parcels came back in spring?')).text, 'north with gpt-4.1');
    assert.equal((await portal.ask('Summarise what came back in spring')).text, 'north with gpt-4o-mini');
    const answer = await portal.ask('Compare what came back in spring and in autumn');
    assert.equal(answer.text, 'north with o3');
    assert.equal((await portal.call('GET', `/messages/${answer.id}/evidence`)).task, 'reason');
});

test('a program: by model, by account, by task, and past an account that fails', async () => {
    const said = async (model, more = {}) => {
        const { status, json } = await program.chat('hello', { model, ...more });
        return status === 200 ? json.choices[0].message.content : status;
    };
    assert.equal(await said('house-model'), 'north with house-model');
    assert.equal(await said('south/house-model'), 'south with house-model');
    assert.equal(await said('auto'), 'north with gpt-4.1');
    assert.equal(await said('auto/classify'), 'north with gpt-4o-mini');
    assert.equal(await said('auto/summarise'), 'north with gpt-4o-mini');
    assert.equal(await said('auto/reason'), 'north with o3');
    assert.equal(await said('auto', { reasoning_effort: 'high' }), 'north with o3');
    assert.equal(await said('auto/embed'), 404);
    assert.equal(await said('auto/anything'), 404);
    assert.equal(await said('nobody-has-this'), 404);
    servers.north.status = 500;
    assert.equal(await said('house-model'), 'south with house-model');
    await until(async () => {
        const { items: [newest] } = await portal.call('GET', '/usage/calls?limit=1');
        return newest.key_id !== null && /^openai\/house-model llm_broken/.test(newest.tried);
    }, 'the ledger to say who was asked in vain');
});

test('an account that turns a program’s key away shows it', async () => {
    servers.north.status = 401;
    assert.equal((await program.chat('hello', { model: 'house-model' })).json.choices[0].message.content, 'south with house-model');
    const told = await until(async () => {
        const north = (await portal.call('GET', '/provider-accounts')).items.find(({ name }) => name === 'north');
        return north.refused > 0 && north;
    }, 'the account to show it');
    assert.match(told.refused_text, /does not know this key/);
});

test('an account that is turned off is not asked any more, within seconds', async () => {
    const [north] = (await portal.call('GET', '/provider-accounts')).items;
    await portal.call('PATCH', `/provider-accounts/${north.id}`, { turned: 'off' });
    await until(async () => (await portal.ask('Where are you?')).text === 'south with house-model', 'the other account');
    servers.north.asked = [];
    await portal.ask('And now?');
    assert.deepEqual(servers.north.asked, []);
});
