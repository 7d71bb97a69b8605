/*
 * Packs the built portal into the one file that the web process holds in memory: `node pack.mjs FOLDER FILE`.
 *
 *     KONSTRUCT-PACK 1
 *     <url path> TAB <content type> TAB <identity|gzip|br> TAB <immutable 0|1> TAB <etag> TAB <offset> TAB <length>
 *     ... one line for each file in each encoding, sorted ...
 *     (an empty line)
 *     the contents; offsets count from here
 *
 * Compression happens here, once and as hard as it goes, so that the server never compresses anything. What does not get
 * smaller is stored in one encoding only. The etag is taken from the bytes that are sent, since it names one encoding.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.md': 'text/plain; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.txt': 'text/plain; charset=utf-8',
    '.woff2': 'font/woff2',
};

/* Files under assets/ carry a hash of their content in the name, so they can be kept for ever. */
const HASHED = '/assets/';

/* A compressed form that saves less than a twentieth costs the browser more than it brings. */
const WORTH = 0.95;

function filesIn(folder) {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => ({ file, url: file.slice(folder.length).replaceAll('\\', '/') }));
}

function variants(content) {
    const all = [['identity', content]];
    const br = brotliCompressSync(content, {
        params: {
            [constants.BROTLI_PARAM_QUALITY]: 11,
            [constants.BROTLI_PARAM_LGWIN]: 24,
            [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
    });
    const gzip = gzipSync(content, { level: 9 });

    if (br.length < content.length * WORTH) all.push(['br', br]);
    if (gzip.length < content.length * WORTH) all.push(['gzip', gzip]);
    return all;
}

function pack(folder) {
    const rows = filesIn(folder).flatMap(({ file, url }) => {
        const type = TYPES[extname(file)];
        if (!type) throw new Error(`${file}: no content type is known for it; add one in pack.mjs`);
        if (/[^\x21-\x7e]/.test(url)) throw new Error(`${file}: a path of the pack is plain ASCII`);
        const immutable = url.startsWith(HASHED) ? 1 : 0;
        return variants(readFileSync(file)).map(([encoding, blob]) => ({
            head: [url, type, encoding, immutable],
            blob,
        }));
    });
    const order = (row) => `${row.head[0]}\t${row.head[2]}`;
    rows.sort((a, b) => (order(a) < order(b) ? -1 : 1));

    let offset = 0;
    const lines = rows.map(({ head, blob }) => {
        const etag = createHash('sha256').update(blob).digest('hex').slice(0, 16);
        const line = [...head, etag, offset, blob.length].join('\t');
        offset += blob.length;
        return `${line}\n`;
    });
    return Buffer.concat([
        Buffer.from(`KONSTRUCT-PACK 1\n${lines.join('')}\n`),
        ...rows.map(({ blob }) => blob),
    ]);
}

const [folder, target] = process.argv.slice(2);
const packed = pack(folder.replace(/\/+$/, ''));

/* Whoever reads the pack while it is made sees the old one or the new one. */
writeFileSync(`${target}.new`, packed);
renameSync(`${target}.new`, target);
console.log(`${target}: ${(packed.length / 1024).toFixed(0)} KiB`);
