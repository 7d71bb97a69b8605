import { expect, it } from 'vitest';
import { ago } from './time';

it('tells how long ago in the largest unit that fits', () => {
    const now = 2_000_000_000;
    const told = [
        [0, 'just now'],
        [59, 'just now'],
        [60, '1 minute ago'],
        [3599, '59 minutes ago'],
        [3600, '1 hour ago'],
        [86_400, 'yesterday'],
        [6 * 86_400, '6 days ago'],
        [7 * 86_400, 'last week'],
        [31 * 86_400, 'last month'],
        [800 * 86_400, '2 years ago'],
    ] as const;
    for (const [past, words] of told) expect(ago(now - past, now)).toBe(words);
});

it('takes a clock that is behind the server’s for now', () => {
    expect(ago(1000, 990)).toBe('just now');
});
