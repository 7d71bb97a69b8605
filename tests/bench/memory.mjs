// Memory as proportional set size, of each part with all its processes: after a start, and after a thousand messages.
import { sleep } from '../wire/lib/until.mjs';
import { Instance } from './instance.mjs';
import { pss } from './machine.mjs';
import { judged, JUDGED, median, number, print } from './table.mjs';

const PARTS = ['web', 'worker', 'postgres', 'redis'];

function look(instance) {
    const pids = instance.pids();
    return Object.fromEntries(PARTS.map((part) => [part, pss(pids[part])]));
}

async function round(desk, count) {
    const instance = new Instance(desk.env);
    try {
        await instance.start();
        await instance.addTeams(1);
        await instance.stop();
        await instance.start();
        await sleep(3000);
        const idle = look(instance);
        const began = performance.now();
        await desk.stream(instance, [instance.teams[0].team], count, 20);
        const seconds = (performance.now() - began) / 1000;
        await instance.quiet();
        const after = look(instance);
        await sleep(25_000); // threads without work go home after 20 s
        const later = look(instance);
        desk.agent.destroy();
        await instance.stop();
        return { idle, after, later, seconds };
    } finally {
        await instance.end();
    }
}

export async function measureMemory({ desk, rounds, quick }) {
    const count = quick ? 100 : 1000;
    const found = [];
    for (let i = 0; i < Math.min(rounds, 3); i++) found.push(await round(desk, count));
    const of = (when, part) => median(found.map((each) => each[when][part]));
    const ours = (when) => of(when, 'web') + of(when, 'worker');
    const all = (when) => PARTS.reduce((sum, part) => sum + of(when, part), 0);
    print(`Memory (PSS, MB), before and after ${count} messages of one workspace, 20 at once`,
        ['', ...PARTS, 'web + worker', 'all'],
        [['idle', 'idle'], ['after the messages', 'after'], ['25 s later', 'later']].map(([title, when]) =>
            [title, ...PARTS.map((part) => number(of(when, part), 1)), number(ours(when), 1), number(all(when), 1)]));
    print('Memory, judged', JUDGED, [
        judged('web and worker, idle', ours('idle'), { unit: ' MB', aim: 50, peer: 621 }),
        judged(`web and worker, after ${count} messages`, ours('after'), { unit: ' MB', aim: 120, peer: 1460 }),
        judged('with PostgreSQL and Redis, idle', all('idle'), { unit: ' MB' }),
        judged(`with PostgreSQL and Redis, after ${count} messages`, all('after'), { unit: ' MB' }),
        judged('messages answered per second meanwhile', count / median(found.map((each) => each.seconds)), { unit: '/s', aim: 500, least: true, digits: 0 }),
    ]);
    return found;
}
