// Certificates for localhost, made by openssl.
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';

const keys = {
    ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    rsa: ['-newkey', 'rsa:2048'],
};

/** Writes NAME.crt and NAME.key into the folder; gives their paths and the certificate's text. */
export async function certificate(dir, { type = 'ec', name = type } = {}) {
    const cert = join(dir, `${name}.crt`);
    const key = join(dir, `${name}.key`);
    await run('openssl', [
        'req', '-x509', ...keys[type], '-nodes', '-keyout', key, '-out', cert, '-subj', `/CN=${name}`, '-days', '2',
        '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ]);
    return { cert, key, ca: readFileSync(cert, 'utf8') };
}

/** Puts one pair in the place of another, each file in one step, as renewal programs do. */
export function replace(from, to) {
    renameSync(from.key, to.key);
    renameSync(from.cert, to.cert);
}
