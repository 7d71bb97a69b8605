/* An app asks a person for leave: who asks, for what, and where the answer goes. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { scopesQuery } from '../keys/data';
import { unwrap } from './request';

const route = getRouteApi('/asked/oauth/consent');

export function Consent() {
    usePage('An app asks for access');
    const request = unwrap(route.useSearch().request);
    const asked = useQuery({
        queryKey: ['oauth', 'request', request],
        queryFn: ({ signal }) =>
            call(http.POST('/api/v1/oauth/requests', { body: { request }, signal })),
        staleTime: Infinity,
        gcTime: 0,
        retry: false,
    });
    const at_once = asked.data?.redirect;

    useEffect(() => {
        if (at_once) window.location.replace(at_once);
    }, [at_once]);

    if (asked.error)
        return (
            <>
                <h1 className="mt-6 text-display font-semibold tracking-tight">This can’t go on</h1>
                <Failed error={asked.error} again={asked.refetch} className="mt-6" />
            </>
        );
    if (!asked.data || at_once) return <Skeleton className="mt-6 h-80 w-full" />;
    return <Question request={request} {...asked.data} />;
}

interface Props {
    request: string;
    app: string;
    company: string;
    scopes: string;
    to: string;
}

function Question({ request, app, company, scopes, to }: Props) {
    const { me } = route.useRouteContext();
    const known = useQuery(scopesQuery);
    const answer = useMutation({
        mutationFn: (allow: boolean) =>
            call(http.POST('/api/v1/oauth/answers', { body: { request, allow } })),
        onSuccess: ({ redirect }) => window.location.replace(redirect),
    });
    const names = scopes.split(' ').filter(Boolean);
    const about = (name: string) => known.data?.find((scope) => scope.name === name)?.about ?? name;
    const leaving = answer.isPending || answer.isSuccess;

    return (
        <>
            <h1 className="mt-6 text-title font-semibold wrap-anywhere">
                {app} wants to use Konstruct in your name
            </h1>
            <p className="mt-2 text-ink-soft wrap-anywhere">
                You are {me.name} ({me.email}), at {company}.
            </p>
            <h2 className="mt-6 font-medium">It could then</h2>
            {names.length === 0 ? (
                <p className="mt-1 text-ink-soft">
                    Nothing: your role has none of what it asks for.
                </p>
            ) : (
                <ul aria-label="What it could do" className="mt-1 list-disc pl-5">
                    {names.map((name) => (
                        <li key={name}>{about(name)}</li>
                    ))}
                </ul>
            )}
            <p className="mt-4 text-table text-ink-soft wrap-anywhere">
                Never more than you may yourself. You can end it in your account at any time. Either
                answer takes you to {to}.
            </p>
            {answer.error && <Notice told={explain(answer.error)} className="mt-4" />}
            <div className="mt-6 flex gap-2">
                <Button
                    look="primary"
                    className="flex-1"
                    disabled={leaving}
                    busy={leaving && answer.variables}
                    onClick={() => answer.mutate(true)}
                >
                    Allow
                </Button>
                <Button
                    className="flex-1"
                    disabled={leaving}
                    busy={leaving && !answer.variables}
                    onClick={() => answer.mutate(false)}
                >
                    Deny
                </Button>
            </div>
        </>
    );
}
