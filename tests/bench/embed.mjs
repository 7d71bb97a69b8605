// The built-in embedding model: processor time of one core for texts of several lengths, alone and together.
import { join } from 'node:path';
import { top } from '../wire/lib/place.mjs';
import { run } from '../wire/lib/process.mjs';
import { watched } from './machine.mjs';
import { benchProgram, judged, JUDGED, median, number, print } from './table.mjs';

// Of one text: multiplications with the weights of six layers, and of tokens with each other.
const flops = (tokens) => tokens * 6 * (2 * (4 * 384 * 384 + 2 * 384 * 1536) + 4 * tokens * 384);

export async function measureEmbed({ rounds, quick, log }) {
    const found = [];
    for (let i = 0; i < rounds; i++) {
        log(`the built-in embedding model, round ${i + 1}`);
        found.push(await watched([], async () => JSON.parse(await run(benchProgram('bench_embed'), [join(top, '.tools/minilm'), quick ? '0.2' : '3']))));
    }
    const rows = found[0].rows.map(({ texts, tokens }, i) => {
        const best = median(found.map((one) => one.rows[i].best_ms));
        return { texts, tokens, best, ms: median(found.map((one) => one.rows[i].ms)), gflops: (texts * flops(tokens / texts)) / best / 1e6 };
    });
    print(`all-MiniLM-L6-v2 on one core (${found[0].kernel}); opened in ${number(median(found.map((one) => one.open_ms)))} ms`,
        ['', 'tokens', 'ms of CPU', 'least', 'ms a text', 'Gflop/s'],
        rows.map((row) => [row.texts === 1 ? 'one text' : `${row.texts} texts together`, row.tokens, number(row.ms, 1), number(row.best, 1),
            number(row.best / row.texts, 1), number(row.gflops, 1)]));
    const of = (texts, tokens) => rows.find((row) => row.texts === texts && row.tokens === texts * tokens).best;
    print('Embeddings, judged', JUDGED, [
        judged('one short text', of(1, 10), { unit: ' ms', aim: 10 }),
        judged('one of 256 tokens', of(1, 256), { unit: ' ms', aim: 100 }),
        judged('each of 32 short ones', of(32, 10) / 32, { unit: ' ms', aim: 5 }),
    ]);
    return rows;
}
