/* Apps that may act in this person's name, and ending that. */
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { Section } from './Section';

const grantsQuery = queryOptions({
    queryKey: ['oauth', 'grants'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/oauth/grants', { signal }))).items,
});

export function Apps() {
    const client = useQueryClient();
    const grants = useQuery(grantsQuery);
    const end = useMutation({
        mutationFn: (id: string) =>
            call(http.DELETE('/api/v1/oauth/grants/{id}', { params: { path: { id } } })),
        onSettled: () => client.invalidateQueries(grantsQuery),
    });

    return (
        <Section
            title="Apps with access"
            about="Programs that you have allowed to act in your name here."
        >
            <Failed error={grants.error ?? end.error} again={grants.refetch} className="mb-3" />
            {grants.isPending && <Skeleton className="h-12 w-full" />}
            {grants.data?.length === 0 && <p className="text-ink-soft">None.</p>}
            <ul aria-label="Apps with access">
                {grants.data?.map(({ id, app, scopes, created, used }) => (
                    <li
                        key={id}
                        className="flex items-center gap-3 border-b border-line py-2 last:border-0"
                    >
                        <div className="min-w-0 flex-1">
                            <p className="font-medium wrap-anywhere">{app}</p>
                            <p className="font-mono text-table text-ink-soft wrap-anywhere">
                                {scopes}
                            </p>
                            <p className="text-table text-ink-soft">
                                Allowed <When at={created} />, last used <When at={used} />
                            </p>
                        </div>
                        <Button
                            size="small"
                            busy={end.isPending && end.variables === id}
                            onClick={() => end.mutate(id)}
                            aria-label={`End the access of ${app}`}
                        >
                            End
                        </Button>
                    </li>
                ))}
            </ul>
            {end.isSuccess && <Done className="mt-3">Ended.</Done>}
        </Section>
    );
}
