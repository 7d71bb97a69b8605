/* What the page Audit reads: entries by filters, the values that filters offer, the chain's state, exports. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';
import type { PostTo } from '../posts/PostPlace';
import { fetchPiece, type Piece } from '../../lib/piece';

export type Entry = components['schemas']['AuditEntry'];
export type ChainState = components['schemas']['AuditState'];

/* As they stand in the address; days are of the reader's own time zone. */
export interface Filters {
    actor?: string | undefined;
    action?: string | undefined;
    text?: string | undefined;
    from?: string | undefined;
    to?: string | undefined;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function filtersOf(search: Record<string, unknown>): Filters {
    const word = (name: string) => {
        const value = search[name];
        if (typeof value === 'number') return String(value);
        return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
    };
    const day = (name: string) => {
        const value = word(name);
        return value && DAY.test(value) ? value : undefined;
    };

    return {
        actor: word('actor'),
        action: word('action'),
        text: word('text'),
        from: day('from'),
        to: day('to'),
    };
}

/* The first second of a day, or of the one after it. */
export function startOf(day: string, later = 0): number {
    const at = new Date(`${day}T00:00:00`);
    at.setDate(at.getDate() + later);
    return Math.max(0, Math.floor(at.getTime() / 1000));
}

export const entriesQuery = ({ actor, action, text, from, to }: Filters) =>
    infiniteQueryOptions({
        queryKey: ['audit', 'entries', { actor, action, text, from, to }],
        queryFn: ({ pageParam, signal }) =>
            call(
                http.GET('/api/v1/audit', {
                    params: {
                        query: {
                            ...(actor ? { actor } : {}),
                            ...(action ? { action } : {}),
                            ...(text ? { text } : {}),
                            ...(from ? { from: startOf(from) } : {}),
                            ...(to ? { to: startOf(to, 1) } : {}),
                            ...(pageParam ? { after: pageParam } : {}),
                        },
                    },
                    signal,
                }),
            ),
        initialPageParam: '',
        getNextPageParam: (page) => page.next,
        staleTime: 5_000,
    });

export const namesQuery = (of: 'actor' | 'action') =>
    queryOptions({
        queryKey: ['audit', 'names', of],
        queryFn: async ({ signal }) =>
            (await call(http.GET('/api/v1/audit/names', { params: { query: { of, ...MOST } }, signal }))).items,
        staleTime: 30_000,
    });

export const stateQuery = queryOptions({
    queryKey: ['audit', 'state'],
    queryFn: ({ signal }) => call(http.GET('/api/v1/audit/state', { signal })),
    staleTime: 5_000,
});

export const anchorPlace: PostTo = {
    key: ['audit', 'place'],
    read: (signal) => call(http.GET('/api/v1/audit/place', { signal })),
    channels: async (signal) => (await call(http.GET('/api/v1/audit/channels', { signal }))).items,
    choose: (body) => call(http.PUT('/api/v1/audit/place', { body })),
    drop: () => call(http.DELETE('/api/v1/audit/place')),
};

/* Whose personal text an entry carries; undefined: nobody's, or it is erased. */
export function subjectOf({ body, erased }: Pick<Entry, 'body' | 'erased'>): string | undefined {
    const found = /^\{"subject":"([0-9a-f-]{36})","sealed":/.exec(body);
    return erased ? undefined : found?.[1];
}

/* The whole export, piece by piece; tells how many lines it has so far. */
export async function exportChain(onLines: (count: number) => void): Promise<Blob> {
    const pieces: string[] = [];
    let next: string | undefined = '/api/v1/audit/export';
    let lines = 0;

    while (next) {
        const got: Piece = await fetchPiece(next);
        const text = await got.blob.text();
        pieces.push(text);
        lines += text.split('\n').length - 1;
        next = got.next;
        onLines(lines);
    }
    return new Blob(pieces, { type: 'application/jsonl' });
}
