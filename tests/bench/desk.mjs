// The benchmark's own side of the wire: a model that answers at once, a Slack that notes when each post arrives, and the
// sender of webhooks. One process for all, so that one clock times the whole way.
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { sleep, within } from '../wire/lib/until.mjs';
import { SIGNING_SECRET } from './instance.mjs';

const BETWEEN_BURSTS_MS = 50;

const MODEL_ANSWER = JSON.stringify({
    id: 'chatcmpl-bench', object: 'chat.completion', created: 1, model: 'mock',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'All set, thank you for asking.' } }],
    usage: { prompt_tokens: 120, completion_tokens: 8, total_tokens: 128 },
});

async function listening(handler) {
    const server = http.createServer({ keepAliveTimeout: 600_000 }, handler);
    server.maxRequestsPerSocket = 0;
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
    return server;
}

function taken(request, done) {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece) => { text += piece; });
    request.on('end', () => done(text));
}

function say(response, body) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
}

export class Desk {
    static async open() {
        const desk = new Desk();
        desk.waiting = new Map();
        desk.sent = 0;
        desk.delay = 0;
        desk.model = await listening((request, response) => taken(request, () => {
            if (desk.delay === 0) say(response, MODEL_ANSWER);
            else setTimeout(() => say(response, MODEL_ANSWER), desk.delay);
        }));
        desk.slack = await listening((request, response) => taken(request, (text) => desk.#slackCall(request, response, text)));
        desk.modelUrl = `http://127.0.0.1:${desk.model.address().port}`;
        desk.slackUrl = `http://127.0.0.1:${desk.slack.address().port}`;
        desk.agent = new https.Agent({ keepAlive: true, maxSockets: 64, scheduling: 'fifo' });
        return desk;
    }

    /** Settings that lead an instance to the mocks. */
    get env() {
        return { KONSTRUCT_SLACK_API: `${this.slackUrl}/api`, KONSTRUCT_OPENAI_URL: `${this.modelUrl}/v1`, KONSTRUCT_OPENAI_KEY: 'bench' };
    }

    async close() {
        this.agent.destroy();
        for (const server of [this.model, this.slack]) {
            server.closeAllConnections();
            await new Promise((resolve) => server.close(resolve));
        }
    }

    /** How long the model takes from now on, in ms. */
    thinks(delay) {
        this.delay = delay;
    }

    #slackCall(request, response, text) {
        if (request.url.endsWith('/auth.test')) {
            const team = request.headers.authorization.replace('Bearer xoxb-', '');
            say(response, JSON.stringify({ ok: true, team, team_id: team, user_id: 'U0BOT0001', bot_id: 'B0BOT0001', app_id: 'A0BENCH00' }));
            return;
        }
        const now = performance.now();
        const post = JSON.parse(text);
        const ts = post.thread_ts ?? post.event?.ts; // the reference hands the webhook itself through
        say(response, JSON.stringify({ ok: true, channel: 'C0BENCH01', ts: `${(Date.now() / 1000).toFixed(6)}` }));
        this.waiting.get(ts)?.(now);
        this.waiting.delete(ts);
    }

    /** A mention in a thread of its own. */
    #event(team) {
        const stamp = Math.floor(Date.now() / 1000);
        const ts = `${stamp}.${String(this.sent++).padStart(6, '0')}`;
        const body = JSON.stringify({
            token: 'x', team_id: team, api_app_id: 'A0BENCH00', type: 'event_callback', event_id: `Ev${ts}`, event_time: stamp,
            event: { type: 'app_mention', user: 'U0BENCH01', text: '<@U0BOT0001> is everything ready for the meeting?', ts, channel: 'C0BENCH01', event_ts: ts },
            authorizations: [{ enterprise_id: null, team_id: team, user_id: 'U0BOT0001', is_bot: true }],
        });
        const digest = createHmac('sha256', SIGNING_SECRET).update(`v0:${stamp}:`).update(body).digest('hex');
        return { ts, body, headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
            'x-slack-request-timestamp': `${stamp}`, 'x-slack-signature': `v0=${digest}` } };
    }

    #post(target, event, done, failed) {
        const request = https.request({ host: '127.0.0.1', servername: 'localhost', port: target.port, ca: target.ca, agent: this.agent,
            method: 'POST', path: '/hooks/slack/events', headers: event.headers }, (answer) => {
            answer.resume();
            answer.on('end', () => (answer.statusCode === 200 ? done() : failed(new Error(`webhook: ${answer.statusCode}`))));
        });
        request.on('error', failed);
        request.end(event.body);
    }

    /** Sends one message; gives the milliseconds until its answer stood in Slack. */
    turn(target, team) {
        const event = this.#event(team);
        return within(new Promise((resolve, reject) => {
            const began = performance.now();
            this.waiting.set(event.ts, (now) => resolve(now - began));
            this.#post(target, event, () => {}, reject);
        }), `the answer to ${event.ts}`);
    }

    /** Sends one message; gives the milliseconds until it was acknowledged. */
    acknowledged(target, team) {
        const event = this.#event(team);
        return within(new Promise((resolve, reject) => {
            const began = performance.now();
            this.#post(target, event, () => resolve(performance.now() - began), reject);
        }), `the acknowledgement of ${event.ts}`);
    }

    /** So many messages, at most `width` of them on their way at any time; gives the milliseconds of each. */
    async stream(target, teams, count, width) {
        const times = [];
        let next = 0;
        await Promise.all(Array.from({ length: width }, async () => {
            while (next < count) times.push(await this.turn(target, teams[next++ % teams.length]));
        }));
        return times;
    }

    /** `width` messages in one moment; when all are answered and written down, the next `width`, and so on. */
    async bursts(target, teams, count, width) {
        const times = [];
        for (let i = 0; i < count; i++) {
            times.push(...await Promise.all(Array.from({ length: width }, (_, k) => this.turn(target, teams[k % teams.length]))));
            if (width > 1) await sleep(BETWEEN_BURSTS_MS);
        }
        return times;
    }
}
