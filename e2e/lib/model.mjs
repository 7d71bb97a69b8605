/*
 * A model server in OpenAI's format whose answers come word by word when a test says so, never by the clock. The last
 * message of the person names the answer: `POST /next` with {question} lets one more piece of it go. Whoever is offered to
 * ask a colleague asks Ben first, who answers at once.
 */
import http from 'node:http';

export const PIECES = ['Parcels leave ', 'at noon, ', 'and on Fridays ', 'at ten.'];

async function read(request) {
    let text = '';
    for await (const piece of request) text += piece;
    return JSON.parse(text);
}

/* Permits and those who wait for one, by question. */
class Gates {
    #gates = new Map();

    #of(question) {
        if (!this.#gates.has(question)) this.#gates.set(question, { permits: 0, waiting: [] });
        return this.#gates.get(question);
    }

    open(question) {
        const gate = this.#of(question);
        if (gate.waiting.length > 0) gate.waiting.shift()();
        else gate.permits++;
    }

    async pass(question) {
        const gate = this.#of(question);
        if (gate.permits > 0) gate.permits--;
        else await new Promise((resolve) => gate.waiting.push(resolve));
    }
}

function chunk(delta, finish = null) {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    const object = 'chat.completion.chunk';
    return `data: ${JSON.stringify({ id: 'c1', object, created: 0, model: 'paced', choices })}\n\n`;
}

const BENS = { question: 'Are there lamps left?', answer: 'Twelve, in the back room.' };

/* Ben's own model is asked for a whole answer, as nobody looks on. */
function asBen(response) {
    const message = { role: 'assistant', content: BENS.answer };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 40, completion_tokens: 6, total_tokens: 46 };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 'c1', object: 'chat.completion', model: 'gpt-4o', choices, usage }));
}

function askBen(response) {
    const args = JSON.stringify({ colleague: 'Ben', question: BENS.question });
    const call = { name: 'ask_colleague', arguments: args };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] }));
    response.end(`${chunk({}, 'tool_calls')}data: [DONE]\n\n`);
}

async function answer(gates, request, response) {
    const { messages, tools = [], stream } = await read(request);
    if (!stream) return asBen(response);
    if (tools.length > 0 && !messages.some(({ role }) => role === 'tool')) return askBen(response);
    const question = messages.findLast(({ role }) => role === 'user').content;

    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const content of PIECES) {
        await gates.pass(question);
        response.write(chunk({ content }));
    }
    response.write(chunk({}, 'stop'));
    const usage = { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 };
    response.write(
        `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
    );
    response.end('data: [DONE]\n\n');
}

export async function startModel() {
    const gates = new Gates();
    const server = http.createServer(async (request, response) => {
        if (request.url.endsWith('/chat/completions')) return answer(gates, request, response);
        gates.open((await read(request)).question);
        response.writeHead(204).end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => {
            server.close();
            server.closeAllConnections();
        },
    };
}
