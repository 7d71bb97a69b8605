// konstruct-web under test: the real program, on a port of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate } from './certificate.mjs';
import { NO_LIMITS } from './limits.mjs';
import { folder, freePort, kind, program, remove } from './place.mjs';
import { children, gone, signal, start, stop, title } from './process.mjs';
import { get, once } from './raw.mjs';
import { until } from './until.mjs';

export const WEB_KEY = 'wire-tests-web-key-3f1c9a7be20d4685a1';

// The sandbox would end the process that a sanitizer starts to name addresses.
const checked = kind === 'asan' ? { ASAN_OPTIONS: 'symbolize=0:detect_leaks=0:abort_on_error=1', UBSAN_OPTIONS: 'symbolize=0' } : {};

export class Web {
    /**
     * Starts it and waits until it answers. Without `db` it has no database: enough for what does not get past the
     * server itself.
     */
    static async start({ db = 'host=/nonexistent user=konstruct_web', redis, pair, port, env = {} } = {}) {
        const web = new Web();
        web.dir = folder();
        web.pair = pair ?? (await certificate(web.dir));
        web.port = port ?? (await freePort());
        web.log = join(web.dir, 'web.log');
        web.child = start(program('konstruct-web'), [], {
            cwd: web.dir,
            log: web.log,
            env: {
                KONSTRUCT_CONF: '/dev/null',
                KONSTRUCT_LISTEN: `127.0.0.1:${web.port}`,
                KONSTRUCT_TLS_CERT: web.pair.cert,
                KONSTRUCT_TLS_KEY: web.pair.key,
                KONSTRUCT_DB_WEB: db,
                KONSTRUCT_WEB_KEY: WEB_KEY,
                ...(redis === undefined ? {} : { REDIS_URL: redis }),
                ...checked,
                ...NO_LIMITS,
                ...env,
            },
        });
        web.pid = web.child.pid;
        await until(async () => {
            if (web.child.failed) throw web.child.failed;
            if (web.child.exitCode === null && web.child.signalCode === null) return await web.answers();
            const said = web.said();
            remove(web.dir);
            throw new Error(`konstruct-web ended:\n${said}`);
        }, 'konstruct-web to answer');
        return web;
    }

    /** True when a new connection gets an answer. */
    async answers() {
        return await once(this.port, get('/healthz', 'Connection: close\r\n')).then((a) => a.status === 200, () => false);
    }

    /** Everything that it logged. */
    said() {
        return readFileSync(this.log, 'utf8');
    }

    /** Its log lines as objects; lines that are no JSON (a sanitizer's) are kept as {text}. */
    lines() {
        return this.said().split('\n').filter(Boolean).map((line) => {
            try {
                return JSON.parse(line);
            } catch {
                return { text: line };
            }
        });
    }

    /** The pids of its workers, in order. */
    workers() {
        return children(this.pid).filter((pid) => title(pid).includes('[wrk')).sort((a, b) => a - b);
    }

    keyManager() {
        return children(this.pid).find((pid) => title(pid).includes('[keymgr]'));
    }

    /** Sends a signal that ends this child; every other death of a worker is a fault that stop() reports. */
    kill(pid, name = 'SIGKILL') {
        this.killed = (this.killed ?? 0) + 1;
        signal(pid, name);
    }

    /** Stops it (if it runs) and removes its folder. Gives how it ended. */
    stop(name = 'SIGTERM') {
        this.stopping ??= this.#stop(name);
        return this.stopping;
    }

    async #stop(name) {
        const all = [this.pid, ...children(this.pid)];
        const ended = await stop(this.child, name);
        await gone(all);
        const lines = this.lines();
        remove(this.dir);
        const died = lines.filter((line) => line.event === 'web_worker_died').length;
        const reports = lines.filter((line) => /AddressSanitizer|runtime error/.test(line.text ?? ''));
        if (died > (this.killed ?? 0) || reports.length > 0)
            throw new Error(`a process died by itself:\n${lines.map((line) => JSON.stringify(line)).join('\n')}`);
        return ended;
    }
}
