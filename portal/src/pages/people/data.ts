/* What the page of people reads, page by page. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';

export type Member = components['schemas']['Member'];
export type Invitation = components['schemas']['Invitation'];

const pages = {
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: { next: string | null }) => next ?? undefined,
};

/* The first page has no ?after=. */
function query(after: string | undefined): { after: string } | Record<string, never> {
    return after === undefined ? {} : { after };
}

export const peopleQuery = infiniteQueryOptions({
    queryKey: ['people'],
    queryFn: ({ pageParam, signal }) =>
        call(http.GET('/api/v1/people', { params: { query: query(pageParam) }, signal })),
    ...pages,
});

export const invitationsQuery = infiniteQueryOptions({
    queryKey: ['invitations'],
    queryFn: ({ pageParam, signal }) =>
        call(http.GET('/api/v1/invitations', { params: { query: query(pageParam) }, signal })),
    ...pages,
});

export function all<T>(data: { pages: { items: T[] }[] } | undefined): T[] | undefined {
    return data?.pages.flatMap(({ items }) => items);
}
