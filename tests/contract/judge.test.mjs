// The judge itself: what an answer can be wrong by is noticed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { top } from '../wire/lib/place.mjs';
import { brokenBodies } from './lib/broken.mjs';
import { Document } from './lib/document.mjs';

const document = new Document(JSON.parse(readFileSync(join(top, 'build/openapi.json'), 'utf8')));
const login = document.operations.find(({ operationId }) => operationId === 'login_add');
const me = document.doc.paths['/api/v1/login'].post.responses[200].content['application/json'].example;
const problem = document.doc.components.responses.TooLarge.content['application/problem+json'].example;

test('answers as described are accepted, all others are not', () => {
    const ok = (value) => ({ status: 200, type: 'application/json', body: JSON.stringify(value) });
    const told = (value, status = 413) => ({ status, type: 'application/problem+json', body: JSON.stringify(value) });
    assert.equal(document.fault(login, ok(me)), undefined);
    assert.equal(document.fault(login, told(problem)), undefined);
    const { email: _, ...without } = me;
    for (const [what, answer] of Object.entries({
        'an undocumented status': told({ ...problem, status: 418 }, 418), 'a fault of ours': told({ ...problem, status: 500 }, 500),
        'another content type': { ...ok(me), type: 'text/html' }, 'no content type': { ...ok(me), type: undefined },
        'no JSON': { ...ok(me), body: '{' }, 'a member that is missing': ok(without), 'a member more': ok({ ...me, password: 'x' }),
        'a member of another type': ok({ ...me, verified: 'yes' }), 'a word that is none': ok({ ...me, role: 'king' }),
        'another status in the body': told({ ...problem, status: 400 }),
    }))
        assert.notEqual(document.fault(login, answer), undefined, what);
});

test('a good body is made wrong in many ways', () => {
    const schema = document.at([...login.pointer, 'requestBody', 'content', 'application/json', 'schema']).thing;
    const bodies = brokenBodies(schema, login.requestBody.content['application/json'].example);
    const names = bodies.map(([what]) => what);
    for (const what of ['no JSON', 'nested deep', 'bad UTF-8', 'an extra member', 'email is missing', 'email is integer', 'password is too long', 'password has a NUL'])
        assert.ok(names.includes(what), what);
    assert.equal(new Set(names).size, names.length);
});
