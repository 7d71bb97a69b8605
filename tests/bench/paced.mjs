// A model that takes its time, as a process of its own: an answer after DELAY_MS, or a stream whose first piece comes after
// so long and whose others follow GAP_MS apart. Says on which port it listens.
//   node paced.mjs     environment: DELAY_MS, GAP_MS, PIECES, ANSWER (file)
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { FIRST, LAST, PIECE } from './mock.mjs';

const delay = Number(process.env.DELAY_MS);
const gap = Number(process.env.GAP_MS);
const pieces = Number(process.env.PIECES);
const answer = readFileSync(process.env.ANSWER);

function stream(response) {
    let sent = 0;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.write(FIRST);
    const timer = setInterval(() => {
        response.write(PIECE);
        if (++sent < pieces) return;
        clearInterval(timer);
        response.end(LAST);
    }, gap);
    response.on('close', () => clearInterval(timer));
}

const server = http.createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, (request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece) => { text += piece; });
    request.on('end', () => setTimeout(() => {
        if (/"stream": ?true/.test(text)) return stream(response);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
        response.end(answer);
    }, delay));
});
server.maxRequestsPerSocket = 0;
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));
