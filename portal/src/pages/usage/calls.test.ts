import { expect, test } from 'vitest';
import { csvOf, triedOf, whenOf, type Call } from './calls';
import { callsOf } from './look';

test('filters of the address are taken where they can be one', () => {
    const id = '01a1f8e1-4c24-7a2b-8fe8-deee01013e11';
    expect(callsOf({ employee_id: id, outcome: 'failed', model: 'gpt-5' })).toMatchObject({
        employee_id: id,
        outcome: 'failed',
        model: 'gpt-5',
    });
    expect(Object.values(callsOf({ key_id: 7, outcome: 'odd', model: '' }))).toEqual(
        Array(7).fill(undefined),
    );
});

test('a file of calls quotes what needs it, and holds no formula', () => {
    const one = { created: 0, employee: '=cmd()', model: 'a,"b"', cost_micros: 5 } as Call;
    const [head, row] = csvOf([one]).split('\n');
    expect(head).toContain('created,employee,');
    expect(row).toContain("1970-01-01T00:00:00.000Z,'=cmd(),");
    expect(row).toContain('"a,""b"""');
});

test('who was asked in vain is told with the reason', () => {
    expect(triedOf({ tried: null })).toEqual([]);
    expect(triedOf({ tried: 'openai/gpt-5 llm_overloaded, openai/house model http_timeout' })).toEqual([
        'openai/gpt-5: it was overloaded',
        'openai/house model: it took too long',
    ]);
});

test('the time of a call is that of UTC, as in the sums', () => {
    const at = Date.UTC(2026, 4, 3, 23, 59) / 1000;
    expect(whenOf(at, Date.UTC(2026, 11, 31, 23))).toBe('3 May, 23:59');
    expect(whenOf(at, Date.UTC(2027, 0, 1))).toBe('3 May 2026, 23:59');
});
