// Model providers that we did not write: the package `aimock` as a process of its own. It speaks OpenAI's, Anthropic's and
// Ollama's formats on one port, refuses what fits no fixture (--strict), and puts in faults on demand.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, freePort, remove, top } from '../wire/lib/place.mjs';
import { start, stop } from '../wire/lib/process.mjs';
import { until } from '../wire/lib/until.mjs';

export const KEY = 'sk-judge-0123456789abcdef';

export class Models {
    /** Starts it with these fixtures, in the package's own form. Every request must carry KEY. */
    static async start(fixtures) {
        const models = new Models();
        models.folder = folder();
        models.url = `http://127.0.0.1:${await freePort()}`;
        const file = join(models.folder, 'fixtures.json');
        writeFileSync(file, JSON.stringify({ fixtures }));
        models.process = start(
            process.execPath,
            [
                join(top, 'tests/judges/node_modules/@copilotkit/aimock/dist/cli.js'), '--strict', '--validate-on-load',
                '--host', '127.0.0.1', '--port', new URL(models.url).port, '--fixtures', file, '--log-level', 'warn',
            ],
            { env: { AIMOCK_API_KEYS: KEY }, log: join(models.folder, 'log') },
        );
        await until(() => fetch(`${models.url}/ready`).then((r) => r.ok, () => false), 'aimock to be ready');
        return models;
    }

    async #control(method, path, body) {
        const answer = await fetch(`${this.url}/__aimock/${path}`, {
            method,
            headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
            body: body && JSON.stringify(body),
        });
        if (!answer.ok) throw new Error(`aimock refused ${method} ${path}: ${await answer.text()}`);
        return await answer.json();
    }

    /** Faults from now on, such as {dropRate: 1}; {} ends them. */
    chaos = (faults) => this.#control('POST', 'chaos', faults);

    /** Forgets what was asked so far. */
    reset = () => this.#control('POST', 'reset/journal');

    /** What was asked so far: {method, path, headers, body, response}, bodies brought into one form by aimock. */
    asked = () => this.#control('GET', 'journal');

    async stop() {
        await stop(this.process);
        remove(this.folder);
    }
}

/** Where each provider's format is served. */
export const FORMATS = {
    openai: { path: '/v1', endpoint: '/v1/chat/completions' },
    anthropic: { path: '', endpoint: '/v1/messages' },
    ollama: { path: '', endpoint: '/api/chat' },
};

/** The same, and the other ways to reach OpenAI's models: what stands in a candidate beside its address. */
export const APIS = {
    ...Object.fromEntries(Object.entries(FORMATS).map(([name, at]) => [name, { ...at, provider: name, model: `${name}-model`, more: {} }])),
    responses: { path: '/v1', endpoint: '/v1/responses', provider: 'openai', model: 'gpt-5', more: { api: 'responses' } },
    azure: {
        path: '', endpoint: '/openai/deployments/gpt-4o/chat/completions', provider: 'openai', model: 'gpt-4o',
        more: { api_version: '2024-10-21' },
    },
};
APIS.anthropic.model = 'claude-sonnet-4-5';
