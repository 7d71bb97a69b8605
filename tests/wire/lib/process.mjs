// Child processes of the tests: each is known by its pid, and none outlives the test that made it.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { until } from './until.mjs';

const running = new Set();

process.on('exit', () => {
    for (const child of running) signal(child.pid, 'SIGKILL');
});
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(1));

export function signal(pid, name) {
    try {
        process.kill(pid, name);
        return true;
    } catch {
        return false; // it is gone already
    }
}

/** Starts a program; what it writes goes to the file `log`. */
export function start(command, args, { env = {}, log, cwd } = {}) {
    const file = openSync(log, 'a');
    const child = spawn(command, args, {
        cwd,
        env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
        stdio: ['ignore', file, file],
    });
    closeSync(file);
    running.add(child);
    child.ended = new Promise((resolve) => {
        const done = (code, by) => {
            running.delete(child);
            resolve({ code, by });
        };
        child.on('exit', done);
        child.on('error', (error) => {
            child.failed = error;
            done(null, error.message);
        });
    });
    return child;
}

/** Asks it to stop and waits until it has; gives its exit code. */
export async function stop(child, name = 'SIGTERM') {
    if (child.exitCode === null && child.signalCode === null) signal(child.pid, name);
    return await child.ended;
}

/** Runs a program to its end; throws with what it said when it fails. */
export async function run(command, args, { env = {}, input, cwd } = {}) {
    const child = spawn(command, args, {
        cwd,
        env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    let said = '';
    let out = '';
    child.stdout.on('data', (data) => { out += data; said += data; });
    child.stderr.on('data', (data) => { said += data; });
    if (input !== undefined) child.stdin.end(input);
    const code = await new Promise((resolve, reject) => {
        child.on('close', resolve);
        child.on('error', reject);
    });
    running.delete(child);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`);
    return out;
}

/** What /proc/PID/stat says, or null when there is no such process or only its remains. */
function stat(pid) {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
        return state === 'Z' ? null : { state, parent: Number(parent) };
    } catch {
        return null;
    }
}

export const alive = (pid) => stat(pid) !== null;

export function children(pid) {
    return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((other) => stat(other)?.parent === pid);
}

/** The name that a process has given itself, or '' when it is gone. */
export function title(pid) {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0.*$/s, '');
    } catch {
        return '';
    }
}

export async function gone(pids) {
    await until(() => pids.every((pid) => !alive(pid)), `the end of ${pids.join(', ')}`);
}
