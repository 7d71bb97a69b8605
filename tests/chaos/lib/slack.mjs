// A Slack with a memory, for many workspaces at once. It keeps what is posted, checks what the real one checks (token,
// channel, required fields), shows metadata only to who asks for it, and fails in the ways in which the real one fails.
import http from 'node:http';

export const BOT = 'U0KONSTRUCT';
export const PERSON = 'U0PERSON';

async function bodyOf(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces).toString();
}

export class Slack {
    static async start() {
        const slack = new Slack();
        slack.workspaces = new Map(); // token to {team, name, channels: Map of id to messages}
        slack.tokens = new Set();
        slack.posts = []; // every message of a bot, in the order of arrival
        slack.calls = []; // {method, token of the part, mood}
        slack.mood = () => null;
        slack.last = 0;
        slack.server = http.createServer((request, response) => slack.#serve(request, response).catch((error) => {
            // A caller that dies in the midst of his request is no fault.
            if (error.code !== 'ECONNRESET') slack.broken = error;
            request.socket.destroy();
        }));
        await new Promise((resolve) => slack.server.listen(0, '127.0.0.1', resolve));
        slack.url = `http://127.0.0.1:${slack.server.address().port}/api`;
        return slack;
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    workspace(number) {
        const token = `xoxb-chaos-${number}`;
        const workspace = { token, team: `T0CHAOS${number}`, name: `Chaos ${number}`, channels: new Map() };
        this.workspaces.set(token, workspace);
        return workspace;
    }

    /** A new time stamp, later than all before. */
    stamp() {
        this.last = Math.max(this.last + 1, Date.now() * 1000);
        return `${Math.floor(this.last / 1e6)}.${String(this.last % 1e6).padStart(6, '0')}`;
    }

    /** A person writes; nobody is told of it by this. */
    say(workspace, channel, text, thread) {
        const message = { type: 'message', ts: this.stamp(), user: PERSON, text };
        if (thread !== undefined) message.thread_ts = thread;
        this.#channel(workspace, channel).push(message);
        return message;
    }

    #channel(workspace, id) {
        if (!workspace.channels.has(id)) workspace.channels.set(id, []);
        return workspace.channels.get(id);
    }

    /** The bot's messages in a thread, oldest first. */
    answers(workspace, channel, thread) {
        return this.#channel(workspace, channel).filter((m) => m.user === BOT && m.thread_ts === thread);
    }

    async #serve(request, response) {
        const method = request.url.replace(/^\/api\//, '');
        const text = await bodyOf(request);
        const json = (request.headers['content-type'] ?? '').startsWith('application/json');
        const args = json ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
        const workspace = this.workspaces.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
        const part = args.metadata?.event_payload?.token;
        const mood = (await this.mood({ method, args, part, workspace })) ?? {};

        this.calls.push({ method, part, mood, at: Date.now() });
        await mood.before;
        if (mood.wait) await new Promise((resolve) => setTimeout(resolve, mood.wait));
        const answer = mood.instead ? undefined : this.#act(method, args, workspace);
        await mood.hold;
        if (mood.drop) {
            request.socket.destroy();
            return;
        }
        const said = mood.instead ?? mood.afterwards ?? { body: answer };
        response.writeHead(said.status ?? 200, { 'content-type': 'application/json; charset=utf-8', ...said.headers });
        response.end(JSON.stringify(said.body ?? {}));
    }

    #act(method, args, workspace) {
        if (workspace === undefined) return { ok: false, error: 'invalid_auth' };
        if (method === 'auth.test')
            return { ok: true, team_id: workspace.team, team: workspace.name, user_id: BOT, bot_id: 'B0KONSTRUCT' };
        if (method === 'chat.postMessage') return this.#post(args, workspace);
        if (method === 'conversations.replies' || method === 'conversations.history') return this.#read(method, args, workspace);
        return { ok: false, error: 'unknown_method' };
    }

    #post(args, workspace) {
        const messages = workspace.channels.get(args.channel);

        if (messages === undefined) return { ok: false, error: 'channel_not_found' };
        if (!args.text) return { ok: false, error: 'no_text' };
        if (args.metadata && !(args.metadata.event_type && args.metadata.event_payload))
            return { ok: false, error: 'invalid_metadata_format' };

        const message = { type: 'message', ts: this.stamp(), user: BOT, bot_id: 'B0KONSTRUCT', text: args.text, metadata: args.metadata };
        if (args.thread_ts !== undefined) message.thread_ts = args.thread_ts;
        messages.push(message);
        this.posts.push({ workspace, channel: args.channel, thread: args.thread_ts, message });
        return { ok: true, channel: args.channel, ts: message.ts, message: { ...message, metadata: undefined } };
    }

    #read(method, args, workspace) {
        const messages = workspace.channels.get(args.channel);

        if (messages === undefined) return { ok: false, error: 'channel_not_found' };
        const inThread = method === 'conversations.replies'
            ? messages.filter((m) => m.ts === args.ts || m.thread_ts === args.ts)
            : messages.filter((m) => m.thread_ts === undefined);
        const wanted = inThread.filter((m) => m.ts === args.ts || Number(m.ts) > Number(args.oldest ?? 0));
        const from = Number(args.cursor ?? 0);
        const to = from + Math.min(Number(args.limit ?? 100), 1000);
        const shown = wanted.slice(from, to)
            .map((m) => (args.include_all_metadata === 'true' ? m : { ...m, metadata: undefined }));
        const more = to < wanted.length;

        return { ok: true, messages: shown, has_more: more, response_metadata: { next_cursor: more ? `${to}` : '' } };
    }
}

// Moods: what may happen to a call, as Slack is known to behave. `instead` is answered without anything being done.
export const moods = {
    limited: { instead: { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } } },
    refusedBefore: { instead: { status: 503 } },
    brokenBefore: { instead: { body: { ok: false, error: 'internal_error' } } },
    brokenAfter: { afterwards: { body: { ok: false, error: 'internal_error' } } },
    failedAfter: { afterwards: { status: 500 } },
    droppedAfter: { drop: true },
    droppedBefore: { drop: true, instead: {} },
};
