// A program of a tenant: an API key of its own, and calls of /v1 as OpenAI's clients make them, over kept connections.
import https from 'node:https';
import { Portal } from './portal.mjs';

export class Program {
    /** Signs up a company at a running `Up` and makes a key that may ask models. */
    static async start(up, key = {}) {
        const program = new Program();
        program.portal = await Portal.signUp(up);
        program.port = up.port;
        program.agent = new https.Agent({ keepAlive: true });
        await program.newKey(key);
        return program;
    }

    async newKey(key = {}) {
        this.key = await this.portal.call('POST', '/api-keys', { name: 'program', scopes: 'models:use', ...key });
    }

    /** The request, sent; `taken` gets the answer as it begins. */
    open(method, path, body, headers = {}, agent = this.agent) {
        const json = body === undefined ? undefined : JSON.stringify(body);
        const request = https.request({
            ...this.portal.options, agent, method, path,
            headers: {
                host: `localhost:${this.port}`, authorization: `Bearer ${this.key.secret}`,
                ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
                ...headers,
            },
        });
        request.answer = new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
        request.answer.catch(() => {});
        request.end(json);
        return request;
    }

    /** A whole answer: {status, headers, text, json}. */
    async call(method, path, body, headers) {
        const answer = await this.open(method, path, body, headers).answer;
        const pieces = [];
        for await (const piece of answer) pieces.push(piece);
        const text = Buffer.concat(pieces).toString();
        const json = text !== '' && answer.headers['content-type'] === 'application/json' ? JSON.parse(text) : undefined;
        return { status: answer.statusCode, headers: answer.headers, text, json };
    }

    chat = (content = 'hello', more = {}) =>
        this.call('POST', '/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content }], ...more });

    /** Opens a stream: its head has been read, nothing else. */
    async stream(content = 'hello', more = {}, agent) {
        const request = this.open('POST', '/v1/chat/completions',
            { model: 'gpt-4o', stream: true, messages: [{ role: 'user', content }], ...more }, {}, agent);
        const answer = await request.answer;
        return { request, answer, status: answer.statusCode };
    }

    stop() {
        this.agent.destroy();
    }
}

/** The events of a stream's text: objects, and '[DONE]'. */
export function events(text) {
    return text.split('\n\n').filter(Boolean).filter((block) => !block.startsWith(':')).map((block) => {
        const data = /^data: (.*)$/m.exec(block)[1];
        return data === '[DONE]' ? data : JSON.parse(data);
    });
}

/** The text that the events of a chat's stream make together. */
export const said = (all) => all.map((event) => event.choices?.[0]?.delta?.content ?? '').join('');
