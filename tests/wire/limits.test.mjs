// Limits as they are met from outside: a program that asks too often, a Slack that is flooded, and a Redis that hangs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomUUID } from 'node:crypto';
import { BOT, GENERAL } from '../judges/slack.mjs';
import { Account } from './lib/account.mjs';
import { Office } from './lib/office.mjs';
import { signal } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const MENTION = `<@${BOT.user}>`;
const SENTENCE = /^More messages are coming in than I may take at once\./;
/** A bucket that holds as many as its row says at the row's own rate; a slower one holds less, and fills by itself. */
const env = { KONSTRUCT_LIMIT_WRITES: '12', KONSTRUCT_LIMIT_CHANNEL: '12', KONSTRUCT_WEB_WORKERS: '1' };
const WRITES_AT_ONCE = 4;
const MESSAGES_AT_ONCE = 3;

let office;
before(async () => {
    office = await Office.start({ env, reply: (messages) => `You said: ${messages.at(-1).content}` });
});
after(() => office?.stop());

test('an API call too many is answered 429, with the limit and the wait', async () => {
    const ann = await Account.signUp(office.up.port);
    const employees = JSON.parse((await ann.get('/api/v1/employees')).body);
    const path = `/api/v1/employees/${employees.items[0].id}/conversations`;
    const answers = [];
    for (let i = 0; i < WRITES_AT_ONCE + 3; i++) answers.push(await ann.post(path, {}));

    assert.deepEqual(answers.slice(0, WRITES_AT_ONCE).map((a) => a.status), Array(WRITES_AT_ONCE).fill(201));
    const refused = answers.filter((a) => a.status === 429);
    assert.ok(refused.length >= 1);
    const { headers, body } = refused.at(-1);
    const problem = JSON.parse(body);
    assert.equal(headers['content-type'], 'application/problem+json');
    assert.match(headers['retry-after'], /^[1-5]$/);
    assert.equal(problem.limit, 'api_writes');
    assert.equal(problem.code, 'limit_reached');
    assert.equal(`${problem.wait_s}`, headers['retry-after']);
    assert.equal((await ann.get('/api/v1/me')).status, 200);
});

const inbound = async (where) => Number((await office.sql(`SELECT count(*) FROM inbound WHERE ${where}`))[0]);

test('a flood in Slack gets one sentence a minute, and every message is accounted for', async () => {
    const sent = 25;
    const ts = await office.slack.say(GENERAL, `${MENTION} number 0`);
    for (let i = 1; i < sent; i++) await office.slack.say(GENERAL, `number ${i}`, ts);
    await office.quiet();

    const answers = await office.slack.answers(GENERAL, ts);
    const taken = await inbound('refused_by IS NULL');
    const refused = await inbound("refused_by = 'channel_messages'");
    assert.equal(taken + refused, sent);
    assert.ok(taken >= MESSAGES_AT_ONCE && refused > 0, `${taken} taken, ${refused} refused`);
    assert.equal(answers.filter((a) => SENTENCE.test(a.text)).length, 1);
    assert.equal(answers.filter((a) => a.text.startsWith('You said')).length, taken);
    assert.equal(await office.metric('message_refused'), refused);
    assert.equal(await office.metric('limit_channel_refused'), refused);
    assert.equal(await office.metric('limit_channel_taken'), taken);
    assert.deepEqual(await office.sql("SELECT DISTINCT state FROM outbound"), ['sent']);

    // Another minute: told again.
    await office.sql("UPDATE refusal_told SET told_at = told_at - interval '1 minute'");
    for (let i = 0; i < 6; i++) await office.slack.say(GENERAL, `again ${i}`, ts);
    await office.quiet();
    assert.equal((await office.slack.answers(GENERAL, ts)).filter((a) => SENTENCE.test(a.text)).length, 2);

    // And once the bucket has filled, the next one is answered.
    let n = 0;
    await until(async () => {
        await office.slack.say(GENERAL, `later ${n++}`, ts);
        await office.quiet();
        return (await office.slack.answers(GENERAL, ts)).some((a) => a.text.startsWith('You said: later'));
    }, 'an answer when the wait is over');
});

test('a Redis that hangs holds nobody up, and this process goes on limiting', async () => {
    const ann = await Account.signUp(office.up.port);
    const { redis } = office.up.children();
    signal(redis, 'SIGSTOP');
    try {
        for (let i = 0; i < 200; i++) assert.equal((await ann.get('/api/v1/me')).status, 200);
        assert.ok((await office.metric('limit_local')) > 0);
        const path = `/api/v1/conversations/${await ann.conversation()}/messages`;
        const statuses = [];
        for (let i = 0; i < 8; i++) statuses.push((await ann.post(path, { text: 'hello', key: randomUUID() })).status);
        assert.ok(statuses.includes(202) && statuses.includes(429), `${statuses}`);
    } finally {
        signal(redis, 'SIGCONT');
    }
});
