// Mail on its whole way: a sign-up leads to one mail at a server that we did not write, over TLS, with a link that works;
// what a server refuses, delays or loses has the end that docs/delivery.md says.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Mailbox, refusal } from '../judges/smtp.mjs';
import { certificate } from './lib/certificate.mjs';
import { Data } from './lib/data.mjs';
import { folder, remove } from './lib/place.mjs';
import { once } from './lib/raw.mjs';
import { until } from './lib/until.mjs';

const USER = { name: 'konstruct', password: 'wire-tests-smtp-password-81c5' };

let data;
let web;
let dir;
let pair;

const post = (path, body) => {
    const json = JSON.stringify(body);
    return once(web.port,
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n`
        + `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
};

async function signUp(name = 'Ann') {
    const email = `${randomUUID()}@example.com`;
    const { status, body } = await post('/api/v1/signup',
        { company: 'Mühle & Söhne', name, email, password: 'a password for mail' });
    assert.equal(status, 201, body);
    return email;
}

/** A worker that sends through this server; it ends with the test. */
function worker(t, box, settings = {}) {
    const made = data.worker({
        KONSTRUCT_SMTP_URL: `smtps://localhost:${box.port}`, KONSTRUCT_SMTP_CA: pair.cert,
        KONSTRUCT_MAIL_FROM: 'Konstruct <office@konstruct.example>', KONSTRUCT_PUBLIC_URL: 'https://konstruct.example', ...settings,
    });
    t.after(async () => {
        await made.stop();
        data.children.delete(made);
        await box.stop();
    });
    return made;
}

const state = async (email) => (await data.sql(
    `BEGIN; SELECT set_config('app.tenant_id', tenant_id::text, true) FROM membership JOIN person ON id = person_id WHERE email = '${email}';
     SELECT state, attempts, fault FROM mail WHERE recipient = '${email}'; COMMIT`)).split('\n').pop();

before(async () => {
    dir = folder();
    pair = await certificate(dir);
    pair.keyText = readFileSync(pair.key, 'utf8');
    data = await Data.start();
    web = await data.web();
});

after(async () => {
    await data?.stop();
    remove(dir);
});

test('over TLS, logged in, once, with a link that proves the address', async (t) => {
    const box = await Mailbox.start({ pair, secure: true, user: USER });
    worker(t, box, { KONSTRUCT_SMTP_USER: USER.name, KONSTRUCT_SMTP_PASSWORD: USER.password });
    const email = await signUp('Ann Müller');
    await until(() => box.mails.length > 0, 'the mail');
    await until(async () => (await state(email)).startsWith('sent'), 'the mail to count as sent');

    const [mail] = box.mails;
    assert.equal(box.mails.length, 1);
    assert.deepEqual([mail.from, mail.to, mail.secure], ['office@konstruct.example', [email], true]);
    assert.deepEqual(box.logins, [{ username: USER.name, secure: true }]);
    assert.match(mail.text, /^Message-ID: <[0-9a-f-]{36}@konstruct\.example>\r$/m);
    assert.match(mail.text, /^Content-Transfer-Encoding: quoted-printable\r$/m);
    assert.match(mail.text, /Ann M=C3=BCller/);
    const token = mail.text.replaceAll('=\r\n', '').match(/https:\/\/konstruct\.example\/verify#([\w-]{43})/)[1];
    assert.equal((await post('/api/v1/email/verify', { token })).status, 204);
    assert.equal((await post('/api/v1/email/verify', { token })).status, 400);
});

test('by STARTTLS before anything is said', async (t) => {
    const box = await Mailbox.start({ pair, user: USER });
    // "127.1" is this machine under a name that we do not know as such: nothing is said to it in the clear.
    worker(t, box, {
        KONSTRUCT_SMTP_URL: `smtp://127.1:${box.port}`, KONSTRUCT_SMTP_USER: USER.name, KONSTRUCT_SMTP_PASSWORD: USER.password,
    });
    await signUp();
    await until(() => box.mails.length > 0, 'the mail');
    assert.equal(box.mails[0].secure, true);
    assert.deepEqual(box.logins, [{ username: USER.name, secure: true }]);
});

test('never in the clear to another machine, nor under a certificate that nobody knows', async (t) => {
    const clear = await Mailbox.start({ user: USER });
    const strange = await Mailbox.start({ pair, secure: true, user: USER });
    t.after(() => strange.stop());
    const user = { KONSTRUCT_SMTP_USER: USER.name, KONSTRUCT_SMTP_PASSWORD: USER.password };
    const first = worker(t, clear, { ...user, KONSTRUCT_SMTP_URL: `smtp://127.1:${clear.port}` });
    const email = await signUp();
    await until(async () => Number((await state(email)).split('|')[1]) >= 1, 'an attempt');
    await first.stop();
    const second = data.worker({ ...user, KONSTRUCT_SMTP_URL: `smtps://localhost:${strange.port}` });
    t.after(async () => {
        await second.stop();
        data.children.delete(second);
    });
    const other = await signUp();
    await until(async () => Number((await state(other)).split('|')[1]) >= 1, 'an attempt');
    assert.deepEqual([clear.mails, clear.logins, strange.mails, strange.logins], [[], [], [], []]);
});

test('a no for ever ends it; a no for now is tried again under the same Message-ID, and so is silence', async (t) => {
    const answers = { never: () => refusal(550, 'no such mailbox'), later: (n) => (n === 1 ? refusal(451, 'busy') : undefined),
        silent: (n) => (n === 1 ? 'drop' : undefined) };
    const seen = {};
    const box = await Mailbox.start({
        pair, secure: true,
        on: ({ to, text }) => {
            const email = to[0];
            const who = Object.keys(people).find((name) => people[name] === email);
            if (who === undefined) return undefined; // of another test
            (seen[who] ??= []).push(text.match(/^Message-ID: .*$/m)[0] + text.replaceAll('=\r\n', '').match(/#[\w-]{43}/)[0]);
            return answers[who](seen[who].length);
        },
    });
    const people = {};
    for (const who of Object.keys(answers)) people[who] = await signUp();
    worker(t, box);
    for (const [who, end] of [['never', 'refused'], ['later', 'sent'], ['silent', 'sent']])
        await until(async () => (await state(people[who])).startsWith(end), `${who} to be ${end}`);
    assert.deepEqual(Object.values(seen).map((all) => all.length).sort(), [1, 2, 2]);
    assert.equal(seen.never.length, 1);
    for (const who of ['later', 'silent']) assert.equal(seen[who][0], seen[who][1], `${who}: the same mail`);
});
