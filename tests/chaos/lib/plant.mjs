// A whole Konstruct in single processes, with a Slack and a model of the test's own around it: PostgreSQL, Redis, the web
// process and some workers, each to be killed, stopped and started by itself.
import { createHmac, randomUUID } from 'node:crypto';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate } from '../../wire/lib/certificate.mjs';
import { folder, freePort, program, remove } from '../../wire/lib/place.mjs';
import { run, signal, start, stop } from '../../wire/lib/process.mjs';
import { until } from '../../wire/lib/until.mjs';
import { WEB_KEY, Web } from '../../wire/lib/web.mjs';
import { Postgres, Redis } from './data.mjs';
import { Model } from './model.mjs';
import { Slack } from './slack.mjs';

const SIGNING_SECRET = 'chaos-signing-secret-5e0b7d1f93a24c68';
const MASTER_KEY = 'chaos-master-key-0d2f6b8e4a917c35d1';
const LEASE_SECONDS = 2;
const CHANNEL_SECONDS = '1';

export class Plant {
    /** Starts everything; `env` holds settings for all of Konstruct's programs. */
    static async start({ workers = 1, tenants = 1, env = {} } = {}) {
        const plant = new Plant();
        plant.dir = folder();
        plant.workers = [];
        try {
            plant.pg = await Postgres.make(plant.dir);
            plant.redis = await new Redis(plant.dir).start();
            plant.slack = await Slack.start();
            plant.model = await Model.start();
            plant.env = plant.#settings(env);
            await plant.command('migrate');
            await plant.command('seed');
            plant.pair = await certificate(plant.dir);
            plant.port = await freePort();
            plant.agent = new https.Agent({ keepAlive: true, maxSockets: 64, ca: plant.pair.ca, servername: 'localhost' });
            await plant.startWeb();
            plant.tenants = [];
            for (let i = 0; i < tenants; i++) plant.tenants.push(await plant.#hire(i));
            await plant.pg.admin("UPDATE employee SET primary_provider = 'openai', primary_model = 'test'");
            for (let i = 0; i < workers; i++) await plant.startWorker(i);
        } catch (error) {
            await plant.stop();
            throw error;
        }
        return plant;
    }

    #settings(more) {
        return {
            KONSTRUCT_CONF: '/dev/null',
            KONSTRUCT_DB_OWNER: this.pg.conninfo('konstruct_owner'),
            KONSTRUCT_DB_WORKER: this.pg.conninfo('konstruct_worker'),
            KONSTRUCT_DB_DISPATCH: this.pg.conninfo('konstruct_dispatch'),
            REDIS_URL: this.redis.url,
            KONSTRUCT_WEB_KEY: WEB_KEY,
            KONSTRUCT_MASTER_KEY: MASTER_KEY,
            KONSTRUCT_SLACK_API: this.slack.url,
            KONSTRUCT_OPENAI_URL: this.model.url,
            KONSTRUCT_LEASE_SECONDS: `${LEASE_SECONDS}`,
            KONSTRUCT_CHANNEL_SECONDS: CHANNEL_SECONDS,
            ...more,
        };
    }

    async stop() {
        for (const i of this.workers.keys()) await this.killWorker(i);
        if (this.web) await this.killWeb();
        this.agent?.destroy();
        if (this.redis?.child) await this.redis.kill();
        if (this.pg?.child) await this.pg.stop();
        await this.slack?.stop();
        await this.model?.stop();
        if (process.env.KEEP) console.error(`kept: ${this.dir}`);
        else remove(this.dir);
    }

    /** Runs `konstruct ARGS`. */
    command(...args) {
        return run(program('konstruct'), args, { env: this.env });
    }

    async #hire(number) {
        const company = `Chaos ${number} ${randomUUID()}`;
        const body = JSON.stringify({ company, name: 'Ann', email: `ann${number}@chaos.example`, password: 'a password of chaos' });
        const { status, text } = await this.request('POST', '/api/v1/signup', body, { 'content-type': 'application/json' });
        if (status !== 201) throw new Error(`sign up: ${status} ${text}`);
        const workspace = this.slack.workspace(number);
        await this.command('channel', 'add', 'slack', '--tenant', company, '--token', workspace.token, '--signing-secret', SIGNING_SECRET);
        return { id: JSON.parse(text).tenant_id, workspace };
    }

    // --- The web process

    async startWeb() {
        this.web = await Web.start({
            db: this.pg.conninfo('konstruct_web'), redis: this.redis.url, pair: this.pair, port: this.port,
            env: { KONSTRUCT_WEB_PER_ADDRESS: '4096' },
        });
    }

    /** kill -9 of Kore's parent; what it leaves behind must go by itself. */
    async killWeb() {
        const { web } = this;
        this.web = undefined;
        await web?.stop('SIGKILL');
    }

    /** kill -9 of one of Kore's workers; the parent starts another. */
    killWebWorker(chosen = 0) {
        const all = this.web?.workers() ?? [];
        if (all.length === 0) return false;
        this.web.kill(all[chosen % all.length]);
        return true;
    }

    /** One request; {status, text}, and status 0 when no answer came. */
    request(method, path, body, headers = {}) {
        return new Promise((resolve) => {
            const nothing = () => resolve({ status: 0, text: '' });
            const request = https.request({
                host: '127.0.0.1', port: this.port, agent: this.agent, method, path, timeout: 20_000,
                headers: { host: `localhost:${this.port}`, ...headers },
            }, (answer) => {
                const pieces = [];
                answer.on('data', (piece) => pieces.push(piece));
                answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }));
                answer.on('error', nothing);
            });
            request.on('timeout', () => request.destroy(new Error('no answer')));
            request.on('error', nothing);
            request.end(body);
        });
    }

    /** Delivers an event of a workspace as Slack would, signed; gives the status. */
    async hook(workspace, event, id) {
        const body = JSON.stringify({
            type: 'event_callback', team_id: workspace.team, api_app_id: 'A0KONSTRUCT', event_id: id, event,
            authorizations: [{ team_id: workspace.team, user_id: 'U0KONSTRUCT', is_bot: true }],
        });
        const stamp = Math.floor(Date.now() / 1000);
        const digest = createHmac('sha256', SIGNING_SECRET).update(`v0:${stamp}:${body}`).digest('hex');
        const { status } = await this.request('POST', '/hooks/slack/events', body, {
            'content-type': 'application/json', 'x-slack-request-timestamp': `${stamp}`, 'x-slack-signature': `v0=${digest}`,
        });
        return status;
    }

    // --- Workers

    async startWorker(i, env = {}) {
        const log = join(this.dir, `worker-${i}.log`);
        const said = () => readFileSync(log, 'utf8').split('"started"').length;
        const before = this.workers[i] === undefined ? 1 : said();
        const child = start(program('konstruct-worker'), [], { cwd: this.dir, log, env: { ...this.env, ...env } });
        this.workers[i] = { child, log, paused: false };
        await until(() => {
            if (child.exitCode !== null) throw new Error(`the worker ended:\n${readFileSync(log, 'utf8')}`);
            return child.signalCode !== null || said() > before;
        }, 'a worker to start');
    }

    async killWorker(i) {
        await stop(this.workers[i].child, 'SIGKILL');
    }

    pauseWorker(i) {
        this.workers[i].paused = signal(this.workers[i].child.pid, 'SIGSTOP');
    }

    resumeWorker(i) {
        this.workers[i].paused = false;
        signal(this.workers[i].child.pid, 'SIGCONT');
    }

    /** The lines that a worker has logged, as objects. */
    workerLog(i) {
        return readFileSync(this.workers[i].log, 'utf8').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    }

    /** Brings back what a test left stopped: the first worker, Redis, PostgreSQL and the web process. Others end. */
    async heal() {
        if (this.pg.child.exitCode !== null || this.pg.child.signalCode !== null) await this.pg.start();
        this.redis.resume();
        if (this.redis.child.exitCode !== null || this.redis.child.signalCode !== null) await this.redis.start();
        if (this.web === undefined) await this.startWeb();
        for (const [i, { child }] of this.workers.entries()) {
            this.resumeWorker(i);
            const ended = child.exitCode !== null || child.signalCode !== null;
            if (i > 0 && !ended) await this.killWorker(i);
            if (i === 0 && ended) await this.startWorker(0);
        }
    }

    /** Waits until no job is open and nothing is on its way out. */
    async quiet(limit) {
        const open = `SELECT (SELECT count(*) FROM job WHERE state IN ('ready', 'running'))
            + (SELECT count(*) FROM outbound WHERE state IN ('pending', 'sending')) AS n`;
        await until(async () => (await this.pg.value(open)) === 0, 'all work to be done', limit);
    }
}

