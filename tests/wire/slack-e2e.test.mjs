// Slack end to end: people write in a Slack that we did not write, and Mara answers there, whole and once.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { BOT, GENERAL, PERSON, TEAM } from '../judges/slack.mjs';
import { Office } from './lib/office.mjs';
import { signal } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const MENTION = `<@${BOT.user}>`;

let office;
let slack;
before(async () => {
    office = await Office.start();
    slack = office.slack;
});
after(() => office?.stop());
beforeEach(() => {
    office.reply = (messages) => `You said: ${messages.at(-1).content}`;
});

const texts = (messages) => messages.map((m) => m.text);

test('a mention is answered in its thread, once, with the mark that finds it again', async () => {
    const ts = await slack.say(GENERAL, `${MENTION} what is 1 &lt; 2?`);
    const [answer, ...more] = await office.answers(GENERAL, ts);
    assert.deepEqual(more, []);
    assert.equal(answer.text, 'You said: what is 1 &lt; 2?');
    assert.equal(answer.thread_ts, ts);
    assert.equal(answer.metadata.event_type, 'konstruct_answer');
    const [token] = await office.sql(`SELECT token FROM outbound WHERE provider_id = '${GENERAL}:${answer.ts}' AND state = 'sent'`);
    assert.equal(answer.metadata.event_payload.token, token);
});

test('a thread goes on without a mention, and what is not for her stays unanswered', async () => {
    const before = await office.rows();
    await slack.say(GENERAL, 'good morning everybody');
    const other = await slack.say(GENERAL, 'a thread of others');
    await slack.say(GENERAL, 'a reply among others', other);
    assert.equal(await office.rows(), before);

    const ts = await slack.say(GENERAL, `${MENTION} one`);
    await office.answers(GENERAL, ts, 1);
    await slack.say(GENERAL, 'two', ts);
    assert.deepEqual(texts(await office.answers(GENERAL, ts, 2)), ['You said: one', 'You said: two']);
});

test('a reply that comes before anybody has looked at the mention is known to be hers as well', async () => {
    const { worker } = office.up.children();
    signal(worker, 'SIGSTOP');
    const ts = await slack.say(GENERAL, `${MENTION} first`);
    await slack.say(GENERAL, 'and second', ts);
    signal(worker, 'SIGCONT');
    assert.deepEqual(texts(await office.answers(GENERAL, ts, 2)), ['You said: first', 'You said: and second']);
});

test('an answer knows what was said before in its thread, and nothing of other threads', async () => {
    office.reply = (messages) => `I saw ${messages.filter((m) => m.role === 'user').map((m) => m.content).join(', ')}`;
    const first = await slack.say(GENERAL, `${MENTION} red`);
    await office.answers(GENERAL, first, 1);
    const second = await slack.say(GENERAL, `${MENTION} blue`);
    await office.answers(GENERAL, second, 1);
    await slack.say(GENERAL, 'green', first);
    assert.equal((await office.answers(GENERAL, first, 2))[1].text, 'I saw red, green');
});

test('a direct message is answered where it was written: beside it, or in its thread', async () => {
    const direct = await slack.direct();
    const ts = await slack.say(direct, 'hello');
    const [answer, ...more] = await office.answers(direct);
    assert.deepEqual(more, []);
    assert.equal(answer.text, 'You said: hello');
    assert.equal(answer.thread_ts, undefined);

    await slack.say(direct, 'and in here?', ts);
    const inThread = await office.answers(direct, ts, 1);
    assert.deepEqual(texts(inThread), ['You said: and in here?']);
});

test('a long answer comes in parts: in order, whole, with its code in one piece each', async () => {
    const paragraphs = Array.from({ length: 30 }, (_, i) => `Paragraph ${i} ${'with some words '.repeat(15)}end${i}.`);
    const code = `\`\`\`python\n${Array.from({ length: 200 }, (_, i) => `x${i} = "a < b"`).join('\n')}\n\`\`\``;
    office.reply = () => `${paragraphs.slice(0, 15).join('\n\n')}\n\n${code}\n\n${paragraphs.slice(15).join('\n\n')}`;
    const ts = await slack.say(GENERAL, `${MENTION} tell me all`);
    const parts = texts(await office.answers(GENERAL, ts, 5));
    const whole = parts.join('\n');

    for (const part of parts) {
        assert.ok(part.length <= 4000);
        assert.equal(part.split('```').length % 2, 1, 'every fence that is opened is closed');
    }
    let at = -1;
    for (const word of [...Array.from({ length: 15 }, (_, i) => `end${i}.`), ...Array.from({ length: 200 }, (_, i) => `x${i} = `),
        ...Array.from({ length: 15 }, (_, i) => `end${i + 15}.`)]) {
        const next = whole.indexOf(word, at + 1);
        assert.ok(next > at, `${word} in its place`);
        at = next;
    }
});

test('Markdown becomes mrkdwn, and no word of a model can call people', async () => {
    office.reply = () => '**Look** at [this](https://a.example/?x=1&y=2): <!channel> <@U000000001> [all](!here) a & b';
    const ts = await slack.say(GENERAL, `${MENTION} who?`);
    const [answer] = await office.answers(GENERAL, ts);
    assert.equal(answer.text,
        '*Look* at <https://a.example/?x=1&amp;y=2|this>: &lt;!channel&gt; &lt;@U000000001&gt; all (!here) a &amp; b');
});

test('one message under eleven event ids, and as a mention too, is one message', async () => {
    const ts = await slack.say(GENERAL, `${MENTION} only once`);
    // Her answer repeats the words, and may have been delivered as well by now.
    const event = slack.deliveries.map(({ body }) => JSON.parse(body)).find(({ event }) => event?.ts === ts);
    for (let i = 0; i < 11; i++) {
        const again = JSON.stringify({ ...event, event_id: `Ev${i}`, event: { ...event.event, type: i % 2 ? 'message' : 'app_mention' } });
        assert.equal((await office.hook(again, office.signed(again))).status, 200);
    }
    assert.equal((await office.answers(GENERAL, ts)).length, 1);
    assert.equal((await office.sql(`SELECT 1 FROM inbound WHERE message_key = '${GENERAL}:${ts}'`)).length, 1);
});

test('a wait that Slack asks for is obeyed', async () => {
    slack.fault('chat.postMessage', { status: 429, headers: { 'retry-after': '3' } });
    const before = slack.calls.length;
    const ts = await slack.say(GENERAL, `${MENTION} not so fast`);
    assert.equal((await office.answers(GENERAL, ts)).length, 1);
    const [refused, posted, ...more] = slack.calls.slice(before).filter((c) => c.method === 'chat.postMessage');
    assert.deepEqual(more, []);
    assert.equal(refused.fault.status, 429);
    assert.ok(posted.at - refused.at >= 3000);
});

test('after a 500 the thread is read, and what is not there is posted again', async () => {
    slack.fault('chat.postMessage', { status: 500 });
    const before = slack.calls.length;
    const ts = await slack.say(GENERAL, `${MENTION} broken`);
    assert.equal((await office.answers(GENERAL, ts)).length, 1);
    assert.deepEqual(slack.calls.slice(before).map((c) => c.method),
        ['chat.postMessage', 'conversations.replies', 'chat.postMessage']);
});

test('an answer that Slack took and could not confirm is found and not posted again', async () => {
    slack.fault('chat.postMessage', { drop: 'after' });
    const before = slack.calls.length;
    const ts = await slack.say(GENERAL, `${MENTION} cut off`);
    const [answer, ...more] = await office.answers(GENERAL, ts);
    assert.deepEqual(more, []);
    assert.deepEqual(slack.calls.slice(before).map((c) => c.method), ['chat.postMessage', 'conversations.replies']);
    assert.equal((await office.sql(`SELECT 1 FROM outbound WHERE provider_id = '${GENERAL}:${answer.ts}' AND state = 'sent'`)).length, 1);
});

test('a direct message is settled in the same way', async () => {
    const direct = await slack.direct();
    const known = (await slack.answers(direct)).length;
    slack.fault('chat.postMessage', { drop: 'after' });
    await slack.say(direct, 'cut off, too');
    assert.equal((await office.answers(direct, undefined, known + 1)).length, known + 1);
});

test('a worker killed between the post and its record: one answer, found by reading the thread', async () => {
    let release;
    const acted = slack.fault('chat.postMessage', { hold: new Promise((resolve) => { release = resolve; }) });
    const before = slack.calls.length;
    const ts = await slack.say(GENERAL, `${MENTION} killed`);
    await acted;
    const worker = office.up.children().worker;
    signal(worker, 'SIGKILL');
    await office.up.anew('worker', worker);
    release();
    await until(() => slack.calls.length > before + 1, 'the thread to be read');
    const [answer, ...more] = await office.answers(GENERAL, ts);
    assert.deepEqual(more, []);
    assert.deepEqual(slack.calls.slice(before).map((c) => c.method), ['chat.postMessage', 'conversations.replies']);
    assert.deepEqual(await office.sql(`SELECT state || ' ' || attempts FROM outbound WHERE provider_id = '${GENERAL}:${answer.ts}'`), ['sent 1']);
});

test('where Slack refuses for ever, nothing is tried again, and the connection says why', async () => {
    const broken = () => office.sql("SELECT state || ' ' || coalesce(fault, '-') FROM connection");
    slack.fault('chat.postMessage', { answer: { ok: false, error: 'token_revoked' } });
    const before = slack.calls.length;
    await slack.say(GENERAL, `${MENTION} revoked`);
    await until(() => slack.calls.length > before, 'a post');
    await office.quiet();
    assert.equal(slack.calls.length, before + 1);
    assert.deepEqual(await broken(), ['broken token_revoked']);
    assert.deepEqual(await office.sql("SELECT state || ' ' || fault FROM outbound WHERE fault IS NOT NULL"), ['refused token_revoked']);
    assert.equal((await office.sql("SELECT 1 FROM audit WHERE action = 'delivery.refused'")).length, 1);

    const ts = await slack.say(GENERAL, `${MENTION} again`);
    assert.equal((await office.answers(GENERAL, ts)).length, 1);
    assert.deepEqual(await broken(), ['connected -']);
});

test('an archived channel refuses, and that is no fault of the connection', async () => {
    const { channel } = await slack.call(PERSON.token, 'conversations.create', { name: 'closing' });
    let arrived;
    let go;
    const asked = new Promise((resolve) => { arrived = resolve; });
    office.reply = () => new Promise((resolve) => { go = () => resolve('too late'); arrived(); });
    const before = slack.calls.length;
    await slack.say(channel.id, `${MENTION} last words`);
    await asked;
    await slack.call(PERSON.token, 'conversations.archive', { channel: channel.id });
    go();
    await until(() => slack.calls.length > before, 'a post');
    await office.quiet();
    assert.deepEqual(await office.sql("SELECT fault FROM outbound WHERE fault = 'is_archived' AND state = 'refused'"), ['is_archived']);
    assert.deepEqual(await office.sql('SELECT state FROM connection'), ['connected']);
});

test('a workspace that is connected already is not connected twice', async () => {
    await assert.rejects(office.command('channel', 'add', 'slack', '--tenant', office.tenant, '--token', BOT.token,
        '--signing-secret', 'another-signing-secret-0123456789'), new RegExp(TEAM));
});
