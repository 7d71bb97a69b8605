// Medians over rounds, tables in Markdown, and where the programs in C are.
import { join } from 'node:path';
import { top } from '../wire/lib/place.mjs';

export const benchProgram = (name) => join(top, 'build/release/bench', name);

export function median(list) {
    const sorted = list.filter((x) => x !== undefined && !Number.isNaN(x)).sort((a, b) => a - b);
    const half = sorted.length >> 1;
    if (sorted.length === 0) return NaN;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The value that so many of a hundred do not exceed. */
export function percentile(list, percent) {
    const sorted = [...list].sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
}

/** Rounds of one kind to one object: the median of every number in them. */
export function medians(rounds) {
    const names = new Set(rounds.flatMap(Object.keys));
    return Object.fromEntries([...names].map((name) => [name, median(rounds.map((round) => round[name]))]));
}

export function number(value, digits = 0) {
    if (value === undefined || Number.isNaN(value)) return '-';
    return value.toFixed(digits);
}

/** Prints a table; the first column is text, all others stand to the right. */
export function print(title, heads, rows, notes = []) {
    const lines = [`\n### ${title}\n`, `| ${heads.join(' | ')} |`, `|---|${heads.slice(1).map(() => '--:').join('|')}|`];
    for (const row of rows) lines.push(`| ${row.join(' | ')} |`);
    if (notes.length > 0) lines.push('', ...notes);
    console.log(lines.join('\n'));
}

/**
 * A figure beside its aim and the best that others showed: [what, figure, aim, met, best peer, ratio to it]. `aim` is
 * the most that is allowed; with `least` it is the least.
 */
export function judged(what, value, { unit = '', digits = 1, aim, least = false, peer } = {}) {
    const good = least ? value >= aim : value <= aim;
    const met = aim === undefined ? '' : good ? 'met' : 'MISSED';
    const times = peer === undefined ? '' : `${number(least ? value / peer : peer / value, 1)} x`;
    return [what, `${number(value, digits)}${unit}`, aim === undefined ? '' : `${least ? '>=' : '<'} ${aim}${unit}`, met,
        peer === undefined ? '' : `${peer}${unit}`, times];
}

export const JUDGED = ['', 'ours', 'aim', '', 'best peer', 'better by'];
