// Webhooks as they should not be: each gets the status that docs/delivery.md names, and leaves no row.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BOT, TEAM } from '../judges/slack.mjs';
import { Office } from './lib/office.mjs';
import { gone, signal } from './lib/process.mjs';
import { until } from './lib/until.mjs';

let office;
before(async () => {
    office = await Office.start();
});
after(() => office?.stop());

const now = () => Math.floor(Date.now() / 1000);
const message = (more = {}, event = {}) => JSON.stringify({
    type: 'event_callback', team_id: TEAM, api_app_id: BOT.app, event_id: 'Ev1', event_time: now(),
    event: { type: 'message', channel: 'D0JUDGE', channel_type: 'im', user: 'U000000001', ts: '1700000000.000100', text: 'hi', ...event },
    ...more,
});
const nested = (levels) => `{"team_id":"${TEAM}","type":"event_callback","event":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`;
const wrong = 'some-other-signing-secret-1f2e3d4c5b';

// name, body, how it is signed (null: not at all), status, code of the problem
const cases = [
    ['unsigned', message(), null, 401, 'hook_unsigned'],
    ['without a timestamp', message(), { without: 'x-slack-request-timestamp' }, 401, 'hook_unsigned'],
    ['without a signature', message(), { without: 'x-slack-signature' }, 401, 'hook_unsigned'],
    ['with a timestamp that is no number', message(), { stamp: 'today' }, 401, 'hook_unsigned'],
    ['signed with another secret', message(), { secret: wrong }, 401, 'hook_signature'],
    ['signed for another body', message(), { for: message({ event_id: 'Ev2' }) }, 401, 'hook_signature'],
    ['signed for another version', message(), { set: { 'x-slack-signature': `v1=${'0'.repeat(64)}` } }, 401, 'hook_signature'],
    ['stale', message(), { stamp: () => now() - 310 }, 401, 'hook_stale'],
    ['from the future', message(), { stamp: () => now() + 310 }, 401, 'hook_stale'],
    ['not JSON', 'nonsense', {}, 400, 'json_malformed'],
    ['empty', '', {}, 400, 'json_missing'],
    ['JSON cut off', message().slice(0, -10), {}, 400, 'json_malformed'],
    ['JSON with something behind it', `${message()} x`, {}, 400, 'json_malformed'],
    ['with a key twice', message().replace('{', `{"team_id":"${TEAM}",`), {}, 400, 'json_malformed'],
    ['with a key twice, deep inside', message().replace('"text":', '"text":"a","text":'), {}, 400, 'json_malformed'],
    ['with a NUL in its text', message({}, { text: 'a\u0000b' }), {}, 400, 'json_malformed'],
    ['with half a surrogate pair', message().replace('"hi"', '"\\ud800"'), {}, 400, 'json_malformed'],
    ['nested 33 levels deep', nested(32), {}, 400, 'json_too_deep'],
    ['nested 50,000 levels deep', nested(50_000), {}, 400, 'json_too_deep'],
    ['not UTF-8', Buffer.concat([Buffer.from(message().replace('"hi"}}', '"')), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]),
        {}, 400, 'hook_not_utf8'],
    ['with an overlong character', Buffer.concat([Buffer.from(message().replace('"hi"}}', '"')), Buffer.from([0xc0, 0xaf]), Buffer.from('"}}')]),
        {}, 400, 'hook_not_utf8'],
    ['an array', `[${message()}]`, {}, 400, 'hook_shape'],
    ['without a type', message({ type: undefined }), {}, 400, 'hook_shape'],
    ['without an event', message({ event: undefined }), {}, 400, 'hook_shape'],
    ['with a workspace that is none', message({ team_id: "T'; DROP TABLE job" }), {}, 400, 'hook_shape'],
    ['a message without its channel', message({}, { channel: undefined }), {}, 400, 'hook_shape'],
    ['a message without its time', message({}, { ts: undefined }), {}, 400, 'hook_shape'],
    ['a message without its user', message({}, { user: undefined }), {}, 400, 'hook_shape'],
    ['a message with a time that is none', message({}, { ts: '1.2.3' }), {}, 400, 'hook_shape'],
    ['a form', `payload=${encodeURIComponent(message())}`, { type: 'application/x-www-form-urlencoded' }, 415, 'not_json'],
    ['text', message(), { type: 'text/plain' }, 415, 'not_json'],
    ['of no type', message(), { without: 'content-type' }, 415, 'not_json'],
    ['larger than 1 MiB', message({}, { text: 'x'.repeat(1024 * 1024) }), {}, 413, 'body_too_large'],
    ['of an unknown workspace, signed by nobody we know', message({ team_id: 'T0NOBODY' }), { secret: wrong }, 401, 'hook_signature'],
    ['for a channel that does not exist', message(), { path: '/hooks/fax/events' }, 404, 'not_found'],
    ['for a channel that has no webhooks', message(), { path: '/hooks/portal/events' }, 404, 'not_found'],
];

function headersOf(body, how) {
    if (how === null) return { 'content-type': 'application/json' };
    const stamp = typeof how.stamp === 'function' ? how.stamp() : how.stamp;
    const headers = { ...office.signed(how.for ?? body, { secret: how.secret, stamp, type: how.type }), ...how.set };
    if (how.without) delete headers[how.without];
    return headers;
}

for (const [name, body, how, status, code] of cases)
    test(`a webhook ${name}: ${status} ${code}`, async () => {
        const before = await office.rows();
        const answer = await office.hook(body, headersOf(body, how), how?.path);
        assert.equal(answer.status, status, answer.body);
        assert.equal(JSON.parse(answer.body).code, code);
        assert.equal(await office.rows(), before);
    });

// Signed by the right secret and nothing for us: acknowledged, so that Slack does not send it again.
const quiet = [
    ['of a bot', message({}, { bot_id: 'B1' }), 'hook_ignored'],
    ['of our own', message({}, { user: BOT.user }), 'hook_ignored'],
    ['about an edit', message({}, { subtype: 'message_changed' }), 'hook_ignored'],
    ['about somebody joining', message({}, { subtype: 'channel_join' }), 'hook_ignored'],
    ['about a reaction', message({}, { type: 'reaction_added' }), 'hook_ignored'],
    ['of a kind that we do not know', message({ type: 'brand_new' }), 'hook_ignored'],
    ['of a workspace that nobody connected', message({ team_id: 'T0NOBODY' }), 'hook_unknown'],
];

for (const [name, body, counter] of quiet)
    test(`a webhook ${name}: 200, counted as ${counter}`, async () => {
        const before = await office.rows();
        const count = await office.metric(counter);
        const answer = await office.hook(body, office.signed(body));
        assert.equal(answer.status, 200, answer.body);
        assert.equal(answer.body, '');
        assert.equal(await office.metric(counter), count + 1);
        assert.equal(await office.rows(), before);
    });

test("Slack's handshake is answered with its challenge, as plain text", async () => {
    const body = JSON.stringify({ type: 'url_verification', token: 'old', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkYFXO7tYXAYM8P' });
    const answer = await office.hook(body, office.signed(body));
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkYFXO7tYXAYM8P');

    const forged = await office.hook(body, office.signed(body, { secret: wrong }));
    assert.equal(forged.status, 401);
    const reflected = JSON.stringify({ type: 'url_verification', challenge: '<script>alert(1)</script> ' });
    assert.equal((await office.hook(reflected, office.signed(reflected))).status, 400);
});

test('a webhook that is asked for with GET: 405', async () => {
    assert.equal((await office.request('GET', '/hooks/slack/events')).status, 405);
});

test('and after all that a good one is stored', async () => {
    const accepted = await office.metric('hook_accepted');
    const body = message({}, { ts: '1700000001.000100' });
    assert.equal((await office.hook(body, office.signed(body))).status, 200);
    assert.equal(await office.metric('hook_accepted'), accepted + 1);
    assert.equal((await office.sql("SELECT 1 FROM inbound WHERE message_key = 'D0JUDGE:1700000001.000100'")).length, 1);
    const again = await office.metric('hook_duplicate');
    assert.equal((await office.hook(body, office.signed(body))).status, 200);
    assert.equal(await office.metric('hook_duplicate'), again + 1);
});

test('a good webhook while the database is away: 503, and taken when it is back', async () => {
    const body = message({}, { ts: '1700000002.000100' });
    const { postgres } = office.up.children();
    signal(office.up.child.pid, 'SIGSTOP'); // or it would start the database again at once
    try {
        signal(postgres, 'SIGKILL');
        await gone([postgres]);
        assert.equal((await office.hook(body, office.signed(body))).status, 503);
        assert.ok(await office.metric('hook_unavailable') >= 1);
    } finally {
        signal(office.up.child.pid, 'SIGCONT');
    }
    await office.up.anew('postgres', postgres);
    await until(async () => (await office.hook(body, office.signed(body))).status === 200, 'the webhook to be taken');
    assert.equal((await office.sql("SELECT 1 FROM inbound WHERE message_key = 'D0JUDGE:1700000002.000100'")).length, 1);
});
