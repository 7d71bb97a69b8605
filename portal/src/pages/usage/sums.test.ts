import { describe, expect, test } from 'vitest';
import { lookOf } from './look';
import {
    clipped,
    compared,
    csvOfSums,
    largest,
    restOf,
    scaleOf,
    steps,
    stretchOf,
    total,
    type Figures,
    type Sum,
} from './sums';

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

    test('is a month of UTC, up to now or whole', () => {
        const day = (...at: Parameters<typeof Date.UTC>) => Date.UTC(...at) / 1000;
        expect(stretchOf('month', NOON)).toMatchObject({ from: day(2026, 4, 1), to: 0, count: 3 });
        expect(stretchOf('last', NOON)).toMatchObject({
            from: day(2026, 3, 1),
            to: day(2026, 4, 1),
            before: day(2026, 2, 1),
            count: 30,
        });
        expect(stretchOf('last', day(2026, 0, 1))).toMatchObject({
            from: day(2025, 11, 1),
            to: day(2026, 0, 1),
            count: 31,
        });
        expect(stretchOf('month', day(2026, 0, 1))).toMatchObject({ from: day(2026, 0, 1), count: 1 });
        expect(compared(3, 4, 'last')).toBe('25 % less than in the month before');
        expect(compared(3, 4, 'month')).toBeNull();
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

describe('groups', () => {
    const figures = (calls: number, cost_micros: number): Figures => ({
        ...total([]),
        calls,
        cost_micros,
    });

    test('and what is in none of them are the whole', () => {
        const rest = restOf(figures(10, 500), [figures(3, 100), figures(2, 150)]);
        expect(rest).toMatchObject({ calls: 5, cost_micros: 250 });
        expect(restOf(figures(5, 250), [figures(3, 100), figures(2, 150)])).toBeNull();
    });

    test('as a file have a column for each figure', () => {
        const [head, row] = csvOfSums([{ ...figures(2, 7), id: 'x', name: '=1' } as Sum]).split('\n');
        expect(head?.split(',')).toHaveLength(12);
        expect(row).toBe("x,'=1,2,0,0,0,0,0,0,7,0,0");
    });
});

test('amounts on an axis differ from each other', () => {
    const scale = scaleOf([{ id: '', label: '', micros: 20_000 }]);
    expect([0, 5_000, 10_000, 15_000, 20_000].map(scale)).toEqual([
        '$0.000', '$0.005', '$0.010', '$0.015', '$0.020',
    ]);
    expect(scaleOf([{ id: '', label: '', micros: 12_000_000 }])(3_000_000)).toBe('$3.00');
});

test('a bar has as much of its name as there is room for', () => {
    const found = [{ id: 'anthropic claude-opus-4-5-20251101', name: null, cost_micros: 1 } as Sum];
    expect(largest('model', found)[0]?.label).toBe('claude-opus-4-5-20251101');
    expect(clipped('claude-opus-4-5-20251101')).toBe('claude-opus-4-5-20…');
    expect(clipped('Mara')).toBe('Mara');
});
