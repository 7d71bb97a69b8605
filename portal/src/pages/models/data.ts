/* What the page of models reads, and the words for it. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export type ProviderAccount = components['schemas']['ProviderAccount'];
export type EmployeeModels = components['schemas']['EmployeeModels'];

const TEST_LOOK_MS = 1500;

export const accountsQuery = queryOptions({
    queryKey: ['provider-accounts'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/provider-accounts', { signal }))).items,
    /* A test goes on at the server, whoever asked for it. */
    refetchInterval: ({ state }) =>
        state.data?.some((account) => account.state === 'testing') ? TEST_LOOK_MS : false,
});

export const employeeModelsQuery = queryOptions({
    queryKey: ['employee-models'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/employee-models', { params: { query: MOST }, signal }))).items,
});

export const PROVIDERS = [
    ['openai', 'OpenAI, or in its format'],
    ['anthropic', 'Anthropic'],
    ['ollama', 'Ollama'],
    ['starter', 'Built-in starter'],
    ['auto', 'Whichever suits'],
] as const;

/* Providers that leave nothing to choose: their model is named like them. */
export const ALONE: readonly string[] = ['starter', 'auto'];

const SHORT: Record<string, string> = {
    openai: 'OpenAI',
    anthropic: 'Anthropic',
    ollama: 'Ollama',
};

/* "gpt-5 (OpenAI)" */
export function modelWords(provider: string, model: string): string {
    if (provider === 'starter') return 'the built-in starter';
    if (provider === 'auto') return 'whichever model suits';
    return `${model === 'auto' ? 'whichever suits' : model} (${SHORT[provider] ?? provider})`;
}

/* The models that an account is used for. */
export function offered({ models, models_found: found }: ProviderAccount): string[] {
    return (models || found).split(' ').filter(Boolean);
}

/* All models that the company's accounts with this provider offer, each once. */
export function offeredBy(accounts: readonly ProviderAccount[], provider: string): string[] {
    const own = accounts.filter((one) => one.provider === provider && one.on).flatMap(offered);
    return ['auto', ...new Set(own.toSorted())];
}

/* In a sentence: who is asked first, and who after that. */
export function orderWords(of: EmployeeModels): string {
    const places = [
        [of.primary_provider, of.primary_model],
        [of.fallback_provider, of.fallback_model],
        [of.local_provider, of.local_model],
    ] as const;
    return places
        .filter(([provider, model]) => provider && model)
        .map(([provider, model]) => modelWords(provider!, model!))
        .join(', then ')
        .replace(/^(the|whichever) /, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/* The accounts' ids with one of them a place further up or down. */
export function moved(ids: readonly string[], id: string, by: -1 | 1): string[] {
    const from = ids.indexOf(id);
    const rest = ids.filter((one) => one !== id);
    return rest.toSpliced(from + by, 0, id);
}
