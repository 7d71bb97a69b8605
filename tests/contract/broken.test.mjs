// Every operation of the API document, called with good input and with input that is wrong in every way its schema tells, as nobody,
// as a viewer, as an admin, as the host. No answer is outside the document, and none is a fault of ours. All of it is made from the document: a
// new route is covered without an edit here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NO_LIMITS } from '../wire/lib/limits.mjs';
import { program, top } from '../wire/lib/place.mjs';
import { run } from '../wire/lib/process.mjs';
import { Up } from '../wire/lib/up.mjs';
import { brokenBodies, brokenValues } from './lib/broken.mjs';
import { Client } from './lib/client.mjs';
import { Document } from './lib/document.mjs';
import { Known } from './lib/known.mjs';

const document = new Document(JSON.parse(readFileSync(join(top, 'build/openapi.json'), 'utf8')));
const METRICS_TOKEN = 'contract-tests-metrics-token-5b8e13fa7c2d';
const up = new Up();
const clients = {};

before(async () => {
    await up.start({
        env: {
            ...NO_LIMITS, KONSTRUCT_METRICS_TOKEN: METRICS_TOKEN, KONSTRUCT_ARGON2_MIB: '8', KONSTRUCT_ARGON2_PASSES: '1',
            KONSTRUCT_LOGIN_TRIES: '1000000', KONSTRUCT_LOGIN_ADDRESS_TRIES: '1000000',
        },
    });
    const viewer = async (me) => { await up.sql(`UPDATE membership SET role = 'viewer' WHERE person_id = '${me.person_id}'`); };
    clients.nobody = new Client('nobody', up.port, null);
    clients.viewer = new Client('viewer', up.port, viewer);
    const proven = async (me) => { await up.sql(`UPDATE person SET email_verified_at = now() WHERE id = '${me.person_id}'`); };
    clients.admin = new Client('admin', up.port, proven);
    // Whoever runs the instance, for the routes that are for nobody else.
    clients.host = new Client('host', up.port, async (me) => {
        await proven(me);
        await run(program('konstruct'), ['host', 'add', me.email], { env: { KONSTRUCT_CONF: join(up.run, 'konstruct.conf') } });
    });
});

after(async () => {
    for (const client of Object.values(clients)) client.close();
    if (up.child?.exitCode === null) await up.stop();
    up.remove();
});

/** What is wrong about how an operation answers, one line each. */
class Findings {
    constructor(operation) {
        this.operation = operation;
        this.lines = [];
        this.statuses = new Set();
    }

    add(what, answer, fault) {
        this.lines.push(`${what}: ${answer.status}: ${fault}: ${answer.body.slice(0, 300)}`);
    }

    judge(what, answer) {
        this.statuses.add(answer.status);
        const fault = document.fault(this.operation, answer);
        if (fault !== undefined) this.add(what, answer, fault);
        return answer;
    }

    /** The input is none that the document allows, so it must be refused. */
    refused(what, answer) {
        this.judge(what, answer);
        if (answer.status < 400 || answer.status >= 500) this.add(what, answer, 'it was not refused');
    }
}

const authorization = (operation) => (operation.security?.some((each) => 'metrics' in each) ? { authorization: `Bearer ${METRICS_TOKEN}` } : {});

const isForm = (operation) => document.takes(operation)?.type === 'application/x-www-form-urlencoded';

/** A body as the operation takes it. */
const written = (operation, body) => (isForm(operation) ? new URLSearchParams(body).toString() : JSON.stringify(body));

/** Bytes of JSON as a form where they are an object, else as they are. */
function asForm(bytes) {
    try {
        const value = JSON.parse(bytes);
        return new URLSearchParams(Object.entries(value).map(([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)])).toString();
    } catch {
        return bytes;
    }
}

const inItsType = (operation) => (isForm(operation) ? { 'content-type': 'application/x-www-form-urlencoded' } : {});

async function good(client, known, operation, findings) {
    const body = known.body(operation);
    const headers = { ...authorization(operation), ...(body === undefined ? {} : inItsType(operation)) };
    const sent = body !== undefined ? written(operation, body) : operation.method === 'GET' || operation.method === 'DELETE' ? undefined : '{}';
    if (body !== undefined)
        assert.equal(document.refuses(operation, body), undefined, `${operation.operationId}: its own example does not fit its schema`);
    findings.judge('good input', await client.ask(operation.method, await known.path(operation), { body: sent, headers }));
    if (body?.email !== undefined && client.email !== undefined)
        findings.judge('their own address', await client.ask(operation.method, await known.path(operation), { body: written(operation, { ...body, email: client.email }) }));
    for (const parameter of operation.parameters ?? [])
        for (const choice of parameter.schema.enum ?? [])
            findings.judge(`${parameter.name}=${choice}`, await client.ask(operation.method, await known.path(operation, { [parameter.name]: choice }), { body: sent, headers }));
}

async function brokenParameters(client, known, operation, findings) {
    const headers = authorization(operation);
    const body = operation.method === 'GET' || operation.method === 'DELETE' ? undefined : JSON.stringify(known.body(operation) ?? {});
    for (const parameter of operation.parameters ?? []) {
        if (parameter.in === 'header') {
            findings.judge(`${parameter.name} is nonsense`, await client.ask(operation.method, await known.path(operation),
                { body, headers: { ...headers, [parameter.name]: 'no-such-word' } }));
            continue;
        }
        for (const [what, value] of brokenValues(parameter))
            findings.judge(`${parameter.name} ${what}`, await client.ask(operation.method, await known.path(operation, { [parameter.name]: value }), { body, headers }));
    }
    const path = await known.path(operation);
    const more = `${path}${path.includes('?') ? '&' : '?'}no_such_parameter=1`;
    findings.judge('a parameter that there is not', await client.ask(operation.method, more, { body, headers }));
}

async function brokenBody(client, known, operation, findings) {
    if (operation.method === 'GET') return;
    const path = await known.path(operation);
    const example = known.body(operation);
    const schema = operation.requestBody === undefined ? {} : document.at([...operation.pointer, 'requestBody', 'content', document.takes(operation).type, 'schema']).thing;
    for (const [what, bytes] of brokenBodies(schema, example ?? {})) {
        const body = isForm(operation) ? asForm(bytes) : bytes;
        const answer = await client.ask(operation.method, path, { body, headers: inItsType(operation) });
        // Nobody here is an OAuth client: whatever comes to the routes that take forms is refused.
        if (isForm(operation) || (example !== undefined && mustBeRefused(operation, bytes))) findings.refused(what, answer);
        else findings.judge(what, answer);
    }
    const body = written(operation, example ?? {});
    for (const [what, headers] of [['as text', { 'content-type': 'text/plain' }], ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }],
        ['of no type', { 'content-type': undefined }], ['without the token', { 'x-csrf': undefined }], ['with a wrong token', { 'x-csrf': 'x' }],
        ['from another site', { origin: 'https://evil.example' }], ['with a key that is none', { authorization: 'Bearer kst_none', cookie: undefined }]])
        findings.judge(what, await client.ask(operation.method, path, { body, headers }));
}

/** By the document alone: bytes that are no JSON, or JSON that does not fit. */
function mustBeRefused(operation, bytes) {
    try {
        return document.refuses(operation, JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(Buffer.from(bytes)))) !== undefined;
    } catch {
        return true;
    }
}

// What makes something comes first, what takes something away last.
const turn = ({ method, path }) => ({ POST: path.includes('{') ? 1 : 0, GET: 2, PUT: 3, PATCH: 3, DELETE: 4 })[method];
const ordered = document.operations.toSorted((a, b) => turn(a) - turn(b));
const succeeded = new Set();

for (const operation of ordered)
    test(`${operation.method} ${operation.path}`, async () => {
        const lines = [];
        for (const client of Object.values(clients)) {
            const findings = new Findings(operation);
            await client.ready();
            const known = new Known(document, client);
            for (const part of [brokenParameters, brokenBody, good]) {
                await client.ready();
                await part(client, known, operation, findings);
            }
            if ([...findings.statuses].some((status) => status < 300)) succeeded.add(operation.operationId);
            lines.push(...findings.lines.map((line) => `as ${client.name}: ${line}`));
        }
        assert.equal(lines.join('\n'), '');
    });

test('most operations were seen to succeed', (t) => {
    const never = ordered.filter(({ operationId }) => !succeeded.has(operationId)).map(({ method, path }) => `${method} ${path}`);
    t.diagnostic(`refused whatever was sent (they need a mail's link, a signature, a code): ${never.join(', ')}`);
    assert.ok(succeeded.size > document.operations.length / 2, never.join('\n'));
});
