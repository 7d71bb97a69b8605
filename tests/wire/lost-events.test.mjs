// Live events may be lost. A reader who waits for an answer gets it all the same, because the rows are looked at.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Portal } from './lib/portal.mjs';
import { signal } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

let up;
let portal;

before(async () => {
    up = await new Up().start();
    portal = await Portal.signUp(up);
});
after(async () => {
    signal(up.children().worker, 'SIGCONT');
    await up.stop();
    up.remove();
});

/** An answer that nobody tells of: its row, and nothing else. */
const answerInSilence = (conversation) => up.sql(`
    WITH next AS (UPDATE conversation SET message_count = message_count + 1 WHERE id = '${conversation}' RETURNING *)
    INSERT INTO message (tenant_id, id, conversation_id, seq, author, name, text, outcome)
    SELECT tenant_id, gen_random_uuid(), id, message_count, 'employee', 'Mara', 'In silence.', 'answered' FROM next`);

test('a stream brings the answer whose event was lost', { timeout: 60_000 }, async () => {
    signal(up.children().worker, 'SIGSTOP');
    const conversation = await portal.begin();
    const stream = await portal.events(conversation);
    await portal.call('POST', `/conversations/${conversation}/messages`, { text: 'Hello?', key: randomUUID() });
    assert.equal((await stream.next('message')).author, 'person');
    await answerInSilence(conversation);
    assert.equal((await stream.next('message')).text, 'In silence.');
    stream.close();
});
