/* What the page of OAuth apps reads. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';

export type App = components['schemas']['OauthApp'];
export type AppMade = components['schemas']['OauthAppMade'];

export const appsQuery = queryOptions({
    queryKey: ['oauth-apps'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/oauth-apps', { signal }))).items,
});
