// Chance that can be had again: the same seed and name give the same numbers, whatever else happens at the same time.
import { createHash } from 'node:crypto';

/** A stream of numbers in [0, 1). Each part of a run has a stream of its own, so that none disturbs another. */
export function chance(...name) {
    let state = createHash('sha256').update(name.join('/')).digest().readUInt32LE();
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

/** A whole number from `least` to `most`. */
export const between = (next, least, most) => least + Math.floor(next() * (most - least + 1));

/** One of the entries of {name: weight}. */
export function pick(next, weights) {
    const all = Object.entries(weights);
    let at = next() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of all) {
        at -= weight;
        if (at < 0) return name;
    }
    return all.at(-1)[0];
}
