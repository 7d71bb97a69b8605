// A company that signs in with a provider of its own, and a person's browser on the way there and back.
import { Account } from './account.mjs';
import { once } from './raw.mjs';
import { until } from './until.mjs';

export const PUBLIC = 'https://konstruct.example';
export const REDIRECT = `${PUBLIC}/sign-in/callback`;

/** What web and worker must be told so that a provider on this machine is called. */
export const SETTINGS = { KONSTRUCT_PUBLIC_URL: PUBLIC, KONSTRUCT_PRIVATE_ADDRESSES: 'on', KONSTRUCT_OIDC_KEYS_SECONDS: '0' };

/** Follows a provider from address to address, with its cookies, until it sends us back; gives what it sent. */
export async function visit(address) {
    const cookies = new Map();
    for (let steps = 0; !address.startsWith(REDIRECT); steps++) {
        if (steps > 12) throw new Error(`the provider sends us round in circles: ${address}`);
        const answer = await fetch(address, {
            redirect: 'manual', headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        });
        for (const line of answer.headers.getSetCookie()) {
            const [name, ...value] = line.split(';')[0].split('=');
            cookies.set(name, value.join('='));
        }
        if (!answer.headers.get('location')) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
        address = new URL(answer.headers.get('location'), address).href;
    }
    return Object.fromEntries(new URL(address).searchParams);
}

export class Company {
    /** Signed up, with a proven address; `data` and `web` as the tests have them. */
    static async start(data, web, name = 'Ann') {
        const company = new Company();
        Object.assign(company, { data, web, admin: await Account.signUp(web.port, name) });
        const { person_id: person, tenant_id: tenant } = company.admin.me;
        company.domain = `${tenant.slice(-12)}.example`;
        company.email = `${name.toLowerCase()}@${company.domain}`;
        await data.sql(
            `BEGIN; SELECT set_config('app.tenant_id', '${tenant}', true); SELECT person_prove('${person}', '${company.email}'); COMMIT`,
            'WEB',
        );
        // The worker makes a company's first key a moment after it was signed up; before that nothing can be sealed to it.
        await until(async () => (await data.sql(
            `BEGIN; SELECT set_config('app.tenant_id', '${tenant}', true); SELECT count(*) FROM tenant_key; COMMIT`, 'WORKER',
        )).endsWith('1'), 'the key of the company');
        return company;
    }

    async call(method, path, body, expected = 200) {
        const answer = await once(this.web.port, this.admin.text(method, path, body));
        const text = answer.body.toString();
        if (answer.status !== expected) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return text === '' ? undefined : JSON.parse(text);
    }

    /** The settings, and a test of them; gives what the test found. */
    async setUp(issuer, client, more = {}) {
        await this.call('PUT', '/api/v1/sign-in', {
            issuer, client_id: client.id, client_secret: client.secret, role: 'member', joining: true, passwords: true, ...more,
        });
        return this.call('POST', '/api/v1/sign-in/test', {});
    }

    addDomain() {
        return this.call('POST', '/api/v1/sign-in/domains', { domain: this.domain }, 201);
    }

    async #post(path, body, cookie) {
        const json = JSON.stringify(body);
        const answer = await once(this.web.port,
            `POST ${path} HTTP/1.1\r\nHost: localhost:${this.web.port}\r\nOrigin: https://localhost:${this.web.port}\r\n`
            + `${cookie ? `Cookie: ${cookie}\r\n` : ''}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
        return { ...answer, text: answer.body.toString(), json: JSON.parse(answer.body.toString()) };
    }

    /** Types an address on the log-in page: where it leads, and what this browser keeps. */
    async begin(email) {
        const { status, json, headers } = await this.#post('/api/v1/sign-in/begin', { email });
        if (status !== 200) throw new Error(`begin: ${status}`);
        return { ...json, cookie: headers['set-cookie']?.split(';')[0] };
    }

    /** Comes back with what the provider sent. */
    finish({ state, code, iss, error }, cookie) {
        return this.#post('/api/v1/sign-in/finish', { state, code, iss, error }, cookie);
    }

    /** The whole way; gives the last answer. */
    async signIn(email) {
        const { way, address, cookie } = await this.begin(email);
        if (way !== 'company') throw new Error(`${email} leads to the ${way}`);
        return this.finish(await visit(address), cookie);
    }
}
