import { expect, test } from 'vitest';
import { abilityWords, dollarsOf, inOrder, priceWords, tokensOf, type AccountModel } from './figures';

const model = {
    id: null,
    name: 'ours-32b',
    price_by: 'unknown',
    holds_input: null,
    holds_output: null,
    holds_tools: null,
    holds_images: null,
    holds_size: null,
    holds_context: 0,
    answer: 0,
} as AccountModel;

test('amounts of dollars as people type them', () => {
    expect(['0.15', ' 2 ', '$0.6', '0,25', '10000', '0.000001', ''].map(dollarsOf)).toEqual([
        '0.15',
        '2',
        '0.6',
        '0.25',
        '10000',
        '0.000001',
        '',
    ]);
    for (const text of ['-1', '1.', '.5', '0.0000001', '10000.01', '1e3', 'free', '1,000.50'])
        expect(dollarsOf(text)).toBe(null);
});

test('numbers of tokens as people type them', () => {
    expect(['32768', '32,768', '128k', '128 K', ' ', '1'].map(tokensOf)).toEqual([
        32768, 32768, 128000, 128000, 0, 1,
    ]);
    for (const text of ['0', '-5', 'many', '100000001', '1m']) expect(tokensOf(text)).toBe(null);
});

test('what stands for many comes first, then what has no price', () => {
    const names = ['b', 'a*', 'c', 'a'].map((name) => ({
        ...model,
        name,
        price_by: name === 'b' ? 'unknown' : 'list',
    })) as AccountModel[];
    expect(inOrder(names).map(({ name }) => name)).toEqual(['a*', 'b', 'a', 'c']);
});

test('what holds, in words', () => {
    expect(priceWords(model)).toBe(null);
    expect(abilityWords(model)).toBe('');
    const said = {
        ...model,
        price_by: 'own',
        holds_input: '0.15',
        holds_output: '10',
        holds_tools: 'yes',
        holds_images: 'no',
        holds_size: 'large',
        holds_context: 32768,
        answer: 4096,
    } as AccountModel;
    expect(priceWords(said)).toBe('$0.15 in, $10.00 out (your price)');
    expect(abilityWords(said)).toBe(
        'uses tools, sees no pictures, reads 32,768 tokens, answers 4,096 at most, for hard questions',
    );
});
