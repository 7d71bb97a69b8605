import { expect, test } from 'vitest';
import { csvOf, triedOf, type Call } from './calls';
import { callsOf } from './look';

test('filters of the address are taken where they can be one', () => {
    const id = '01a1f8e1-4c24-7a2b-8fe8-deee01013e11';
    expect(callsOf({ employee_id: id, outcome: 'failed', model: 'gpt-5' })).toMatchObject({
        employee_id: id,
        outcome: 'failed',
        model: 'gpt-5',
    });
    expect(Object.values(callsOf({ key_id: 'x', outcome: 'odd', model: '' }))).toEqual(
        Array(5).fill(undefined),
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
