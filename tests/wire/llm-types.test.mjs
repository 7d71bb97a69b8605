// Every request that we make of a provider has the form that the provider's own package for Node gives it. The requests are the
// ones that tests/unit/test_llm_asked.c compares with what the translators say.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { faults } from '../judges/types.mjs';
import { top } from './lib/place.mjs';

const folder = join(top, 'tests/unit/recordings/asks');

/** All requests of an API; what it cannot be asked is none. */
function requests(api) {
    return readdirSync(join(folder, api)).flatMap((file) => {
        const body = JSON.parse(readFileSync(join(folder, api, file), 'utf8'));
        // A tool's schema is our caller's; Ollama takes any, its package knows the most common members only.
        if (api === 'ollama') for (const tool of body.tools ?? []) delete tool.function.parameters.additionalProperties;
        return body.cannot ? [] : [{ name: `${api}_${file.slice(0, -5)}`, api, body }];
    });
}

const apis = readdirSync(folder);
const all = apis.flatMap(requests);

test('every request is one', () => {
    assert.equal(apis.length, 4);
    assert.ok(all.length > 50);
    assert.deepEqual(faults(all), {});
});

test('the judge sees what is wrong', () => {
    const wrong = all.map(({ name, api, body }) => ({ name, api, body: { ...body, surprise: 1 } }));
    assert.deepEqual(Object.keys(faults(wrong)).sort(), wrong.map(({ name }) => name).sort());

    const loops = Object.fromEntries(all.filter(({ name }) => name.endsWith('_loop')).map((one) => [one.api, structuredClone(one)]));
    delete loops.openai.body.messages.find((message) => message.role === 'tool').tool_call_id;
    delete loops.responses.body.input.find((item) => item.type === 'function_call').arguments;
    delete loops.anthropic.body.messages[1].content.find((block) => block.type === 'tool_use').input;
    loops.ollama.body.messages.find((message) => message.tool_calls).tool_calls[0].function.arguments = 'text';
    assert.deepEqual(Object.keys(faults(Object.values(loops))).sort(), ['anthropic_loop', 'ollama_loop', 'openai_loop', 'responses_loop']);
});
