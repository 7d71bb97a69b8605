// A person in the portal of a private Konstruct: signs up, writes to the employee, reads answers and the live stream.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { until } from './until.mjs';

export class Portal {
    /** Signs up a new company at a running `Up`. */
    static async signUp(up) {
        const portal = new Portal();
        portal.options = { host: '127.0.0.1', port: up.port, servername: 'localhost', ca: readFileSync(join(up.run, 'tls/cert.pem')) };
        portal.company = `Company ${randomUUID()}`;
        await portal.call('POST', '/signup', {
            company: portal.company, name: 'Ann', email: `${randomUUID()}@portal.example`, password: 'a password of the portal',
        });
        [portal.employee] = (await portal.call('GET', '/employees')).items;
        return portal;
    }

    #request(method, path, body, more = {}) {
        return new Promise((resolve, reject) => {
            const request = https.request({
                ...this.options, method, path: `/api/v1${path}`, agent: false,
                headers: {
                    host: `localhost:${this.options.port}`,
                    ...(this.cookie && { cookie: this.cookie, 'x-csrf': this.csrf }),
                    ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin' }),
                    ...(body && { 'content-type': 'application/json' }),
                    ...more,
                },
            }, resolve);
            request.on('error', reject);
            request.end(body && JSON.stringify(body));
        });
    }

    /** One call of the API; gives its JSON, throws when it is refused. */
    async call(method, path, body) {
        const answer = await this.#request(method, path, body);
        const pieces = [];
        for await (const piece of answer) pieces.push(piece);
        const text = Buffer.concat(pieces).toString();
        if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
        if (answer.headers['set-cookie']) this.cookie = answer.headers['set-cookie'][0].split(';')[0];
        if (text === '') return undefined;
        const json = JSON.parse(text);
        this.csrf = json.csrf ?? this.csrf;
        return json;
    }

    /** Any request as it is, without a session; gives {status, body}. */
    raw(method, path, body, headers = {}) {
        return new Promise((resolve, reject) => {
            const request = https.request({
                ...this.options, method, path, agent: false, headers: { host: `localhost:${this.options.port}`, ...headers },
            }, (answer) => {
                const pieces = [];
                answer.on('data', (piece) => pieces.push(piece));
                answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(pieces).toString() }));
            });
            request.on('error', reject);
            request.end(body);
        });
    }

    /** Begins a conversation; gives its id. */
    async begin() {
        return (await this.call('POST', `/employees/${this.employee.id}/conversations`, {})).id;
    }

    /** Says something and waits for the answer: a message. */
    async ask(text, conversation) {
        const id = conversation ?? (await this.begin());
        const first = await this.call('POST', `/conversations/${id}/messages?wait=1`, { text, key: randomUUID() });
        if (first.author === 'employee') return first;
        return await until(async () => (await this.call('GET', `/conversations/${id}/messages?after=${first.seq}`)).items[0], 'the answer');
    }

    /**
     * The live stream of a conversation, behind the event with this id if one is given: any() gives the next event as
     * {id, event, data}, next(event) the data of the next one of that name.
     */
    async events(conversation, lastId) {
        const more = lastId === undefined ? {} : { 'last-event-id': lastId };
        const stream = await this.#request('GET', `/conversations/${conversation}/stream`, undefined, more);
        const pieces = stream[Symbol.asyncIterator]();
        let rest = '';
        const any = async () => {
            for (;;) {
                const end = rest.indexOf('\n\n');
                if (end === -1) {
                    const { value, done } = await pieces.next();
                    if (done) throw new Error('the stream ended');
                    rest += value;
                    continue;
                }
                const block = rest.slice(0, end);
                rest = rest.slice(end + 2);
                const [id, event, data] = ['id', 'event', 'data'].map((name) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]);
                if (data !== undefined) return { id, event, data: JSON.parse(data) };
            }
        };
        const next = async (wanted) => {
            for (;;) {
                const { event, data } = await any();
                if (event === wanted) return data;
            }
        };
        return { any, next, close: () => stream.destroy() };
    }

    /** Says something while watching the stream; gives its events up to the answer: [{event, data}]. */
    async watch(text) {
        const id = await this.begin();
        const stream = await this.#request('GET', `/conversations/${id}/stream`);
        const events = [];
        let rest = '';
        await this.call('POST', `/conversations/${id}/messages`, { text, key: randomUUID() });
        for await (const piece of stream) {
            const blocks = (rest + piece).split('\n\n');
            rest = blocks.pop();
            for (const block of blocks) {
                const event = /^event: ?(.*)$/m.exec(block)?.[1];
                const data = /^data: ?(.*)$/m.exec(block)?.[1];
                if (event && data) events.push({ event, data: JSON.parse(data) });
            }
            if (events.some(({ event, data }) => event === 'message' && data.author === 'employee')) break;
        }
        stream.destroy();
        return events;
    }
}
