// The document by the rules of a public linter, offline.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { top } from '../wire/lib/place.mjs';

const source = readFileSync(join(top, 'build/openapi.json'), 'utf8');

// Warnings that stay, each for a reason; everything else that the linter says is a fault.
const accepted = [
    // The product has no public licence, and one must not be made up.
    ['info-license', /^#\/info$/],
    // Their whole answer is whether the service lives: there is nothing that a client could do wrong.
    ['operation-4xx-response', /^#\/paths\/~1(healthz|readyz)\/get\/responses$/],
];

async function lint(text) {
    const config = await createConfig({ extends: ['recommended'] });
    const found = await lintFromString({ source: text, absoluteRef: '/openapi.json', config });
    return found.map(({ severity, ruleId, message, location }) => ({ severity, ruleId, message, at: location[0]?.pointer ?? '' }));
}

test('the document has no fault', async () => {
    const found = await lint(source);
    const faults = found.filter(({ severity, ruleId, at }) => severity === 'error' ||
        !accepted.some(([rule, where]) => rule === ruleId && where.test(at)));
    assert.deepEqual(faults, []);
});

test('each of some planted faults is found', async () => {
    const planted = {
        'an example that does not fit': (doc) => {
            doc.paths['/api/v1/login'].post.requestBody.content['application/json'].example.email = 7;
        },
        'a reference that leads nowhere': (doc) => { delete doc.components.schemas.Me; },
        'a name used twice': (doc) => { doc.paths['/api/v1/me'].get.operationId = 'login_add'; },
        'a parameter of the path that is not described': (doc) => { doc.paths['/api/v1/employees/{id}'].get.parameters = []; },
        'an answer without a status': (doc) => { doc.paths['/api/v1/me'].get.responses = {}; },
    };
    for (const [name, plant] of Object.entries(planted)) {
        const doc = JSON.parse(source);
        plant(doc);
        assert.ok((await lint(JSON.stringify(doc))).length > (await lint(source)).length, name);
    }
});
