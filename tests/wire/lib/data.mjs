// PostgreSQL and Redis of a test's own, migrated, without web and worker: those the test starts as it needs them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from './place.mjs';
import { run, start, stop } from './process.mjs';
import { Up } from './up.mjs';
import { Web } from './web.mjs';

export class Data {
    static async start(options = {}) {
        const data = new Data();
        data.up = await new Up().start({ args: ['--data-only'], ...options });
        const text = readFileSync(join(data.up.run, 'konstruct.conf'), 'utf8');
        data.settings = Object.fromEntries(
            text.split('\n').filter((line) => /^[A-Z]/.test(line)).map((line) => {
                const at = line.indexOf('=');
                return [line.slice(0, at), line.slice(at + 1)];
            }),
        );
        data.children = new Set();
        return data;
    }

    /** The settings of these services, and others for one program. */
    env(more = {}) {
        return { ...this.settings, KONSTRUCT_CONF: '/dev/null', ...more };
    }

    async web(env = {}) {
        const { KONSTRUCT_DB_WEB: db, REDIS_URL: redis, KONSTRUCT_WEB_KEY, KONSTRUCT_USER } = this.settings;
        const web = await Web.start({ db, redis, env: { KONSTRUCT_WEB_KEY, ...(KONSTRUCT_USER ? { KONSTRUCT_USER } : {}), ...env } });
        this.children.add(web);
        return web;
    }

    worker(env = {}) {
        const child = start(program('konstruct-worker'), [], { log: join(this.up.dir, 'worker.log'), env: this.env(env) });
        const worker = { child, pid: child.pid, stop: (name) => stop(child, name) };
        this.children.add(worker);
        return worker;
    }

    /** Runs SQL as one of the roles; gives the rows as text, columns with | between. */
    async sql(text, role = 'OWNER') {
        return (await run('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', this.settings[`KONSTRUCT_DB_${role}`]], { input: text })).trim();
    }

    async stop() {
        const ended = await Promise.allSettled([...this.children].map((child) => child.stop()));
        await this.up.stop();
        this.up.remove();
        for (const { reason } of ended) if (reason) throw reason;
    }
}
