// Sends requests as one person, or as nobody.
import { randomUUID } from 'node:crypto';
import https from 'node:https';

export class Client {
    /** `become` makes the person what they should be, once they have signed up; null: nobody. */
    constructor(name, port, become) {
        Object.assign(this, { name, port, become });
        this.agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
    }

    /** A new person with a company of its own, when the one before is not logged in any more. */
    async ready() {
        if (this.become === null) return;
        if (this.me !== undefined && (await this.ask('GET', '/api/v1/me')).status === 200) return;
        this.headers = {};
        this.password = 'correct horse battery staple';
        this.email = `${this.name}-${randomUUID()}@contract.example`;
        const { status, body, cookie } = await this.ask('POST', '/api/v1/signup', {
            body: JSON.stringify({ company: `Company of ${this.name}`, name: this.name, email: this.email, password: this.password }),
        });
        if (status !== 201) throw new Error(`sign-up: ${status} ${body}`);
        this.me = JSON.parse(body);
        this.headers = { cookie, 'x-csrf': this.me.csrf };
        await this.become(this.me);
    }

    /** Gives {status, type, body}; of a stream only how it begins. Headers given as undefined are left out. */
    ask(method, path, { body, headers = {} } = {}) {
        const all = {
            host: `localhost:${this.port}`, origin: `https://localhost:${this.port}`, ...this.headers,
            ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }), ...headers,
        };
        for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
        return new Promise((resolve, reject) => {
            const request = https.request({
                host: '127.0.0.1', port: this.port, servername: 'localhost', rejectUnauthorized: false, agent: this.agent, method, path, headers: all,
            }, (answer) => {
                const type = answer.headers['content-type'];
                const cookie = answer.headers['set-cookie']?.[0].split(';')[0];
                const done = (text) => resolve({ status: answer.statusCode, type, body: text, cookie, headers: answer.headers });
                const pieces = [];
                if (type === 'text/event-stream') {
                    done('');
                    request.destroy();
                    return;
                }
                answer.on('data', (piece) => pieces.push(piece));
                answer.on('end', () => done(Buffer.concat(pieces).toString()));
                answer.on('error', reject);
            });
            // A body that is refused before it is whole: the answer is there, and then the connection ends.
            request.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
            request.setTimeout(120_000, () => request.destroy(new Error('no answer')));
            request.end(body);
        });
    }

    close() {
        this.agent.destroy();
    }
}
