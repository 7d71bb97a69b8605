import { describe, expect, test } from 'vitest';
import { askedAt, duration, nameOf, repliedIn, resultOf, takenFor, type Call } from './evidence';

const base: Call = {
    step: 1,
    colleague: null,
    asker: null,
    question: null,
    reply: null,
    provider: 'anthropic',
    model: 'claude-opus-4-5',
    account: null,
    purpose: 'primary',
    tools: null,
    failed: null,
    code: 'answered',
    detail: null,
    status: 0,
    asked: true,
    ms: 1234,
    first_ms: 0,
    input_tokens: 0,
    cached_tokens: 0,
    output_tokens: 0,
    reasoning_tokens: 0,
    counted: true,
    cost_micros: 0,
};

describe('what came of a call', () => {
    test.each<[Partial<Call>, string]>([
        [{}, 'Answered in 1.2 s.'],
        [{ code: 'refused', ms: 12 }, 'Refused to answer, in 12 ms.'],
        [
            { code: 'llm_overloaded', status: 529, ms: 80 },
            'Failed after 80 ms: it was overloaded (529).',
        ],
        [
            { code: 'context_too_short', asked: false },
            'Not asked: it can’t read that much at once.',
        ],
        [{ code: 'tools', tools: 'date_and_time', ms: 5 }, 'Wanted date and time first, after 5 ms.'],
        [
            { code: 'tools', tools: 'ask_colleague ask_colleague', ms: 5 },
            'Wanted to ask a colleague first, after 5 ms.',
        ],
        [{ code: 'something_new', ms: 5 }, 'Failed after 5 ms: something new.'],
    ])('%o', (change, said) => expect(resultOf({ ...base, ...change })).toBe(said));
});

test('a model is named with its account', () => {
    expect(nameOf(base)).toBe('anthropic · claude-opus-4-5');
    expect(nameOf({ ...base, account: 'Ours' })).toBe(
        'anthropic · claude-opus-4-5, account Ours',
    );
    expect(nameOf({ ...base, provider: 'starter', model: 'starter' })).toBe('Built-in starter');
});

test('what a message was taken for is told where it decided the model', () => {
    expect(takenFor('small-talk')).toBe('Taken for small talk, so a small model was asked.');
    expect(takenFor(null)).toBeNull();
});

test('long times are told in seconds', () => {
    expect(duration(999)).toBe('999 ms');
    expect(duration(61_000)).toBe('61 s');
});

describe('what a colleague was asked', () => {
    const bens = { ...base, colleague: 'Ben', asker: 'Mara' };
    const calls: Call[] = [
        { ...base, code: 'tools', tools: 'ask_colleague' },
        { ...bens, step: 2, question: 'What is left?', code: 'llm_overloaded' },
        { ...bens, step: 2, question: 'What is left?', code: 'tools', tools: 'date_and_time' },
        { ...bens, step: 3, reply: 'Twelve.' },
        { ...bens, step: 4, question: 'What is left?', reply: 'Still twelve.' },
        { ...base, step: 5 },
    ];

    test('stands before his first call, each time that he is asked', () => {
        expect(calls.map((_, i) => askedAt(calls, i))).toEqual([
            null,
            'Mara asked Ben: What is left?',
            null,
            null,
            'Mara asked Ben: What is left?',
            null,
        ]);
    });

    test('his models and his words are his', () => {
        expect(calls.map(nameOf)[1]).toBe('Ben: anthropic · claude-opus-4-5');
        expect(calls.map(repliedIn)).toEqual([
            null,
            null,
            null,
            'Ben said: Twelve.',
            'Ben said: Still twelve.',
            null,
        ]);
    });
});
