// Readers of streams, as a process of their own: COUNT at once, each opens its next stream when one has ended, for SECONDS;
// with SECONDS=0 each opens one, says "open" when all have their first piece, and holds it until SIGTERM. Prints one JSON
// object. Times in ms.
//   node readers.mjs     environment: URL, HEADERS (JSON, a line for each who takes his turn), COUNT, SECONDS, PIECES
import http from 'node:http';
import https from 'node:https';
import { percentile } from './table.mjs';

const url = new URL(process.env.URL);
const count = Number(process.env.COUNT);
const hold = process.env.SECONDS === '0';
const until = performance.now() + Number(process.env.SECONDS) * 1000;
const client = url.protocol === 'https:' ? https : http;
const agent = new client.Agent({ keepAlive: true, maxSockets: count, rejectUnauthorized: false });
const body = JSON.stringify({
    model: 'gpt-4o-mini', stream: true, stream_options: { include_usage: true }, max_tokens: 128,
    messages: [{ role: 'user', content: 'lorem ipsum '.repeat(25) }],
});
const keys = process.env.HEADERS.split('\n').map((line) => JSON.parse(line));
const seen = { first: [], gaps: [], streams: 0, complete: 0, pieces: 0, errors: 0 };
let open = 0;

function read(answer, began, done) {
    let last = 0, pieces = 0, ended = false, rest = '';
    answer.setEncoding('latin1');
    answer.on('data', (text) => {
        const now = performance.now();
        const frames = (rest + text).split('\n\n');
        rest = frames.pop();
        for (const frame of frames) {
            if (!frame.startsWith('data: ')) continue;
            if (last === 0) {
                seen.first.push(now - began);
                if (++open === count && hold) console.log('open');
            }
            ended ||= frame === 'data: [DONE]';
            const tokens = frame.match(/ token/g)?.length ?? 0; // a gateway may put several into one frame
            if (tokens > 0 && pieces > 0) seen.gaps.push(now - last);
            if (tokens > 0 || last === 0) last = now;
            pieces += tokens;
        }
    });
    answer.on('error', () => {});
    answer.on('close', () => {
        seen.streams++;
        seen.pieces += pieces;
        if (ended && pieces === Number(process.env.PIECES)) seen.complete++;
        done();
    });
}

function one(headers) {
    return new Promise((done) => {
        const began = performance.now();
        const request = client.request(url, {
            agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
        }, (answer) => {
            if (answer.statusCode === 200) return read(answer, began, done);
            seen.errors++;
            seen.said ??= answer.statusCode;
            answer.resume();
            answer.on('end', done);
        });
        request.on('error', (error) => {
            seen.errors++;
            seen.said ??= error.message;
            done();
        });
        request.end(body);
    });
}

function finish() {
    const of = (list) => ({ p50: percentile(list, 50), p99: percentile(list, 99) });
    console.log(JSON.stringify({ ...seen, first: of(seen.first), gaps: of(seen.gaps) }));
    process.exit(0);
}

process.on('SIGTERM', finish);
await Promise.all(Array.from({ length: count }, async (_, i) => {
    do await one(keys[i % keys.length]);
    while (!hold && performance.now() < until);
}));
if (!hold) finish();
