// A model server of the test's own in OpenAI's chat format, whose answers the test writes piece by piece: what it does
// when nobody reads, and when somebody leaves, shows what reaches a provider.
import http from 'node:http';

export class Model {
    /** `answer(call)` writes each answer; it may be changed later. */
    static async start(answer = (call) => call.whole('Hi there.')) {
        const model = new Model();
        model.answer = answer;
        model.calls = [];
        model.server = http.createServer(async (request, response) => {
            const pieces = [];
            for await (const piece of request) pieces.push(piece);
            const call = new Call(JSON.parse(Buffer.concat(pieces)), response);
            model.calls.push(call);
            await model.answer(call);
        });
        await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
        model.url = `http://127.0.0.1:${model.server.address().port}/v1`;
        return model;
    }

    stop() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

class Call {
    constructor(asked, response) {
        Object.assign(this, { asked, response, left: false, sent: 0 });
        this.gone = new Promise((resolve) => response.on('close', () => {
            this.left = !response.writableFinished;
            resolve(this.left);
        }));
    }

    get text() {
        return this.asked.messages.at(-1).content;
    }

    whole(content, usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }) {
        this.response.setHeader('content-type', 'application/json');
        this.response.end(JSON.stringify({
            id: 'c1', object: 'chat.completion', model: 'gpt-4o', usage,
            choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
        }));
    }

    /** Wants a tool to be run first, streaming or whole, as it was asked. */
    wants(name, args, usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }) {
        const call = { id: `call_${name}`, type: 'function', function: { name, arguments: JSON.stringify(args) } };
        if (this.asked.stream) {
            this.begin();
            this.#chunk([{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] }, finish_reason: 'tool_calls' }]);
            this.#chunk([], { usage });
            this.response.end('data: [DONE]\n\n');
            return;
        }
        this.response.setHeader('content-type', 'application/json');
        this.response.end(JSON.stringify({
            id: 'c1', object: 'chat.completion', model: 'gpt-4o', usage,
            choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [call] } }],
        }));
    }

    refuse(status, message = 'no') {
        this.response.statusCode = status;
        this.response.setHeader('content-type', 'application/json');
        this.response.end(JSON.stringify({ error: { message, type: 'server_error', code: null, param: null } }));
    }

    #chunk(choices, more = {}) {
        const chunk = { id: 'c1', object: 'chat.completion.chunk', model: 'gpt-4o', choices, ...more };
        return this.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }

    /** Begins a stream without a word, as OpenAI does. */
    begin() {
        this.response.setHeader('content-type', 'text/event-stream');
        this.#chunk([{ index: 0, delta: { role: 'assistant', content: '' } }]);
    }

    /** Writes a piece of a stream; false when it waits for its reader. */
    say(content) {
        if (!this.response.headersSent) this.response.setHeader('content-type', 'text/event-stream');
        this.sent += content.length;
        return this.#chunk([{ index: 0, delta: { content } }]);
    }

    end(usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }) {
        this.#chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]);
        this.#chunk([], { usage });
        this.response.end('data: [DONE]\n\n');
    }

    /** Breaks the connection in the middle. */
    die() {
        this.response.destroy();
    }
}
