// What streams cost that are held open: of programs at /v1, and of people who watch a conversation in the portal.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import https from 'node:https';
import { start, stop } from '../wire/lib/process.mjs';
import { until } from '../wire/lib/until.mjs';
import { Gateways } from './gateways.mjs';
import { largest, pss } from './machine.mjs';
import { Program } from './program.mjs';
import { judged, JUDGED, number, print } from './table.mjs';

const COMPANIES = 5; // one company may have 256 waiting in a web process
const HOLD_GAP_MS = 2000; // a model that says a word every two seconds: its streams stay

const look = (program) => {
    const { web, worker, redis } = program.pids();
    return { web: pss(web), worker: pss(worker), redis: pss(redis), largest: Math.max(largest(web), largest(worker)) };
};

async function programs(g, program, count) {
    const log = join(g.dir, 'readers.log');
    const child = start(process.execPath, [new URL('readers.mjs', import.meta.url).pathname], {
        log, env: { URL: program.url, COUNT: `${count}`, SECONDS: '0', PIECES: '1', HEADERS: program.keys.map((key) => JSON.stringify({ authorization: `Bearer ${key}` })).join('\n') },
    });
    try {
        await until(() => readFileSync(log, 'utf8').includes('open'), `${count} streams of programs: ${readFileSync(log, 'utf8')}`);
        return look(program);
    } finally {
        await stop(child);
    }
}

/** The conversations of the companies' people, watched so many times. */
async function watchers(program, count) {
    const agent = new https.Agent({ keepAlive: false, maxSockets: count, ca: program.ca });
    const open = [];
    try {
        for (let i = 0; i < count; i++) {
            const { conversation, cookie } = program.people[i % program.people.length];
            open.push(await new Promise((resolve, reject) => {
                const request = https.request({ host: '127.0.0.1', servername: 'localhost', port: program.port, agent,
                    path: `/api/v1/conversations/${conversation}/stream`, headers: { host: 'localhost', cookie } }, (answer) => {
                    answer.on('error', () => {});
                    answer.resume();
                    if (answer.statusCode === 200) resolve(request);
                    else reject(new Error(`a stream of the portal: ${answer.statusCode}`));
                });
                request.on('error', reject);
                request.end();
            }));
        }
        return look(program);
    } finally {
        for (const request of open) request.removeAllListeners('error').on('error', () => {}).destroy();
    }
}

export async function measureHeld({ quick }) {
    const count = quick ? 100 : 1000;
    const g = await Gateways.start();
    const program = new Program();
    try {
        const port = await g.startPaced('held', { delay: 50, gap: HOLD_GAP_MS, pieces: 1000 });
        await program.startWith(`http://127.0.0.1:${port}/v1`);
        await program.addKeys(COMPANIES);
        await program.startWith(`http://127.0.0.1:${port}/v1`);
        const idle = look(program);
        const rows = { portal: await watchers(program, count), programs: await programs(g, program, count) };
        await program.stop();
        const each = (row, part) => ((row[part] - idle[part]) * 1024) / count;
        print(`Memory with ${count} streams held open (PSS, MB)`, ['', 'web', 'worker', 'redis', 'KB a stream, web', 'worker'], [
            ['idle', number(idle.web, 1), number(idle.worker, 1), number(idle.redis, 1), '', ''],
            ...[['people who watch a conversation', rows.portal], ['programs at /v1', rows.programs]].map(([name, row]) =>
                [name, number(row.web, 1), number(row.worker, 1), number(row.redis, 1), number(each(row, 'web'), 1), number(each(row, 'worker'), 1)]),
        ], ['All web processes together; each connection has its own TLS.']);
        print('Streams held open, judged', JUDGED, [
            judged(`largest process with ${count} streams of programs`, rows.programs.largest, { unit: ' MB', aim: 40 }),
            judged(`largest process with ${count} people who watch`, rows.portal.largest, { unit: ' MB', aim: 40 }),
            judged('worker, for each stream', each(rows.programs, 'worker'), { unit: ' KB', aim: 20 }),
        ]);
        return { idle, ...rows };
    } finally {
        await program.end();
        await g.stop();
    }
}
