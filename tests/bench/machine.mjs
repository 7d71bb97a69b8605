// Processes as the kernel counts them: who belongs to whom, what memory and processor time they took.
import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { execFileSync } from 'node:child_process';

const TICKS = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/** The fields of /proc/PID/stat behind the name: [0] is the state, [1] the parent, [11] and [12] the times. */
function fields(pid) {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return text.slice(text.lastIndexOf(')') + 2).split(' ');
    } catch {
        return null; // it has ended meanwhile
    }
}

/** A process and all that come from it. */
export function tree(pid) {
    const below = new Map();
    for (const name of readdirSync('/proc')) {
        const parent = /^\d+$/.test(name) ? Number(fields(name)?.[1]) : NaN;
        if (!Number.isNaN(parent)) below.set(parent, [...(below.get(parent) ?? []), Number(name)]);
    }
    const all = [pid];
    for (let i = 0; i < all.length; i++) all.push(...(below.get(all[i]) ?? []));
    return all;
}

/**
 * Memory in MB as proportional set size: a page that several processes share counts once over all of them, so that the
 * sum over a tree is what the tree takes.
 */
export function pss(pid) {
    return tree(pid).map((one) => pssOfOne(one)).reduce((a, b) => a + b, 0);
}

/** The same of the one process in the tree that has the most. */
export function largest(pid) {
    return Math.max(...tree(pid).map((one) => pssOfOne(one)));
}

/**
 * What the tree has for itself. Of programs and libraries, which others on the machine map as well, the share changes when
 * one of them begins or ends.
 */
export function own(pid) {
    return tree(pid).map((one) => pssOfOne(one, 'Pss_Anon')).reduce((a, b) => a + b, 0);
}

function pssOfOne(pid, line = 'Pss') {
    try {
        return Number(new RegExp(`^${line}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) / 1024;
    } catch {
        return 0; // it has ended meanwhile
    }
}

/** Processor seconds, user and system, that the trees have used since they began; of ended children, too. */
export function cpuSeconds(pids) {
    let ticks = 0;
    for (const pid of new Set(pids.flatMap(tree))) {
        const f = fields(pid);
        if (f) ticks += Number(f[11]) + Number(f[12]) + Number(f[13]) + Number(f[14]);
    }
    return ticks / TICKS;
}

/** All busy processor seconds of the machine so far, whoever used them. */
function busySeconds() {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
        .split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return (user + nice + system + irq + softirq + steal) / TICKS;
}

/**
 * Runs `work` and adds to its result: cpu (seconds that each named tree used), seconds, and foreign (cores that everybody
 * else used meanwhile, who has nothing to do with the measurement).
 */
export async function watched(trees, work) {
    const look = () => ({
        at: performance.now(), busy: busySeconds(), own: cpuSeconds([process.pid, ...Object.values(trees)]),
        each: Object.fromEntries(Object.entries(trees).map(([name, pid]) => [name, cpuSeconds([pid])])),
    });
    const before = look();
    const result = await work();
    const after = look();
    const seconds = (after.at - before.at) / 1000;
    const foreign = (after.busy - before.busy - (after.own - before.own)) / seconds;
    const cpu = Object.fromEntries(Object.keys(trees).map((name) => [name, after.each[name] - before.each[name]]));
    return { ...result, cpu, seconds, foreign: Math.max(0, foreign) };
}

export function describe() {
    const kb = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'latin1'))[1]);
    return `${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(kb / 1024 ** 2)} GB of memory`;
}
