/* The panel of an OAuth app: registering one, or changing it. */
import { useQuery } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { ScopeList } from '../../components/ScopeList';
import { Select } from '../../components/Select';
import { Skeleton } from '../../components/Skeleton';
import { found, useForm } from '../../lib/form';
import { scopesQuery } from '../keys/data';
import type { App, AppMade } from './data';

const KINDS = [
    ['yes', 'On a server: it can keep a secret'],
    ['no', 'On people’s devices or in browsers: it can’t'],
] as const;

interface EditProps {
    of: App | null;
    onClose: () => void;
    onMade: (app: AppMade) => void;
    onChanged: () => void;
}

export function Edit(props: EditProps) {
    const scopes = useQuery(scopesQuery);
    const title = props.of ? `Change ${props.of.name}` : 'New app';

    return (
        <Dialog title={title} open onOpenChange={props.onClose}>
            <div className="p-5">
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                {scopes.error && <Notice told={explain(scopes.error)} className="mt-4" />}
                {scopes.data ? (
                    <Form {...props} scopes={scopes.data} />
                ) : (
                    <Skeleton className="mt-4 h-72 w-full" />
                )}
            </div>
        </Dialog>
    );
}

function Form({
    of,
    scopes,
    onClose,
    onMade,
    onChanged,
}: EditProps & { scopes: readonly { name: string; about: string }[] }) {
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: {
            name: of?.name ?? '',
            redirects: of?.redirects ?? '',
            scopes: of?.scopes ?? '',
            confidential: (of?.confidential ?? true) ? 'yes' : 'no',
        },
        check: ({ name, redirects, scopes: chosen, confidential }) =>
            found({
                name: name.trim() === '' ? 'Say what it is called.' : undefined,
                redirects:
                    confidential === 'no' && redirects.trim() === ''
                        ? 'Say where people are sent back to.'
                        : undefined,
                scopes: chosen === '' ? 'Choose at least one.' : undefined,
                confidential: undefined,
            }),
        send: async ({ name, redirects, scopes: chosen, confidential }) => {
            const body = { name: name.trim(), redirects: redirects.trim(), scopes: chosen };
            if (!of)
                return call(
                    http.POST('/api/v1/oauth-apps', {
                        body: { ...body, confidential: confidential === 'yes' },
                    }),
                );
            await call(
                http.PUT('/api/v1/oauth-apps/{id}', { params: { path: { id: of.id } }, body }),
            );
            return null;
        },
        onDone: (made) => (made ? onMade(made) : onChanged()),
    });
    const { value: chosen, fault: scopesFault } = input('scopes');

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="mt-4 grid gap-4">
            {told && <Notice told={told} />}
            <Field
                label="Name"
                maxLength={100}
                autoFocus
                autoComplete="off"
                hint="People read it when the app asks them."
                {...input('name')}
            />
            {!of && (
                <Select
                    label="Where it runs"
                    options={KINDS}
                    value={input('confidential').value}
                    onChange={(event) => set('confidential', event.target.value)}
                />
            )}
            <Field
                label="Redirect addresses"
                autoComplete="off"
                spellCheck={false}
                placeholder="https://app.example/callback"
                hint="Where people are sent back to, with blanks between: https, or http to 127.0.0.1 with any port."
                {...input('redirects')}
            />
            <ScopeList
                legend="It may ask for"
                scopes={scopes}
                chosen={chosen}
                onChoose={(names) => set('scopes', names)}
                fault={scopesFault}
            />
            <div className="flex justify-end gap-2">
                <Button onClick={onClose}>Cancel</Button>
                <Button type="submit" look="primary" busy={busy}>
                    {of ? 'Save' : 'Register the app'}
                </Button>
            </div>
        </form>
    );
}
