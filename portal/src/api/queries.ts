/* What the pages read. Each entry names the data once: its key, where it comes from, how long it counts as fresh. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST, type Me } from './client';
import { signedOut } from './fault';

const MINUTE_MS = 60_000;

/* Nobody being logged in is an answer, not a fault. */
export const meQuery = queryOptions({
    queryKey: ['me'],
    queryFn: async ({ signal }): Promise<Me | null> => {
        try {
            return await call(http.GET('/api/v1/me', { signal }));
        } catch (error) {
            if (signedOut(error)) return null;
            throw error;
        }
    },
    staleTime: Infinity,
});

/* What the link of a mail would do. Its token goes in the body, so that no log holds it. */
export const linkQuery = (token: string) =>
    queryOptions({
        queryKey: ['link', token],
        queryFn: ({ signal }) => call(http.POST('/api/v1/links', { body: { token }, signal })),
        staleTime: Infinity,
        gcTime: 0,
    });

export const factorQuery = queryOptions({
    queryKey: ['factor'],
    queryFn: ({ signal }) => call(http.GET('/api/v1/factor', { signal })),
    /* Recovery codes are on the page once: looking again by itself must not take them away. */
    staleTime: Infinity,
});

/* The companies that one belongs to. */
export const tenantsQuery = queryOptions({
    queryKey: ['tenants'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/tenants', { signal }))).items,
    staleTime: MINUTE_MS,
});

export const sessionsQuery = queryOptions({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/sessions', { params: { query: MOST }, signal }))).items,
});

export const employeesQuery = queryOptions({
    queryKey: ['employees'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/employees', { params: { query: MOST }, signal }))).items,
    staleTime: MINUTE_MS,
});

export const employeeQuery = (id: string) =>
    queryOptions({
        queryKey: ['employees', id],
        queryFn: ({ signal }) =>
            call(http.GET('/api/v1/employees/{id}', { params: { path: { id } }, signal })),
        staleTime: MINUTE_MS,
    });

export const conversationsQuery = (employeeId: string) =>
    queryOptions({
        queryKey: ['conversations', employeeId],
        queryFn: async ({ signal }) =>
            (
                await call(
                    http.GET('/api/v1/conversations', {
                        params: { query: { employee_id: employeeId } },
                        signal,
                    }),
                )
            ).items,
        staleTime: MINUTE_MS / 6,
    });
