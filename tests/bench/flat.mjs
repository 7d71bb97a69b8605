// Whether memory stays where it is: web and worker over a million calls of a program.
import { Gateways } from './gateways.mjs';
import { largest, own } from './machine.mjs';
import { run } from '../wire/lib/process.mjs';
import { Program } from './program.mjs';
import { judged, JUDGED, number, print } from './table.mjs';

const CONNECTIONS = 64;
const SLICE_S = 5;

async function calls(program) {
    const out = await run('wrk', ['-t2', `-c${CONNECTIONS}`, `-d${SLICE_S}s`, '--timeout', '10s', '-s', new URL('chat.lua', import.meta.url).pathname, program.url],
        { env: { KEY: program.keys[0], STREAM: '0' } });
    const [count, , errors] = /^RESULT (.*)$/m.exec(out)[1].split(' ').map(Number);
    return { count, errors };
}

export async function measureFlat({ quick, log }) {
    const total = quick ? 20_000 : 1_000_000;
    const g = await Gateways.start();
    const program = new Program();
    const rows = [];
    try {
        await program.startWith(`http://127.0.0.1:${g.port.MOCK}/v1`);
        await program.addKeys(1);
        let done = 0, errors = 0;
        while (done < total) {
            const seen = await calls(program);
            done += seen.count;
            errors += seen.errors;
            const { web, worker } = program.pids();
            if (done >= ((rows.length + 1) * total) / 10 || rows.length === 0)
                rows.push({ done, errors, web: own(web), worker: own(worker), largest: Math.max(largest(web), largest(worker)) });
            log(`flat: ${done} calls, web ${number(own(web), 1)} MB, worker ${number(own(worker), 1)} MB, errors ${errors}`);
        }
        await program.stop();
    } finally {
        await program.end();
        await g.stop();
    }
    print(`Memory over ${total} calls (MB that the processes have for themselves)`, ['calls', 'web', 'worker', 'largest process', 'errors'],
        rows.map((row) => [`${row.done}`, number(row.web, 1), number(row.worker, 1), number(row.largest, 1), `${row.errors}`]));
    const half = rows[rows.length >> 1]; // by then everything has been used that is kept to be used again
    print('Memory over many calls, judged', JUDGED, [
        judged('largest process in the end', rows.at(-1).largest, { unit: ' MB', aim: 40 }),
        judged('web and worker, more than half-way', rows.at(-1).web + rows.at(-1).worker - half.web - half.worker, { unit: ' MB', aim: 2 }),
    ]);
    return rows;
}
