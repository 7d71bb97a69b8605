/* What the page of usage reads, and money in words. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export { money } from '../../lib/money';

export type Cap = components['schemas']['Cap'];
export type Sum = components['schemas']['UsageSum'];

export const capsQuery = queryOptions({
    queryKey: ['caps'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/caps', { params: { query: MOST }, signal }))).items,
    refetchInterval: 15_000,
});

export const GROUPS = [
    ['day', 'By day', 'Day'],
    ['employee', 'By employee', 'Employee'],
    ['model', 'By model', 'Model'],
    ['key', 'By API key', 'API key'],
] as const;
export type Group = (typeof GROUPS)[number][0];

export const sumsQuery = (by: Group) =>
    queryOptions({
        queryKey: ['usage', by],
        queryFn: async ({ signal }) =>
            (await call(http.GET('/api/v1/usage', { params: { query: { by, ...MOST } }, signal })))
                .items,
    });

/* "12.50" as an admin types it; null when it is no amount of up to a million dollars. */
export function microsOf(text: string): number | null {
    const match = /^\$?\s*(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim());
    if (!match) return null;
    const micros = Number(match[1]) * 1e6 + Number((match[2] ?? '').padEnd(2, '0')) * 1e4;
    return micros <= 1e12 ? micros : null;
}

const PERIODS: Record<Cap['period'], string> = {
    day: 'a day',
    month: 'a month',
    ever: 'in all',
};

export function titleOf(cap: Cap): string {
    const whose = {
        tenant: 'The company',
        team: cap.name ?? 'A former team',
        employee: cap.name ?? 'A former employee',
        conversation: 'One conversation',
        key: cap.name ?? 'A former API key',
    }[cap.scope];
    return `${whose}, ${PERIODS[cap.period]}`;
}

/* The day of a group in words; other groups by their name. */
export function labelOf(by: Group, sum: Sum): string {
    if (by !== 'day') return sum.name ?? (by === 'model' ? sum.id : 'No longer here');
    return new Date(`${sum.id}T12:00:00Z`).toLocaleDateString('en-GB', {
        weekday: 'short',
        day: 'numeric',
        month: 'long',
    });
}
