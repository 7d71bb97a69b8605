// What a worker's death, pause or stop does to a message: it is answered once, and nobody pays twice for what is stored.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { stop } from '../wire/lib/process.mjs';
import { until, within } from '../wire/lib/until.mjs';
import { Crowd } from './lib/crowd.mjs';
import { Gate } from './lib/gate.mjs';
import { settle } from './lib/ledger.mjs';
import { Plant } from './lib/plant.mjs';

let plant;
let crowd;
const poison = [];
before(async () => {
    plant = await Plant.start({ workers: 1, env: { KONSTRUCT_STOP_SECONDS: '1' } });
    crowd = new Crowd(plant);
});
after(() => plant?.stop());
afterEach(async () => {
    await plant.heal();
    plant.model.mood = () => null;
    plant.slack.mood = () => null;
});

const talk = () => crowd.conversation(plant.tenants[0]);
const answers = (message) => plant.slack.answers(message.tenant.workspace, message.channel, message.thread).map((m) => m.text);
const job = (message) => plant.pg.rows(`SELECT j.* FROM job j JOIN inbound i ON i.tenant_id = j.tenant_id AND i.id = j.subject_id
    WHERE i.message_key = '${message.key}'`).then(([row]) => row);
const parts = (message) => plant.pg.rows(`SELECT o.* FROM outbound o JOIN job j USING (tenant_id)
    JOIN inbound i ON i.tenant_id = j.tenant_id AND i.id = j.subject_id WHERE j.id = o.job_id AND i.message_key = '${message.key}'`);

/** Holds the model's answer to a message; each call of it is one visit. */
function holdModel(message) {
    const gate = new Gate();
    plant.model.mood = ({ name }) => (name === message.name ? gate.mood() : null);
    return gate;
}

/** Holds the next post: before or after Slack acts. */
function holdPost(where) {
    const gate = new Gate();
    plant.slack.mood = ({ method }) => {
        if (method !== 'chat.postMessage') return null;
        plant.slack.mood = () => null;
        return gate.mood(where);
    };
    return gate;
}

const met = (gate) => within(gate.reached, 'the call that is to be held');

async function again(i = 0) {
    await plant.killWorker(i);
    await plant.startWorker(i);
}

/** All is done and every promise was kept. */
async function kept() {
    await plant.quiet();
    const { faults } = await settle(plant, crowd, { poison });
    assert.deepEqual(faults, []);
}

describe('a worker is killed (-9)', () => {
    test('while the model thinks: the message is answered once', async () => {
        const message = crowd.write(talk());
        const gate = holdModel(message);
        await crowd.insist(message);
        await met(gate);
        await again();
        gate.release();
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        assert.equal((await job(message)).deaths, 1);
    });

    test('after Slack took the post and before that was recorded: the post is found, not made again', async () => {
        const gate = holdPost('hold');
        const message = await crowd.say(talk());
        await met(gate);
        await until(() => answers(message).length === 1, 'the post');
        await again();
        await kept();
        gate.release();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        const [part] = await parts(message);
        assert.equal(part.attempts, 1);
        assert.equal(plant.model.callsOf(message.name).length, 1);
    });

    test('while its post is on its way, which lands when another has taken over: it waits for that, and finds it', async () => {
        const gate = holdPost('before');
        const message = await crowd.say(talk());
        await met(gate);
        await plant.killWorker(0);
        // Twice the time that a channel has is waited before the thread is believed: here 8 seconds, longer than the lease.
        await plant.startWorker(0, { KONSTRUCT_CHANNEL_SECONDS: '4' });
        await until(async () => (await job(message)).deaths === 1, 'the job to be taken over');
        gate.release();
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        await again();
    });

    test('and its post never arrives: it is posted again, and the model is not asked again', async () => {
        const gate = new Gate();
        plant.slack.mood = ({ method }) => {
            if (method !== 'chat.postMessage') return null;
            plant.slack.mood = () => null;
            gate.arrive();
            return { instead: {}, hold: gate.open };
        };
        const message = await crowd.say(talk());
        await met(gate);
        await again();
        gate.release();
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        const [part] = await parts(message);
        assert.equal(part.attempts, 2);
        assert.equal(plant.model.callsOf(message.name).length, 1);
    });

    test('three times by one message: the sender is told, once, and the next message is answered', async () => {
        const conversation = talk();
        const message = crowd.write(conversation);
        poison.push(message.key);
        plant.model.mood = ({ name }) => (name === message.name ? { hold: new Promise(() => {}) } : null);
        await crowd.insist(message);
        const next = await crowd.say(conversation);
        for (let death = 1; death <= 3; death++) {
            await until(() => plant.model.callsOf(message.name).length === death, `call ${death}`);
            await again();
        }
        await kept();
        const dead = await job(message);
        assert.deepEqual([dead.state, dead.deaths], ['dead', 3]);
        const [sentence, answer, ...more] = answers(message);
        assert.match(sentence, /could not answer/);
        assert.equal(answer, `Echo ${next.name}.`);
        assert.deepEqual(more, []);
        assert.equal(plant.model.callsOf(message.name).length, 3);
        assert.equal((await plant.pg.rows(`SELECT 1 FROM audit WHERE action = 'job.dead' AND object = '${dead.id}'`)).length, 1);
    });

    test('three times while an answer is delivered: the answer that is recorded still arrives, once', async () => {
        let posts = 0;
        plant.slack.mood = ({ method }) => {
            if (method !== 'chat.postMessage' || posts >= 3) return null;
            posts++;
            return { instead: {}, hold: new Promise(() => {}) };
        };
        const message = await crowd.say(talk());
        poison.push(message.key);
        for (let death = 1; death <= 3; death++) {
            await until(() => posts === death, `post ${death}`);
            await again();
        }
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        assert.equal(plant.model.callsOf(message.name).length, 1);
    });
});

describe('a worker is paused longer than its lease', () => {
    test('while the model thinks: the other one answers, and the paused one writes and sends nothing', async () => {
        const message = crowd.write(talk());
        const gate = holdModel(message);
        await crowd.insist(message);
        await met(gate);
        plant.pauseWorker(0);
        await plant.startWorker(1);
        await until(() => plant.model.callsOf(message.name).length === 2, 'the other worker to ask');
        gate.release();
        await until(() => answers(message).length === 1, 'the answer');
        plant.resumeWorker(0);
        await until(() => plant.workerLog(0).some((line) => line.event === 'job_lost'), 'the paused worker to notice');
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        await stop(plant.workers[1].child);
    });

    test('in the midst of a post: the other one finds it', async () => {
        const gate = holdPost('hold');
        const message = await crowd.say(talk());
        await met(gate);
        plant.pauseWorker(0);
        await plant.startWorker(1);
        await until(async () => (await parts(message))[0].state === 'sent', 'the post to be found');
        gate.release();
        plant.resumeWorker(0);
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        await stop(plant.workers[1].child);
    });
});

describe('a worker is asked to stop (SIGTERM)', () => {
    test('under load: it ends well, holds nothing any more, and the next one does the rest', async () => {
        let answered = 0;
        plant.model.mood = () => ({ wait: 40 + (answered++ % 7) * 60 });
        const conversations = Array.from({ length: 12 }, talk);
        const sending = Promise.all(conversations.map(async (conversation) => {
            for (let i = 0; i < 3; i++) await crowd.say(conversation);
        }));
        await until(() => plant.model.thinking().length > 3, 'load');
        assert.equal((await within(stop(plant.workers[0].child), 'the end of the worker')).code, 0);
        assert.equal(await plant.pg.value("SELECT count(*) FROM job WHERE state = 'running'"), 0);
        await sending;
        assert.notEqual(await plant.pg.value("SELECT count(*) FROM job WHERE state = 'ready'"), 0);
        await plant.startWorker(0);
        await kept();
        assert.equal(await plant.pg.value("SELECT count(*) FROM job WHERE kind = 'turn' AND deaths > 0 AND created_at > now() - interval '1 minute'"
            + ` AND lane_id IN (SELECT conversation_id FROM inbound WHERE message_key IN (${conversations.flatMap((c) => c.messages)
                .map((m) => `'${m.key}'`).join(', ')}))`), 0);
    });

    test('while a model thinks for long: the turn is given back and done by the next one', async () => {
        const message = crowd.write(talk());
        const gate = holdModel(message);
        await crowd.insist(message);
        await met(gate);
        assert.equal((await within(stop(plant.workers[0].child), 'the end of the worker')).code, 0);
        const given = await job(message);
        assert.deepEqual([given.state, given.holder, given.errors], ['ready', null, 0]);
        gate.release();
        await plant.startWorker(0);
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
        assert.equal((await job(message)).deaths, 0);
    });

    test('while a post is on its way: it ends, and the next one settles the post', async () => {
        const gate = holdPost('hold');
        const message = await crowd.say(talk());
        await met(gate);
        assert.equal((await within(stop(plant.workers[0].child), 'the end of the worker')).code, 0);
        gate.release();
        await plant.startWorker(0);
        await kept();
        assert.deepEqual(answers(message), [`Echo ${message.name}.`]);
    });
});

test('a job whose subject is not there dies, and holds nobody up', async () => {
    const message = await crowd.say(talk());
    await kept();
    const lane = (await job(message)).lane_id;
    await plant.pg.admin(`INSERT INTO job (tenant_id, id, kind, lane_id, subject_id)
        VALUES ('${plant.tenants[0].id}', gen_random_uuid(), 'turn', '${lane}', '${lane}')`);
    const orphan = `SELECT state FROM job WHERE subject_id = '${lane}'`;
    await until(async () => (await plant.pg.value(orphan)) === 'dead', 'the job to be dead');
    await plant.pg.admin(`DELETE FROM job WHERE subject_id = '${lane}'`);
    await crowd.say(message.conversation);
    await kept();
});
