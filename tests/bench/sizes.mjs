// What has to be downloaded: the programs, and what the portal's first page needs.
import { copyFileSync, statSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { folder, program, remove } from '../wire/lib/place.mjs';
import { run } from '../wire/lib/process.mjs';
import { Instance } from './instance.mjs';
import { judged, JUDGED, number, print } from './table.mjs';

const PROGRAMS = ['konstruct-web', 'konstruct-worker', 'konstruct'];

/** A file as a browser gets it: {sent: bytes on the wire, text}. */
async function fetched(instance, path) {
    const get = (encoding) => new Promise((resolve, reject) => {
        https.get({ host: '127.0.0.1', servername: 'localhost', port: instance.port, ca: instance.ca, agent: false, path,
            headers: { host: 'localhost', 'accept-encoding': encoding } }, async (answer) => {
            const pieces = [];
            for await (const piece of answer) pieces.push(piece);
            if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`));
            resolve(Buffer.concat(pieces));
        }).on('error', reject);
    });
    return { sent: (await get('br')).length, text: (await get('identity')).toString('latin1') };
}

/** Names of files in a page, a script or a style sheet: written from the root, or beside the file that names them. */
function named(path, text) {
    // U+?? are the letters of every page; fonts of other letters come when one of those stands there.
    const found = path.endsWith('.css') ? text.matchAll(/url\("?([^)"]+\.woff2)"?\)[^}]*unicode-range:U\+(?:\?\?|0)/g)
        : path.endsWith('.js') ? text.matchAll(/["']((?:\.?\/)?(?:assets\/)?[\w.-]+-[\w-]{8}\.(?:js|css))["']/g)
            : text.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g);
    return [...found].map(([, name]) => (name.includes('assets/') ? `/${name.slice(name.indexOf('assets/'))}` : new URL(name, `https://localhost${path}`).pathname));
}

/**
 * The page and all that it and its files name, as bytes on the wire. That is more than a browser takes: it loads the
 * scripts of one page only.
 */
async function firstLoad(instance) {
    const files = new Map();
    const wanted = ['/'];
    for (const path of wanted) {
        if (files.has(path)) continue;
        const file = await fetched(instance, path);
        files.set(path, file.sent);
        wanted.push(...named(path, file.text));
    }
    return files;
}

async function strippedSize(dir, name) {
    const copy = join(dir, name);
    copyFileSync(program(name), copy);
    await run('strip', [copy]);
    return statSync(copy).size;
}

export async function measureSizes({ desk }) {
    const instance = new Instance(desk.env);
    try {
        const rows = [];
        let sum = 0;
        for (const name of PROGRAMS) {
            const stripped = await strippedSize(instance.dir, name);
            sum += stripped;
            rows.push([`\`${name}\``, number(statSync(program(name)).size / 1024), number(stripped / 1024)]);
        }
        print('Programs (KB); the portal is inside konstruct-web, migrations and seed inside all', ['', 'as built', 'stripped'], rows);
        await instance.start();
        const files = await firstLoad(instance);
        await instance.stop();
        print("The portal's first load and the scripts of all its pages (bytes as sent, brotli)", ['file', 'bytes'], [...files].map(([path, bytes]) => [path, `${bytes}`]));
        print('Sizes, judged', JUDGED, [
            judged('programs with portal, stripped', sum / 1024 ** 2, { unit: ' MB', aim: 30, peer: 25 }),
            judged("the portal's first load", [...files.values()].reduce((a, b) => a + b, 0) / 1024, { unit: ' KB', aim: 300 }),
        ]);
        return { files };
    } finally {
        await instance.end();
    }
}
