// Builds, runs the suites one after the other, reads each one's counts out of what it printed, and adds them up.
// A suite that crashes, hangs, or reports no test at all has failed: nothing is skipped in silence.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { countsOf } from './counts.mjs';

const suites = [
    // name, longest time it may take in minutes
    ['lint', 5],
    ['unit', 15],
    ['db', 15],
    ['api', 15],
    ['contract', 10],
    ['wire', 20],
    ['e2e', 15],
    ['chaos-short', 20],
    ['fuzz-replay', 10],
    ['portal-test', 10],
];

// Runs a make target, shows what it says, keeps it, and answers with it and the exit code.
function make(target, minutes, jobs = []) {
    return new Promise((done) => {
        const log = createWriteStream(`build/test/${target}.log`);
        const env = { ...process.env, NO_COLOR: '1', KONSTRUCT_KEEP_LOGS: `${process.cwd()}/build/test/instance-logs` };
        delete env.FORCE_COLOR;
        delete env.MAKEFLAGS;
        delete env.MFLAGS;
        delete env.MAKELEVEL;
        // A process group of its own, so that a suite that hangs ends with all that it started.
        const child = spawn('make', ['--no-print-directory', ...jobs, target], {
            env,
            detached: true,
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        let text = '';
        let late = false;
        let killer;
        const stop = (signal) => {
            try {
                process.kill(-child.pid, signal);
            } catch {
                // It has ended in the meantime.
            }
        };
        const timer = setTimeout(() => {
            late = true;
            stop('SIGTERM');
            killer = setTimeout(() => stop('SIGKILL'), 60_000);
        }, minutes * 60_000);
        const passOn = (signal) => {
            stop(signal);
            process.exitCode = 1;
            stopped = true;
        };
        process.on('SIGINT', passOn);
        process.on('SIGTERM', passOn);
        const hear = (piece) => {
            text += piece;
            log.write(piece);
            process.stdout.write(piece);
        };
        child.stdout.setEncoding('utf8').on('data', hear);
        child.stderr.setEncoding('utf8').on('data', hear);
        child.on('close', (code) => {
            clearTimeout(timer);
            clearTimeout(killer);
            process.off('SIGINT', passOn);
            process.off('SIGTERM', passOn);
            log.end();
            done({ text, code: code ?? 1, late });
        });
    });
}

function judge(name, minutes, { text, code, late }) {
    const { passed, failed } = countsOf(text);
    const faults = [];
    if (late) faults.push(`took more than ${minutes} minutes`);
    if (passed + failed === 0) faults.push('reported no test');
    else if (code !== 0 && failed === 0) faults.push(`ended with code ${code} although no test failed`);
    for (const fault of faults) console.log(`${name}: ${fault}; see build/test/${name}.log`);
    return { name, passed, failed: failed + (faults.length > 0 ? 1 : 0) };
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some(([known]) => known === name));
if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}. Suites: ${suites.map(([name]) => name).join(' ')}`);
    process.exit(2);
}

let stopped = false;
mkdirSync('build/test', { recursive: true });
const results = [];
console.log('== build');
const built = await make('build', 30, [`-j${availableParallelism()}`]);
if (built.code !== 0 && !stopped) {
    console.log('The build failed; no suite was run.');
    results.push({ name: 'build', passed: 0, failed: 1, took: '' });
}
for (const [name, minutes] of suites) {
    if (built.code !== 0 || stopped) break;
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n== ${name}`);
    const began = Date.now();
    const result = judge(name, minutes, await make(name, minutes));
    results.push({ ...result, took: `${seconds(began)} s` });
}
if (stopped) results.push({ name: 'stopped before the end', passed: 0, failed: 1, took: '' });

console.log('\n== all suites');
for (const { name, passed, failed, took } of results)
    console.log(`  ${name.padEnd(16)}${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${took.padStart(10)}`);
const sum = (what) => results.reduce((total, result) => total + result[what], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
