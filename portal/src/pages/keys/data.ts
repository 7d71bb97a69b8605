/* What the page of API keys reads, and the words for it. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export type ApiKey = components['schemas']['ApiKey'];
export type ApiKeyMade = components['schemas']['ApiKeyMade'];

export const keysQuery = queryOptions({
    queryKey: ['api-keys'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/api-keys', { params: { query: MOST }, signal }))).items,
});

export const scopesQuery = queryOptions({
    queryKey: ['scopes'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/scopes', { signal }))).items,
    staleTime: Infinity,
});

export const limitsQuery = queryOptions({
    queryKey: ['api-keys', 'limits'],
    queryFn: ({ signal }) => call(http.GET('/api/v1/api-keys/limits', { signal })),
    staleTime: Infinity,
});

/* The scope with which models can be asked; the others know nothing of models and caps. */
export const ASKS_MODELS = 'models:use';

export const MODELS_HINT = 'Names as /v1/models lists them, with blanks between. Nothing: all of them.';

export const CAP_PERIODS = [
    ['day', 'a day'],
    ['month', 'a month'],
    ['ever', 'all its time'],
] as const;

const LIVES = [7, 30, 90, 180, 365];

/* How long a key may last, in days; 0 stands for no end. `most` 0: whatever one likes. */
export function lives(most: number): [value: string, word: string][] {
    const days = LIVES.filter((one) => most === 0 || one < most);
    if (most > 0) days.push(most);
    return [
        ...days.map((one): [string, string] => [`${one}`, `${one} days`]),
        ...(most === 0 ? [['0', 'No end'] as [string, string]] : []),
    ];
}

/* A command that works with these scopes, once a key stands in the place of the dots. */
export function example(origin: string, key = 'kst_…', scopes = ''): string {
    const path = scopes.split(' ')[0] === ASKS_MODELS ? '/v1/models' : '/api/v1/employees';
    const own = /^https:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(origin);
    /* The certificate of a local installation is signed by nobody. */
    return `curl ${own ? '--insecure ' : ''}${origin}${path} -H "Authorization: Bearer ${key}"`;
}
