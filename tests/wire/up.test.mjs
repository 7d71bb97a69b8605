// konstruct up: starting, stopping, going on after faults, and the sentences that say what to do.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, program, remove } from './lib/place.mjs';
import { alive, gone, run, signal } from './lib/process.mjs';
import { get, once } from './lib/raw.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const ready = (up) => once(up.port, get('/readyz', 'Connection: close\r\n')).then((a) => a.status === 200, () => false);

/** A connection to the embedded database as one of its roles, from the file that `up` leaves for commands. */
function connection(up, name) {
    const line = readFileSync(join(up.run, 'konstruct.conf'), 'utf8').split('\n').find((each) => each.startsWith(`${name}=`));
    return line.slice(name.length + 1);
}

const sql = (up, name, text) => run('psql', [connection(up, name), '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);

describe('an instance that runs', () => {
    let up;
    before(async () => {
        up = await new Up().start();
    });
    after(async () => {
        await up.stop();
        up.remove();
    });

    test('it is ready when it says so, and says where', async () => {
        assert.ok(await ready(up));
        assert.match(up.said(), new RegExp(`https://localhost:${up.port}\\b`));
        for (const step of ['PostgreSQL', 'Redis', 'migrations', 'web and worker'])
            assert.match(up.said(), new RegExp(`${step} .*\\d\\.\\d s`));
    });

    test('secrets are readable by their owner only', () => {
        for (const file of ['konstruct.conf', 'keys/master', 'keys/web', 'keys/db-superuser', 'tls/key.pem'])
            assert.equal(statSync(join(up.run, file)).mode & 0o077, 0, file);
    });

    test('the database lets nobody in without a password, and no program in as its superuser', async () => {
        const without = connection(up, 'KONSTRUCT_DB_WEB').replace(/ password=\S+/, '');
        await assert.rejects(run('psql', [without, '-w', '-c', 'SELECT 1']), /password/);
        const rows = await sql(up, 'KONSTRUCT_DB_OWNER',
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'konstruct%' AND (rolsuper OR rolbypassrls OR rolcreaterole)");
        assert.equal(rows.trim(), '0');
    });

    test('a second start in the same folder says that it runs, and where', async () => {
        const second = new Up(up.dir);
        second.starts = 100;
        const { code, said } = await second.runToEnd();
        assert.equal(code, 1);
        assert.match(said, new RegExp(`already running here at https://localhost:${up.port}; stop it .* kill ${up.child.pid}`));
        assert.ok(await ready(up));
    });

    for (const name of ['web', 'worker', 'redis', 'postgres']) {
        test(`${name} is started again when it is killed`, async () => {
            const pid = up.children()[name];
            signal(pid, 'SIGKILL');
            await up.anew(name, pid);
            await until(() => ready(up), 'ready again');
            assert.match(up.said(), new RegExp(`${name} was killed by signal 9`));
        });
    }
});

test('web and worker are told only what is for them', async () => {
    // Stand-ins that note what they were given; the real web process wipes it.
    const up = new Up();
    const own = program('konstruct');
    copyFileSync(own, join(up.dir, 'konstruct'));
    for (const name of ['web', 'worker']) {
        const script = `#!/bin/sh\nenv > '${up.dir}/${name}.env.new'\nmv '${up.dir}/${name}.env.new' '${up.dir}/${name}.env'\nexec sleep 600\n`;
        writeFileSync(join(up.dir, `konstruct-${name}`), script, { mode: 0o755 });
    }
    await up.begin({
        command: join(up.dir, 'konstruct'),
        env: {
            KONSTRUCT_OPENAI_KEY: 'sk-1', KONSTRUCT_ANTHROPIC_KEY: 'sk-2',
            KONSTRUCT_MASTER_KEY_PREVIOUS: 'the key before this one, which is as long as it must be',
        },
    });
    const given = (name) => {
        const file = join(up.dir, `${name}.env`);
        return existsSync(file) && readFileSync(file, 'utf8');
    };
    const web = await until(() => given('web'), 'what web was given');
    const worker = await until(() => given('worker'), 'what the worker was given');
    assert.match(web, /^KONSTRUCT_DB_WEB=/m);
    assert.match(worker, /^KONSTRUCT_MASTER_KEY=/m);
    for (const name of ['DB_OWNER', 'DB_WORKER', 'DB_DISPATCH', 'MASTER_KEY', 'MASTER_KEY_PREVIOUS', 'OPENAI_KEY', 'ANTHROPIC_KEY'])
        assert.doesNotMatch(web, new RegExp(`^KONSTRUCT_${name}=`, 'm'));
    assert.doesNotMatch(worker, /^KONSTRUCT_DB_(OWNER|WEB)=/m);
    for (const env of [web, worker]) assert.match(env, /^KONSTRUCT_CONF=\/dev\/null$/m);
    await up.stop();
    up.remove();
});

test('Ctrl-C stops everything in order; the next start finds the data', async () => {
    const up = await new Up().start({ env: { KONSTRUCT_STOP_SECONDS: '90' } });
    await sql(up, 'KONSTRUCT_DB_OWNER', 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
    const { code } = await up.stop('SIGINT');
    assert.equal(code, 0);
    assert.match(up.said(), /stopping worker \(90 s for its turns\)/);
    const order = [...up.said().matchAll(/stopping (\w+)/g)].map((found) => found[1]);
    assert.deepEqual(order, ['web', 'worker', 'redis', 'postgres']);

    await up.start();
    assert.doesNotMatch(up.said(), /making its files/);
    assert.equal((await sql(up, 'KONSTRUCT_DB_OWNER', 'SELECT n FROM kept')).trim(), '7');
    await up.stop();
    up.remove();
});

test('killed with -9 it leaves nothing, and the next start works', async () => {
    const up = await new Up().start();
    const pids = Object.values(up.children());
    signal(up.child.pid, 'SIGKILL');
    await gone(pids);
    await up.start();
    assert.ok(await ready(up));
    await up.stop();
    up.remove();
});

test('a child that outlived its parent is ended by the next start', async () => {
    const up = await new Up().start();
    const { redis } = up.children();
    signal(redis, 'SIGSTOP'); // it can't hear the kernel's signal
    signal(up.child.pid, 'SIGKILL');
    await up.child.ended;
    assert.ok(alive(redis));
    await up.begin();
    await gone([redis]);
    await until(() => up.said().includes('Konstruct is ready'), 'ready');
    await up.stop();
    up.remove();
});

test('after a power cut, with what the services left lying, it starts', async () => {
    const up = await new Up().start();
    const pids = Object.values(up.children());
    for (const pid of [up.child.pid, ...pids]) signal(pid, 'SIGSTOP'); // nobody tidies up
    for (const pid of [...pids, up.child.pid]) signal(pid, 'SIGKILL');
    await gone(pids);
    assert.match(readFileSync(join(up.run, 'pg/data/postmaster.pid'), 'utf8'), /ready/);
    await up.start();
    assert.ok(await ready(up));
    await up.stop();
    up.remove();
});

test('stopped in the middle of its first start it can start again', async () => {
    const up = await new Up().begin();
    await until(() => existsSync(join(up.run, 'pg/data.new')) || existsSync(join(up.run, 'pg/data')), 'initdb');
    signal(up.child.pid, 'SIGKILL');
    await up.child.ended;
    mkdirSync(join(up.run, 'pg/data.new/half'), { recursive: true });
    await up.start();
    assert.ok(!existsSync(join(up.run, 'pg/data.new')));
    await up.stop();
    up.remove();
});

test('a port in use: by whom, and what to do', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const up = new Up();
    const { port } = server.address();
    const { code, said } = await up.runToEnd({ port });
    server.close();
    assert.equal(code, 1);
    assert.match(said, new RegExp(`port ${port} is in use by .* \\(process ${process.pid}\\); .*KONSTRUCT_LISTEN=localhost:PORT`));
    up.remove();
});

test('a lost key is named, and nothing is made in its place', async () => {
    const up = await new Up().start();
    await up.stop();
    const key = join(up.run, 'keys/master');
    renameSync(key, `${key}.away`);
    const { code, said } = await up.runToEnd();
    assert.equal(code, 1);
    assert.match(said, /keys\/master is missing, .*backup/);
    assert.ok(!existsSync(key));
    renameSync(`${key}.away`, key);
    await up.start();
    await up.stop();
    up.remove();
});

test('a path too long for a socket gets a short folder, and clean-run takes it away', async () => {
    const outer = folder();
    const deep = join(outer, 'd'.repeat(100));
    mkdirSync(deep);
    chmodSync(deep, 0o711);
    const up = await new Up(deep).start();
    const sockets = join(up.run, 'sockets-elsewhere');
    assert.ok(existsSync(sockets));
    await up.stop();
    await run('scripts/clean-run', [up.run], { cwd: join(import.meta.dirname, '../..') });
    assert.ok(!existsSync(up.run));
    remove(outer);
});

test('faults of the settings are named before anything starts', async () => {
    const up = new Up();
    const { code, said } = await up.runToEnd({ env: { KONSTRUCT_TURNS: 'many', KONSTRUCT_MASTER_KEY: 'short' } });
    assert.equal(code, 1);
    assert.match(said, /KONSTRUCT_TURNS: must be a whole number/);
    assert.match(said, /KONSTRUCT_MASTER_KEY: a secret needs at least 32 bytes/);
    assert.ok(!existsSync(up.run));
    up.remove();
});

test('a command runs in the ready instance and gives its exit code', async () => {
    const up = new Up();
    const out = join(up.dir, 'seen');
    writeFileSync(out, '');
    chmodSync(out, 0o666);
    const { code } = await up.runToEnd({
        args: ['--quiet', '--data-only', '--', 'sh', '-c', `psql "$KONSTRUCT_DB_WEB" -qAtXc 'SELECT current_user' > ${out}; exit 42`],
    });
    assert.equal(code, 42);
    assert.equal(readFileSync(out, 'utf8').trim(), 'konstruct_web');
    up.remove();
});
