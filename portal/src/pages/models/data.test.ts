import { expect, test } from 'vitest';
import { moved, offeredBy, orderWords, type EmployeeModels, type ProviderAccount } from './data';

test('an account moves by one place', () => {
    expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c']);
});

test('models are those named, else those found, of accounts that are on', () => {
    const account = { provider: 'openai', on: true, models: '', models_found: 'b a' };
    const accounts = [
        account,
        { ...account, models: 'c a' },
        { ...account, on: false, models: 'd' },
        { ...account, provider: 'anthropic', models: 'e' },
    ] as ProviderAccount[];
    expect(offeredBy(accounts, 'openai')).toEqual(['auto', 'a', 'b', 'c']);
});

test('who is asked, in the order of asking', () => {
    const of = {
        primary_provider: 'openai',
        primary_model: 'gpt-5',
        fallback_provider: null,
        fallback_model: null,
        local_provider: 'starter',
        local_model: 'starter',
    } as EmployeeModels;
    expect(orderWords(of)).toBe('gpt-5 (OpenAI), then the built-in starter');
    expect(orderWords({ ...of, primary_provider: 'auto', primary_model: 'auto' })).toBe(
        'Whichever model suits, then the built-in starter',
    );
    expect(orderWords({ ...of, primary_provider: 'starter', primary_model: 'starter' })).toBe(
        'The built-in starter, then the built-in starter',
    );
});
