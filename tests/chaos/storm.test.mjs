// A storm: people write while processes are killed, paused and emptied and while Slack and the model fail, by a schedule
// that one seed reproduces. Then all is quiet, and the account must be even.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { sleep } from '../wire/lib/until.mjs';
import { Crowd } from './lib/crowd.mjs';
import { Faults } from './lib/faults.mjs';
import { settle } from './lib/ledger.mjs';
import { Plant } from './lib/plant.mjs';
import { between, chance, pick } from './lib/seed.mjs';
import { moods } from './lib/slack.mjs';

const number = (name, usual) => Number(process.env[name] ?? usual);
const seed = process.env.CHAOS_SEED ?? 'konstruct';
const kills = number('CHAOS_KILLS', 25);
const messages = number('CHAOS_MESSAGES', 240);
const WORKERS = 4;
const TENANTS = 4;
const TALKING = 24; // conversations at the same time
const TALK = 6; // messages in each
const QUIET_MS = 300_000;
const CHANNEL_SECONDS = 3;

let plant;
before(async () => {
    plant = await Plant.start({
        workers: WORKERS, tenants: TENANTS, env: { KONSTRUCT_TURNS: '16', KONSTRUCT_CHANNEL_SECONDS: `${CHANNEL_SECONDS}` },
    });
});
after(() => plant?.stop());

/** What Slack and the model do to a call follows from its name and how often it was tried: the same in every run. */
function badMoods() {
    const posts = new Map();

    plant.slack.mood = ({ method, part, args }) => {
        const name = part ?? `${args.channel} ${args.ts}`;
        const tries = (posts.get(name) ?? 0) + 1;
        const next = chance(seed, 'slack', method, args.text ?? '', tries);

        posts.set(name, tries);
        if (method === 'chat.postMessage' && next() < 0.06) return { ...moods[Object.keys(moods)[between(next, 0, Object.keys(moods).length - 1)]] };
        if (method !== 'chat.postMessage' && next() < 0.1) return next() < 0.5 ? moods.limited : moods.refusedBefore;
        return { wait: between(next, 2, 60) };
    };
    plant.model.mood = ({ name, count }) => {
        const next = chance(seed, 'model', name, count);
        const what = pick(next, { well: 92, slow: 5, broken: 1, dropped: 1, limited: 1 });

        return {
            well: { wait: between(next, 5, 150) }, slow: { wait: between(next, 500, 1500) }, broken: { status: 500 },
            dropped: { drop: true }, limited: { status: 429, headers: { 'retry-after': '0' } },
        }[what];
    };
}

/** One after another, people hold conversations until all messages are written. */
async function chatter(crowd, i) {
    const next = chance(seed, 'people', i);

    while (crowd.messages.length < messages) {
        const conversation = crowd.conversation(plant.tenants[between(next, 0, TENANTS - 1)]);

        for (let k = 0; k < TALK && crowd.messages.length < messages; k++) {
            await crowd.say(conversation, '', next() < 0.25 ? between(next, 1, 3) : 0);
            await sleep(between(next, 50, 900));
        }
    }
}

test(`${messages} messages in a storm of at least ${kills} kills (seed ${seed})`, async (t) => {
    const crowd = new Crowd(plant);
    const faults = new Faults(plant, seed, JSON.parse(process.env.CHAOS_WEIGHTS ?? '{}'));
    let talking = true;

    badMoods();
    const delay = monitorEventLoopDelay();
    delay.enable();
    const began = Date.now();
    const storm = faults.rage(() => talking || faults.kills < kills);
    await Promise.all(Array.from({ length: TALKING }, (_, i) => chatter(crowd, i)));
    await crowd.settle();
    talking = false;
    await storm;
    await faults.calm();
    plant.slack.mood = () => null;
    plant.model.mood = () => null;
    await plant.quiet(QUIET_MS);

    const account = await settle(plant, crowd, { paused: true });
    // A Slack that takes a post up later than twice the time that it has is none that can be settled with.
    const slowest = Math.round(delay.max / 1e6);
    t.diagnostic(JSON.stringify({ seconds: Math.round((Date.now() - began) / 1000), kills: faults.kills, pauses: faults.pauses, slowestMs: slowest, ...account.figures }));
    t.diagnostic(JSON.stringify(faults.counts));
    if (account.figures.doubled > 0) t.diagnostic(JSON.stringify(faults.history));
    assert.ok(slowest < 2000 * CHANNEL_SECONDS, `this machine is too busy to judge: the tests' Slack stood still for ${slowest} ms`);
    assert.ok(faults.kills >= kills);
    assert.equal(account.figures.acked, crowd.messages.length);
    assert.deepEqual(account.faults, []);
});
