// A company takes everything out of the running programs: fetched in pieces, read by everybody's tar, and checked offline by the
// command, which finds whatever was changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { program } from './lib/place.mjs';
import { run } from './lib/process.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

let up;
let ann;
let file;

const alone = { KONSTRUCT_CONF: '/dev/null' };
const verify = (path) => run(program('konstruct'), ['export', 'verify', path], { env: alone });
const json = async (path) => JSON.parse((await ann.get(path)).body);

before(async () => {
    up = await new Up().start();
    ann = await Account.signUp(up.port);
    const asked = await ann.post('/api/v1/exports', {});
    assert.equal(asked.status, 201);
    const { id } = JSON.parse(asked.body);
    const done = await until(async () => {
        const now = await json(`/api/v1/exports/${id}`);
        return now.state === 'waiting' || now.state === 'running' ? null : now;
    }, 'the export to be ready');
    assert.equal(done.state, 'ready', done.fault);
    const pieces = [];
    for (let next = `/api/v1/exports/${id}/file`; next; ) {
        const piece = await ann.get(next);
        assert.equal(piece.status, 200);
        pieces.push(Buffer.from(piece.body));
        next = /<([^>]+)>/.exec(piece.headers.link ?? '')?.[1];
    }
    file = join(up.dir, 'export.tar');
    writeFileSync(file, Buffer.concat(pieces));
    assert.equal(readFileSync(file).length, done.bytes);
});
after(async () => {
    await up.stop();
    up.remove();
});

test('the archive is read by tar, and is what its manifest says', async () => {
    const folder = join(up.dir, 'out');
    mkdirSync(folder);
    execFileSync('tar', ['xf', file, '-C', folder]);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    assert.deepEqual([manifest.konstruct, manifest.version, manifest.tenant], ['export', 1, ann.me.tenant_id]);
    for (const { name, bytes, sha256, rows, lines } of manifest.files) {
        const text = readFileSync(join(folder, name));
        assert.equal(text.length, bytes, name);
        assert.equal(createHash('sha256').update(text).digest('hex'), sha256, name);
        const found = `${text}`.split('\n').filter(Boolean).map((line) => JSON.parse(line));
        assert.equal(found.length, rows ?? lines, name);
    }
    const [person] = readFileSync(join(folder, 'tables/person.jsonl'), 'utf8').split('\n').map((line) => line && JSON.parse(line));
    assert.equal(person.email, ann.email);
    assert.ok(!('password_hash' in person));
    const key = (await run(program('konstruct'), ['audit', 'key'], { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } })).trim();
    assert.match(await run(program('konstruct'), ['audit', 'verify', join(folder, 'audit.jsonl'), '--key', key], { env: alone }), /^Whole/);
});

test('the command finds it whole, and finds what was changed, cut off or added', async () => {
    assert.match(await verify(file), new RegExp(`^Whole: \\d+ files, \\d+ lines, \\d+ bytes of tenant ${ann.me.tenant_id}`));
    const whole = readFileSync(file);
    const bad = join(up.dir, 'bad.tar');
    const refused = async (bytes, why) => {
        writeFileSync(bad, bytes);
        await assert.rejects(verify(bad), why);
    };
    const changed = Buffer.from(whole);
    const at = whole.indexOf(ann.email);
    changed[at] ^= 1;
    await refused(changed, /jsonl was changed/);
    await refused(whole.subarray(0, whole.length - 1024), /ends too early/);
    await refused(whole.subarray(0, 20_000), /ends too early/);
    await refused(Buffer.concat([whole, Buffer.alloc(512)]), /behind its end/);
    const folder = join(up.dir, 'again');
    mkdirSync(folder);
    execFileSync('tar', ['xf', file, '-C', folder]);
    execFileSync('tar', ['cf', bad, '--format=ustar', '-C', folder, 'manifest.json']);
    await assert.rejects(verify(bad), /export/);
    await assert.rejects(verify(join(up.dir, 'nothing')), /can't be read/);
});
