// What /v1/chat/completions adds to a call of a model, and what it costs: beside the same mock asked directly, nginx in
// between, and Portkey's gateway. Ours does TLS, checks a key, holds the money against the caps and keeps the ledger.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../wire/lib/process.mjs';
import { CHAT, Gateways } from './gateways.mjs';
import { largest, pss, watched } from './machine.mjs';
import { PIECES } from './mock.mjs';
import { Program } from './program.mjs';
import { judged, JUDGED, median, medians, number, percentile, print } from './table.mjs';

const CONNECTIONS = 64;
const RATE = 400;
const RATE_CONNECTIONS = 8;
const READERS = 32;
const COMPANIES = 300;
const ANYBODY = 'sk-bench';
const OURS = 'Konstruct', PORTKEY = 'Portkey', TWO = 'nginx in two processes';

/** Everybody who is asked in a scenario; the mock itself comes first, and the others are compared with it. */
function targets(g, program, prefix, mock) {
    const { port } = g;
    const upstream = mock === 'paced' ? `http://127.0.0.1:${port.PACED}` : `http://127.0.0.1:${port.MOCK}${prefix}`;
    const { web, worker, postgres, redis } = program.pids();
    return [
        { name: 'the mock, asked directly', url: `${upstream}${CHAT}`, key: ANYBODY, parts: { mock: g.pid(mock) } },
        { name: 'nginx', url: `http://127.0.0.1:${port.PLAIN}${prefix}${CHAT}`, key: ANYBODY, parts: { nginx: g.pid('proxy') } },
        { name: 'nginx, TLS in front', url: `https://localhost:${port.TLS}${prefix}${CHAT}`, key: ANYBODY, parts: { nginx: g.pid('proxy') } },
        { name: TWO, url: `https://localhost:${port.TWO}${prefix}${CHAT}`, key: ANYBODY,
            parts: { front: g.pid('front'), behind: g.pid('behind') } },
        { name: PORTKEY, url: `http://127.0.0.1:${port.PORTKEY}${CHAT}`, key: ANYBODY, upstream: `${upstream}/v1`, parts: { portkey: g.pid('portkey') } },
        { name: OURS, url: program.url, key: program.keys[0], parts: { web, worker, postgres, redis } },
    ];
}

const headersOf = ({ key, upstream }) => ({
    authorization: `Bearer ${key}`,
    ...(upstream === undefined ? {} : { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': upstream }),
});

async function wrk(target, { seconds, stream = false, connections = CONNECTIONS }) {
    const env = { KEY: target.key, STREAM: stream ? '1' : '0', ...(target.upstream === undefined ? {} : { UPSTREAM: target.upstream }) };
    const out = await run('wrk', [connections === 1 ? '-t1' : '-t2', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s',
        '-s', new URL('chat.lua', import.meta.url).pathname, target.url], { env });
    const [count, micros, errors, p50, p99] = /^RESULT (.*)$/m.exec(out)[1].split(' ').map(Number);
    return { count, rate: count / (micros / 1e6), p50: p50 / 1000, p99: p99 / 1000, errors };
}

/** Evenly spread requests at a fixed rate: a slow answer delays none of those behind it on other connections. */
async function steadily(g, target, seconds) {
    const body = join(g.dir, 'body.json'), log = join(g.dir, 'h2load.log');
    writeFileSync(body, JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'lorem ipsum '.repeat(25) }], max_tokens: 128 }));
    rmSync(log, { force: true });
    await run('h2load', ['--h1', '-t1', `-c${RATE_CONNECTIONS}`, `-n${RATE * seconds}`, '--rps', `${RATE / RATE_CONNECTIONS}`, '-r', '1',
        '--rate-period', '3ms', '-d', body, '-H', 'content-type: application/json', `--log-file=${log}`,
        ...Object.entries(headersOf(target)).flatMap(([name, value]) => ['-H', `${name}: ${value}`]), target.url]);
    const rows = readFileSync(log, 'utf8').trim().split('\n').map((line) => line.split('\t').map(Number));
    const times = rows.filter(([, status]) => status === 200).map(([, , micros]) => micros / 1000);
    const span = (Math.max(...rows.map(([at]) => at)) - Math.min(...rows.map(([at]) => at))) / 1e6;
    return { count: rows.length, rate: rows.length / span, p50: percentile(times, 50), p99: percentile(times, 99), errors: rows.length - times.length };
}

async function readers(target, seconds) {
    const seen = JSON.parse(await run(process.execPath, [new URL('readers.mjs', import.meta.url).pathname], {
        env: { URL: target.url, HEADERS: JSON.stringify(headersOf(target)), COUNT: `${READERS}`, SECONDS: `${seconds}`, PIECES: `${PIECES}` },
    }));
    return { count: seen.pieces, streams: seen.streams, torn: seen.streams - seen.complete, errors: seen.errors,
        p50: seen.first.p50, p99: seen.first.p99, gap50: seen.gaps.p50, gap99: seen.gaps.p99 };
}

/** All targets in turns, some rounds; gives the medians of each, and of what it added in the same round. */
async function measure(what, list, rounds, log, once) {
    const found = new Map(list.map((target) => [target, []]));
    for (let i = 0; i < rounds; i++) {
        for (const target of list) {
            const seen = await watched(target.parts, () => once(target));
            const [base] = found.get(list[0]).slice(-1);
            const cpu = Object.fromEntries(Object.entries(seen.cpu).map(([name, used]) => [`cpu_${name}`, (used * 1e6) / seen.count]));
            const round = { ...seen, ...cpu, cpu: Object.values(cpu).reduce((a, b) => a + b, 0),
                added50: base ? seen.p50 - base.p50 : 0, added99: base ? seen.p99 - base.p99 : 0 };
            found.get(target).push(round);
            log(`endpoint, ${what}, ${target.name}: p50 ${number(seen.p50, 2)} p99 ${number(seen.p99, 2)} ms, ${number(round.cpu, 1)} us each, `
                + `errors ${seen.errors}, foreign ${number(seen.foreign, 2)} cores`);
        }
    }
    return list.map((target) => ({ target, ...medians(found.get(target)) }));
}

const partsOf = (row) => Object.keys(row.target.parts).map((name) => `${name} ${number(row[`cpu_${name}`], 1)}`).join(', ');

function show(title, rows) {
    print(title, ['', 'per second', 'p50 ms', 'p99 ms', 'added p50', 'added p99', 'CPU us each', 'of which', 'errors', 'foreign cores'],
        rows.map((row) => [row.target.name, number(row.rate), number(row.p50, 2), number(row.p99, 2), number(row.added50, 2), number(row.added99, 2),
            number(row.cpu, 1), partsOf(row), number(row.errors), number(row.foreign, 2)]));
}

function showStreams(title, rows) {
    print(title, ['', 'streams', 'torn', 'first piece p50 ms', 'p99', 'added p50', 'added p99', 'gap p50', 'gap p99', 'CPU us a piece', 'of which', 'errors', 'foreign cores'],
        rows.map((row) => [row.target.name, number(row.streams), number(row.torn), number(row.p50, 2), number(row.p99, 2), number(row.added50, 2),
            number(row.added99, 2), number(row.gap50, 2), number(row.gap99, 2), number(row.cpu, 1), partsOf(row), number(row.errors), number(row.foreign, 2)]));
}

/** Measures with all gateways, warmed up, and stops them again. */
async function withAll(work) {
    const g = await Gateways.start();
    const program = new Program();
    try {
        await program.startWith(`http://127.0.0.1:${g.port.MOCK}/v1`);
        await program.addKeys(1);
        const plain = targets(g, program, '', 'mock');
        for (const target of plain) await wrk(target, { seconds: 1 });
        return await work(g, program, plain);
    } finally {
        await program.end();
        await g.stop();
    }
}

const rowOf = (rows, who) => rows.find(({ target }) => target.name === who);

/** What a call waits for. A part of its own: such figures want many rounds, and a machine that does nothing else. */
export function measureRate({ rounds, quick, log }) {
    return withAll(async (g, program, plain) => {
        const rate = await measure(`${RATE} a second`, plain, rounds, log, (target) => steadily(g, target, quick ? 2 : 8));
        const [ours, portkey, two] = [OURS, PORTKEY, TWO].map((who) => rowOf(rate, who));
        show(`Chat completions, ${RATE} a second over ${RATE_CONNECTIONS} connections, a model that answers at once`, rate);
        print(`${RATE} a second, judged`, JUDGED, [50, 99].flatMap((of) => [
            judged(`added, p${of}`, ours[`added${of}`], { unit: ' ms', digits: 2, aim: of === 50 ? 0.3 : 1, peer: Number(portkey[`added${of}`].toFixed(2)) }),
            judged('the same, of what nginx adds in two processes', (100 * ours[`added${of}`]) / two[`added${of}`], { unit: ' %', digits: 0 }),
        ]));
        return { rate };
    });
}

export function measureEndpoint({ rounds, quick, log }) {
    const seconds = quick ? 2 : 8;
    return withAll(async (g, program, plain) => {
        const idle = pss(program.pids().web) + pss(program.pids().worker);
        const full = await measure('as many as can be', plain, rounds, log, (target) => wrk(target, { seconds }));
        const single = await measure('one at a time', plain, rounds, log, (target) => wrk(target, { seconds, connections: 1 }));
        const { web, worker } = program.pids();
        const memory = { web: pss(web), worker: pss(worker), largest: Math.max(largest(web), largest(worker)), portkey: pss(g.pid('portkey')), proxy: pss(g.pid('proxy')) };
        await program.addKeys(COMPANIES);
        const many = { ...plain.at(-1), name: `${OURS}, ${COMPANIES} companies`, key: program.keys.slice(1).join(',') };
        await wrk(many, { seconds });
        const companies = await measure(`${COMPANIES} companies`, [plain[0], many], rounds, log, (target) => wrk(target, { seconds }));

        await program.startWith(`http://127.0.0.1:${g.port.MOCK}/burst/v1`);
        const burst = await measure('streams in one burst', targets(g, program, '/burst', 'mock'), rounds, log, (target) => wrk(target, { seconds, stream: true }));
        await program.startWith(`http://127.0.0.1:${g.port.PACED}/v1`);
        const paced = await measure('paced streams', targets(g, program, '/paced', 'paced'), rounds, log, (target) => readers(target, seconds));
        const booked = (await program.sql('SELECT count(*) FROM usage')).trim();
        await program.stop();

        show(`Chat completions, a model that answers at once, as many as can be over ${CONNECTIONS} connections`, full);
        show(`The same, ${COMPANIES} companies in turns`, companies);
        show('The same, one at a time', single);
        show(`Streams of ${PIECES} pieces in one burst, ${CONNECTIONS} connections`, burst);
        showStreams(`Streams whose first piece comes after 50 ms and ${PIECES} more 10 ms apart, ${READERS} at once`, paced);
        print('Memory of the gateways after the plain calls (PSS, MB)', ['', 'MB'], [
            ['nginx', number(memory.proxy, 1)], ['Portkey', number(memory.portkey, 1)],
            ['Konstruct, web processes together', number(memory.web, 1)], ['Konstruct, worker', number(memory.worker, 1)]],
            [`Before them Konstruct's two had ${number(idle, 1)} MB. ${booked} calls stand in its ledger.`]);
        const [ours, portkey, two] = [OURS, PORTKEY, TWO].map((who) => ({ full: rowOf(full, who), paced: rowOf(paced, who) }));
        print('The endpoint, judged', JUDGED, [
            judged('processor time of a call, all processes', ours.full.cpu, { unit: ' us', digits: 0, aim: 60, peer: Math.round(portkey.full.cpu) }),
            judged(`the same, ${COMPANIES} companies in turns`, companies[1].cpu, { unit: ' us', digits: 0 }),
            judged('processor time of a piece, all processes', ours.paced.cpu, { unit: ' us', digits: 1, aim: 20, peer: Number(portkey.paced.cpu.toFixed(1)) }),
            judged('the same, of what nginx takes in two processes', (100 * ours.paced.cpu) / two.paced.cpu, { unit: ' %', digits: 0 }),
            judged('first piece, added p50', ours.paced.added50, { unit: ' ms', digits: 2, aim: 1, peer: Number(portkey.paced.added50.toFixed(1)) }),
            judged('memory of the largest process of web and worker', memory.largest, { unit: ' MB', digits: 0, aim: 40, peer: Math.round(memory.portkey) }),
            judged('calls a second', ours.full.rate, { unit: '/s', digits: 0, least: true, peer: Math.round(portkey.full.rate) }),
        ]);
        return { full, companies, single, burst, paced, memory };
    });
}
