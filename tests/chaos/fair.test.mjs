// One tenant's backlog holds nobody else up: judged by the order of the answers, not by the clock.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { stop } from '../wire/lib/process.mjs';
import { sleep, until } from '../wire/lib/until.mjs';
import { Crowd } from './lib/crowd.mjs';
import { settle } from './lib/ledger.mjs';
import { Plant } from './lib/plant.mjs';

const TURNS = 8;
const CAP = 4; // of one tenant at once
const BACKLOG = 200;

let plant;
let crowd;
before(async () => {
    plant = await Plant.start({
        workers: 1, tenants: 3, env: { KONSTRUCT_TURNS: `${TURNS}`, KONSTRUCT_TURNS_PER_TENANT: `${CAP}` },
    });
    crowd = new Crowd(plant);
});
after(() => plant?.stop());
afterEach(async () => {
    await plant.heal();
    plant.model.mood = () => null;
});

async function kept() {
    await plant.quiet();
    const { faults } = await settle(plant, crowd);
    assert.deepEqual(faults, []);
}

/** The first tenant's backlog, and behind it a few messages of the others; no worker has looked at any of it. */
async function backlog() {
    const [noisy, ...others] = plant.tenants;
    plant.model.mood = () => ({ wait: 40 });
    plant.pauseWorker(0);
    await Promise.all(Array.from({ length: BACKLOG }, () => crowd.say(crowd.conversation(noisy))));
    const late = [];
    for (const tenant of [...others, ...others, ...others]) late.push(await crowd.say(crowd.conversation(tenant)));
    return late;
}

/** How many answers of the noisy tenant came before the last of these messages was answered. */
function overtaken(late) {
    const threads = new Set(late.map((m) => m.thread));
    const last = plant.slack.posts.findLastIndex((post) => threads.has(post.thread));
    return plant.slack.posts.slice(0, last).filter((post) => post.workspace === plant.tenants[0].workspace && !threads.has(post.thread)).length;
}

for (const redis of ['with Redis', 'without Redis']) {
    test(`a backlog of ${BACKLOG} slow turns of one tenant: the others' messages behind it are answered among the first, ${redis}`, async () => {
        const known = plant.slack.posts.length;
        const late = await backlog();
        if (redis === 'without Redis') await plant.redis.kill();
        plant.resumeWorker(0);
        await kept();
        if (redis === 'without Redis') await plant.redis.start();
        const before = overtaken(late) - plant.slack.posts.slice(0, known).filter((p) => p.workspace === plant.tenants[0].workspace).length;
        assert.ok(before <= 6 * CAP, `${before} answers of the noisy tenant came first`);
    });

    test(`turns that last longer than a lease stay within their tenant's share, ${redis}`, async () => {
        const [noisy, other] = plant.tenants;
        let release;
        const held = new Promise((resolve) => { release = resolve; });
        const mine = new Set();
        plant.model.mood = ({ name }) => (mine.has(name) ? { hold: held } : null);
        if (redis === 'without Redis') await plant.redis.kill();
        for (let i = 0; i < 3 * CAP; i++) {
            const message = crowd.write(crowd.conversation(noisy));
            mine.add(message.name);
            await crowd.insist(message);
        }
        await until(() => plant.model.thinking().length >= CAP, 'the share to be used');
        await sleep(5000); // more than two leases
        assert.equal(plant.model.thinking().length, CAP);
        const message = await crowd.say(crowd.conversation(other));
        await until(() => plant.slack.posts.some((post) => post.thread === message.thread), 'the other tenant to be answered');
        assert.equal(plant.model.thinking().length, CAP);
        release();
        if (redis === 'without Redis') await plant.redis.start();
        await kept();
    });
}

test('a second worker joins and leaves under a backlog', async () => {
    plant.model.mood = () => ({ wait: 20 });
    plant.pauseWorker(0);
    await Promise.all(plant.tenants.flatMap((tenant) => Array.from({ length: 25 }, () => crowd.say(crowd.conversation(tenant)))));
    plant.resumeWorker(0);
    await plant.startWorker(1);
    await until(() => plant.model.thinking().length > CAP, 'both to work');
    assert.equal((await stop(plant.workers[1].child)).code, 0);
    await kept();
});
