import { describe, expect, test } from 'vitest';
import { conversationOf, microsOf, money } from './data';

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
