/* Leaving: the server forgets the log-in, this browser everything that was read or typed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { call, http } from '../api/client';
import { signedOut } from '../api/fault';
import { meQuery } from '../api/queries';
import { forgetUnsent } from '../chat/outbox';

export function useLogOut() {
    const client = useQueryClient();
    const router = useRouter();

    return useMutation({
        mutationFn: async () => {
            try {
                await call(http.POST('/api/v1/logout'));
            } catch (error) {
                /* A log-in that has ended already is what was asked for. */
                if (!signedOut(error)) throw error;
            }
        },
        onSuccess: async () => {
            forgetUnsent();
            client.setQueryData(meQuery.queryKey, null);
            await router.navigate({ to: '/login' });
            /* Now that no page is there that would ask for it again. */
            client.clear();
            client.setQueryData(meQuery.queryKey, null);
        },
    });
}
