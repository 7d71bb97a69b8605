import { describe, expect, test } from 'vitest';
import { amountOf, conversationOf, inOrder, microsOf, money, wordOf, type Cap } from './data';

describe('money', () => {
    test.each([
        [0, '$0.00'],
        [12_500_000, '$12.50'],
        [10_000, '$0.01'],
        [6_500, '$0.0065'],
        [7, '$0.000007'],
        [1_234_560_000, '$1,234.56'],
    ])('%d millionths are %s', (micros, shown) => expect(money(micros)).toBe(shown));

    test.each([
        ['10', 10_000_000],
        ['$12.5', 12_500_000],
        [' 0,05 ', 50_000],
        ['1000000', 1e12],
        ['0', 0],
        ['0.0025', 2500],
    ])('%s is taken', (text, micros) => expect(microsOf(text)).toBe(micros));

    test.each(['', '-1', '1.234', 'ten', '1000001', '1 000', '1e3'])('%s is not', (text) =>
        expect(microsOf(text)).toBeNull(),
    );
});

test('a conversation is found in its address', () => {
    const id = '01a1f8e1-4c24-7a2b-8fe8-deee01013e11';
    const other = '01a1f8e1-4c24-7a2b-8fe8-deee01013e12';
    expect(conversationOf(`https://here/employees/${other}/${id}`)).toBe(id);
    expect(conversationOf(` ${id.toUpperCase()} `)).toBe(id);
    expect(conversationOf('the one with Ann')).toBeNull();
});

test.each([2500, 10_000, 25_500_000, 0])('what a field begins with is the same limit: %d', (micros) =>
    expect(microsOf(amountOf(micros))).toBe(micros),
);

test('the company’s caps come first, then those of which most is used', () => {
    const cap = (scope: Cap['scope'], percent: number, reached = false) =>
        ({ scope, percent, reached }) as Cap;
    const caps = [cap('tenant', 1), cap('key', 5), cap('team', 90), cap('employee', 40, true), cap('tenant', 2)];
    expect(inOrder(caps).map(({ percent }) => percent)).toEqual([1, 2, 40, 90, 5]);
});

test('used up is a cap of which nothing is left', () => {
    const cap = { percent: 60, spent_micros: 6, lost_micros: 0, limit_micros: 10, reached: true } as Cap;
    expect(wordOf(cap)).toBe('a call was refused');
    expect(wordOf({ ...cap, spent_micros: 10 })).toBe('used up');
    expect(wordOf({ ...cap, lost_micros: 4 })).toBe('used up');
    expect(wordOf({ ...cap, reached: false })).toBeNull();
    expect(wordOf({ ...cap, reached: false, percent: 85 })).toBe('nearly used');
});
