/* What the host area reads, and its numbers in words. */
import { infiniteQueryOptions, keepPreviousData, queryOptions, type InfiniteData } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';

export type Company = components['schemas']['HostTenant'];
export type Limit = components['schemas']['HostLimit'];

export interface Filter {
    name: string;
    state: '' | Company['state'];
}

export const companiesQuery = ({ name, state }: Filter) =>
    infiniteQueryOptions({
        queryKey: ['host', 'companies', name, state],
        initialPageParam: undefined as string | undefined,
        queryFn: ({ pageParam, signal }) =>
            call(
                http.GET('/api/v1/host/tenants', {
                    params: {
                        query: {
                            ...(name === '' ? {} : { name }),
                            ...(state === '' ? {} : { state }),
                            ...(pageParam === undefined ? {} : { after: pageParam }),
                        },
                    },
                    signal,
                }),
            ),
        getNextPageParam: ({ next }) => next ?? undefined,
        placeholderData: keepPreviousData,
    });

export function all(data: InfiniteData<{ items: Company[] }> | undefined): Company[] | undefined {
    return data?.pages.flatMap(({ items }) => items);
}

export const plansQuery = queryOptions({
    queryKey: ['host', 'plans'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/host/plans', { signal }))).items,
});

export const limitsQuery = (id: string) =>
    queryOptions({
        queryKey: ['host', 'limits', id],
        queryFn: async ({ signal }) =>
            (
                await call(
                    http.GET('/api/v1/host/tenants/{id}/limits', {
                        params: { path: { id } },
                        signal,
                    }),
                )
            ).items,
    });

/* "api_reads" as people read it. */
const WORDS: Record<string, string> = {
    api_reads: 'Requests that read',
    api_writes: 'Requests that change something',
    api_key: 'Requests with one API key',
    messages: 'Messages to all employees',
    channel_messages: 'Messages through one connection',
    employee_messages: 'Messages to one employee',
};

export function limitWords(name: string): string {
    return WORDS[name] ?? name;
}

const whole = new Intl.NumberFormat('en');

export function counted(count: number, one: string, many: string): string {
    return `${whole.format(count)} ${count === 1 ? one : many}`;
}

const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });

export function cost(micros: number): string {
    return dollars.format(micros / 1_000_000);
}

/* A whole number of at least 0, or undefined. */
export function wholeNumber(text: string): number | undefined {
    return /^\d{1,7}$/.test(text.trim()) && Number(text) <= 1_000_000 ? Number(text) : undefined;
}
