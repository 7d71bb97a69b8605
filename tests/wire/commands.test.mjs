// The commands that a newcomer tries first, beside a running instance.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program } from './lib/place.mjs';
import { Portal } from './lib/portal.mjs';
import { run } from './lib/process.mjs';
import { Up } from './lib/up.mjs';

let up;
let portal;

const konstruct = (args, options = {}) => run(program('konstruct'), args, {
    ...options, env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf'), ...options.env },
});

before(async () => {
    up = await new Up().start();
    portal = await Portal.signUp(up);
});
after(async () => {
    await up.stop();
    up.remove();
});

test('chat answers each line, in one conversation', async () => {
    const said = await konstruct(['chat'], { input: 'Hello!\nMy name is Ann.\nWhat is my name?\n' });
    const answers = said.split(/^Mara: /m).slice(1);
    assert.equal(answers.length, 3);
    assert.match(answers[0], /I am Mara/);
    assert.match(answers[2], /Ann/);
    assert.deepEqual(await up.sql("SELECT channel, message_count FROM conversation WHERE channel = 'terminal'"), ['terminal|6']);
});

test('chat works without Redis, too', async () => {
    const said = await konstruct(['chat'], { input: 'Hello!\n', env: { REDIS_URL: 'unix:///nowhere/redis.sock' } });
    assert.match(said, /^Mara: Hello! I am Mara/m);
});

test('chat refuses what is no text, and says so', async () => {
    await assert.rejects(konstruct(['chat'], { input: Buffer.from([0xff, 0xfe, 0x0a]) }), /not valid UTF-8/);
});

test('a tenant that is not there, and one of several', async () => {
    await assert.rejects(konstruct(['chat', '--tenant', 'Nobody'], { input: '' }), /no such tenant/);
    const second = await Portal.signUp(up);
    await assert.rejects(konstruct(['chat'], { input: '' }), /several tenants/);
    assert.match(await konstruct(['chat', '--tenant', second.company], { input: 'Hello!\n' }), /^Mara: Hello!/m);
    const listed = await konstruct(['tenants']);
    for (const { company } of [portal, second]) assert.ok(listed.includes(company));
});

test('a host is appointed by the owner, once the address is proven', async () => {
    const [email] = await up.sql(`SELECT p.email FROM person p JOIN membership m ON m.person_id = p.id
        JOIN tenant t USING (tenant_id) WHERE t.name = '${portal.company}'`);
    await assert.rejects(konstruct(['host', 'add', email]), /Nobody has proven to have the address/);
    await up.sql(`UPDATE person SET email_verified_at = now() WHERE email = '${email}'`);
    assert.match(await konstruct(['host', 'add', email]), /WITHOUT a second factor/);
    assert.ok((await portal.call('GET', '/host/tenants')).items.some(({ name }) => name === portal.company));
    assert.equal(await konstruct(['host', 'remove', email]), '');
    await assert.rejects(portal.call('GET', '/host/tenants'), /403/);
    await assert.rejects(konstruct(['host', 'remove', email]), /is no host/);
});

test('the host takes a lost second factor away, and each company of the person reads of it', async () => {
    const me = await portal.call('GET', '/me');
    await assert.rejects(konstruct(['person', 'reset-factor', 'nobody@portal.example']), /Nobody logs in/);
    await assert.rejects(konstruct(['person', 'reset-factor', me.email]), /has no second factor/);
    await portal.call('POST', '/factor', { password: 'a password of the portal' });
    await up.sql(`UPDATE person_factor SET confirmed_at = now() WHERE person_id = '${me.person_id}'`);
    assert.match(await konstruct(['person', 'reset-factor', me.email.toUpperCase()]), /is off/);
    assert.equal((await portal.call('GET', '/factor')).on, false);
    assert.deepEqual(await up.sql(`SELECT actor, object = '${me.person_id}' FROM audit WHERE action = 'person.factor_reset'`),
        ['host|t']);
    assert.deepEqual(await up.sql("SELECT recipient FROM mail WHERE kind = 'factor_off'"), [me.email]);
});

test('doctor finds everything right, and names what is not', async () => {
    assert.match(await konstruct(['doctor']), /Everything is as it should be/);
    const env = { REDIS_URL: 'redis://127.0.0.1:1', KONSTRUCT_TLS_CERT: '/nowhere/cert.pem', KONSTRUCT_EMBED_DIR: '/nowhere' };
    await assert.rejects(konstruct(['doctor'], { env }), (error) => {
        assert.match(error.message, /FAULT {2}Redis[^]*start it, or mend REDIS_URL/);
        assert.match(error.message, /FAULT {2}TLS certificate[^]*PEM form/);
        assert.match(error.message, /FAULT {2}embedding model[^]*scripts\/install/);
        assert.match(error.message, /ok {5}schema/);
        return true;
    });
});

test('settings, the API document and help need no instance', async () => {
    assert.match(await run(program('konstruct'), ['settings'], { env: { KONSTRUCT_CONF: '/dev/null' } }), /KONSTRUCT_LISTEN/);
    const document = JSON.parse(await run(program('konstruct'), ['openapi'], { env: { KONSTRUCT_CONF: '/dev/null' } }));
    assert.ok(document.paths['/api/v1/me'].get);
    assert.match(await run(program('konstruct'), ['help']), /doctor/);
    await assert.rejects(run(program('konstruct'), ['nonsense']), /no command nonsense/);
});
