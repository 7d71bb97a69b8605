// Turns a second, from the webhook to the answer in Slack, with models that think for no time, 100 ms and 2 s.
import { Instance } from './instance.mjs';
import { watched } from './machine.mjs';
import { judged, JUDGED, medians, number, print } from './table.mjs';

const TEAMS = 20;
const WAYS = [
    { delay: 0, width: 64, count: 3000 },
    { delay: 100, width: 128, count: 3000 },
    { delay: 2000, width: 256, count: 768 },
];

export async function measureTurns({ desk, rounds, quick, log }) {
    const instance = new Instance(desk.env);
    const found = new Map(WAYS.map((way) => [way, []]));
    try {
        await instance.start();
        await instance.addTeams(TEAMS);
        await instance.sql('UPDATE cap SET limit_micros = 1000000000000');
        const teams = instance.teams.map(({ team }) => team);
        await desk.stream(instance, teams, 40, 20); // warm
        for (let i = 0; i < Math.min(rounds, 3); i++) {
            for (const way of WAYS) {
                const count = quick ? Math.max(way.count / 20, way.width) : way.count;
                desk.thinks(way.delay);
                const seen = await watched(instance.pids(), async () => {
                    await desk.stream(instance, teams, count, way.width);
                    return { count };
                });
                const cpu = Object.values(seen.cpu).reduce((a, b) => a + b, 0);
                found.get(way).push({ rate: count / seen.seconds, cpu: (cpu * 1e6) / count, foreign: seen.foreign });
                log(`turns, ${way.delay} ms: ${number(count / seen.seconds)}/s, ${number((cpu * 1e6) / count)} us each, foreign ${number(seen.foreign, 2)} cores`);
            }
        }
        desk.thinks(0);
        desk.agent.destroy();
        await instance.stop();
    } finally {
        await instance.end();
    }
    const rows = WAYS.map((way) => ({ way, ...medians(found.get(way)) }));
    print(`Turns a second, ${TEAMS} workspaces`, ['the model thinks', 'at once', 'turns a second', 'at most', 'CPU us each', 'foreign cores'],
        rows.map(({ way, rate, cpu, foreign }) => [`${way.delay} ms`, `${way.width}`, number(rate), way.delay === 0 ? '' : number((way.width * 1000) / way.delay),
            number(cpu), number(foreign, 2)]),
        ['"At most" is what so many at once could do if nothing but the model took time. Processor time is that of all processes, PostgreSQL included.']);
    print('Turns, judged', JUDGED, [judged('turns a second, model at once', rows[0].rate, { unit: '/s', digits: 0, least: true })]);
    return rows;
}
