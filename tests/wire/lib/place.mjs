// A folder and ports of a test's own, and where the programs under test are.
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const top = resolve(import.meta.dirname, '../../..');
export const kind = process.env.KIND ?? 'release';

/** A program that the build made, by its name. */
export function program(name) {
    const path = join(top, 'build', kind, name);
    if (!existsSync(path)) throw new Error(`${path} is missing; build it with: make build KIND=${kind}`);
    return path;
}

/** A new folder; removed by remove(). Other users may pass through it: PostgreSQL does not run as root. */
export function folder() {
    const path = mkdtempSync(join(tmpdir(), 'konstruct-wire-'));
    chmodSync(path, 0o711);
    return path;
}

export const remove = (path) => rmSync(path, { recursive: true, force: true });

/** A port of 127.0.0.1 that nobody has at this moment. */
export function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}
