// The anchor of the audit in a Slack that we did not write: posted once whatever happens on the way, good for the verifier, and
// a post that fails is seen.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BOT, GENERAL, PERSON } from '../judges/slack.mjs';
import { Office } from './lib/office.mjs';
import { until } from './lib/until.mjs';

let office;
let connection;

const place = async () => (await office.admin('GET', '/api/v1/audit/place')).json;
const choose = (channel) => office.admin('PUT', '/api/v1/audit/place', { connection_id: connection, place: channel });
const settled = () => until(async () => {
    const now = await place();
    return now.state === 'waiting' ? null : now;
}, 'the post to be settled');

/** What the bot has posted in the channel itself, oldest first. */
async function posts(channel) {
    const { messages } = await office.slack.call(PERSON.token, 'conversations.history', { channel, limit: 1000, include_all_metadata: true });
    return messages.filter((m) => m.user === BOT.user).sort((a, b) => Number(a.ts) - Number(b.ts));
}

before(async () => {
    office = await Office.start();
    [{ connection_id: connection }] = (await office.admin('GET', '/api/v1/audit/channels')).json.items;
});
after(() => office?.stop());

test('where it is chosen it is posted at once, and the verifier takes it', async () => {
    assert.equal((await choose(GENERAL)).status, 200);
    assert.equal((await settled()).state, 'sent');
    const [post, ...more] = await posts(GENERAL);
    assert.deepEqual(more, []);
    const [anchor] = /\d+:[0-9a-f]{64}/.exec(post.text);
    const file = join(office.up.dir, 'audit.jsonl');
    await office.command('audit', 'export', '--tenant', office.tenant, '--to', file);
    assert.match(await office.command('audit', 'verify', file, '--anchor', anchor), /^Whole/);
    const [, hash] = anchor.split(':');
    await assert.rejects(office.command('audit', 'verify', file, '--anchor', anchor.replace(hash, hash.replace(/./g, '0'))), /anchor/i);
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, 1).join('\n'));
    await assert.rejects(office.command('audit', 'verify', file, '--anchor', anchor));
});

test('a post that Slack took and could not confirm is found and not posted again', async () => {
    const before = (await posts(GENERAL)).length;
    office.slack.fault('chat.postMessage', { drop: 'after' });
    await choose(GENERAL);
    assert.equal((await settled()).state, 'sent');
    assert.equal((await posts(GENERAL)).length, before + 1);
});

test('the daily job posts it, and once a day', async () => {
    const before = (await posts(GENERAL)).length;
    await office.sql(`BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE audit_signature SET signed_at = signed_at - interval '25 hours'; COMMIT`);
    await office.sql(`INSERT INTO job (tenant_id, id, kind, lane_id, subject_id)
        SELECT '${office.tenant}', gen_random_uuid(), 'audit_daily', i, i FROM (SELECT gen_random_uuid() AS i) x`);
    await until(async () => (await posts(GENERAL)).length > before, 'the daily post');
    await office.quiet();
    assert.equal((await posts(GENERAL)).length, before + 1);
});

test('where nobody may post, that is seen on the page and in the audit', async () => {
    office.slack.fault('chat.postMessage', { answer: { ok: false, error: 'not_in_channel' } });
    await choose(GENERAL);
    const now = await settled();
    assert.deepEqual([now.state, now.fault], ['failed', 'not_in_channel']);
    const told = await until(async () => (await office.admin('GET', '/api/v1/audit?action=delivery.refused')).json.items[0], 'the entry');
    assert.match(told.body, /not_in_channel/);
    await choose(GENERAL);
    assert.equal((await settled()).state, 'sent');
    assert.equal((await office.admin('DELETE', '/api/v1/audit/place')).status, 204);
    assert.equal((await place()).state, 'none');
});
