// The price of row-level security: the same reads of the same million rows with our policy and without one.
import { join } from 'node:path';
import { run } from '../wire/lib/process.mjs';
import { Instance } from './instance.mjs';
import { watched } from './machine.mjs';
import { benchProgram, judged, JUDGED, median, number, print } from './table.mjs';

const price = (found, read) => 100 * (found.get(`${read} with`).cpu / found.get(`${read} without`).cpu - 1);

export async function measureRls({ desk, rounds, quick }) {
    const [rows, tenants, batches] = quick ? [20_000, 100, 5] : [1_000_000, 1000, 60 * rounds];
    const instance = new Instance(desk.env);
    try {
        await instance.start();
        const { lines, foreign } = await watched(instance.pids(), async () => ({
            lines: (await run(benchProgram('bench_rls'), [`${rows}`, `${tenants}`, `${batches}`],
                { env: { KONSTRUCT_CONF: join(instance.run, 'konstruct.conf') } })).trim().split('\n').map((line) => JSON.parse(line)),
        }));
        const reads = [...new Set(lines.map(({ read }) => read))];
        const found = new Map(reads.flatMap((read) => ['with', 'without'].map((way) => {
            const of = lines.filter((line) => line.read === read && line.way === way);
            return [`${read} ${way}`, { cpu: median(of.map((line) => line.cpu_us)), wall: median(of.map((line) => line.wall_us)) }];
        })));
        print(`Row-level security: ${rows} rows of ${tenants} tenants, us a read`,
            ['', 'CPU without', 'CPU with', 'price', 'wall without', 'wall with'],
            reads.map((read) => [read, ...['without', 'with'].map((way) => number(found.get(`${read} ${way}`).cpu, 1)), `${number(price(found, read), 1)} %`,
                ...['without', 'with'].map((way) => number(found.get(`${read} ${way}`).wall, 1))]),
            [`Other programs used ${number(foreign, 2)} cores meanwhile.`]);
        print('Row-level security, judged', JUDGED, [
            judged('price of a point read', price(found, 'point'), { unit: ' %', aim: 10 }),
            judged('price of a point read by the policy alone', price(found, 'point by the policy alone'), { unit: ' %', aim: 10 }),
            judged('price of a page of 50', price(found, 'page'), { unit: ' %', aim: 10 }),
            judged('price of a point read with its transaction', price(found, 'point, whole transaction'), { unit: ' %' }),
            judged('price of a page with its transaction', price(found, 'page, whole transaction'), { unit: ' %' }),
        ]);
        return found;
    } finally {
        await instance.end();
    }
}
