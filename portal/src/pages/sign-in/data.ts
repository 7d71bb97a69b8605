/* What the page of signing in reads, and what the way there keeps. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';

export type SignInSettings = components['schemas']['SignIn'];
export type SignInDomain = components['schemas']['SignInDomain'];

export const signInQuery = queryOptions({
    queryKey: ['sign-in'],
    queryFn: ({ signal }) => call(http.GET('/api/v1/sign-in', { signal })),
});

export const domainsQuery = queryOptions({
    queryKey: ['sign-in', 'domains'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/sign-in/domains', { signal }))).items,
});

const NEXT = 'sign-in-next';

/* Where somebody wanted to go before the log-in; this tab keeps it while the provider has it. */
export function keepNext(next: string | undefined): void {
    sessionStorage.setItem(NEXT, next ?? '/');
}

export function takeNext(): string {
    const next = sessionStorage.getItem(NEXT) ?? '/';
    sessionStorage.removeItem(NEXT);
    return next;
}
