// What else safety costs: logins by the setting of their hash, entries of the audit, opening a sealed key. Each beside the bare
// work below it, done in the same round.
import https from 'node:https';
import { join } from 'node:path';
import { NO_LIMITS } from '../wire/lib/limits.mjs';
import { run } from '../wire/lib/process.mjs';
import { Instance } from './instance.mjs';
import { watched } from './machine.mjs';
import { benchProgram, judged, JUDGED, medians, number, print } from './table.mjs';

const PASSWORD = 'a password of the bench';
const OPEN = { ...NO_LIMITS, KONSTRUCT_LOGIN_TRIES: '1000000', KONSTRUCT_LOGIN_ADDRESS_TRIES: '1000000' };
// MiB and passes: what OWASP's cheat sheet counts as equal, ours first, and the second choice of RFC 9106.
const SETTINGS = [[19, 2], [9, 4], [12, 3], [46, 1], [64, 3]];
const WORKERS = 2;

const program = async (conf, ...args) => JSON.parse(await run(benchProgram('bench_secure'), args.map(String), { env: { KONSTRUCT_CONF: conf } }));

async function signUp(instance, name) {
    const { status, body } = await instance.request('POST', '/api/v1/signup', JSON.stringify({
        company: name, name: 'Ann', email: `${name}@bench.example`, password: PASSWORD,
    }));
    if (status !== 201) throw new Error(`sign up: ${status} ${body}`);
    return JSON.parse(body).tenant_id;
}

/** Logs in again and again over `connections` connections; gives logins per second. */
async function logIns(instance, emails, connections, seconds) {
    const agent = new https.Agent({ keepAlive: true, maxSockets: connections });
    const until = performance.now() + seconds * 1000;
    let done = 0;
    const one = (email) => new Promise((resolve, reject) => {
        const body = JSON.stringify({ email, password: PASSWORD });
        const request = https.request({
            host: '127.0.0.1', servername: 'localhost', port: instance.port, ca: instance.ca, agent, method: 'POST', path: '/api/v1/login',
            headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': body.length },
        }, (answer) => {
            answer.resume();
            answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`log in: ${answer.statusCode}`))));
        });
        request.on('error', reject);
        request.end(body);
    });
    const began = performance.now();
    await Promise.all(Array.from({ length: connections }, async (_, i) => {
        for (let k = i; performance.now() < until; k++, done++) await one(emails[k % emails.length]);
    }));
    agent.destroy();
    return done / ((performance.now() - began) / 1000);
}

async function loginRound([mib, passes], seconds) {
    const instance = new Instance({ ...OPEN, KONSTRUCT_ARGON2_MIB: `${mib}`, KONSTRUCT_ARGON2_PASSES: `${passes}`, KONSTRUCT_WEB_WORKERS: `${WORKERS}` });
    try {
        await instance.start();
        const names = Array.from({ length: 8 }, (_, i) => `login${i}`);
        for (const name of names) await signUp(instance, name);
        await instance.sql('UPDATE person SET email_verified_at = now()');
        const { per_second: hashes } = await program('/dev/null', 'hash', mib, passes, WORKERS, seconds / 2);
        const emails = names.map((name) => `${name}@bench.example`);
        const { logins, foreign } = await watched(instance.pids(), async () => ({ logins: await logIns(instance, emails, 8, seconds) }));
        return { hashes, logins, of: (100 * logins) / hashes, foreign };
    } finally {
        await instance.end();
    }
}

export async function measureLogins({ rounds, quick, log }) {
    const rows = [];
    let ours;
    for (const setting of quick ? SETTINGS.slice(0, 1) : SETTINGS) {
        log(`logins with ${setting[0]} MiB and ${setting[1]} passes`);
        const found = [];
        for (let i = 0; i < Math.min(rounds, 3); i++) found.push(await loginRound(setting, quick ? 2 : 8));
        const middle = medians(found);
        ours ??= middle;
        rows.push([`${setting[0]} MiB, ${setting[1]} passes`, number(middle.hashes, 1), number(middle.logins, 1), `${number(middle.of)} %`, number(middle.foreign, 2)]);
    }
    print(`Logins a second by the setting of argon2id, ${WORKERS} web workers`,
        ['', 'passwords tested bare', 'logins', 'of the bare tests', 'foreign cores'], rows,
        ['A right password costs one test; a wrong one costs two, whether there is an account or not, so that its time tells nobody.']);
    print('Logins, judged', JUDGED, [judged('logins, of what the bare tests allow', ours.of, { unit: ' %', digits: 0, aim: 80, least: true })]);
    return rows;
}

/** Tenants to append for, and a table that takes the same entries without a chain. */
async function books(count) {
    const instance = new Instance({ ...OPEN, KONSTRUCT_ARGON2_MIB: '8', KONSTRUCT_ARGON2_PASSES: '1' });
    await instance.start();
    const tenants = [];
    for (let i = 0; i < count; i++) tenants.push(await signUp(instance, `audit${i}`));
    await instance.quiet();
    await instance.sql('CREATE TABLE bench_bare (tenant_id uuid NOT NULL, number bigint GENERATED ALWAYS AS IDENTITY, actor text NOT NULL,'
        + ' action text NOT NULL, object text NOT NULL, body text NOT NULL, PRIMARY KEY (tenant_id, number));'
        + " SELECT tenant_table('bench_bare'); GRANT INSERT ON bench_bare TO konstruct_web");
    return { instance, tenants };
}

export async function measureAudit({ rounds, quick, log }) {
    const { instance, tenants } = await books(quick ? 10 : 100);
    try {
        const conf = join(instance.run, 'konstruct.conf');
        const seconds = quick ? 2 : 10;
        const rows = [];
        const judgements = [];
        for (const [count, threads] of [[1, 1], [1, 16], [tenants.length, 16]]) {
            const found = [];
            for (let i = 0; i < rounds; i++) {
                log(`audit: ${count} tenants, ${threads} at once`);
                found.push(await watched(instance.pids(), () => program(conf, 'audit', threads, seconds, ...tenants.slice(0, count))));
            }
            const middle = medians(found.map(({ ours, bare, foreign }) => ({ ours, bare, of: ours / bare, foreign })));
            const title = `${count === 1 ? 'one tenant' : `${count} tenants`}, ${threads} at once`;
            rows.push([title, number(middle.bare), number(middle.ours), number(middle.of, 2), number(middle.foreign, 2)]);
            judgements.push(judged(`entries a second, ${title}`, middle.ours, { unit: '/s', digits: 0 }));
        }
        print('Audit: entries appended a second, each committed by itself', ['', 'without a chain', 'in the chain', 'ratio', 'foreign cores'], rows);
        print('Audit, judged', JUDGED, judgements);
        return rows;
    } finally {
        await instance.end();
    }
}

export async function measureSealed({ rounds, quick }) {
    const found = [];
    for (let i = 0; i < rounds; i++) {
        const { ours, bare } = await program('/dev/null', 'open', quick ? 1 : 4);
        found.push({ ours: 1e6 / ours, bare: 1e6 / bare, times: bare / ours });
    }
    const middle = medians(found);
    print('Opening a sealed vendor key, us on one core', ['', 'us'], [
        ['Konstruct: key, place, age, masked in logs', number(middle.ours, 1)], ["libsodium's sealed box alone", number(middle.bare, 1)]]);
    print('Sealed keys, judged', JUDGED, [judged("of libsodium's sealed box", middle.times, { unit: ' x', digits: 2, aim: 1.5 })]);
    return middle;
}
