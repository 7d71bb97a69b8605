// A model server that does what none should: each path begins with the name of a fault, and what follows is ignored; or else the
// model's name is one. It speaks OpenAI's chat completions on plain sockets, so that it can also say what is no HTTP. Nothing of
// what it says may reach a person as an answer, so every text of it has the word POISON, but that of the model "good".
import net from 'node:net';
import { once } from 'node:events';

const json = (o) => JSON.stringify(o);
const chunk = (delta, finish_reason = null) =>
    `data: ${json({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const completion = (content, more = {}) => json({
    id: 'x', object: 'chat.completion', created: 1, model: 'm', usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], ...more,
});
const DONE = `${chunk({}, 'stop')}data: [DONE]\n\n`;
const WORDS = chunk({ role: 'assistant', content: 'POISON ' }) + chunk({ content: 'more POISON ' });

const head = (type, more = '') => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${more}connection: close\r\n\r\n`;
const stream = (more) => head('text/event-stream', more);
const whole = (body, more = '') => head('application/json', `content-length: ${Buffer.byteLength(body)}\r\n${more}`) + body;
const MIB = 1 << 20;

/** When the socket takes more, or no longer exists. */
const room = (socket) => new Promise((resolve) => {
    const done = () => {
        socket.off('drain', done).off('close', done);
        resolve();
    };
    socket.on('drain', done).on('close', done);
});

/** Writes again and again until the other side has enough. */
async function endlessly(socket, piece, bytes = Infinity) {
    const block = Buffer.from(piece.repeat(Math.ceil(65536 / piece.length)));
    for (let sent = 0; sent < bytes && !socket.destroyed; sent += block.length)
        if (!socket.write(block)) await room(socket);
}

/** One byte at a time, for as long as anybody reads. */
async function dribble(socket, text) {
    for (let i = 0; !socket.destroyed; i = (i + 1) % text.length) {
        socket.write(text[i]);
        await new Promise((resolve) => setTimeout(resolve, 1000));
    }
}

/** What each fault does with a request. Those in STREAMS make sense as a stream only. */
export const FAULTS = {
    // dies
    dies_at_once: (s) => s.resetAndDestroy(),
    dies_after_head: (s, { streams }) => s.write(streams ? stream() : head('application/json'), () => s.resetAndDestroy()),
    dies_in_the_middle: (s, { streams }) =>
        s.write(streams ? stream() + WORDS : `${head('application/json', 'content-length: 9999\r\n')}{"id":"POISON`, () => s.destroy()),
    resets_in_the_middle: (s) => s.write(stream() + WORDS, () => setTimeout(() => s.resetAndDestroy(), 50)),
    stops_without_an_end: (s) => s.end(stream() + WORDS),
    stops_within_an_event: (s) => s.end(`${stream()}${WORDS}data: {"id":"x","choi`),
    // dribbles, never ends
    dribbles: (s, { streams }) => {
        s.write(streams ? stream() : head('application/json'));
        return dribble(s, streams ? chunk({ content: 'POISON' }) : ' ');
    },
    dribbles_its_head: (s) => dribble(s, 'HTTP/1.1 200 OK\r\nx-a: POISON\r\n'),
    says_nothing: () => {},
    never_ends: (s, { streams }) => {
        s.write(streams ? stream() : head('application/json'));
        return endlessly(s, streams ? chunk({ content: 'POISON ' }) : '[[],');
    },
    only_comments: (s) => {
        s.write(stream());
        return endlessly(s, ': POISON keep-alive\n\n');
    },
    one_line_for_ever: (s) => {
        s.write(`${stream()}data: "`);
        return endlessly(s, 'POISON');
    },
    headers_for_ever: (s) => {
        s.write('HTTP/1.1 200 OK\r\n');
        return endlessly(s, 'x-poison: POISON\r\n');
    },
    // much
    hundred_megabytes: (s, { streams }) => {
        s.write(streams ? stream() : head('application/json', `content-length: ${100 * MIB}\r\n`));
        return endlessly(s, streams ? chunk({ content: 'POISON'.repeat(1000) }) : ' ', 100 * MIB).then(() => s.end(streams ? DONE : ''));
    },
    hundred_megabytes_of_error: (s) => {
        s.write(`HTTP/1.1 500 Oops\r\ncontent-type: text/html\r\ncontent-length: ${100 * MIB}\r\nconnection: close\r\n\r\n`);
        return endlessly(s, 'POISON ', 100 * MIB);
    },
    a_bomb_in_gzip: (s) => s.end(whole('\x1f\x8b\x08\x00POISON', 'content-encoding: gzip\r\n')),
    deep: (s, { streams }) => s.end(streams ? `${stream()}data: ${'['.repeat(MIB)}\n\n` : whole('['.repeat(MIB))),
    many_calls: (s, { streams }) => {
        const calls = Array.from({ length: 5000 }, (_, index) =>
            ({ index, id: `c${index}`, type: 'function', function: { name: 'look', arguments: '{}' } }));
        s.end(streams ? stream() + chunk({ tool_calls: calls }) + DONE
            : whole(completion(null, { choices: [{ index: 0, message: { role: 'assistant', tool_calls: calls }, finish_reason: 'tool_calls' }] })));
    },
    many_objects: (s, { streams }) => {
        const objects = `[${'{},'.repeat(streams ? 600_000 : 1_300_000)}{}]`;
        s.end(streams ? `${stream()}${WORDS}data: {"choices":${objects}}\n\n${DONE}` : whole(completion('POISON').replace('{', `{"more":${objects},`)));
    },
    // nonsense
    bad_utf8: (s, { streams }) => {
        const [before, after] = (streams ? stream() + chunk({ content: 'POISON \u0001' }) + DONE : completion('POISON \u0001')).split('\\u0001');
        s.end(Buffer.concat([Buffer.from(streams ? before : head('application/json') + before), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from(after)]));
    },
    surrogate: (s, { streams }) => {
        const text = (streams ? chunk({ content: 'POISON @' }) : completion('POISON @')).replace('@', '\\ud83d');
        s.end(streams ? stream() + text + DONE : whole(text));
    },
    zero_bytes: (s, { streams }) => {
        const text = (streams ? chunk({ content: 'POISON @' }) : completion('POISON @')).replace('@', '\\u0000');
        s.end(streams ? stream() + text + DONE : whole(text));
    },
    a_page: (s) => s.end(`${head('text/html')}<!doctype html><title>POISON</title>Please log in`),
    plain_text: (s) => s.end(`${head('text/plain')}POISON`),
    a_list: (s) => s.end(whole('["POISON"]')),
    another_vendors_form: (s) => s.end(whole(json({ type: 'message', role: 'assistant', content: [{ type: 'text', text: 'POISON' }] }))),
    wrong_types: (s, { streams }) =>
        s.end(streams ? stream() + chunk({ content: { text: 'POISON' } }) + DONE : whole(completion(['POISON']))),
    no_choices: (s, { streams }) => s.end(streams ? `${stream()}data: {"choices":[]}\n\ndata: [DONE]\n\n` : whole('{"choices":[]}')),
    impossible_figures: (s, { streams }) => {
        const usage = { prompt_tokens: -5, completion_tokens: 1e300, total_tokens: 'many' };
        s.end(streams ? `${stream()}${WORDS}data: ${json({ choices: [], usage })}\n\n${DONE}` : whole(completion('POISON', { usage })));
    },
    an_error_with_200: (s, { streams }) => {
        const body = json({ error: { message: 'POISON', type: 'server_error' } });
        s.end(streams ? `${stream()}${WORDS}data: ${body}\n\n` : whole(body));
    },
    // no HTTP
    no_http: (s) => s.end('POISON POISON\r\n\r\n'),
    too_short: (s) => s.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n${completion('POISON')}`),
    broken_chunks: (s) => s.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nPOISON\r\n'),
    an_empty_body: (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    nothing_at_all: (s) => s.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'),
    // leads elsewhere
    ...Object.fromEntries([301, 302, 303, 307, 308].map((status) => [`redirects_${status}`, (s, { url }) =>
        s.end(`HTTP/1.1 ${status} Go\r\nlocation: ${url}/followed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)])),
    redirects_to_itself: (s, { path }) => s.end(`HTTP/1.1 307 Go\r\nlocation: ${path}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`),
    redirects_to_a_file: (s) => s.end('HTTP/1.1 302 Go\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n'),
};
// What is allowed, and so large that nobody has it in view: an answer's calls of 5 MiB, most of it signs that are written as two.
const LARGE = {
    large_calls: (s) => {
        const args = json({ a: '"'.repeat(60_000) });
        const calls = Array.from({ length: 40 }, (_, index) =>
            chunk({ tool_calls: [{ index, id: `c${index}`, type: 'function', function: { name: 'look', arguments: args } }] }));
        s.end(`${stream()}${calls.join('')}${chunk({}, 'tool_calls')}data: [DONE]\n\n`);
    },
};
/** Faults that only a stream can have. */
export const STREAMS = new Set(['resets_in_the_middle', 'stops_without_an_end', 'stops_within_an_event', 'only_comments', 'one_line_for_ever']);
/** Faults that only end when we end them. */
export const SILENT = new Set(['says_nothing', 'dribbles', 'dribbles_its_head']);

export class Hostile {
    static async start() {
        const one = new Hostile();
        one.sockets = new Set();
        one.asked = []; // [path, ...] in the order in which they came
        one.server = net.createServer((socket) => one.#serve(socket));
        one.server.listen(0, '127.0.0.1');
        await once(one.server, 'listening');
        one.url = `http://127.0.0.1:${one.server.address().port}`;
        return one;
    }

    #serve(socket) {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => {});
        let came = '';
        socket.on('data', (data) => {
            came += data.toString('latin1');
            const end = came.indexOf('\r\n\r\n');
            if (end < 0 || came.length < end + 4 + Number(/content-length: *(\d+)/i.exec(came)?.[1] ?? 0)) return;
            const path = came.split(' ')[1];
            const streams = /"stream": *true/.test(came);
            const model = /"model": *"([^"]*)"/.exec(came)?.[1];
            came = '';
            this.asked.push(path);
            const fault = FAULTS[path.split('/')[1]] ?? FAULTS[model] ?? LARGE[model];
            const text = model === 'good' ? 'Hi there.' : `POISON of ${path}`;
            if (fault) fault(socket, { path, streams, url: this.url });
            else socket.end(streams ? stream() + chunk({ content: text }) + DONE : whole(completion(text)));
        });
    }

    async stop() {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
        await once(this.server, 'close');
    }
}
