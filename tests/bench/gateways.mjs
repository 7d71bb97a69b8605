// What the endpoint is measured with and beside: the mock models, nginx between (plain, with TLS as ours has it, and in two
// processes as we are), and Portkey's gateway. All on free ports, in one folder, each stopped by its pid.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { certificate } from '../wire/lib/certificate.mjs';
import { folder, freePort, remove } from '../wire/lib/place.mjs';
import { start, stop } from '../wire/lib/process.mjs';
import { until } from '../wire/lib/until.mjs';
import { ANSWER, PIECES, STREAM } from './mock.mjs';
import { listens } from './reference.mjs';

export const CHAT = '/v1/chat/completions';
const here = (name) => new URL(name, import.meta.url).pathname;

const mockServer = ({ DIR, MOCK }) => `
open_file_cache max=16 inactive=1h;
server {
    listen 127.0.0.1:${MOCK} backlog=4096;
    location = ${CHAT} { default_type application/json; return 200 '${ANSWER.replaceAll("'", '')}'; }
    # nginx answers a POST with a file only by way of an error.
    location = /burst${CHAT} { root ${DIR}; default_type text/event-stream; error_page 405 =200 $uri; }
}`;

const kept = 'keepalive 1024; keepalive_requests 100000000; keepalive_timeout 600s;';
const passing = `
proxy_http_version 1.1;
proxy_set_header Connection "";`;
const asking = ({ MOCK, PACED }) => `${passing}
upstream mock { server 127.0.0.1:${MOCK}; ${kept} }
upstream paced { server 127.0.0.1:${PACED}; ${kept} }`;
const places = `
    location / { proxy_pass http://mock; }
    location /burst/ { proxy_buffering off; proxy_pass http://mock; }
    location /paced/ { proxy_buffering off; proxy_pass http://paced/; }`;
const withTls = (port, { CERT, KEY }) => `
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${CERT};
    ssl_certificate_key ${KEY};
    ssl_protocols TLSv1.3;`;

const proxyServer = (values) => `${asking(values)}
server {
    listen 127.0.0.1:${values.PLAIN} backlog=4096;
    ${withTls(values.TLS, values)}
    ${places}
}`;

/** Two processes as ours are two: one for the clients, one for the models, a unix socket between them. */
const frontServer = (values) => `${passing}
upstream behind { server unix:${values.DIR}/behind.sock; ${kept} }
server {
    ${withTls(values.TWO, values)}
    location / { proxy_buffering off; proxy_pass http://behind; }
}`;
const behindServer = (values) => `${asking(values)}
server {
    listen unix:${values.DIR}/behind.sock backlog=4096;
    ${places}
}`;

export class Gateways {
    static async start() {
        const g = new Gateways();
        g.dir = folder();
        g.running = {};
        try {
            await g.#start();
        } catch (error) {
            await g.stop();
            throw error;
        }
        return g;
    }

    async #start() {
        mkdirSync(join(this.dir, dirname(`burst${CHAT}`)), { recursive: true });
        writeFileSync(join(this.dir, `burst${CHAT}`), STREAM);
        writeFileSync(join(this.dir, 'answer.json'), ANSWER);
        const { cert, key } = await certificate(this.dir);
        const [MOCK, PLAIN, TLS, TWO, PORTKEY] = await Promise.all([1, 2, 3, 4, 5].map(() => freePort()));
        this.port = { MOCK, PLAIN, TLS, TWO, PORTKEY, PACED: await this.startPaced('paced', { delay: 50, gap: 10, pieces: PIECES }) };
        const values = { DIR: this.dir, CERT: cert, KEY: key, ...this.port };
        await this.#nginx('mock', mockServer(values), MOCK);
        await this.#nginx('proxy', proxyServer(values), TLS);
        await this.#nginx('front', frontServer(values), TWO);
        await this.#nginx('behind', behindServer(values), join(this.dir, 'behind.sock'));
        this.running.portkey = start(process.execPath, [here('node_modules/@portkey-ai/gateway/build/start-server.js'), `--port=${PORTKEY}`, '--headless'], {
            log: join(this.dir, 'portkey.log'), env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
        });
        await until(() => listens(PORTKEY), 'Portkey');
    }

    async #nginx(half, server, at) {
        const conf = join(this.dir, `${half}.conf`);
        writeFileSync(join(this.dir, `${half}.server`), server);
        writeFileSync(conf, readFileSync(here('gateway.conf'), 'utf8').replace(/@(DIR|HALF)@/g, (_, name) => ({ DIR: this.dir, HALF: half })[name]));
        this.running[half] = start('nginx', ['-p', this.dir, '-c', conf], { log: join(this.dir, `${half}.log`), env: { PATH: `${process.env.PATH}:/usr/sbin` } });
        await until(() => listens(at), `nginx (${half})`);
    }

    /** One more model that takes its time; gives its port. */
    async startPaced(name, { delay, gap, pieces }) {
        const log = join(this.dir, `${name}.log`);
        this.running[name] = start(process.execPath, [here('paced.mjs')], {
            log, env: { DELAY_MS: `${delay}`, GAP_MS: `${gap}`, PIECES: `${pieces}`, ANSWER: join(this.dir, 'answer.json') },
        });
        return await until(() => Number(readFileSync(log, 'utf8')) || null, name);
    }

    pid(name) {
        return this.running[name].pid;
    }

    async stop() {
        await Promise.all(Object.values(this.running).map((child) => stop(child)));
        remove(this.dir);
    }
}
