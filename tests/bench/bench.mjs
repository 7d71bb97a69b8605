// Measures everything that `make bench` prints. How to read the tables: docs/bench.md.
//   node tests/bench/bench.mjs      QUICK=1 smoke run; ROUNDS=5; ONLY=start,memory,latency,ack,sizes,rls,logins,audit,sealed,turns,rate,endpoint,held,flat,embed
import { measureAck } from './ack.mjs';
import { Desk } from './desk.mjs';
import { measureEmbed } from './embed.mjs';
import { measureEndpoint, measureRate } from './endpoint.mjs';
import { measureFlat } from './flat.mjs';
import { measureHeld } from './held.mjs';
import { measureLatency } from './latency.mjs';
import { describe } from './machine.mjs';
import { measureMemory } from './memory.mjs';
import { measureRls } from './rls.mjs';
import { measureAudit, measureLogins, measureSealed } from './secure.mjs';
import { measureSizes } from './sizes.mjs';
import { measureStart } from './start.mjs';
import { measureTurns } from './turns.mjs';

const quick = process.env.QUICK === '1';
const rounds = Number(process.env.ROUNDS ?? (quick ? 1 : 5));
const parts = {
    start: measureStart, memory: measureMemory, latency: measureLatency, ack: measureAck, sizes: measureSizes, rls: measureRls,
    logins: measureLogins, audit: measureAudit, sealed: measureSealed, turns: measureTurns, rate: measureRate,
    endpoint: measureEndpoint, held: measureHeld, flat: measureFlat, embed: measureEmbed,
};
const wanted = process.env.ONLY?.split(',') ?? Object.keys(parts);
const log = (text) => console.error(`  ${text}`);

const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0 || !(rounds >= 1)) {
    console.error(`ONLY takes ${Object.keys(parts).join(', ')}; ROUNDS a number from 1 on.`);
    process.exit(2);
}
console.log(`Machine: ${describe()}; Node ${process.version}. Medians of ${rounds} round${rounds === 1 ? '' : 's'}.`);
for (const name of wanted) {
    log(`measuring: ${name}`);
    const desk = await Desk.open();
    try {
        await parts[name]({ desk, rounds, quick, log });
    } finally {
        await desk.close();
    }
}
