// A Slack that we did not write: the package `emulate` with its event deliveries switched on. Between it and the program
// under test stand two relays of ours: one for its Web API, where faults can be put in, and one for its events, so that a
// test can see each delivery as it was signed.
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createEmulator } from 'emulate';

export const TEAM = 'T000000001'; // emulate's only workspace
export const BOT = { token: 'xoxb-judge-bot', user: 'U0JUDGEBOT', bot: 'B0JUDGEBOT', app: 'A0JUDGEAPP' };
export const PERSON = { token: 'xoxp-judge-person', user: 'U000000001' };
export const GENERAL = 'C000000001';

// What docs/delivery.md tells people to grant; with strict scopes the emulator refuses everything else.
const BOT_SCOPES = [
    'app_mentions:read', 'chat:write', 'channels:history', 'groups:history', 'im:history', 'mpim:history',
];
const PERSON_SCOPES = ['chat:write', 'channels:history', 'channels:manage', 'im:history', 'im:write', 'im:read'];

// The emulator has no setting for an event URL; its plugin gets the dispatcher that has one, once for each emulator.
async function dispatchers() {
    const dist = join(import.meta.dirname, 'node_modules/emulate/dist');
    const file = readdirSync(dist).find(
        (name) => name.startsWith('dist-') && name.endsWith('.js') && /\bslackPlugin = \{/.test(readFileSync(join(dist, name), 'utf8')),
    );
    if (!file) throw new Error('this version of emulate keeps its Slack elsewhere');
    const { slackPlugin } = await import(pathToFileURL(join(dist, file)));
    const register = slackPlugin.register;
    const seen = [];
    slackPlugin.register = function (app, store, webhooks, ...rest) {
        seen.push(webhooks);
        return register.call(this, app, store, webhooks, ...rest);
    };
    return seen;
}
const seen = await dispatchers();

function listen(handler) {
    return new Promise((resolve) => {
        const server = http.createServer(handler);
        server.listen(0, '127.0.0.1', () => resolve(server));
    });
}

function close(server) {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
}

async function bodyOf(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces);
}

export class Slack {
    /** `deliver({body, headers})` gets each event; what it gives back (a status) goes to the emulator. */
    static async start({ signingSecret, deliver = () => 200 }) {
        const slack = new Slack();
        slack.deliver = deliver;
        slack.deliveries = []; // each event as it was sent: {body, headers}
        slack.calls = []; // each Web API call: {method, at}
        slack.faults = []; // see fault()
        slack.events = await listen((request, response) => slack.#event(request, response));
        slack.api = await listen((request, response) => slack.#call(request, response));
        slack.apiUrl = `http://127.0.0.1:${slack.api.address().port}/api`;
        slack.emulator = await createEmulator({
            service: 'slack',
            port: await freePort(),
            seed: {
                slack: {
                    signing_secret: signingSecret,
                    strict_scopes: true,
                    oauth_apps: [{
                        client_id: 'judge', client_secret: 'judge', name: 'Mara', redirect_uris: [], scopes: BOT_SCOPES,
                        app_id: BOT.app, bot_id: BOT.bot, bot_user_id: BOT.user, bot_name: 'mara',
                    }],
                    tokens: [
                        { token: BOT.token, type: 'bot', user_id: BOT.user, bot_id: BOT.bot, app_id: BOT.app, scopes: BOT_SCOPES },
                        { token: PERSON.token, type: 'user', user_id: PERSON.user, scopes: PERSON_SCOPES },
                    ],
                },
            },
        });
        seen.at(-1).register({
            url: `http://127.0.0.1:${slack.events.address().port}/`, events: ['*'], active: true, owner: 'slack',
        });
        return slack;
    }

    async stop() {
        await close(this.api);
        await close(this.events);
        await this.emulator.close();
    }

    async #event(request, response) {
        const delivery = { body: await bodyOf(request), headers: request.headers };
        this.deliveries.push(delivery);
        response.statusCode = await this.deliver(delivery);
        response.end();
    }

    /**
     * The next call of this method meets a fault: {status, headers} or {answer: object} is answered without Slack seeing
     * the call; {drop: 'after'} lets Slack act and cuts the answer off; {hold: promise} lets Slack act and answers when the promise
     * is fulfilled. Gives a promise of the moment when it has happened (with hold: when Slack has acted).
     */
    fault(method, fault) {
        return new Promise((met) => this.faults.push({ method, met, ...fault }));
    }

    async #call(request, response) {
        const method = request.url.replace(/^\/api\//, '');
        const body = await bodyOf(request);
        const at = this.faults.findIndex((f) => f.method === method);
        const fault = at < 0 ? undefined : this.faults.splice(at, 1)[0];
        this.calls.push({ method, at: Date.now(), body: body.toString(), fault });
        if (fault?.status || fault?.answer) {
            response.writeHead(fault.status ?? 200, fault.headers).end(JSON.stringify(fault.answer ?? {}));
            fault.met();
            return;
        }
        const { 'content-length': _, connection: __, host: ___, ...headers } = request.headers;
        const answer = await fetch(this.emulator.url + request.url, { method: request.method, headers, body });
        const text = await answer.text();
        fault?.met();
        if (fault?.drop === 'after') {
            request.socket.destroy();
            return;
        }
        await fault?.hold;
        if (!request.socket.destroyed) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    }

    /** A Web API call with somebody's token; throws when Slack says no. */
    async call(token, method, args) {
        const answer = await fetch(`${this.emulator.url}/api/${method}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify(args),
        }).then((a) => a.json());
        if (!answer.ok) throw new Error(`${method}: ${answer.error}`);
        return answer;
    }

    /** A person writes; gives the message's ts once Slack has delivered it. */
    async say(channel, text, thread_ts) {
        return (await this.call(PERSON.token, 'chat.postMessage', { channel, text, thread_ts })).ts;
    }

    /** The direct conversation between the person and the bot. */
    async direct() {
        return (await this.call(PERSON.token, 'conversations.open', { users: BOT.user })).channel.id;
    }

    /** What the bot has posted in a thread, or, without one, in a direct conversation. */
    async answers(channel, ts) {
        const method = ts === undefined ? 'conversations.history' : 'conversations.replies';
        const { messages } = await this.call(PERSON.token, method, { channel, ts, limit: 1000, include_all_metadata: true });
        return messages.filter((m) => m.user === BOT.user).sort((a, b) => Number(a.ts) - Number(b.ts));
    }
}

async function freePort() {
    const server = await listen(() => {});
    const { port } = server.address();
    await close(server);
    return port;
}
