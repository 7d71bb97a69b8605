// A stranger's verifier: an export of the running programs, checked by docs/audit.md and Node's own cryptography alone, and
// the command's word on the same file.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { program } from './lib/place.mjs';
import { run } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

let up;
let ann;

const field = (text) => `${Buffer.byteLength(text)}:${text}`;
const audit = (...args) => run(program('konstruct'), ['audit', ...args], { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });

/** Throws for the first thing that is not as the guide says; gives the number of entries. */
function check(text, key) {
    const [header, ...lines] = text.trimEnd().split('\n').map((line) => JSON.parse(line));
    const head = lines.pop();
    let hash = createHash('sha256').digest();

    assert.deepEqual([header.konstruct, header.version], ['audit', 1]);
    lines.forEach((entry, i) => {
        const fields = [header.tenant, `${entry.seq}`, entry.at, entry.actor, entry.action, entry.object, entry.body];
        assert.equal(entry.seq, i + 1);
        hash = createHash('sha256').update(hash).update(fields.map(field).join('')).digest();
        assert.equal(hash.toString('hex'), entry.hash);
    });
    assert.deepEqual([head.head, head.hash, head.key], [lines.length, hash.toString('hex'), key]);
    const x = Buffer.from(key, 'hex').toString('base64url');
    const signed = ['konstruct audit head 1', header.tenant, `${head.head}`, head.hash, head.at].map(field).join('');
    assert.ok(verify(null, Buffer.from(signed), createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
        Buffer.from(head.signature, 'hex')));
    return lines.length;
}

before(async () => {
    up = await new Up().start();
    ann = await Account.signUp(up.port);
});
after(async () => {
    await up.stop();
    up.remove();
});

test('an export over the API verifies by the guide alone', async () => {
    const key = (await audit('key')).trim();
    const answer = await ann.get('/api/v1/audit/export');
    const body = `${answer.body}`;
    assert.equal(answer.status, 200);
    assert.ok(check(body, key) >= 3);
    assert.ok(!body.includes(ann.email), 'personal text stands in the export');
    assert.throws(() => check(body.replace('person.signed_up', 'person.signed_uq'), key));
});

test('an export of the command verifies by the guide and by the command, with the key as its only knowledge', async () => {
    const file = join(up.dir, 'audit.jsonl');
    const key = (await audit('key')).trim();
    await audit('export', '--tenant', ann.me.tenant_id, '--to', file);
    const entries = check(readFileSync(file, 'utf8'), key);
    const alone = (...args) => run(program('konstruct'), ['audit', 'verify', file, ...args], { env: { KONSTRUCT_CONF: '/dev/null' } });
    assert.match(await alone('--key', key), new RegExp(`^Whole: ${entries} entries of tenant ${ann.me.tenant_id}`));
    await assert.rejects(alone(), /Say which key you trust/);
    await assert.rejects(alone('--key', key.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))), /another key/);
    const [, hash] = /last hash (\S+)\./.exec(await alone('--key', key));
    await alone('--key', key, '--anchor', `${entries}:${hash}`);
    await assert.rejects(alone('--key', key, '--anchor', `${entries + 1}:${hash}`), /were cut off/);
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').toSpliced(2, 1).join('\n'));
    await assert.rejects(alone('--key', key), /entry 3 stands where entry 2 must be/);
});

test('an erased subject is gone, and the chain is whole', async () => {
    await audit('erase', ann.me.person_id, '--tenant', ann.me.tenant_id);
    const { items } = JSON.parse((await ann.get('/api/v1/audit?action=person.signed_up')).body);
    assert.deepEqual([items[0].personal, items[0].erased], [null, true]);
    assert.ok(check(`${(await ann.get('/api/v1/audit/export')).body}`, (await audit('key')).trim()) > 3);
});
