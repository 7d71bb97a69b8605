// A person of a new company, as a browser would have signed up: requests with her cookie.
import { randomUUID } from 'node:crypto';
import { Raw, once } from './raw.mjs';

export class Account {
    static async signUp(port, name = 'Ann') {
        const account = new Account();
        account.port = port;
        account.password = 'correct horse battery staple';
        account.email = `${name.toLowerCase()}-${randomUUID()}@example.com`;
        const { status, body, headers } = await account.post('/api/v1/signup', {
            company: `${name}'s company`, name, email: account.email, password: account.password,
        });
        if (status !== 201) throw new Error(`sign-up: ${status} ${body}`);
        account.me = JSON.parse(body);
        account.cookie = headers['set-cookie'].split(';')[0];
        return account;
    }

    text(method, path, body, more = '') {
        const json = body === undefined ? '' : JSON.stringify(body);
        return (
            `${method} ${path} HTTP/1.1\r\nHost: localhost:${this.port}\r\n` +
            (this.cookie ? `Cookie: ${this.cookie}\r\nOrigin: https://localhost:${this.port}\r\nX-CSRF: ${this.me.csrf}\r\n` : '') +
            (body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n`) +
            `${more}\r\n${json}`
        );
    }

    get = (path, more) => once(this.port, this.text('GET', path, undefined, more));
    post = (path, body) => once(this.port, this.text('POST', path, body));

    /** Begins a conversation with the first employee; gives its id. */
    async conversation() {
        const employees = JSON.parse((await this.get('/api/v1/employees')).body);
        const made = await this.post(`/api/v1/employees/${employees.items[0].id}/conversations`, {});
        return JSON.parse(made.body).id;
    }

    /** Says something and leaves the request waiting for its answer: gives the open connection. */
    async ask(conversation, text = 'hello') {
        const raw = await Raw.open(this.port);
        return raw.send(this.text('POST', `/api/v1/conversations/${conversation}/messages?wait=1`, { text, key: randomUUID() }));
    }

    /** Opens the stream of a conversation; its head has been read. */
    async stream(conversation, more = '') {
        const raw = await Raw.open(this.port);
        const { status, headers } = await raw.send(this.text('GET', `/api/v1/conversations/${conversation}/stream`, undefined, more)).answer();
        return Object.assign(raw, { status, headers });
    }
}
