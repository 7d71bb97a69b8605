import { expect, test } from 'vitest';
import { cost, counted, limitWords, wholeNumber } from './data';

test('numbers carry their words', () => {
    expect(counted(0, 'person', 'people')).toBe('0 people');
    expect(counted(1, 'person', 'people')).toBe('1 person');
    expect(counted(12_345, 'message', 'messages')).toBe('12,345 messages');
    expect(cost(0)).toBe('$0.00');
    expect(cost(3_120_000)).toBe('$3.12');
});

test('a limit is a whole number from 0 to a million', () => {
    expect(wholeNumber('0')).toBe(0);
    expect(wholeNumber(' 1000000 ')).toBe(1_000_000);
    for (const text of ['', '-1', '1.5', '1e3', '1000001', 'many'])
        expect(wholeNumber(text)).toBeUndefined();
});

test('a limit without words of its own keeps its name', () => {
    expect(limitWords('messages')).toBe('Messages to all employees');
    expect(limitWords('something_new')).toBe('something_new');
});
