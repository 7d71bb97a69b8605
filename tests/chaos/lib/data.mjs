// PostgreSQL and Redis as single processes that a test may kill. The data of PostgreSQL outlives its server; Redis keeps
// nothing, so a new one is an empty one.
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { run, signal, start, stop } from '../../wire/lib/process.mjs';
import { sleep, until } from '../../wire/lib/until.mjs';

const migrations = resolve(import.meta.dirname, '../../../migrations');

/** The folder of the newest server's programs. */
function serverPrograms() {
    const all = '/usr/lib/postgresql';
    const versions = readdirSync(all).filter((v) => existsSync(join(all, v, 'bin/postgres')));
    return join(all, versions.sort((a, b) => Number(b) - Number(a))[0], 'bin');
}

// The server refuses to run as root.
const asRoot = process.getuid() === 0;
const command = (...words) => (asRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', ...words] : words);

const id = async (which) => Number(await run('id', [which, 'postgres']));

export class Postgres {
    static async make(dir) {
        const pg = new Postgres();
        pg.dir = dir;
        pg.data = join(dir, 'pg');
        pg.sock = join(dir, 'sock');
        pg.bin = serverPrograms();
        for (const path of [pg.data, pg.sock]) {
            mkdirSync(path, { mode: 0o700 });
            if (asRoot) chownSync(path, await id('-u'), await id('-g'));
        }
        const [initdb, ...args] = command(join(pg.bin, 'initdb'), '-D', pg.data, '-U', 'postgres', '--auth=trust',
            '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync');
        await run(initdb, args, { cwd: '/' });
        await pg.start();
        await pg.admin('CREATE DATABASE konstruct', 'postgres');
        await run('psql', [pg.conninfo('postgres'), '-qX', '-v', 'ON_ERROR_STOP=1', '-f', join(migrations, 'bootstrap.sql')]);
        return pg;
    }

    /** How a role connects. */
    conninfo(user, database = 'konstruct') {
        const own = user === 'postgres' ? " options='-c synchronous_commit=on'" : '';
        return `host=${this.sock} dbname=${database} user=${user}${own}`;
    }

    // A commit may be forgotten in a crash unless the programs ask for more (synchronous_commit), as they must for what they
    // acknowledge. The machine itself does not die here, so nothing has to reach the disk (fsync).
    async start() {
        const [postgres, ...args] = command(join(this.bin, 'postgres'), '-D', this.data, '-c', 'listen_addresses=',
            '-c', `unix_socket_directories=${this.sock}`, '-c', 'unix_socket_permissions=0777', '-c', 'fsync=off',
            '-c', 'synchronous_commit=off', '-c', 'shared_buffers=48MB', '-c', 'max_connections=100', '-c', 'jit=off',
            '-c', 'log_line_prefix=%m [%p] %u ');
        // After a kill the dead server's processes hold its memory for a moment, and a new one does not start.
        for (;;) {
            this.child = start(postgres, args, { cwd: '/', log: join(this.dir, 'postgres.log') });
            await until(async () => this.child.exitCode !== null || (await this.there()), 'PostgreSQL to start or to end');
            if (this.child.exitCode === null) return this;
            await sleep(50);
        }
    }

    async there() {
        return await run(join(this.bin, 'pg_isready'), ['-q', '-h', this.sock]).then(() => true, () => false);
    }

    async kill() {
        await stop(this.child, 'SIGKILL');
    }

    async stop() {
        await stop(this.child, 'SIGQUIT');
    }

    admin(text, database) {
        return run('psql', [this.conninfo('postgres', database), '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);
    }

    /** The rows of a query as objects. The superuser asks, whom no policy binds. */
    async rows(query) {
        const text = await this.admin(`SELECT coalesce(json_agg(t), '[]') FROM (${query}) t`);
        return JSON.parse(text);
    }

    /** The one value of a query. */
    async value(query) {
        const [row] = await this.rows(query);
        return row === undefined ? undefined : Object.values(row)[0];
    }

    /** Pids of the server processes that work for our programs. */
    async backends() {
        const rows = await this.rows("SELECT pid FROM pg_stat_activity WHERE usename LIKE 'konstruct%' ORDER BY pid");
        return rows.map((row) => row.pid);
    }
}

export class Redis {
    constructor(dir) {
        this.dir = dir;
        this.path = join(dir, 'redis.sock');
        this.url = `unix://${this.path}`;
    }

    async start() {
        rmSync(this.path, { force: true });
        this.child = start('redis-server', ['--port', '0', '--unixsocket', this.path, '--save', '', '--appendonly', 'no',
            '--dir', this.dir], { cwd: this.dir, log: join(this.dir, 'redis.log') });
        await until(() => this.ask('PING').then((answer) => answer === 'PONG', () => false), 'Redis to answer');
        return this;
    }

    async kill() {
        await stop(this.child, 'SIGKILL');
    }

    /** One inline command; gives the text of a simple answer. */
    ask(line) {
        return new Promise((resolve, reject) => {
            const socket = net.connect(this.path, () => socket.write(`${line}\r\n`));
            socket.once('error', reject);
            socket.once('data', (data) => {
                socket.destroy();
                resolve(data.toString().slice(1).trim());
            });
        });
    }

    pause() {
        signal(this.child.pid, 'SIGSTOP');
    }

    resume() {
        signal(this.child.pid, 'SIGCONT');
    }
}
