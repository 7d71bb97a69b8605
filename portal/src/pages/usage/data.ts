/* The caps, and amounts of money as an admin types them. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export { money } from '../../lib/money';

export type Cap = components['schemas']['Cap'];

export const capsQuery = queryOptions({
    queryKey: ['caps'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/caps', { params: { query: MOST }, signal }))).items,
    refetchInterval: 15_000,
});

/* "12.50" as an admin types it; null when it is no amount of up to a million dollars. */
export function microsOf(text: string): number | null {
    const match = /^\$?\s*(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim());
    if (!match) return null;
    const micros = Number(match[1]) * 1e6 + Number((match[2] ?? '').padEnd(2, '0')) * 1e4;
    return micros <= 1e12 ? micros : null;
}

export const PERIODS: Record<Cap['period'], string> = {
    day: 'a day',
    month: 'a month',
    ever: 'in all',
};

/* Whose money a cap is about. */
export function whoseOf({ scope, name }: Pick<Cap, 'scope' | 'name'>): string {
    return {
        tenant: 'The company',
        team: name ?? 'A former team',
        employee: name ?? 'A former employee',
        conversation: 'One conversation',
        key: name ?? 'A former API key',
    }[scope];
}

export function titleOf(cap: Cap): string {
    return `${whoseOf(cap)}, ${PERIODS[cap.period]}`;
}

export const AMOUNT_FAULT = 'Write an amount in dollars, such as 25 or 12.50.';

/* The id at the end of a conversation's address, or an id alone; null: there is none. */
export function conversationOf(text: string): string | null {
    const ids = text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi);
    return ids?.at(-1)?.toLowerCase() ?? null;
}
