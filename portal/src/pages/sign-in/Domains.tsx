/* The domains of e-mail addresses that lead to the company's provider. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { domainsQuery } from './data';

export function Domains({ own }: { own: string }) {
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(domainsQuery);
    const onSuccess = () => client.invalidateQueries(domainsQuery);
    const add = useMutation({
        mutationFn: () => call(http.POST('/api/v1/sign-in/domains', { body: { domain: own } })),
        onSuccess,
    });
    const drop = useMutation({
        mutationFn: (id: string) =>
            call(http.DELETE('/api/v1/sign-in/domains/{id}', { params: { path: { id } } })),
        onSuccess,
    });
    const refused = add.error ?? drop.error ?? error;
    const mine = own !== '' && data !== undefined && !data.some(({ domain }) => domain === own);

    return (
        <div className="grid gap-3">
            {refused && (
                <Notice told={explain(refused)}>
                    {error && (
                        <Button size="small" onClick={() => void refetch()}>
                            Try again
                        </Button>
                    )}
                </Notice>
            )}
            {data === undefined && !error && <Skeleton className="h-10 w-full" />}
            {data?.length === 0 && <p>No domain yet, so nobody is sent to the provider.</p>}
            {data !== undefined && data.length > 0 && (
                <ul aria-label="Domains" className="rounded-lg border border-line bg-surface">
                    {data.map(({ id, domain }) => (
                        <li
                            key={id}
                            className="flex items-center justify-between gap-3 border-b border-line py-1 pr-1 pl-3 last:border-0"
                        >
                            <span className="wrap-anywhere">{domain}</span>
                            <Button
                                look="quiet"
                                size="icon"
                                aria-label={`Remove ${domain}`}
                                busy={drop.isPending && drop.variables === id}
                                onClick={() => drop.mutate(id)}
                            >
                                <X aria-hidden size={16} />
                            </Button>
                        </li>
                    ))}
                </ul>
            )}
            {mine && (
                <Button
                    className="justify-self-start"
                    busy={add.isPending}
                    onClick={() => add.mutate()}
                >
                    Add {own}
                </Button>
            )}
            {own === '' && (
                <p className="text-table text-ink-soft">
                    You can add the domain of your own address once it is confirmed, if it is your
                    company’s own.
                </p>
            )}
        </div>
    );
}
