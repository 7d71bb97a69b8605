// A Konstruct of the benchmark's own, as `konstruct up` starts it for everybody: with real commits to the disk. Its models
// and its Slack are the mocks of desk.mjs.
import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { NO_LIMITS } from '../wire/lib/limits.mjs';
import { folder, freePort, program, remove, top } from '../wire/lib/place.mjs';
import { gone, run, start, stop } from '../wire/lib/process.mjs';
import { until } from '../wire/lib/until.mjs';

export const SIGNING_SECRET = 'bench-signing-secret-2f71c09be4d8';

export class Instance {
    constructor(env = {}) {
        this.dir = folder();
        this.run = join(this.dir, 'run');
        this.env = env;
        this.starts = 0;
        this.teams = [];
    }

    /** Starts it; gives the seconds until it said that it is ready. */
    async start() {
        const log = join(this.dir, `up-${++this.starts}.log`);
        const said = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
        this.port ??= await freePort();
        const began = performance.now();
        this.child = start(program('konstruct'), ['up', '--dir', this.run, '--port', `${this.port}`],
            { cwd: top, log, env: { KONSTRUCT_CONF: '/dev/null', ...NO_LIMITS, ...this.env } });
        let ended = false;
        this.child.ended.then(() => { ended = true; });
        // Looked at every millisecond: the figure is a few hundred of them.
        while (!said().includes('Konstruct is ready')) {
            if (ended || performance.now() - began > 120_000) throw new Error(`konstruct up did not get ready:\n${said()}`);
            await new Promise((resolve) => setTimeout(resolve, 1));
        }
        const seconds = (performance.now() - began) / 1000;
        this.steps = said();
        this.ca = readFileSync(join(this.run, 'tls/cert.pem'));
        return seconds;
    }

    async stop() {
        const pids = Object.values(this.pids());
        await stop(this.child);
        await gone(pids);
        this.child = undefined;
    }

    /** Stops it if it still runs, and forgets all of it. */
    async end() {
        if (this.child !== undefined) await this.stop();
        remove(this.dir);
    }

    /** Its children by name: postgres, redis, worker, web. */
    pids() {
        const file = join(this.run, 'children');
        const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
        return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, pid]) => [name, Number(pid)]));
    }

    /** A setting that `konstruct up` made for the commands in its folder. */
    setting(name) {
        return readFileSync(join(this.run, 'konstruct.conf'), 'utf8').split('\n')
            .find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
    }

    command(...args) {
        return run(program('konstruct'), args, { env: { KONSTRUCT_CONF: join(this.run, 'konstruct.conf') } });
    }

    /** SQL as the database's administrator. */
    sql(text) {
        const password = readFileSync(join(this.run, 'keys/db-superuser'), 'utf8').trim();
        const conninfo = `host='${join(this.run, 'sock')}' dbname=konstruct user=postgres password=${password}`;
        return run('psql', [conninfo, '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);
    }

    redis(...words) {
        return run('redis-cli', ['-s', this.setting('REDIS_URL').slice('unix://'.length), ...words]);
    }

    /** Signs companies up, each with its own workspace and a Mara who thinks with the mock model. */
    async addTeams(count) {
        for (let i = 0; i < count; i++) {
            const team = `T0BENCH${String(this.teams.length).padStart(3, '0')}`;
            const answer = await this.request('POST', '/api/v1/signup', JSON.stringify({
                company: team, name: 'Ann', email: `${team}@bench.example`, password: 'a password of the bench',
            }));
            if (answer.status !== 201) throw new Error(`sign up: ${answer.status} ${answer.body}`);
            await this.command('channel', 'add', 'slack', '--tenant', team, '--token', `xoxb-${team}`,
                '--signing-secret', SIGNING_SECRET);
            await this.command('employee', 'models', 'Mara', '--primary', 'openai:mock', '--tenant', team);
            this.teams.push({ team, tenant: JSON.parse(answer.body).tenant_id });
        }
    }

    request(method, path, body, more = {}) {
        return new Promise((resolve, reject) => {
            const request = https.request({
                host: '127.0.0.1', servername: 'localhost', port: this.port, ca: this.ca, agent: false, method, path,
                headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
            }, async (answer) => {
                const pieces = [];
                for await (const piece of answer) pieces.push(piece);
                resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces).toString() });
            });
            request.on('error', reject);
            request.end(body);
        });
    }

    /** Waits until no job is left to do. */
    quiet() {
        return until(async () => (await this.sql("SELECT count(*) FROM job WHERE state IN ('ready', 'running')")).trim() === '0',
            'all jobs to end');
    }

    /** Forgets all messages, so that every round finds the same empty tables. A halted worker may hold locks on them. */
    async empty() {
        await this.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('konstruct_worker', 'konstruct_dispatch')");
        await this.sql('TRUNCATE inbound, job, step, outbound, usage, message, conversation; CHECKPOINT');
        await this.redis('FLUSHALL');
    }
}
