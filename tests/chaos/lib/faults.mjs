// The faults of a storm: what happens next, to whom, and when, is decided by the seed alone.
import { signal } from '../../wire/lib/process.mjs';
import { sleep } from '../../wire/lib/until.mjs';
import { between, chance, pick } from './seed.mjs';

const WEIGHTS = {
    worker: 40, pause: 12, webWorker: 12, web: 6, redis: 10, flush: 4, connections: 6, backend: 4, postmaster: 6,
};
const GAP_MS = [150, 700];
const DOWN_MS = [0, 400];
const PAUSE_MS = [2500, 5000]; // longer than the lease

export class Faults {
    /** `weights` change how often a fault comes, {pause: 40} say. */
    constructor(plant, seed, weights = {}) {
        this.plant = plant;
        this.weights = { ...WEIGHTS, ...weights };
        this.history = []; // {at, name, which}
        this.next = chance(seed, 'faults');
        this.counts = Object.fromEntries(Object.keys(WEIGHTS).map((name) => [name, 0]));
        this.under = new Set(); // what is being brought back
        this.pauses = 0;
    }

    /** Processes killed with -9. */
    get kills() {
        const { worker, webWorker, web, redis, backend, postmaster } = this.counts;
        return worker + webWorker + web + redis + backend + postmaster;
    }

    /** One fault after another, as long as `more()` says so. */
    async rage(more) {
        while (more()) {
            await sleep(between(this.next, ...GAP_MS));
            const name = pick(this.next, this.weights);
            // All numbers are drawn here, whether the fault can happen or not: the schedule stays the same.
            const which = between(this.next, 0, 1000);
            const down = between(this.next, ...DOWN_MS);
            const pause = between(this.next, ...PAUSE_MS);
            this.#begin(name, which, down, pause);
        }
    }

    /** Waits until everything is back. */
    async calm() {
        while (this.under.size > 0) await Promise.all(this.under);
        if (this.broken) throw this.broken;
    }

    #begin(name, which, down, pause) {
        this.history.push({ at: Date.now(), name, which, pause });
        const task = this[name](which, down, pause)
            .then((happened) => { this.counts[name] += happened === false ? 0 : 1; })
            .catch((error) => { this.broken = this.broken ?? error; })
            .finally(() => this.under.delete(task));
        this.under.add(task);
    }

    /** False when something of this name is down already. */
    async #once(key, work) {
        this.busy = this.busy ?? new Set();
        if (this.busy.has(key)) return false;
        this.busy.add(key);
        try {
            return await work();
        } finally {
            this.busy.delete(key);
        }
    }

    worker(which, down) {
        const i = which % this.plant.workers.length;
        return this.#once(`worker ${i}`, async () => {
            await this.plant.killWorker(i);
            await sleep(down);
            await this.plant.startWorker(i);
        });
    }

    pause(which, down, pause) {
        const i = which % this.plant.workers.length;
        return this.#once(`worker ${i}`, async () => {
            this.plant.pauseWorker(i);
            this.pauses++;
            await sleep(pause);
            this.plant.resumeWorker(i);
        });
    }

    webWorker(which) {
        return this.#once('web', async () => this.plant.killWebWorker(which));
    }

    web(which, down) {
        return this.#once('web', async () => {
            await this.plant.killWeb();
            await sleep(down);
            await this.plant.startWeb();
        });
    }

    redis(which, down) {
        return this.#once('redis', async () => {
            await this.plant.redis.kill();
            await sleep(down);
            await this.plant.redis.start();
        });
    }

    flush() {
        return this.#once('redis', () => this.plant.redis.ask('FLUSHALL').then(() => true));
    }

    connections() {
        return this.#once('postgres', () => this.plant.pg.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'konstruct%' AND random() < 0.5"));
    }

    // Of a server process that dies, PostgreSQL thinks the worst: it ends all others and recovers.
    backend(which) {
        return this.#once('postgres', async () => {
            const pids = await this.plant.pg.backends().catch(() => []);
            return pids.length > 0 && signal(pids[which % pids.length], 'SIGKILL');
        });
    }

    postmaster(which, down) {
        return this.#once('postgres', async () => {
            await this.plant.pg.kill();
            await sleep(down);
            await this.plant.pg.start();
        });
    }
}
