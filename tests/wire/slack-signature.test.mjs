// Slack's signatures: our check in C beside Slack's own in @slack/bolt, and a Slack that signs.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { GENERAL, Slack } from '../judges/slack.mjs';
import { program, top } from './lib/place.mjs';
import { stop } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const bolt = createRequire(join(top, 'tests/judges/package.json'))('@slack/bolt/dist/receivers/verify-request.js');
const NOW = 1_700_000_000;
const SECRET = '0123456789abcdef0123456789abcdef';

let probe;
let answers;

before(() => {
    probe = spawn(program('judges/slack_probe'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    answers = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
    probe.ended = new Promise((resolve) => probe.on('exit', resolve));
});
after(() => stop(probe));

const sign = (secret, stamp, body) => `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`;

async function ours(row) {
    probe.stdin.write(`${JSON.stringify({ now: NOW, ...row })}\n`);
    return (await answers.next()).value;
}

function theirs({ secret, stamp, signature, body, now = NOW }) {
    return bolt.isValidSlackRequest({
        signingSecret: secret,
        body,
        headers: { 'x-slack-request-timestamp': Number(stamp), 'x-slack-signature': signature },
        nowMilliseconds: now * 1000,
    });
}

// Printable, all of Unicode, JSON and forms, up to long ones.
function bodies() {
    const fixed = ['', '{}', 'token=a&b=%20c', '{"text":"äöü 中文 😀 \\u0000"}', 'x'.repeat(200_000), '\r\n\t'];
    return fixed.concat(Array.from({ length: 200 }, (_, i) => randomBytes(1 + (i * 7) % 900).toString('base64')));
}

test('what Slack signs both accept', async () => {
    for (const body of bodies())
        for (const off of [0, -299, -300]) {
            const stamp = String(NOW + off);
            const row = { secret: SECRET, stamp, body, signature: sign(SECRET, stamp, body) };
            assert.equal(theirs(row), true);
            assert.equal(await ours(row), 'ok');
        }
});

test('what is changed on the way both refuse', async () => {
    for (const body of bodies()) {
        const stamp = String(NOW);
        const good = { secret: SECRET, stamp, body, signature: sign(SECRET, stamp, body) };
        const changes = [
            { body: `${body} ` },
            { stamp: String(NOW - 1) },
            { secret: `${SECRET}0` },
            { signature: sign('another secret of a tenant', stamp, body) },
            { signature: good.signature.replace('v0', 'v1') },
            { signature: good.signature.slice(0, -1) },
            { signature: good.signature.toUpperCase().replace('V0', 'v0') },
            { signature: 'v0=' },
            { signature: '' },
        ];
        for (const change of changes) {
            const row = { ...good, ...change };
            if (row.signature === good.signature && change.signature !== undefined) continue; // a digest of digits only
            assert.equal(theirs(row), false);
            assert.notEqual(await ours(row), 'ok');
        }
    }
});

test('what is old both refuse, and what is from the future only we do', async () => {
    for (const [off, bolts] of [[-301, false], [-86_400, false], [301, true], [86_400, true]]) {
        const stamp = String(NOW + off);
        const row = { secret: SECRET, stamp, body: '{}', signature: sign(SECRET, stamp, '{}') };
        assert.equal(theirs(row), bolts);
        assert.equal(await ours(row), 'hook_stale');
    }
});

test('the events of a Slack that we did not write are accepted', async () => {
    const slack = await Slack.start({ signingSecret: SECRET });
    try {
        await slack.say(GENERAL, 'signed <3 äöü 😀');
        await until(() => slack.deliveries.length > 0, 'an event');
        for (const { body, headers } of slack.deliveries) {
            const row = {
                secret: SECRET,
                stamp: headers['x-slack-request-timestamp'],
                signature: headers['x-slack-signature'],
                body: body.toString(),
                now: Math.floor(Date.now() / 1000),
            };
            assert.equal(theirs(row), true);
            assert.equal(await ours(row), 'ok');
            assert.equal(await ours({ ...row, secret: 'another' }), 'hook_signature');
        }
    } finally {
        await slack.stop();
    }
});
