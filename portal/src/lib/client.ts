/* How what was read from the server is held: when to ask again, and what happens when the log-in has ended. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { passing, signedOut } from '../api/fault';
import { meQuery } from '../api/queries';

const TRIES = 2;

export function makeClient(onSignedOut: () => void): QueryClient {
    /*
     * The first question a page asks is who is logged in; a no to that is no event. Any later no means that the log-in
     * ended: the router asks again and leads to the log-in page.
     */
    function look(error: unknown): void {
        if (!signedOut(error) || client.getQueryData(meQuery.queryKey) === undefined) return;
        client.removeQueries(meQuery);
        onSignedOut();
    }

    const client = new QueryClient({
        queryCache: new QueryCache({ onError: look }),
        mutationCache: new MutationCache({ onError: look }),
        defaultOptions: {
            queries: {
                /* Without a network the question fails and is explained, instead of waiting in silence. */
                networkMode: 'always',
                retry: (failures, error) => failures < TRIES && passing(error),
                retryDelay: (attempt) => 400 * 2 ** attempt,
            },
            mutations: { networkMode: 'always', retry: false },
        },
    });
    return client;
}
