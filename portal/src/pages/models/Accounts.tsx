/* The accounts, the first to be asked on top; each says how its newest test went, and what to do about it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain, Fault } from '../../api/fault';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Failed } from '../../components/Failed';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { may } from '../../shell/places';
import { Account } from './Account';
import { AccountLine } from './AccountLine';
import { accountsQuery, moved, type ProviderAccount } from './data';
import { Figures } from './Figures';

type Asked = { what: 'add' } | { what: 'change' | 'remove' | 'figures'; of: ProviderAccount };

export function Accounts() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(accountsQuery);
    const [asked, setAsked] = useState<Asked | null>(null);
    const admin = may(me, 'models:manage');
    const settle = () => client.invalidateQueries(accountsQuery);

    function put(changed: ProviderAccount): void {
        client.setQueryData(accountsQuery.queryKey, (list) =>
            list?.map((one) => (one.id === changed.id ? changed : one)),
        );
    }

    const test = useMutation({
        mutationFn: ({ id }: ProviderAccount) =>
            call(http.POST('/api/v1/provider-accounts/{id}/test', { params: { path: { id } } })),
        onMutate: (account) => put({ ...account, state: 'testing' }),
        onSuccess: put,
        onError: settle,
    });
    const turn = useMutation({
        mutationFn: ({ id, on }: ProviderAccount) =>
            call(
                http.PATCH('/api/v1/provider-accounts/{id}', {
                    params: { path: { id } },
                    body: { turned: on ? 'off' : 'on' },
                }),
            ),
        onSuccess: put,
    });
    const sort = useMutation({
        mutationFn: (ids: string[]) =>
            call(http.PUT('/api/v1/provider-accounts/order', { body: { ids: ids.join(' ') } })),
        onMutate: (ids) =>
            client.setQueryData(accountsQuery.queryKey, (list) =>
                ids.flatMap((id) => list?.find((one) => one.id === id) ?? []),
            ),
        onSettled: settle,
    });
    /* A test that takes long goes on at the server, and the list is looked at again until it ends. */
    const late = test.error instanceof Fault && test.error.code === 'too_slow';
    const refused = (late ? null : test.error) ?? turn.error ?? sort.error;
    const ids = data?.map(({ id }) => id) ?? [];

    return (
        <>
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">Models</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        Your accounts at providers of models. They are asked from the top down: when
                        one can’t answer, the next one that offers the model is.
                    </p>
                </div>
                {admin && (
                    <Button look="primary" onClick={() => setAsked({ what: 'add' })}>
                        Add an account
                    </Button>
                )}
            </div>
            <Failed error={error} again={refetch} className="mt-6" />
            {refused && <Notice told={explain(refused)} className="mt-6" />}
            {data === undefined && !error && <Skeleton className="mt-6 h-24 w-full" />}
            {data?.length === 0 && (
                <section
                    aria-label="No accounts yet"
                    className="mt-6 rounded-lg border border-line bg-surface px-5 py-4"
                >
                    <p className="font-medium">There is no account yet.</p>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        Your employees think with what this installation has: at least the built-in
                        starter, which answers from what they know.{' '}
                        {admin && 'Add an account, and they can think with its models.'}
                    </p>
                </section>
            )}
            {data !== undefined && data.length > 0 && (
                <ol
                    aria-label="Accounts"
                    className="mt-6 rounded-lg border border-line bg-surface"
                >
                    {data.map((account, at) => (
                        <AccountLine
                            key={account.id}
                            of={account}
                            onFigures={() => setAsked({ what: 'figures', of: account })}
                            deeds={
                                admin
                                    ? {
                                          test: () => test.mutate(account),
                                          turn: () => turn.mutate(account),
                                          change: () => setAsked({ what: 'change', of: account }),
                                          remove: () => setAsked({ what: 'remove', of: account }),
                                          ...(at > 0 && {
                                              up: () => sort.mutate(moved(ids, account.id, -1)),
                                          }),
                                          ...(at + 1 < data.length && {
                                              down: () => sort.mutate(moved(ids, account.id, 1)),
                                          }),
                                      }
                                    : null
                            }
                        />
                    ))}
                </ol>
            )}
            {(asked?.what === 'add' || asked?.what === 'change') && (
                <Account
                    now={asked.what === 'change' ? asked.of : null}
                    onClose={() => setAsked(null)}
                    onDone={async () => {
                        await settle();
                        setAsked(null);
                    }}
                />
            )}
            {asked?.what === 'figures' && (
                <Figures of={asked.of} admin={admin} onClose={() => setAsked(null)} />
            )}
            {asked?.what === 'remove' && (
                <Confirm
                    title={`Remove ${asked.of.name}?`}
                    about="Its key is deleted here. The key itself goes on working until you revoke it at the provider."
                    action="Remove it"
                    send={() =>
                        call(
                            http.DELETE('/api/v1/provider-accounts/{id}', {
                                params: { path: { id: asked.of.id } },
                            }),
                        )
                    }
                    onDone={() => {
                        setAsked(null);
                        void settle();
                    }}
                    onClose={() => setAsked(null)}
                />
            )}
        </>
    );
}
