// Starts the nginx of reference.conf.
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { certificate } from '../wire/lib/certificate.mjs';
import { folder, freePort, remove } from '../wire/lib/place.mjs';
import { start, stop } from '../wire/lib/process.mjs';
import { until } from '../wire/lib/until.mjs';

/** True once somebody listens there: at a port of this machine, or at a unix socket. */
export function listens(at) {
    return new Promise((resolve) => {
        const socket = net.connect(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at }, () => {
            socket.destroy();
            resolve(true);
        });
        socket.on('error', () => resolve(false));
    });
}

export class Reference {
    static async start(desk) {
        const nginx = new Reference();
        nginx.dir = folder();
        nginx.port = await freePort();
        const pair = await certificate(nginx.dir);
        nginx.ca = pair.ca;
        const values = { DIR: nginx.dir, PORT: nginx.port, CERT: pair.cert, KEY: pair.key,
            MODEL: desk.model.address().port, SLACK: desk.slack.address().port };
        const conf = join(nginx.dir, 'nginx.conf');
        writeFileSync(conf, readFileSync(new URL('reference.conf', import.meta.url), 'utf8').replace(/@([A-Z]+)@/g, (_, name) => values[name]));
        nginx.child = start('nginx', ['-p', nginx.dir, '-c', conf], { log: join(nginx.dir, 'log'), env: { PATH: `${process.env.PATH}:/usr/sbin` } });
        await until(() => listens(nginx.port), 'nginx');
        return nginx;
    }

    async stop() {
        await stop(this.child);
        remove(this.dir);
    }
}
