// A model that speaks OpenAI's chat format, repeats the name of the message it was asked about, and counts who asked when.
import http from 'node:http';

/** Names of messages look like this; the last one in the question is what is asked. */
const NAME = /\bm-[a-z0-9-]+\b/g;

export class Model {
    static async start() {
        const model = new Model();
        model.calls = []; // {name, began, ended}
        model.mood = () => null;
        model.server = http.createServer((request, response) => model.#serve(request, response).catch(() => request.socket.destroy()));
        await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
        model.url = `http://127.0.0.1:${model.server.address().port}/v1`;
        return model;
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    callsOf(name) {
        return this.calls.filter((call) => call.name === name);
    }

    /** Which messages are asked now, without an answer yet. */
    thinking() {
        return this.calls.filter((call) => call.ended === undefined).map((call) => call.name);
    }

    async #serve(request, response) {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const asked = JSON.parse(Buffer.concat(pieces)).messages.filter((m) => m.role === 'user').map((m) => m.content);
        const name = asked.at(-1).match(NAME)?.at(-1);
        const call = { name, began: Date.now() };

        this.calls.push(call);
        response.on('close', () => { call.ended = Date.now(); });
        const mood = (await this.mood({ name, count: this.callsOf(name).length })) ?? {};
        if (mood.wait) await new Promise((resolve) => setTimeout(resolve, mood.wait));
        await mood.hold;
        if (mood.drop) {
            request.socket.destroy();
            return;
        }
        response.writeHead(mood.status ?? 200, { 'content-type': 'application/json', ...mood.headers });
        response.end(JSON.stringify(mood.status ? { error: { message: 'a fault' } } : {
            id: 'c1', object: 'chat.completion', model: 'test',
            usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
            choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: `Echo ${name}.` } }],
        }));
    }
}
