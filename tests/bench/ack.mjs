// How many webhooks are acknowledged in a second, with the commit before the 200; beside pgbench, which does the same
// statements and nothing else, nginx, which does nothing at all, and the receivers of peer.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, freePort, remove } from '../wire/lib/place.mjs';
import { run, signal, start, stop } from '../wire/lib/process.mjs';
import { sleep, until } from '../wire/lib/until.mjs';
import { Instance, SIGNING_SECRET } from './instance.mjs';
import { watched } from './machine.mjs';
import { listens, Reference } from './reference.mjs';
import { judged, JUDGED, medians, number, percentile, print } from './table.mjs';

const TEAMS = 20;
const CONNECTIONS = 64;
const PGBENCH_CLIENTS = 16;
const RATE = 500;
const WORKER_BACK_MS = 3000; // a halted worker has lost its connections

/** wrk against `url`: requests per second, times in ms, errors. */
async function wrk(url, path, teams, seconds) {
    const out = await run('wrk', ['-t2', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s', '-s',
        new URL('ack.lua', import.meta.url).pathname, url], { env: { SECRET: SIGNING_SECRET, TEAMS: teams.join(','), TARGET_PATH: path } });
    const [count, micros, errors, p50, p99] = /^RESULT (.*)$/m.exec(out)[1].split(' ').map(Number);
    return { count, rate: count / (micros / 1e6), p50: p50 / 1000, p99: p99 / 1000, errors };
}

/** The statement that the web process sends, read from where it stands, so that both always do the same. */
function statement() {
    const source = readFileSync(new URL('../../backend/flow/ingest.c', import.meta.url), 'utf8');
    const literals = /q_ingest = \{\s*"ingest",([^;]*)\};/.exec(source)[1].match(/"[^"]*"/g);
    return literals.map((literal) => literal.slice(1, -1)).join('');
}

/** One script a tenant; pgbench takes one of them at random each time. All of a transaction travels in one round trip. */
async function pgbenchScripts(dir, instance) {
    const files = [];
    for (const { tenant } of instance.teams) {
        const connection = (await instance.sql(`SELECT id FROM connection WHERE tenant_id = '${tenant}'`)).trim();
        const values = ['', 'gen_random_uuid()', `'${connection}'::uuid`, "'C0BENCH01:' || :key::bigint", 'gen_random_uuid()',
            "'C0BENCH01:1763614800.000100'", "'U0BENCH01'", 'NULL', `'${'hello bot '.repeat(30)}'`, 'false', 'gen_random_uuid()'];
        const insert = statement().replace(/\$(\d+)/g, (_, n) => values[n]);
        const file = join(dir, `${files.length}.sql`);
        writeFileSync(file, ['\\set key random(1, 9000000000000000000)', '\\startpipeline', 'BEGIN;',
            `SELECT set_config('app.tenant_id', '${tenant}', true);`, `${insert};`, 'COMMIT;', '\\endpipeline', ''].join('\n'));
        files.push(file);
    }
    return files;
}

async function pgbench(instance, files, seconds) {
    const out = await run('pgbench', ['-n', '-M', 'prepared', '-c', `${PGBENCH_CLIENTS}`, '-j', '2', '-T', `${seconds}`,
        ...files.flatMap((file) => ['-f', file]), instance.setting('KONSTRUCT_DB_WEB')], { cwd: join(files[0], '..') });
    const rate = Number(/tps = ([\d.]+)/.exec(out)[1]);
    return { rate, count: rate * seconds, errors: Number(/number of failed transactions: (\d+)/.exec(out)?.[1] ?? 0) };
}

/** So many webhooks in a second, evenly, whatever becomes of those before. */
async function steadily(desk, instance, seconds) {
    const teams = instance.teams.map(({ team }) => team);
    const asked = [];
    const began = performance.now();
    for (let i = 0; i < RATE * seconds; i++) {
        const wait = began + (i * 1000) / RATE - performance.now();
        if (wait > 1) await sleep(wait);
        asked.push(desk.acknowledged(instance, teams[i % teams.length]));
    }
    const times = await Promise.all(asked);
    return { count: times.length, rate: times.length / ((performance.now() - began) / 1000), p50: percentile(times, 50), p99: percentile(times, 99), errors: 0 };
}

async function startPeers(dir) {
    const socket = join(dir, 'redis.sock');
    const redis = start('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dir], { log: join(dir, 'redis.log') });
    const peers = [];
    for (const name of ['fastify', 'bolt']) {
        const port = await freePort();
        const child = start(process.execPath, [new URL('peer.mjs', import.meta.url).pathname, name], {
            log: join(dir, `${name}.log`), env: { PORT: `${port}`, REDIS_SOCKET: socket, SECRET: SIGNING_SECRET, NODE_ENV: 'production' },
        });
        await until(() => listens(port), name);
        peers.push({ name, child, url: `http://127.0.0.1:${port}` });
    }
    return { redis, peers, stop: () => Promise.all([redis, ...peers.map(({ child }) => child)].map((child) => stop(child))) };
}

/** What is measured, in the order of the table. `parts` are the processes whose time counts. */
function targets({ desk, instance, nginx, others, files, seconds }) {
    const teams = instance.teams.map(({ team }) => team);
    const { web, postgres, redis, worker } = instance.pids();
    const ours = `https://localhost:${instance.port}`; // the name goes into the handshake
    const hooks = '/hooks/slack/events';
    return [
        { name: 'pgbench: the same inserts, nothing else', parts: { postgres }, instance, halted: true, run: () => pgbench(instance, files, seconds) },
        { name: 'Konstruct: TLS, check, commit, 200', parts: { web, postgres, redis }, instance, halted: true, run: () => wrk(ours, hooks, teams, seconds) },
        { name: 'Konstruct, its worker answering meanwhile', parts: { web, postgres, redis, worker }, instance, halted: false, run: () => wrk(ours, hooks, teams, seconds) },
        { name: 'nginx: TLS, a constant, no check, no queue', parts: { nginx: nginx.child.pid }, run: () => wrk(`https://127.0.0.1:${nginx.port}`, '/constant', teams, seconds) },
        ...others.peers.map(({ name, child, url }) => ({
            name: `${name}: plain HTTP, check, XADD, 200`, parts: { [name]: child.pid, redis: others.redis.pid },
            run: () => wrk(url, '/slack/events', teams, seconds),
        })),
        { name: `Konstruct, ${RATE} a second, worker halted`, parts: { web, postgres, redis }, instance, halted: true, run: () => steadily(desk, instance, seconds) },
        { name: `Konstruct, ${RATE} a second, worker answering`, parts: { web, postgres, redis, worker }, instance, halted: false, run: () => steadily(desk, instance, seconds) },
    ];
}

async function once(target) {
    const worker = target.instance?.pids().worker;
    if (target.instance) {
        signal(worker, 'SIGSTOP');
        await target.instance.empty();
        if (!target.halted) {
            signal(worker, 'SIGCONT');
            await sleep(WORKER_BACK_MS);
        }
    }
    try {
        const seen = await watched(target.parts, target.run);
        const cpu = Object.fromEntries(Object.entries(seen.cpu).map(([name, used]) => [`cpu_${name}`, (used * 1e6) / seen.count]));
        return { ...seen, ...cpu, cpu: Object.values(cpu).reduce((a, b) => a + b, 0) };
    } finally {
        if (target.instance) {
            signal(worker, 'SIGSTOP');
            await target.instance.empty();
            signal(worker, 'SIGCONT');
        }
    }
}

function show(list, rounds) {
    const seen = new Map(list.map((target) => [target, medians(rounds.get(target))]));
    const limit = seen.get(list[0]).rate;
    print(`Webhooks acknowledged, ${CONNECTIONS} connections, ${TEAMS} workspaces`,
        ['', 'per second', 'of pgbench', 'p50 ms', 'p99 ms', 'CPU us each', 'of which', 'errors', 'foreign cores'],
        list.map((target) => {
            const s = seen.get(target);
            const parts = Object.keys(target.parts).map((name) => `${name} ${number(s[`cpu_${name}`])}`).join(', ');
            return [target.name, number(s.rate), number(s.rate / limit, 2), number(s.p50, 2), number(s.p99, 2), number(s.cpu, 0), parts, number(s.errors), number(s.foreign, 2)];
        }));
    const [, ours, , , , , steady, busy] = list.map((target) => seen.get(target));
    // The ratio of each round by itself: what else the machine did changes from round to round.
    const [base, own] = [rounds.get(list[0]), rounds.get(list[1])];
    const ratio = medians(own.map((round, i) => ({ ratio: (100 * round.rate) / base[i].rate }))).ratio;
    print('Acknowledgements, judged', JUDGED, [
        judged('per second, of what pgbench does', ratio, { unit: ' %', digits: 0, aim: 80, least: true }),
        judged('per second (peer: Bolt with XADD, not durable)', ours.rate, { unit: '/s', digits: 0, peer: Math.round(seen.get(list[5]).rate), least: true }),
        judged(`p99 at ${RATE} a second, worker halted`, steady.p99, { unit: ' ms', aim: 50 }),
        judged(`p99 at ${RATE} a second, worker answering`, busy.p99, { unit: ' ms', aim: 50 }),
    ]);
}

export async function measureAck({ desk, rounds, quick, log }) {
    const seconds = quick ? 2 : 8;
    const dir = folder();
    const instance = new Instance(desk.env);
    const nginx = await Reference.start(desk);
    const others = await startPeers(dir);
    try {
        await instance.start();
        await instance.addTeams(TEAMS);
        const list = targets({ desk, instance, nginx, others, files: await pgbenchScripts(dir, instance), seconds });
        const found = new Map(list.map((target) => [target, []]));
        for (let i = 0; i < rounds; i++) {
            for (const target of list) {
                const seen = await once(target);
                found.get(target).push(seen);
                log(`ack ${target.name}: ${number(seen.rate)}/s, p99 ${number(seen.p99, 1)} ms, ${number(seen.cpu)} us each, foreign ${number(seen.foreign, 2)} cores, errors ${seen.errors}`);
            }
        }
        show(list, found);
        desk.agent.destroy();
        await instance.stop();
    } finally {
        await others.stop();
        await nginx.stop();
        await instance.end();
        remove(dir);
    }
}
