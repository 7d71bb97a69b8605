// What Redis holds after two companies were busy: keys of known kinds only, each of one company at most, and nobody's words
// (but those of an answer while it comes in), names, addresses or secrets. A key of a new kind has to be added here, with
// the reason why it is nobody else's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Portal } from './lib/portal.mjs';
import { Up } from './lib/up.mjs';

const KINDS = {
    // A company's own: its id stands in the key, and ids of its own jobs in the value.
    'konstruct:q:wait:': 'one',
    'konstruct:q:fly:': 'one',
    // The fair order over companies: their ids and numbers, and nothing else of them.
    'konstruct:q:order': 'ids',
    'konstruct:q:vt': 'ids',
    // The answer that is coming in, for three minutes at most: a company's own words under its own id.
    'konstruct:text:': 'one',
    // Counts of a limit under the hash of what it counts.
    'konstruct:limit:': 'none',
};
const WORDS = ['heron-of-the-one', 'plover-of-the-other'];

let up;
let companies;

before(async () => {
    up = await new Up().start();
    companies = [await Portal.signUp(up), await Portal.signUp(up)];
});
after(async () => {
    await up.stop();
    up.remove();
});

test('keys are of known kinds, of one company each, and hold no words', async () => {
    const seen = new Set();
    const ids = await Promise.all(companies.map(async (portal) => (await portal.call('GET', '/me')).tenant_id));
    const emails = await Promise.all(companies.map(async (portal) => (await portal.call('GET', '/me')).email));
    const talk = Promise.all(companies.flatMap((portal, i) =>
        Array.from({ length: 20 }, (_, n) => portal.ask(`${WORDS[i]} number ${n}`))));
    let busy = true;
    talk.finally(() => (busy = false)).catch(() => {});
    // While they are at it and once they are through: most keys live as long as a job waits.
    for (let last = false; !last; ) {
        last = !busy;
        for (const line of (await up.redis()).split('\n').filter(Boolean)) {
            const [key] = line.split(' ');
            const kind = Object.keys(KINDS).find((start) => key === start || (start.endsWith(':') && key.startsWith(start)));
            const companiesIn = ids.filter((id) => line.includes(id)).length;
            assert.ok(kind, `a key of no known kind: ${key}`);
            seen.add(kind);
            if (KINDS[kind] === 'one') assert.equal(companiesIn, 1, `${key} is not one company's`);
            if (KINDS[kind] === 'none') assert.equal(companiesIn, 0, `${key} names a company`);
            const spoken = kind === 'konstruct:text:' ? WORDS.filter((_, i) => !line.includes(ids[i])) : WORDS;
            for (const word of [...spoken, ...emails, ...companies.map(({ company }) => company), ...companies.map(({ cookie }) => cookie.split('=')[1])])
                assert.ok(!line.includes(word), `${key} holds "${word}"`);
        }
    }
    for (const answer of await talk) assert.equal(answer.author, 'employee');
    for (const kind of ['konstruct:q:vt', 'konstruct:limit:']) assert.ok(seen.has(kind), `${kind} was not looked at`);
});
