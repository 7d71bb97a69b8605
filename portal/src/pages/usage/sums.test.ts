import { describe, expect, test } from 'vitest';
import { lookOf } from './look';
import { compared, steps, stretchOf, type Sum } from './sums';

const NOON = Date.UTC(2026, 4, 3, 12, 30) / 1000;

function sum(id: string, cost_micros: number): Sum {
    return { id, cost_micros } as Sum;
}

describe('a stretch of time', () => {
    test('is whole days with today at the end, and every one has its bar', () => {
        const found = [sum('2026-05-03', 2e6), sum('2026-05-01', 1e6)];
        const bars = steps(found, stretchOf('7', NOON));
        expect(bars).toHaveLength(7);
        expect(bars.at(-1)).toEqual({ id: '2026-05-03', label: '3 May', micros: 2e6 });
        expect(bars.map(({ micros }) => micros / 1e6)).toEqual([0, 0, 0, 0, 1, 0, 2]);
    });

    test('of a single day is told by hours', () => {
        const bars = steps([sum('2026-05-03T12:00Z', 5e5)], stretchOf('1', NOON));
        expect(bars).toHaveLength(24);
        expect(bars.at(-1)).toEqual({ id: '2026-05-03T12:00Z', label: '12:00', micros: 5e5 });
    });

    test('is compared with as long a time before', () => {
        const { from, before, step } = stretchOf('30', NOON);
        expect(from - before).toBe(30 * step);
        expect(compared(91, 100, '30')).toBe('9 % less than in the 30 days before');
        expect(compared(2, 1, '7')).toBe('100 % more than in the 7 days before');
        expect(compared(1, 0, '7')).toBeNull();
    });
});

test('the address names what there is, or nothing', () => {
    expect(lookOf({ by: 'team', days: 7 })).toEqual({ by: 'team', days: '7' });
    expect(lookOf({ by: 'moon', days: 'x' })).toEqual({ by: undefined, days: undefined });
});
