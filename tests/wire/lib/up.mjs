// `konstruct up` under test: the real program, in a folder of its own and on a free port.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, freePort, program, remove, top } from './place.mjs';
import { alive, gone, run, start, stop } from './process.mjs';
import { until } from './until.mjs';

export class Up {
    constructor(dir) {
        this.dir = dir ?? folder();
        this.run = join(this.dir, 'run');
    }

    /** Begins a start; nothing is waited for. */
    async begin({ args = [], env = {}, port, command = program('konstruct') } = {}) {
        this.port = port ?? (await freePort());
        this.starts = (this.starts ?? 0) + 1;
        this.log = join(this.dir, `up-${this.starts}.log`);
        const all = ['up', '--dir', this.run, '--port', `${this.port}`, '--throw-away', ...args];
        this.child = start(command, all, { cwd: top, log: this.log, env: { KONSTRUCT_CONF: '/dev/null', ...env } });
        return this;
    }

    /** Starts it and waits until it says that it is ready. */
    async start(options) {
        await this.begin(options);
        await until(() => {
            if (this.child.exitCode !== null) throw new Error(`konstruct up ended:\n${this.said()}`);
            return this.said().includes('Konstruct is ready');
        }, 'konstruct up to be ready');
        return this;
    }

    /** Starts it, waits for its end; gives its exit code and what it said. */
    async runToEnd(options) {
        await this.begin(options);
        const { code } = await this.child.ended;
        return { code, said: this.said() };
    }

    said() {
        return existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
    }

    /** Its children by name: {web, worker, redis, postgres} to pids. */
    children() {
        const lines = readFileSync(join(this.run, 'children'), 'utf8').split('\n').filter(Boolean);
        return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, pid]) => [name, Number(pid)]));
    }

    async stop(name = 'SIGTERM') {
        const pids = Object.values(this.children());
        const ended = await stop(this.child, name);
        await gone(pids);
        return ended;
    }

    /** Waits until a child runs under another pid than before. */
    async anew(name, before) {
        return await until(() => {
            const pid = this.children()[name];
            return pid !== undefined && pid !== before && alive(pid) && pid;
        }, `a new ${name}`);
    }

    /** One statement as the database's administrator, whom no policy binds; gives its rows, columns parted by "|". */
    async sql(text) {
        const settings = readFileSync(join(this.run, 'konstruct.conf'), 'utf8');
        const password = readFileSync(join(this.run, 'keys/db-superuser'), 'utf8').trim();
        const owner = /^KONSTRUCT_DB_OWNER=(.*)$/m.exec(settings)[1];
        const admin = owner.replace(/user=\S+/, 'user=postgres').replace(/password=\S+/, `password=${password}`);
        const out = await run('psql', [admin, '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);
        return out.split('\n').filter(Boolean);
    }

    /** All that Redis holds, as text. */
    async redis() {
        const settings = readFileSync(join(this.run, 'konstruct.conf'), 'utf8');
        const socket = /^REDIS_URL=unix:\/\/(.*)$/m.exec(settings)[1];
        const cli = (...args) => run('redis-cli', ['-s', socket, ...args]);
        const keys = (await cli('KEYS', '*')).split('\n').filter(Boolean);
        return (await Promise.all(keys.map(async (key) => `${key} ${await cli('--no-raw', 'DUMP', key)}`))).join('\n');
    }

    remove() {
        remove(this.dir);
    }
}
