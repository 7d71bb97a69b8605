// A connection that sends exactly the bytes it is told to, and reads answers as they come: for requests that no proper
// HTTP client would make.
import tls from 'node:tls';
import { within } from './until.mjs';

/** The end of the connection came where an answer was expected. */
export class Closed extends Error {}

export class Raw {
    /** Connects to 127.0.0.1 and finishes the handshake. */
    static async open(port, { ca, servername = 'localhost', ...options } = {}) {
        const socket = tls.connect({ host: '127.0.0.1', port, ca, servername, rejectUnauthorized: ca !== undefined, ...options });
        const raw = new Raw(socket);
        await within(
            new Promise((resolve, reject) => {
                socket.once('secureConnect', resolve);
                socket.once('error', reject);
                socket.once('close', () => reject(new Closed('closed during the handshake')));
            }),
            'a TLS handshake',
        );
        return raw;
    }

    constructor(socket) {
        this.socket = socket;
        this.pieces = [];
        this.held = 0;
        this.ended = false;
        this.waiting = [];
        socket.on('data', (data) => {
            this.pieces.push(data);
            this.held += data.length;
            this.#wake();
        });
        const end = () => {
            this.ended = true;
            this.#wake();
        };
        socket.on('end', end);
        socket.on('close', end);
        socket.on('error', end);
    }

    /** What has arrived and was not yet taken. */
    get bytes() {
        if (this.pieces.length !== 1) this.pieces = [Buffer.concat(this.pieces)];
        return this.pieces[0];
    }

    #wake() {
        for (const wake of this.waiting.splice(0)) wake();
    }

    async #more() {
        if (this.ended) return false;
        await within(new Promise((resolve) => this.waiting.push(resolve)), 'bytes or the end of the connection');
        return true;
    }

    send(...pieces) {
        for (const piece of pieces) this.socket.write(piece);
        return this;
    }

    /** Reads until `found` gives an end for what has arrived (at least `least` bytes); those bytes are used up. */
    async #take(found, least = 1) {
        for (;;) {
            const end = this.held >= least ? found(this.bytes) : -1;
            if (end >= 0) {
                const taken = this.bytes.subarray(0, end);
                this.pieces = [this.bytes.subarray(end)];
                this.held -= end;
                return taken;
            }
            if (!(await this.#more())) throw new Closed('the connection ended without an answer');
        }
    }

    /** One answer: {status, headers, body}. Of an answer without a length (a stream) the body stays unread. */
    async answer({ head = false } = {}) {
        const text = (await this.#take((b) => {
            const at = b.indexOf('\r\n\r\n');
            return at < 0 ? -1 : at + 4;
        })).toString('latin1');
        const [line, ...rest] = text.split('\r\n').filter(Boolean);
        const headers = {};
        for (const one of rest) {
            const at = one.indexOf(':');
            headers[one.slice(0, at).toLowerCase()] = one.slice(at + 1).trim();
        }
        const status = Number(line.split(' ')[1]);
        const length = head ? 0 : Number(headers['content-length'] ?? 0);
        const body = await this.#take(() => length, length);
        return { status, headers, body };
    }

    /** Bytes up to and with `mark`, for streams. */
    async upTo(mark) {
        return (await this.#take((b) => {
            const at = b.indexOf(mark);
            return at < 0 ? -1 : at + mark.length;
        })).toString();
    }

    /** Waits until the other side has closed; gives what was still unread. */
    async end() {
        while (await this.#more());
        return this.bytes;
    }

    close() {
        this.socket.destroy();
    }
}

/** Opens, sends, takes one answer, closes. */
export async function once(port, text, options) {
    const raw = await Raw.open(port, options);
    try {
        return await raw.send(text).answer();
    } finally {
        raw.close();
    }
}

export const get = (path, headers = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

export const post = (path, body, headers = '') =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
