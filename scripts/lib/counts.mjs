// Reads how many tests passed and failed out of what a test runner printed. Every runner that a suite uses has one
// entry; a suite may use several, and one runner may have run several times: all of it is added up.

const escapes = /\u001b\[[0-9;]*[A-Za-z]/g;

// Of node --test: `# pass 3` or `(i) pass 3`. Cancelled tests did not pass.
function nodeTest(line) {
    const found = /^(?:#|\u2139) (pass|fail|cancelled) (\d+)$/.exec(line);
    if (!found) return null;
    return found[1] === 'pass' ? { passed: Number(found[2]) } : { failed: Number(found[2]) };
}

// Of vitest: `Tests  1 failed | 3 passed (4)`, and of files that could not be loaded: `Test Files  1 failed (1)`.
function vitest(line) {
    const found = /^\s*(Tests|Test Files)\s+(.*\(\d+\))$/.exec(line);
    if (!found) return null;
    const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(found[2])?.[1] ?? 0);
    if (found[1] === 'Tests') return { passed: count('passed'), failed: count('failed') };
    return { brokenFiles: count('failed') };
}

// Of Playwright: `  3 passed (4.2s)`, `  1 failed`, `  1 flaky`, `  2 did not run`, `  1 interrupted`.
function playwright(line) {
    const found = /^\s{2}(\d+) (passed|failed|flaky|interrupted|did not run)(?: \([\d.]+(?:ms|s|m|h)\))?$/.exec(line);
    if (!found) return null;
    return found[2] === 'passed' ? { passed: Number(found[1]) } : { failed: Number(found[1]) };
}

// Of our own runners (scripts/lib): `unit: 12 passed, 0 failed`.
function own(line) {
    const found = /^[a-z0-9-]+: (\d+) passed, (\d+) failed$/.exec(line);
    return found && { passed: Number(found[1]), failed: Number(found[2]) };
}

export function countsOf(text) {
    const sum = { passed: 0, failed: 0 };
    let brokenFiles = 0;
    for (const raw of text.replace(escapes, '').split(/\r?\n/)) {
        const found = own(raw) ?? nodeTest(raw) ?? playwright(raw) ?? vitest(raw);
        if (!found) continue;
        sum.passed += found.passed ?? 0;
        sum.failed += found.failed ?? 0;
        brokenFiles += found.brokenFiles ?? 0;
    }
    // A file that failed as a whole has no failed test in it, and still is one.
    if (brokenFiles > 0 && sum.failed === 0) sum.failed = brokenFiles;
    return sum;
}
