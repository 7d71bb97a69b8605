// The pool of models against a server that does what none should. Whatever it does, the person has the whole answer of the next
// candidate and nothing of it; the reason has a stable code; memory stays bounded, redirects are not followed, and no key is told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { FAULTS, Hostile, SILENT, STREAMS } from '../judges/hostile.mjs';
import { program } from './lib/place.mjs';
import { stop } from './lib/process.mjs';

const KEY = 'sk-hostile-0123456789abcdef';
const MEMORY_MAX = 96 << 20;

let hostile;
let probe;
let lines;

before(async () => {
    hostile = await Hostile.start();
    probe = spawn(program('judges/pool_probe'), [], { stdio: ['pipe', 'pipe', 'pipe'] });
    probe.ended = new Promise((resolve) => probe.on('exit', resolve));
    probe.log = '';
    probe.stderr.on('data', (data) => { probe.log += data; });
    lines = createInterface({ input: probe.stdout })[Symbol.asyncIterator]();
});
after(async () => {
    await stop(probe);
    await hostile.stop();
    assert.ok(!probe.log.includes('0123456789abcdef'), 'a key stands in the log');
    assert.ok(!probe.log.includes('Sanitizer'), probe.log);
});

/** The most memory that the process ever had. */
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${probe.pid}/status`, 'utf8'))[1]) << 10;

async function ask(fault, stream) {
    const bad = { provider: 'openai', base_url: `${hostile.url}/${fault}`, key: KEY, model: 'm', purpose: 'primary' };
    const row = {
        candidates: [bad, { provider: 'starter', model: 'starter', purpose: 'local' }], stream,
        name: 'Mara', role: 'Support', system: 'Be kind.', max_tokens: 500, messages: [{ author: 'person', text: 'hello' }],
        tools: [{ name: 'look', about: 'Looks.', schema: '{"type":"object"}' }],
        // Silence is noticed at once; a byte now and then only by the time that a try may take.
        limits: fault === 'says_nothing' ? { first_ms: 300, total_ms: 1500 } : SILENT.has(fault) ? { total_ms: 2500 } : {},
    };
    probe.stdin.write(`${JSON.stringify(row)}\n`);
    const said = (await lines.next()).value;
    assert.ok(said !== undefined, `the pool died: ${probe.log}`);
    assert.ok(!said.includes('0123456789abcdef'), 'a key stands in the answer');
    return JSON.parse(said);
}

for (const fault of Object.keys(FAULTS))
    for (const stream of STREAMS.has(fault) ? [true] : [false, true])
        test(`${fault}, ${stream ? 'streaming' : 'whole'}`, async () => {
            hostile.asked.length = 0;
            const answer = await ask(fault, stream);
            assert.equal(answer.code, null);
            assert.equal(answer.candidate, 1, `it was taken for an answer: ${answer.text}`);
            assert.match(answer.text, /I am Mara/);
            assert.ok(!answer.text.includes('POISON'));
            if (stream) assert.equal(answer.seen.trim(), answer.text);
            assert.ok(answer.tries.length === 1 || answer.tries.length === 2, 'tried once or twice');
            for (const one of answer.tries) assert.match(one.code, /^(llm|http)_[a-z_]+$/);
            assert.ok(hostile.asked.every((path) => path.startsWith(`/${fault}/`)), `it was led to ${hostile.asked}`);
            assert.ok(hostile.asked.length <= 2, 'asked once or twice');
            assert.ok(peak() < MEMORY_MAX, `the process took ${peak() >> 20} MiB`);
        });
