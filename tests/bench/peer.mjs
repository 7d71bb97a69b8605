// The peers of the table of acknowledgements: what a careful user of each would write. Signature and age are checked, the
// event goes into a Redis stream, and then the 200 leaves. They speak plain HTTP, which is in their favour.
//   node peer.mjs fastify|bolt      environment: PORT, REDIS_SOCKET, SECRET
import { createHmac, timingSafeEqual } from 'node:crypto';
import bolt from '@slack/bolt';
import Fastify from 'fastify';
import { Redis } from 'ioredis';

const { PORT, REDIS_SOCKET, SECRET } = process.env;
const WINDOW_S = 300;
const redis = new Redis({ path: REDIS_SOCKET, enableAutoPipelining: true });

const keep = (team, id, text) => redis.xadd('hooks', 'MAXLEN', '~', 100_000, '*', 'team', team, 'id', id, 'event', text);

function isSlacks(headers, body) {
    const stamp = headers['x-slack-request-timestamp'];
    const theirs = Buffer.from(headers['x-slack-signature'] ?? '');
    if (!(Math.abs(Date.now() / 1000 - Number(stamp)) <= WINDOW_S)) return false;
    const ours = Buffer.from(`v0=${createHmac('sha256', SECRET).update(`v0:${stamp}:`).update(body).digest('hex')}`);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

async function fastify() {
    const app = Fastify({ logger: false });
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
    app.post('/slack/events', async (request, reply) => {
        if (!isSlacks(request.headers, request.body)) return reply.code(401).send();
        const event = JSON.parse(request.body);
        await keep(event.team_id, event.event_id, request.body);
        return reply.code(200).send();
    });
    await app.listen({ host: '127.0.0.1', port: Number(PORT) });
}

async function slackBolt() {
    const { App, HTTPReceiver, LogLevel } = bolt;
    const common = { processBeforeResponse: true, logLevel: LogLevel.ERROR };
    const receiver = new HTTPReceiver({ ...common, signingSecret: SECRET, endpoints: ['/slack/events'] });
    const app = new App({ ...common, receiver, authorize: async () => ({ botToken: 'xoxb-bench', botId: 'B0BOT0001', botUserId: 'U0BOT0001' }) });
    app.event('app_mention', ({ body }) => keep(body.team_id, body.event_id, JSON.stringify(body)));
    await app.start({ host: '127.0.0.1', port: Number(PORT) });
}

await { fastify, bolt: slackBolt }[process.argv[2]]();
