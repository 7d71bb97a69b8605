// What each runner prints, as it was printed: the sum at the end of `make test` is only worth what this reader sees.
import assert from 'node:assert/strict';
import test from 'node:test';
import { countsOf } from './counts.mjs';

const cases = [
    ['our own runners', 'unit: 12 passed, 1 failed\n', 12, 1],
    ['several runs add up', 'unit: 2 passed, 0 failed\nunit: 3 passed, 1 failed\n', 5, 1],
    ['node, as people read it', '\u2139 tests 6\n\u2139 pass 4\n\u2139 fail 1\n\u2139 cancelled 1\n\u2139 skipped 0\n', 4, 2],
    ['node, TAP', '# tests 3\n# pass 3\n# fail 0\n# cancelled 0\n', 3, 0],
    ['Playwright', '  1 failed\n    [chromium] a.spec.ts\n  1 flaky\n  2 did not run\n  36 passed (2.2m)\n', 36, 4],
    ['vitest', ' Test Files  1 passed (1)\n      Tests  1 failed | 3 passed (4)\n', 3, 1],
    ['vitest in colours', '\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m29 passed\u001b[39m\u001b[22m\u001b[90m (29)\u001b[39m\n', 29, 0],
    ['vitest, a file that could not be loaded', ' Test Files  1 failed | 1 passed (2)\n      Tests  3 passed (3)\n', 3, 1],
    ['a crash before the counts', 'Segmentation fault\n', 0, 0],
    ['sentences with numbers in them', 'it 3 passed\nmessages: 3 passed, 4 failed twice\n', 0, 0],
];

for (const [name, text, passed, failed] of cases)
    test(name, () => assert.deepEqual(countsOf(text), { passed, failed }));
