// The API document: its operations, and what each may answer.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export class Document {
    constructor(doc) {
        this.doc = doc;
        this.ajv = new Ajv({ strict: false, allErrors: true });
        addFormats(this.ajv);
        this.ajv.addSchema(doc, 'api');
        this.operations = Object.entries(doc.paths).flatMap(([path, methods]) =>
            Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), pointer: ['paths', path, method], ...operation })));
    }

    /** Follows a reference; gives the thing and where it stands. */
    at(pointer) {
        const thing = pointer.reduce((value, key) => value?.[key], this.doc);
        return thing?.$ref === undefined ? { thing, pointer } : this.at(thing.$ref.slice(2).split('/'));
    }

    #validator(pointer) {
        const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
        return this.ajv.getSchema(`api#/${escaped.join('/')}`);
    }

    /** The content type that the operation takes, and what is said about it; undefined: it takes no body. */
    takes(operation) {
        const [type] = Object.keys(operation.requestBody?.content ?? {});
        return type === undefined ? undefined : { type, ...operation.requestBody.content[type] };
    }

    /** Why this body may not be sent to the operation, or undefined. */
    refuses(operation, value) {
        const valid = this.#validator([...operation.pointer, 'requestBody', 'content', this.takes(operation).type, 'schema']);
        return valid(value) ? undefined : this.ajv.errorsText(valid.errors);
    }

    /** What is wrong with an answer by the document, or undefined. */
    fault(operation, { status, type, body }) {
        const { thing: response, pointer } = this.at([...operation.pointer, 'responses', `${status}`]);
        if (status === 500) return 'it is a fault of ours';
        if (response === undefined) return `the status ${status} is not in the document`;
        const types = Object.keys(response.content ?? {});
        if (types.length === 0) return body.length > 0 ? 'it has a body, and the document knows none' : undefined;
        const plain = type?.split(';')[0];
        if (!types.includes(plain)) return `the content type ${type} is not in the document`;
        if (!plain.endsWith('json')) return undefined;
        const valid = this.#validator([...pointer, 'content', plain, 'schema']);
        let value;
        try {
            value = JSON.parse(body);
        } catch (error) {
            return `it is no JSON: ${error.message}`;
        }
        if (!valid(value)) return this.ajv.errorsText(valid.errors);
        return plain === 'application/problem+json' && value.status !== status ? 'its status is another one' : undefined;
    }
}
