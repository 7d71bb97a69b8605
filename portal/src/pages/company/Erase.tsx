/* The end of the company: what it takes, how long it can be stopped, and stopping it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Failed } from '../../components/Failed';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { found, useForm } from '../../lib/form';
import { moment } from '../../lib/time';
import { erasureQuery, type Erasure } from './data';

export function Erase() {
    const { data, error, refetch } = useQuery(erasureQuery);
    const [asking, setAsking] = useState(false);

    if (data === undefined)
        return error ? (
            <Failed error={error} again={refetch} />
        ) : (
            <Skeleton className="h-9 w-40" />
        );
    if (data.state !== 'none') return <Waiting of={data} />;
    return (
        <>
            <Button
                className="border-red-line! text-red hover:bg-red-soft!"
                onClick={() => setAsking(true)}
            >
                Erase the company
            </Button>
            {asking && <Ask days={data.days} onClose={() => setAsking(false)} />}
        </>
    );
}

function Waiting({ of }: { of: Erasure }) {
    const client = useQueryClient();
    const stop = useMutation({
        mutationFn: () => call(http.DELETE('/api/v1/erasure')),
        onSuccess: (now) => client.setQueryData(erasureQuery.queryKey, now),
        onError: () => client.invalidateQueries(erasureQuery),
    });

    if (of.state !== 'waiting') return <p>The company is being erased.</p>;
    return (
        <Notice
            tone="red"
            urgent={false}
            told={{
                what: `Everything will be erased on ${moment(of.due)}.`,
                todo: `${of.by ?? 'Whoever runs this installation'} asked for it. Until then any admin can stop it.`,
            }}
        >
            {stop.error && <p className="w-full">{explain(stop.error).what}</p>}
            <Button busy={stop.isPending} onClick={() => stop.mutate()}>
                Stop it, keep the company
            </Button>
        </Notice>
    );
}

function Ask({ days, onClose }: { days: number; onClose: () => void }) {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { company: '', password: '' },
        check: ({ company, password }) =>
            found({
                company:
                    company.trim() === me.tenant_name
                        ? undefined
                        : `Type the name as it stands here: ${me.tenant_name}`,
                password: password === '' ? 'Enter your password.' : undefined,
            }),
        send: (body) => call(http.POST('/api/v1/erasure', { body })),
        onDone: (now) => {
            client.setQueryData(erasureQuery.queryKey, now);
            onClose();
        },
    });

    return (
        <Dialog title="Erase the company" open onOpenChange={onClose}>
            <form
                ref={form}
                onSubmit={onSubmit}
                noValidate
                aria-label="Erase the company"
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold">Erase the company?</h2>
                <p>
                    In {days} {days === 1 ? 'day' : 'days'} everything of {me.tenant_name} is erased:
                    employees, conversations, connections, keys, and the people who belong to no
                    other company. All admins get a mail, and any of them can stop it until then.
                    After that nobody can bring it back.
                </p>
                <p>
                    What stays is the bare audit: numbers, times and hashes, and no word of what
                    happened. Export everything first if you want to keep it.
                </p>
                {told && <Notice told={told} />}
                <Field
                    label={`Name of the company: ${me.tenant_name}`}
                    autoComplete="off"
                    {...input('company')}
                />
                <Field
                    label="Your password"
                    type="password"
                    autoComplete="current-password"
                    {...input('password')}
                />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button
                        type="submit"
                        busy={busy}
                        className="border-red-line! text-red hover:bg-red-soft!"
                    >
                        {busy ? 'Asking' : `Erase it in ${days} ${days === 1 ? 'day' : 'days'}`}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
