// Redis, PostgreSQL and the web process go away and come back: what was acknowledged is answered, once, and nothing is
// acknowledged that is not there.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { sleep, until, within } from '../wire/lib/until.mjs';
import { Crowd } from './lib/crowd.mjs';
import { Gate } from './lib/gate.mjs';
import { settle } from './lib/ledger.mjs';
import { Plant } from './lib/plant.mjs';

let plant;
let crowd;
before(async () => {
    plant = await Plant.start({ workers: 1, tenants: 2 });
    crowd = new Crowd(plant);
});
after(() => plant?.stop());
afterEach(async () => {
    await plant.heal();
    plant.model.mood = () => null;
    plant.slack.mood = () => null;
});

const talks = (count) => Array.from({ length: count }, (_, i) => crowd.conversation(plant.tenants[i % 2]));
const waiting = () => plant.pg.value("SELECT count(*) FROM job WHERE state = 'ready'");
const hints = async () => Number(await plant.redis.ask('EVAL "local n = 0; for _, k in ipairs(redis.call(\'KEYS\', \'konstruct:q:wait:*\')) do n = n + redis.call(\'ZCARD\', k) end; return n" 0'));

/** `count` messages in each conversation, one after the other. */
const chat = (conversations, count) => Promise.all(conversations.map(async (conversation) => {
    for (let i = 0; i < count; i++) await crowd.say(conversation, '', i % 2);
}));

async function kept() {
    await crowd.settle();
    await plant.quiet();
    const { faults } = await settle(plant, crowd);
    assert.deepEqual(faults, []);
}

/** Messages that are stored, with hints in Redis, and that no worker has looked at. */
async function backlog() {
    plant.pauseWorker(0);
    await chat(talks(6), 2);
    // A web process that has just found Redis away leaves it alone for a moment.
    while ((await hints()) === 0) await chat(talks(1), 1);
    assert.ok((await waiting()) >= 12);
}

describe('Redis', () => {
    test('is killed (-9) and comes back empty while messages wait: nothing is lost', async () => {
        await backlog();
        await plant.redis.kill();
        await plant.redis.start();
        assert.equal(await hints(), 0);
        plant.resumeWorker(0);
        await kept();
    });

    test('is emptied (FLUSHALL) while messages wait: nothing is lost', async () => {
        await backlog();
        assert.equal(await plant.redis.ask('FLUSHALL'), 'OK');
        plant.resumeWorker(0);
        await kept();
    });

    test('is away while people write: they are answered without it', async () => {
        await plant.redis.kill();
        await chat(talks(4), 2);
        await kept();
        await plant.redis.start();
    });

    test('hangs while people write: they are answered without it', async () => {
        plant.redis.pause();
        await chat(talks(4), 2);
        await kept();
        plant.redis.resume();
    });
});

describe('PostgreSQL', () => {
    test('is killed (-9): 503 meanwhile, no 200 without a row, and all are answered after', async () => {
        let asked = 0;
        plant.model.mood = () => ({ wait: 30 + (asked++ % 5) * 80 });
        const before = chat(talks(6), 3);
        await until(() => plant.model.thinking().length > 1, 'work');
        await plant.pg.kill();
        const late = talks(4).map((conversation) => crowd.write(conversation));
        const statuses = await Promise.all(late.map((message) => crowd.deliver(message)));
        assert.deepEqual(statuses, [503, 503, 503, 503]);
        await plant.pg.start();
        await before;
        await Promise.all(late.map((message) => crowd.insist(message)));
        await kept();
        const rows = await plant.pg.value('SELECT count(*) FROM inbound');
        assert.equal(rows, crowd.messages.filter((m) => m.acked !== undefined).length);
    });

    test('is killed (-9) right after an acknowledgement, by a server that would forget commits: nothing is missing', async () => {
        plant.pauseWorker(0);
        await Promise.all(talks(6).map((conversation) => crowd.say(conversation)));
        await plant.pg.kill();
        await plant.pg.start();
        plant.resumeWorker(0);
        await kept();
    });

    test('is away when the model has answered: the answer is kept, and not asked for and paid again', async () => {
        const message = crowd.write(talks(1)[0]);
        const gate = new Gate();
        plant.model.mood = ({ name }) => (name === message.name ? gate.mood() : null);
        await crowd.insist(message);
        await within(gate.reached, 'the question to the model');
        await sleep(1000); // a claim is written down within this; one that is forgotten is made anew
        await plant.pg.kill();
        gate.release();
        await until(() => plant.model.callsOf(message.name)[0].ended !== undefined, 'the end of the call');
        await sleep(300);
        await plant.pg.start();
        await kept();
        assert.equal(plant.model.callsOf(message.name).length, 1);
    });

    test('has forgotten the question in a crash, which was loaded without waiting for the disk: it is answered all the same', async () => {
        const message = crowd.write(talks(1)[0]);
        const gate = new Gate();
        plant.model.mood = ({ name }) => (name === message.name ? gate.mood() : null);
        await crowd.insist(message);
        await within(gate.reached, 'the question to the model');
        const lane = await plant.pg.value(`SELECT conversation_id FROM inbound WHERE message_key = '${message.key}'`);
        await plant.pg.admin(`DELETE FROM message WHERE conversation_id = '${lane}'; DELETE FROM conversation WHERE id = '${lane}'`);
        gate.release();
        await kept();
        assert.equal(plant.model.callsOf(message.name).length, 1);
    });

    test('ends the connections of all programs: nothing is lost, nothing done twice', async () => {
        let asked = 0;
        plant.model.mood = () => ({ wait: (asked++ % 5) * 60 });
        const talking = chat(talks(6), 3);
        for (let i = 0; i < 5; i++) {
            await sleep(150);
            await plant.pg.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'konstruct%'");
        }
        await talking;
        await kept();
    });
});

describe('the web process', () => {
    test('loses its workers (-9) while people write: what was acknowledged is answered', async () => {
        const talking = chat(talks(6), 4);
        for (let i = 0; i < 4; i++) {
            await sleep(100);
            assert.ok(plant.killWebWorker(i));
        }
        await talking;
        await kept();
    });

    test('is killed (-9) as a whole while people write: what was acknowledged is answered', async () => {
        const talking = chat(talks(6), 4);
        await sleep(150);
        await plant.killWeb();
        await sleep(100);
        await plant.startWeb();
        await talking;
        await kept();
    });
});
