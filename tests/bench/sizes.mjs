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

/** The page, what it names, and the fonts that its styles name. */
async function firstLoad(instance) {
    const page = await fetched(instance, '/');
    const files = new Map([['/', page.sent]]);
    const named = [...page.text.matchAll(/<(?:script|link)[^>]+(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]);
    for (const path of named) {
        const file = await fetched(instance, path);
        files.set(path, file.sent);
        if (!path.endsWith('.css')) continue;
        for (const [, font] of file.text.matchAll(/url\("?(\/[^)"]+\.woff2)"?\)/g)) files.set(font, (await fetched(instance, font)).sent);
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
        print("The portal's first load (bytes as sent, brotli)", ['file', 'bytes'], [...files].map(([path, bytes]) => [path, `${bytes}`]));
        print('Sizes, judged', JUDGED, [
            judged('programs with portal, stripped', sum / 1024 ** 2, { unit: ' MB', aim: 30, peer: 25 }),
            judged("the portal's first load", [...files.values()].reduce((a, b) => a + b, 0) / 1024, { unit: ' KB', aim: 300 }),
        ]);
        return { files };
    } finally {
        await instance.end();
    }
}
