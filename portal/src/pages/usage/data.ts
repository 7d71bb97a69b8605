/* The caps, and amounts of money as an admin types them. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export { money } from '../../lib/money';

export type Cap = components['schemas']['Cap'];

export const capsQuery = queryOptions({
    queryKey: ['caps'],
    queryFn: async ({ signal }) => {
        const all: Cap[] = [];
        let after = '';

        do {
            const query = { ...MOST, ...(after ? { after } : {}) };
            const page = await call(http.GET('/api/v1/caps', { params: { query }, signal }));
            all.push(...page.items);
            after = page.next ?? '';
        } while (after !== '');
        return all;
    },
    refetchInterval: 15_000,
});

/* The company's own first, then those of which most is used. */
export function inOrder(caps: readonly Cap[]): Cap[] {
    const rank = ({ scope, reached, percent }: Cap) =>
        scope === 'tenant' ? Infinity : reached ? 1000 + percent : percent;
    return [...caps].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
}

/* A dear call is refused while there is something left: then it is not used up yet. */
export function wordOf({ reached, spent_micros, lost_micros, limit_micros, percent }: Cap): string | null {
    if (reached) return spent_micros + lost_micros < limit_micros ? 'a call was refused' : 'used up';
    return percent >= 80 ? 'nearly used' : null;
}

/*
 * "12.50" as an admin types it, or below one cent "0.0025"; null when it is no amount of up to a million dollars, or when
 * somebody else could read a thousand in it.
 */
export function microsOf(text: string): number | null {
    const match = /^\$?\s*(?:(\d{1,7})(?:[.,](\d{1,2}))?|(0)\.(\d{3,6}))$/.exec(text.trim());
    if (!match) return null;
    const [, whole = match[3], places = match[4] ?? ''] = match;
    const micros = Number(whole) * 1e6 + Number(places.padEnd(6, '0'));
    return micros <= 1e12 ? micros : null;
}

/* What of a limit stands in a field to begin with. */
export function amountOf(micros: number): string {
    const dollars = micros / 1e6;
    return micros > 0 && micros < 10_000 ? dollars.toFixed(6).replace(/0+$/, '') : dollars.toFixed(2);
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
        conversation: name === null ? 'A former conversation' : `One conversation with ${name}`,
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
