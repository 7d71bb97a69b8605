// A company in a private Konstruct whose Slack workspace is connected: the real programs on one side, a Slack that we did
// not write on the other (tests/judges/slack.mjs), and a model of the test's own, so that answers can be chosen.
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { BOT, Slack } from '../../judges/slack.mjs';
import { program } from './place.mjs';
import { run } from './process.mjs';
import { until } from './until.mjs';
import { Up } from './up.mjs';

export const SIGNING_SECRET = 'wire-tests-signing-secret-9c41d27e60';
const METRICS_TOKEN = 'wire-tests-metrics-token-5b8e13fa7c2d';

/** A request; gives {status, headers, body}. `options` are those of https.request. */
function ask({ port, headers, ...options }, body) {
    const to = { host: '127.0.0.1', port, servername: 'localhost', agent: false, headers: { host: `localhost:${port}`, ...headers } };
    return new Promise((resolve, reject) => {
        const request = https.request({ ...to, ...options }, (answer) => {
            const pieces = [];
            answer.on('data', (piece) => pieces.push(piece));
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces).toString() }));
            answer.on('error', reject);
        });
        request.on('error', reject);
        request.end(body);
    });
}

/** A model that speaks OpenAI's chat format and says what `reply(messages)` gives. */
async function modelServer(reply) {
    const server = http.createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const content = await reply(JSON.parse(Buffer.concat(pieces)).messages);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({
            id: 'c1', object: 'chat.completion', model: 'test', usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
            choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
        }));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
}

export class Office {
    /** `reply` makes the model's answer from the messages it is asked with; it may be changed later. */
    static async start({ reply = () => 'Fine.', env = {} } = {}) {
        const office = new Office();
        office.reply = reply;
        office.env = env;
        try {
            await office.#begin();
        } catch (error) {
            await office.stop();
            throw error;
        }
        return office;
    }

    async #begin() {
        this.model = await modelServer((messages) => this.reply(messages));
        this.slack = await Slack.start({
            signingSecret: SIGNING_SECRET,
            deliver: async ({ body, headers }) => (await this.hook(body, this.slackHeaders(headers))).status,
        });
        this.up = new Up();
        await this.up.start({
            env: {
                KONSTRUCT_SLACK_API: this.slack.apiUrl,
                KONSTRUCT_OPENAI_URL: `http://127.0.0.1:${this.model.address().port}/v1`,
                KONSTRUCT_METRICS_TOKEN: METRICS_TOKEN,
                // A dead worker's job is free, and an unsettled post looked at, after this much less than usual.
                KONSTRUCT_LEASE_SECONDS: '2',
                KONSTRUCT_CHANNEL_SECONDS: '3',
                ...this.env,
            },
        });
        this.ca = readFileSync(join(this.up.run, 'tls/cert.pem'));
        await this.connect();
    }

    async stop() {
        if (this.up?.child?.exitCode === null) await this.up.stop();
        this.up?.remove();
        await this.slack?.stop();
        this.model?.closeAllConnections();
        await new Promise((resolve) => this.model?.close(resolve) ?? resolve());
    }

    async connect() {
        const company = `Office ${randomUUID()}`;
        const answer = await this.request('POST', '/api/v1/signup', JSON.stringify({
            company, name: 'Ann', email: `${randomUUID()}@office.example`, password: 'a password of the office',
        }), { 'content-type': 'application/json' });
        if (answer.status !== 201) throw new Error(`sign up: ${answer.status} ${answer.body}`);
        this.me = JSON.parse(answer.body);
        this.tenant = this.me.tenant_id;
        this.cookie = answer.headers['set-cookie'][0].split(';')[0];
        await this.command('channel', 'add', 'slack', '--tenant', company, '--token', BOT.token,
            '--signing-secret', SIGNING_SECRET);
        await this.sql("UPDATE employee SET primary_provider = 'openai', primary_model = 'test'");
    }

    /** A request of the admin who signed the company up; gives {status, json}. */
    async admin(method, path, body) {
        const json = body === undefined ? undefined : JSON.stringify(body);
        const answer = await this.request(method, path, json, {
            cookie: this.cookie, 'x-csrf': this.me.csrf, origin: `https://localhost:${this.up.port}`,
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        });
        return { status: answer.status, json: answer.body === '' ? null : JSON.parse(answer.body) };
    }

    /** Runs `konstruct ARGS` beside the instance. */
    command(...args) {
        return run(program('konstruct'), args, {
            env: { KONSTRUCT_CONF: join(this.up.run, 'konstruct.conf'), KONSTRUCT_SLACK_API: this.slack.apiUrl },
        });
    }

    /** One statement as the database's administrator, whom no policy binds; gives its rows, columns parted by "|". */
    async sql(text) {
        const settings = readFileSync(join(this.up.run, 'konstruct.conf'), 'utf8');
        const password = readFileSync(join(this.up.run, 'keys/db-superuser'), 'utf8').trim();
        const owner = /^KONSTRUCT_DB_OWNER=(.*)$/m.exec(settings)[1];
        const admin = owner.replace(/user=\S+/, 'user=postgres').replace(/password=\S+/, `password=${password}`);
        const out = await run('psql', [admin, '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);
        return out.split('\n').filter(Boolean);
    }

    /** How many rows a message could have left. */
    async rows() {
        const [count] = await this.sql(
            'SELECT (SELECT count(*) FROM inbound) + (SELECT count(*) FROM job) + (SELECT count(*) FROM message)'
            + ' + (SELECT count(*) FROM conversation)');
        return Number(count);
    }

    request(method, path, body, headers = {}) {
        return ask({ port: this.up.port, ca: this.ca, method, path, headers }, body);
    }

    /** Delivers a webhook as it is. */
    hook(body, headers, path = '/hooks/slack/events') {
        return this.request('POST', path, body, headers);
    }

    slackHeaders(headers) {
        const wanted = ['content-type', 'x-slack-request-timestamp', 'x-slack-signature'];
        return Object.fromEntries(wanted.filter((name) => name in headers).map((name) => [name, headers[name]]));
    }

    /** The headers that Slack would send with this body. */
    signed(body, { secret = SIGNING_SECRET, stamp = Math.floor(Date.now() / 1000), type = 'application/json' } = {}) {
        const digest = createHmac('sha256', secret).update(`v0:${stamp}:`).update(body).digest('hex');
        return { 'content-type': type, 'x-slack-request-timestamp': `${stamp}`, 'x-slack-signature': `v0=${digest}` };
    }

    async metric(name) {
        const { status, body } = await this.request('GET', '/metrics', undefined, { authorization: `Bearer ${METRICS_TOKEN}` });
        if (status !== 200) throw new Error(`/metrics: ${status} ${body}`);
        return Number(new RegExp(`^\\S*${name}\\S* (\\d+)$`, 'm').exec(body)[1]);
    }

    /** Waits until no job is left to do. */
    async quiet() {
        await until(async () => (await this.sql("SELECT count(*) FROM job WHERE state IN ('ready', 'running')"))[0] === '0',
            'all jobs to end');
    }

    /** The bot's answers in a thread once there are `count` and all work is done. */
    async answers(channel, ts, count = 1) {
        await until(async () => (await this.slack.answers(channel, ts)).length >= count, `${count} answers`);
        await this.quiet();
        return await this.slack.answers(channel, ts);
    }
}
