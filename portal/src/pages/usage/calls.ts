/* The calls of models one by one: what is read of them, by filters that stand in the address, and their table as a file. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';
import { csv } from '../../lib/csv';
import { reasonOf } from '../../lib/reasons';
import type { Filters } from './look';
import { stretchOf } from './sums';

export type Call = components['schemas']['UsageCall'];

/* The same time as the sums are of, so that its calls add up to them. */
function timeOf({ days }: Filters): { from?: number; to?: number } {
    if (days === undefined) return {};
    const { from, to } = stretchOf(days, Math.floor(Date.now() / 1000));
    return to === 0 ? { from } : { from, to };
}

function page(filters: Filters, after: string, most: number, signal?: AbortSignal) {
    const { days: _, ...others } = filters;
    const given = Object.fromEntries(
        Object.entries(others).filter(([, value]) => value !== undefined),
    ) as { [F in keyof typeof others]?: NonNullable<Filters[F]> };
    const query = { ...given, ...timeOf(filters), limit: most, ...(after ? { after } : {}) };

    return call(
        http.GET('/api/v1/usage/calls', { params: { query }, ...(signal ? { signal } : {}) }),
    );
}

const PAGE = 50;

export const callsQuery = (filters: Filters) =>
    infiniteQueryOptions({
        queryKey: ['usage', 'calls', filters],
        queryFn: ({ pageParam, signal }) => page(filters, pageParam, PAGE, signal),
        initialPageParam: '',
        getNextPageParam: ({ next }) => next,
    });

const COLUMNS = [
    'id', 'created', 'employee', 'employee_id', 'team_id', 'conversation_id', 'key', 'key_id', 'account_id', 'provider',
    'model', 'outcome', 'ended', 'tries', 'tried', 'input_tokens', 'cached_tokens', 'cache_written_tokens', 'output_tokens',
    'reasoning_tokens', 'images', 'counted', 'cost_micros', 'price_from', 'price_own', 'ms',
    'first_ms',
] as const satisfies readonly (keyof Call)[];

const WHEN = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' } as const;
const thisYear = new Intl.DateTimeFormat('en-GB', WHEN);
const otherYear = new Intl.DateTimeFormat('en-GB', { ...WHEN, year: 'numeric' });

/* "3 May, 14:07", in UTC as the sums are; with its year where that is not this one. */
export function whenOf(at: number, now = Date.now()): string {
    const same = new Date(at * 1000).getUTCFullYear() === new Date(now).getUTCFullYear();
    return (same ? thisYear : otherYear).format(at * 1000);
}

/* Whom the question was given to in vain before: "openai/gpt-5: it was overloaded". */
export function triedOf({ tried }: Pick<Call, 'tried'>): string[] {
    return (tried ?? '')
        .split(', ')
        .filter(Boolean)
        .map((one) => {
            const at = one.lastIndexOf(' ');
            return `${one.slice(0, at)}: ${reasonOf(one.slice(at + 1))}`;
        });
}

export function csvOf(calls: readonly Call[]): string {
    return csv(
        COLUMNS,
        calls.map((one) => ({ ...one, created: new Date(one.created * 1000).toISOString() })),
    );
}

/* A browser holds so many; who has more takes a shorter time. */
export const CSV_MOST = 100_000;

export interface CallsFile {
    file: Blob;
    whole: boolean;
}

/* The newest of them as a file, and whether these are all; tells how many it has so far. */
export async function exportCalls(
    filters: Filters,
    onCount: (count: number) => void,
): Promise<CallsFile> {
    const all: Call[] = [];
    let after = '';

    do {
        const { items, next } = await page(filters, after, MOST.limit);
        all.push(...items);
        onCount(all.length);
        after = next ?? '';
    } while (after !== '' && all.length < CSV_MOST);
    return { file: new Blob([csvOf(all)], { type: 'text/csv' }), whole: after === '' };
}
