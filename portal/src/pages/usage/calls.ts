/* The calls of models one by one: what is read of them, by filters that stand in the address, and their table as a file. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';
import { reasonOf } from '../../lib/reasons';
import type { Filters } from './look';

export type Call = components['schemas']['UsageCall'];
function page(filters: Filters, after: string, most: number, signal?: AbortSignal) {
    const given = Object.fromEntries(
        Object.entries(filters).filter(([, value]) => value !== undefined),
    ) as { [F in keyof Filters]?: NonNullable<Filters[F]> };
    const query = { ...given, limit: most, ...(after ? { after } : {}) };

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
    'reasoning_tokens', 'images', 'counted', 'cost_micros', 'price_from', 'ms', 'first_ms',
] as const satisfies readonly (keyof Call)[];

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

/* Text that a spreadsheet would take for a formula is kept from that. */
function cell(value: Call[keyof Call]): string {
    const text = String(value ?? '');
    const safe = typeof value === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(calls: readonly Call[]): string {
    const rows = calls.map((one) =>
        COLUMNS.map((column) =>
            cell(column === 'created' ? new Date(one.created * 1000).toISOString() : one[column]),
        ).join(','),
    );
    return [COLUMNS.join(','), ...rows].join('\n') + '\n';
}

export const CSV_MOST = 10_000;

/* The newest of them as a file; tells how many it has so far. */
export async function exportCalls(filters: Filters, onCount: (count: number) => void): Promise<Blob> {
    const all: Call[] = [];
    let after = '';

    do {
        const { items, next } = await page(filters, after, MOST.limit);
        all.push(...items);
        onCount(all.length);
        after = next ?? '';
    } while (after !== '' && all.length < CSV_MOST);
    return new Blob([csvOf(all)], { type: 'text/csv' });
}
