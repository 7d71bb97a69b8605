// Secrets that can be told from anything else are driven through every way to fail: providers that echo the key, TLS that
// breaks, a channel that refuses its token in its own words, a database that is named with its password, a process that
// crashes, a job that dies. Afterwards none of them stands anywhere but where it was put.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run } from './lib/process.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const canary = (what) => `canary-${what}-${randomUUID().replaceAll('-', '')}`;
const secrets = {
    model: canary('sk'),
    token: `xoxb-${canary('bot')}`,
    signing: canary('signing'),
    metrics: canary('metrics'),
    database: canary('password'),
};

const body = async (request) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces).toString();
};

// A model server that throws back all it was sent, each time in another way.
const faults = ['401', '500', 'redirect', 'garbage', 'reset'];
let fault = faults[0];
const model = http.createServer(async (request, response) => {
    const echo = `${request.headers.authorization} ${JSON.stringify(request.headers)} ${await body(request)}`;
    response.setHeader('x-request-id', secrets.model);
    if (fault === '401') response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key provided: ${secrets.model}.`, echo } }));
    else if (fault === '500') response.writeHead(500).end(echo);
    else if (fault === 'redirect') response.writeHead(302, { location: `http://127.0.0.1:1/${secrets.model}` }).end(echo);
    else if (fault === 'garbage') response.writeHead(200).end(`{"choices": "${secrets.model}`);
    else response.destroy();
});

// A Slack that knows its token, and then refuses it, naming it.
let refusing = false;
const slack = http.createServer(async (request, response) => {
    await body(request);
    const said = request.url.endsWith('auth.test') && !refusing
        ? { ok: true, team_id: 'T0CANARY', user_id: 'U0BOT', bot_id: 'B0BOT', team: 'Canaries' }
        : { ok: false, error: 'invalid_auth', detail: request.headers.authorization, token: secrets.token };
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-slack-req-id', secrets.token);
    response.end(JSON.stringify(said));
});

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));

let up;
let portal;
const seen = []; // what API calls, commands and pages said

const command = async (args, env = {}) => {
    try {
        seen.push(await run(program('konstruct'), args, { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf'), ...env } }));
    } catch (error) {
        seen.push(`${error.message}\n${error.stdout ?? ''}`);
    }
};

before(async () => {
    const [modelPort, slackPort] = [await listen(model), await listen(slack)];
    up = await new Up().start({
        env: {
            KONSTRUCT_OPENAI_URL: `http://127.0.0.1:${modelPort}/v1`,
            KONSTRUCT_OPENAI_KEY: secrets.model,
            // TLS is spoken to a server that has none.
            KONSTRUCT_ANTHROPIC_URL: `https://127.0.0.1:${modelPort}`,
            KONSTRUCT_ANTHROPIC_KEY: secrets.model,
            KONSTRUCT_SLACK_API: `http://127.0.0.1:${slackPort}`,
            KONSTRUCT_METRICS_TOKEN: secrets.metrics,
            KONSTRUCT_VERBOSE: 'on',
            KONSTRUCT_LEASE_SECONDS: '2',
        },
    });
    portal = await Portal.signUp(up);
    await command(['channel', 'add', 'slack', '--tenant', portal.company, '--token', secrets.token, '--signing-secret', secrets.signing],
        { KONSTRUCT_SLACK_API: `http://127.0.0.1:${slackPort}` });
    await command(['employee', 'models', 'Mara', '--tenant', portal.company, '--primary', 'openai:m', '--fallback', 'anthropic:m']);
});

after(async () => {
    await up.stop();
    up.remove();
    for (const server of [model, slack]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
    }
});

test('providers that echo the key', async () => {
    for (fault of faults) {
        const answer = await portal.ask(`What about ${fault}?`);
        seen.push(JSON.stringify(answer));
        assert.equal(answer.outcome, 'failed');
    }
    const [tries] = await up.sql('SELECT count(*) FROM step');
    assert.ok(Number(tries) >= faults.length, 'the tries are kept');
});

const hook = async (text, secret) => {
    const payload = JSON.stringify({
        type: 'event_callback', team_id: 'T0CANARY', api_app_id: 'A0CANARY', event_id: `Ev${randomUUID()}`,
        event: { type: 'message', channel_type: 'im', channel: 'D0CANARY', user: 'U0HUMAN', text, ts: `${Date.now() / 1000}` },
    });
    const stamp = Math.floor(Date.now() / 1000);
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${payload}`).digest('hex')}`;
    return await portal.raw('POST', '/hooks/slack/events', payload, {
        'content-type': 'application/json', 'x-slack-request-timestamp': `${stamp}`, 'x-slack-signature': signature,
    });
};

test('a channel that refuses its token, and a webhook that throws the secret back', async () => {
    refusing = true;
    const good = await hook('Are you there?', secrets.signing);
    assert.equal(good.status, 200);
    const bad = await hook('Forged', 'not the secret of this app, but long');
    assert.equal(bad.status, 401);
    const echoed = await portal.raw('POST', '/hooks/slack/events', '{}', { 'content-type': 'application/json', 'x-slack-signature': secrets.signing });
    seen.push(good.body, bad.body, echoed.body);
    await until(async () => (await up.sql("SELECT count(*) FROM job WHERE state IN ('ready', 'running')"))[0] === '0', 'all jobs to end');
    const [refused] = await up.sql("SELECT count(*) FROM outbound WHERE state = 'refused'");
    assert.equal(refused, '1');
});

test('a database that is named with its password and is not there', async () => {
    await command(['doctor'], {
        KONSTRUCT_DB_WORKER: `host=127.0.0.1 port=1 user=x password=${secrets.database}`,
        KONSTRUCT_DB_WEB: `postgresql://x:${secrets.database}@127.0.0.1:1/x`,
    });
    await command(['tenants'], { KONSTRUCT_DB_WORKER: `host=127.0.0.1 port=1 user=x password=${secrets.database}` });
    assert.ok(seen.at(-1).length > 0);
});

test('settings that are wrong', async () => {
    await command(['tenants'], { KONSTRUCT_METRICS_TOKEN: secrets.metrics, KONSTRUCT_TURNS: 'many' });
    assert.match(seen.at(-1), /KONSTRUCT_TURNS/);
});

test('processes that crash', async () => {
    for (const name of ['worker', 'web']) {
        const { [name]: pid } = up.children();
        process.kill(pid, 'SIGSEGV');
        await up.anew(name, pid);
    }
    const ready = () => portal.raw('GET', '/readyz').then(({ status }) => status === 200, () => false);
    await until(ready, 'the web process to be ready again');
});

const everyFile = (folder) => readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));

test('none of them stands anywhere', async () => {
    const settings = readFileSync(join(up.run, 'konstruct.conf'), 'utf8');
    const own = [...settings.matchAll(/^KONSTRUCT_(?:MASTER|WEB)_KEY=(.*)$/gm)].map((match) => match[1]);
    const wanted = [...Object.values(secrets), ...own];
    const places = new Map();

    for (const path of everyFile(join(up.run, 'log'))) places.set(path, readFileSync(path, 'utf8'));
    places.set('what konstruct up said', up.said());
    places.set('what was answered', seen.join('\n'));
    const tables = await up.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
    for (const table of tables) places.set(`table ${table}`, (await up.sql(`SELECT * FROM ${table}`)).join('\n'));
    const metrics = await portal.raw('GET', '/metrics', undefined, { authorization: `Bearer ${secrets.metrics}` });
    assert.equal(metrics.status, 200);
    places.set('metrics', metrics.body);
    places.set('redis', await up.redis());

    assert.ok(places.size > 20);
    assert.match([...places.values()].join(''), /llm_failed/, 'the failures were logged');
    for (const [place, text] of places)
        for (const secret of wanted)
            assert.ok(!text.includes(secret), `${secret.slice(0, 14)}... stands in ${place}`);
    const cores = everyFile(up.dir).filter((path) => /(^|\/)core(\.\d+)?$/.test(path));
    assert.deepEqual(cores, [], 'core files');
});
