// How long it takes until Konstruct answers, and how long the first message takes.
import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { freePort, program } from '../wire/lib/place.mjs';
import { start, stop } from '../wire/lib/process.mjs';
import { Instance } from './instance.mjs';
import { judged, JUDGED, median, print } from './table.mjs';

const nap = () => new Promise((resolve) => setTimeout(resolve, 1));

function isReady(port, ca) {
    return new Promise((resolve) => {
        const request = https.get({ host: '127.0.0.1', servername: 'localhost', port, ca, agent: false, path: '/readyz', headers: { host: 'localhost' } }, (answer) => {
            answer.resume();
            resolve(answer.statusCode === 200);
        });
        request.on('error', () => resolve(false));
    });
}

/** A second web or worker beside the instance's own; gives the seconds until `ready` says so. */
async function alone(instance, name, env, ready) {
    const log = join(instance.dir, `${name}.log`);
    const began = performance.now();
    const child = start(program(`konstruct-${name}`), [], {
        log, env: { KONSTRUCT_CONF: join(instance.run, 'konstruct.conf'), ...env },
    });
    const before = existsSync(log) ? readFileSync(log, 'utf8').length : 0;
    while (!(await ready(() => readFileSync(log, 'utf8').slice(before)))) {
        if (performance.now() - began > 60_000) throw new Error(`${name} did not get ready:\n${readFileSync(log, 'utf8')}`);
        await nap();
    }
    const seconds = (performance.now() - began) / 1000;
    await stop(child);
    return seconds;
}

export async function measureStart({ desk, rounds }) {
    const instance = new Instance(desk.env);
    const found = { first: [], again: [], web: [], worker: [], message: [] };
    try {
        found.first.push(await instance.start());
        await instance.addTeams(1);
        for (let i = 0; i < rounds; i++) {
            await instance.stop();
            found.again.push(await instance.start());
            found.message.push(await desk.turn(instance, instance.teams[0].team));
            desk.agent.destroy();
        }
        const steps = instance.steps;
        for (let i = 0; i < rounds; i++) {
            const port = await freePort();
            found.web.push(await alone(instance, 'web', { KONSTRUCT_LISTEN: `127.0.0.1:${port}` }, () => isReady(port, instance.ca)));
            found.worker.push(await alone(instance, 'worker', {}, (said) => said().includes('"event":"started"')));
        }
        await instance.stop();
        print('Start', JUDGED, [
            judged('`konstruct up`, second start, until ready', median(found.again), { unit: ' s', digits: 2, aim: 0.5, peer: 5.6 }),
            judged('`konstruct up`, first start (makes the database)', found.first[0], { unit: ' s', digits: 2 }),
            judged('`konstruct-web` alone, until /readyz says 200', median(found.web), { unit: ' s', digits: 3 }),
            judged('`konstruct-worker` alone, until it takes jobs', median(found.worker), { unit: ' s', digits: 3 }),
            judged('first message after a start', median(found.message), { unit: ' ms', aim: 100, peer: 9660 }),
        ]);
        return { ...found, steps };
    } finally {
        await instance.end();
    }
}
