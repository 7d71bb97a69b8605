/* The companies of whoever is logged in: going to another, and founding one. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { call, http } from '../api/client';
import { explain } from '../api/fault';
import { meQuery, tenantsQuery } from '../api/queries';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { Field } from '../components/Field';
import { Notice } from '../components/Notice';
import { found, useForm } from '../lib/form';
import { beginAnew, moved, whenMoved } from '../lib/tabs';

/* The session goes on in that company, and so does every tab, without anything that was read before. */
export function useEnter() {
    return useMutation({
        mutationFn: (id: string) =>
            call(http.POST('/api/v1/tenants/{id}/session', { params: { path: { id } } })),
        onSuccess: moved,
    });
}

/*
 * Another tab may have gone to another company, or somebody else may have logged in there: a tab that slept through it
 * notices when it is looked at.
 */
export function useSameSession(): void {
    const client = useQueryClient();
    const look = useEffectEvent(async () => {
        if (document.visibilityState !== 'visible') return;
        const before = client.getQueryData(meQuery.queryKey);
        const now = await client.fetchQuery({ ...meQuery, staleTime: 0 }).catch(() => before);
        if (before && now && (before.tenant_id !== now.tenant_id || before.person_id !== now.person_id))
            beginAnew();
    });

    useEffect(() => {
        const tell = () => void look();
        document.addEventListener('visibilitychange', tell);
        const end = whenMoved(beginAnew);
        return () => {
            document.removeEventListener('visibilitychange', tell);
            end();
        };
    }, []);
}

export function NewCompany({ onClose }: { onClose: () => void }) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { company: '' },
        check: ({ company }) =>
            found({ company: company.trim() === '' ? 'Enter the company’s name.' : undefined }),
        send: ({ company }) =>
            call(http.POST('/api/v1/tenants', { body: { company: company.trim() } })),
        onDone: moved,
    });

    return (
        <Dialog title="New company" open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold">New company</h2>
                <p>
                    It has employees, people and an audit of its own, and shares nothing with the
                    one you are in. You become its admin, with the same log-in.
                </p>
                {told && <Notice told={told} />}
                <Field label="Company" autoComplete="off" autoFocus {...input('company')} />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? 'Founding' : 'Found it and go there'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

/* For whoever can't go on in this company: the others. */
export function OtherCompanies({ current }: { current: string }) {
    const tenants = useQuery(tenantsQuery).data ?? [];
    const enter = useEnter();
    const others = tenants.filter(({ id }) => id !== current);

    if (others.length === 0) return null;
    return (
        <section aria-label="Your other companies" className="mt-6 grid gap-2 border-t border-line pt-6">
            <p className="text-ink-soft">You belong to other companies as well.</p>
            {enter.error && <Notice told={explain(enter.error)} />}
            <div className="flex flex-wrap gap-2">
                {others.map(({ id, name }) => (
                    <Button key={id} busy={enter.isPending} onClick={() => enter.mutate(id)}>
                        Go to {name}
                    </Button>
                ))}
            </div>
        </section>
    );
}
