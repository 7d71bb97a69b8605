import { expect, test } from 'vitest';
import { unwrap, wrap } from './request';

test('every query comes through as it was', () => {
    for (const query of ['', 'state=1e3&scope=a+b', 'state=%22x%22&a=true', 'state=é€&x=%E2%82%AC', '=&&==']) {
        expect(unwrap(wrap(query))).toBe(query);
        expect(wrap(query)).toMatch(/^q[\w-]*$/);
    }
    expect(unwrap(wrap('?a=b'))).toBe('a=b');
});

test('what is no such word is nothing', () => {
    for (const word of [undefined, 7, 'x', '', 'q%']) expect(unwrap(word)).toBe('');
});
