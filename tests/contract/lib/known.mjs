// Ids and values that exist for whoever asks, found by the document: the id in /things/{id} is that of the last thing which
// the list at /things tells.
import { randomUUID } from 'node:crypto';

const MISSING = '01980a5d-ac96-774b-bcce-111111111111';

export class Known {
    constructor(document, client) {
        Object.assign(this, { document, client });
    }

    async #firstOf(path) {
        const list = this.document.operations.find((each) => each.method === 'GET' && each.path === path);
        if (list === undefined || this.client.become === null) return undefined;
        const first = async () => {
            const { status, body } = await this.client.ask('GET', await this.path(list));
            return status === 200 ? JSON.parse(body).items?.at(-1)?.id : undefined;
        };
        return (await first()) ?? ((await this.#make(path)) ? await first() : undefined);
    }

    /** Makes a thing of a list that has none yet, where the document says how. */
    async #make(path) {
        const made = this.document.operations.find((each) => each.method === 'POST' && each.path === path);
        if (made === undefined) return false;
        const { status } = await this.client.ask('POST', await this.path(made), { body: JSON.stringify(this.body(made) ?? {}) });
        return status < 300;
    }

    /** A good value for a parameter of the operation. */
    async value(operation, parameter) {
        if (parameter.schema.enum !== undefined) return parameter.schema.enum[0];
        if (parameter.schema.type === 'integer') return `${Math.max(parameter.schema.minimum ?? 0, 0)}`;
        if (parameter.in === 'path' && parameter.name === 'channel') return 'slack';
        if (parameter.in === 'path') {
            const collection = operation.path.slice(0, operation.path.indexOf(`/{${parameter.name}}`));
            return (await this.#firstOf(collection)) ?? MISSING;
        }
        if (parameter.name.endsWith('_id')) return (await this.#firstOf(`/api/v1/${parameter.name.slice(0, -3)}s`)) ?? MISSING;
        return 'text';
    }

    /** The address with good values for what it needs; `wrong` replaces some by name (undefined: left out). */
    async path(operation, wrong = {}) {
        let { path } = operation;
        const query = [];
        for (const parameter of operation.parameters ?? []) {
            const given = parameter.name in wrong;
            if (parameter.in === 'header' || (parameter.in === 'query' && !parameter.required && !given)) continue;
            const value = given ? wrong[parameter.name] : await this.value(operation, parameter);
            if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, value);
            else if (value !== undefined) query.push(`${parameter.name}=${value}`);
        }
        return query.length === 0 ? path : `${path}?${query.join('&')}`;
    }

    /** The example of the operation, with what must be new each time made new; undefined: it takes no body. */
    body(operation) {
        const example = this.document.takes(operation)?.example;
        if (example === undefined) return undefined;
        const fresh = { ...example };
        for (const key of Object.keys(fresh)) {
            if (key === 'key') fresh[key] = randomUUID();
            if (key === 'email') fresh[key] = `new-${randomUUID()}@contract.example`;
        }
        return fresh;
    }
}
