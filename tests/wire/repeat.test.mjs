// Requests that are repeated under one Idempotency-Key, all at once and in several processes: done once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Account } from './lib/account.mjs';
import { Data } from './lib/data.mjs';
import { once } from './lib/raw.mjs';

let data;
let web;
let ann;
before(async () => {
    data = await Data.start();
    web = await data.web({ KONSTRUCT_WEB_WORKERS: '4' });
    ann = await Account.signUp(web.port);
});
after(() => data?.stop());

/** `count` requests at the same moment; gives those that were done or replayed, after those told to wait came again. */
async function together(count, text) {
    const all = await Promise.all(Array.from({ length: count }, async () => {
        for (;;) {
            const answer = await once(web.port, text);
            if (answer.status !== 409) return answer;
            assert.equal(JSON.parse(answer.body).code, 'idempotency_under_way');
            assert.equal(answer.headers['retry-after'], '1');
        }
    }));
    assert.deepEqual([...new Set(all.map((a) => a.status))], [201]);
    assert.equal(all.filter((a) => a.headers['idempotency-replayed'] !== 'true').length, 1);
    return all;
}

test('a conversation that is begun thirty times at once is begun once', async () => {
    const employees = JSON.parse((await ann.get('/api/v1/employees')).body);
    const path = `/api/v1/employees/${employees.items[0].id}/conversations`;
    const all = await together(30, ann.text('POST', path, {}, 'Idempotency-Key: thirty\r\n'));
    assert.equal(new Set(all.map((a) => `${a.body}`)).size, 1);
    assert.equal(JSON.parse((await ann.get(`/api/v1/conversations?employee_id=${employees.items[0].id}`)).body).items.length, 1);
});

test('a sign-up that is sent ten times makes one company and one session', async () => {
    const body = { company: 'Ten', name: 'Tina', email: 'tina@ten.example', password: 'correct horse battery staple' };
    const all = await together(10, new Account().text.call({ port: web.port }, 'POST', '/api/v1/signup', body, 'Idempotency-Key: ten\r\n'));
    assert.equal(new Set(all.map((a) => JSON.parse(a.body).tenant_id)).size, 1);
    assert.equal(all.filter((a) => a.headers['set-cookie']).length, 1);
    assert.equal(await data.sql("SELECT count(*) FROM tenant_list() WHERE name = 'Ten'", 'WORKER'), '1');
});
