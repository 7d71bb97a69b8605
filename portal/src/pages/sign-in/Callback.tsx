/* Where the company's provider sends people back to. What it sent works once, and leaves the address bar at once. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { meQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { takeNext } from './data';

export function Callback() {
    usePage('Signing in');
    const client = useQueryClient();
    const router = useRouter();
    const [sent] = useState(() => new URLSearchParams(window.location.search));
    const begun = useRef(false);
    const { mutate, error } = useMutation({
        mutationFn: () =>
            call(
                http.POST('/api/v1/sign-in/finish', {
                    body: {
                        state: sent.get('state') ?? 'none',
                        code: sent.get('code'),
                        iss: sent.get('iss'),
                        error: sent.get('error'),
                    },
                }),
            ),
        onSuccess: (me) => {
            client.setQueryData(meQuery.queryKey, me);
            return router.navigate({ href: takeNext(), replace: true });
        },
    });

    useEffect(() => {
        if (begun.current) return;
        begun.current = true;
        window.history.replaceState(window.history.state, '', window.location.pathname);
        mutate();
    }, [mutate]);

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">
                {error ? 'You are not logged in' : 'Signing in'}
            </h1>
            <div className="mt-4 grid gap-4">
                {error ? (
                    <Notice told={explain(error)}>
                        <Button asChild size="small">
                            <Link to="/login">Back to the log-in</Link>
                        </Button>
                    </Notice>
                ) : (
                    <>
                        <p role="status" className="text-ink-soft">
                            Checking with your company’s provider.
                        </p>
                        <Skeleton className="h-10 w-full" />
                    </>
                )}
            </div>
        </>
    );
}
