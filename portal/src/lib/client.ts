/* How what was read from the server is held: when to ask again, and what happens when the log-in has ended. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { barred, passing, signedOut } from '../api/fault';
import { meQuery } from '../api/queries';

const TRIES = 2;

export function makeClient(onSignedOut: () => void): QueryClient {
    /*
     * A no to anything means that the log-in has ended, or that something must be done first: who is in is asked anew, and
     * the router leads there.
     */
    function look(error: unknown): void {
        if (!signedOut(error) && !barred(error)) return;
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
