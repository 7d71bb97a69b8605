// A Konstruct that programs ask models of: companies, each with a key, caps that nothing here reaches, and the model server
// of the moment.
import { randomUUID } from 'node:crypto';
import { CHAT } from './gateways.mjs';
import { Instance } from './instance.mjs';

export class Program extends Instance {
    constructor() {
        super({ KONSTRUCT_OPENAI_KEY: 'bench' });
        this.keys = [];
        this.people = []; // of the same companies, each with a conversation: {cookie, conversation}
    }

    /** Starts it, or starts it anew, with its models at this address. */
    async startWith(upstream) {
        if (this.child !== undefined) await this.stop();
        this.env.KONSTRUCT_OPENAI_URL = upstream;
        await this.start();
    }

    get url() {
        return `https://localhost:${this.port}${CHAT}`;
    }

    /** So many companies, each with a key. */
    async addKeys(count) {
        for (let i = 0; i < count; i++) {
            const company = `Programs ${randomUUID()}`;
            const made = await this.request('POST', '/api/v1/signup', JSON.stringify({
                company, name: 'Ann', email: `${randomUUID()}@bench.example`, password: 'a password of the bench',
            }));
            if (made.status !== 201) throw new Error(`sign up: ${made.status} ${made.body}`);
            const person = { cookie: made.headers['set-cookie'][0].split(';')[0], 'x-csrf': JSON.parse(made.body).csrf, 'sec-fetch-site': 'same-origin' };
            const key = await this.request('POST', '/api/v1/api-keys', JSON.stringify({ name: 'bench', scopes: 'models:use' }), person);
            if (key.status !== 201) throw new Error(`an API key: ${key.status} ${key.body}`);
            this.keys.push(JSON.parse(key.body).secret);
            const [employee] = JSON.parse((await this.request('GET', '/api/v1/employees', undefined, person)).body).items;
            const begun = await this.request('POST', `/api/v1/employees/${employee.id}/conversations`, '{}', person);
            this.people.push({ cookie: person.cookie, conversation: JSON.parse(begun.body).id });
        }
        await this.sql('UPDATE cap SET limit_micros = 1000000000000');
    }
}
