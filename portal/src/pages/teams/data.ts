/* What the page of teams reads. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export type Team = components['schemas']['Team'];

export const teamsQuery = queryOptions({
    queryKey: ['teams'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/teams', { params: { query: MOST }, signal }))).items,
});
