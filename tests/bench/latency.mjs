// What a turn costs beside the model: from the webhook's sending until its answer arrives at Slack.
import { Instance } from './instance.mjs';
import { watched } from './machine.mjs';
import { judged, JUDGED, median, number, percentile, print } from './table.mjs';
import { Reference } from './reference.mjs';

const WIDTHS = [1, 20];

function figures(times) {
    return { p50: percentile(times, 50), p99: percentile(times, 99) };
}

export async function measureLatency({ desk, rounds, quick, log }) {
    const instance = new Instance(desk.env);
    const nginx = await Reference.start(desk);
    const found = { ours: { 1: [], 20: [] }, nginx: { 1: [], 20: [] } };
    try {
        await instance.start();
        await instance.addTeams(1);
        const teams = [instance.teams[0].team];
        const targets = { ours: instance, nginx };
        for (const target of Object.values(targets)) await desk.bursts(target, teams, 20, 20); // warm
        for (let i = 0; i < rounds; i++) {
            for (const width of WIDTHS) {
                for (const [name, target] of Object.entries(targets)) {
                    const count = (width === 1 ? 300 : 50) / (quick ? 10 : 1);
                    const pids = { ...instance.pids(), nginx: nginx.child.pid };
                    const seen = await watched(pids, async () => figures(await desk.bursts(target, teams, count, width)));
                    found[name][width].push(seen);
                    log(`latency ${name} ${width} at once: p50 ${number(seen.p50, 2)} p99 ${number(seen.p99, 2)} ms, foreign ${number(seen.foreign, 2)} cores`);
                }
            }
            await instance.quiet();
        }
        desk.agent.destroy();
        await instance.stop();
    } finally {
        await nginx.stop();
        await instance.end();
    }
    const of = (name, width, what) => median(found[name][width].map((each) => each[what]));
    const foreign = median(found.ours[1].map((each) => each.foreign));
    print('A turn with a model that answers at once: ms from webhook sent to answer at Slack',
        ['', 'p50', 'p99'],
        WIDTHS.flatMap((width) => [['Konstruct', 'ours'], ['the mocks alone (nginx between them)', 'nginx']].map(([title, name]) =>
            [`${title}, ${width} at once`, number(of(name, width, 'p50'), 2), number(of(name, width, 'p99'), 2)])),
        [`Other programs used ${number(foreign, 2)} cores meanwhile.`]);
    const added = (width, what) => of('ours', width, what) - of('nginx', width, what);
    print('Added latency of a turn, judged: the above without what the mocks cost', JUDGED, [
        judged('1 at once, p50', added(1, 'p50'), { unit: ' ms', digits: 2, aim: 5, peer: 187 }),
        judged('1 at once, p99', added(1, 'p99'), { unit: ' ms', digits: 2, aim: 20, peer: 363 }),
        judged('20 at once, p50', added(20, 'p50'), { unit: ' ms', digits: 2, peer: 2840 }),
        judged('20 at once, p99', added(20, 'p99'), { unit: ' ms', digits: 2, aim: 50, peer: 3370 }),
    ]);
    return found;
}
