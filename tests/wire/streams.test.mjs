// A reader of a conversation is cut off at any event and comes back with its id: he sees what the one sees who stayed,
// without a gap and without a repeat, and so also after Redis has lost everything.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PIECES, startModel } from '../../e2e/lib/model.mjs';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run, signal } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

let model;
let up;
let portal;

before(async () => {
    model = await startModel();
    up = await new Up().start({
        env: { KONSTRUCT_OPENAI_URL: `${model.url}/v1`, KONSTRUCT_OPENAI_KEY: 'sk-streams-0123456789', KONSTRUCT_LEASE_SECONDS: '4' },
    });
    portal = await Portal.signUp(up);
    await run(program('konstruct'), ['employee', 'models', 'Mara', '--primary', 'openai:paced', '--tenant', portal.company], {
        env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') },
    });
});
after(async () => {
    await up.stop();
    up.remove();
    await model.stop();
});

const piece = (question) => fetch(`${model.url}/next`, { method: 'POST', body: JSON.stringify({ question }) });

/** What a program makes of the events. It checks that each piece follows on the one before it. */
class Screen {
    constructor(from) {
        Object.assign(this, { id: '0', turn: '', take: 0, shown: '', messages: [] }, structuredClone({ ...from }));
    }

    see({ id, event, data }) {
        this.id = id;
        if (event === 'message') {
            assert.equal(data.seq, this.messages.length + 1);
            this.messages.push(data.text);
            if (data.author === 'employee') Object.assign(this, { turn: '', shown: '' });
            return;
        }
        if (data.turn !== this.turn || data.take !== this.take)
            Object.assign(this, { turn: data.turn, take: data.take, shown: '' });
        if (event !== 'delta') return;
        assert.equal(data.at, Buffer.byteLength(this.shown), 'a gap or a repeat');
        this.shown += data.text;
    }

    get state() {
        return JSON.stringify([this.turn, this.shown, this.messages]);
    }
}

/** The one who stays; and all the others, cut off at each event so far, come back and see the same. */
async function watch(conversation, steps) {
    const stream = await portal.events(conversation);
    const stays = new Screen();
    const cut = [new Screen()];
    for (const { go, until } of steps) {
        await go();
        while (!until(stays)) {
            stays.see(await stream.any());
            cut.push(new Screen(stays));
        }
        for (const each of cut) {
            const screen = new Screen(each);
            if (screen.state === stays.state) continue;
            const again = await portal.events(conversation, screen.id);
            while (screen.state !== stays.state) screen.see(await again.any());
            again.close();
        }
    }
    stream.close();
    return stays;
}

const say = (conversation, text) => () =>
    portal.call('POST', `/conversations/${conversation}/messages`, { text, key: randomUUID() });

test('cut off at every event, each reader sees the whole', { timeout: 120_000 }, async () => {
    const conversation = await portal.begin();
    const question = `When do parcels leave? ${randomUUID()}`;
    const steps = PIECES.map((_, i) => ({
        go: () => piece(question),
        // Behind the last piece the message comes by itself.
        until: ({ shown, messages }) => (i + 1 === PIECES.length ? messages.length === 2 : shown === PIECES.slice(0, i + 1).join('')),
    }));
    const screen = await watch(conversation, [
        { go: say(conversation, question), until: ({ turn, messages }) => turn !== '' && messages.length === 1 }, ...steps,
    ]);
    assert.deepEqual(screen.messages, [question, PIECES.join('').trim()]);
});

test('Redis dies in the middle of an answer: the rest of it comes all the same', { timeout: 120_000 }, async () => {
    const conversation = await portal.begin();
    const question = `When do parcels leave? ${randomUUID()}`;
    const { redis } = up.children();
    const screen = await watch(conversation, [
        { go: say(conversation, question), until: ({ messages }) => messages.length === 1 },
        { go: () => piece(question), until: ({ shown }) => shown === PIECES[0] },
        {
            go: async () => {
                signal(redis, 'SIGKILL');
                await piece(question);
                await up.anew('redis', redis);
            },
            until: ({ shown }) => shown === PIECES.slice(0, 2).join(''),
        },
        {
            go: async () => {
                await piece(question);
                await piece(question);
            },
            until: ({ messages }) => messages.length === 2,
        },
    ]);
    assert.deepEqual(screen.messages, [question, PIECES.join('').trim()]);
});

test('the worker dies in the middle of an answer: it begins anew before the same eyes', { timeout: 120_000 }, async () => {
    const conversation = await portal.begin();
    const question = `When do parcels leave? ${randomUUID()}`;
    const { worker } = up.children();
    const takes = [];
    let feeding;
    const screen = await watch(conversation, [
        { go: say(conversation, question), until: ({ messages }) => messages.length === 1 },
        { go: () => piece(question), until: ({ shown, take }) => shown === PIECES[0] && takes.push(take) },
        {
            go: () => {
                signal(worker, 'SIGKILL');
                // The model goes on for the one who died as well, so that nobody can say how many pieces it takes.
                feeding = setInterval(() => piece(question), 100);
            },
            until: ({ messages, take }) => takes.push(take) && messages.length === 2,
        },
    ]);
    clearInterval(feeding);
    assert.deepEqual(screen.messages, [question, PIECES.join('').trim()]);
    assert.ok(takes.at(-1) > takes[0], `takes: ${takes}`);
});
