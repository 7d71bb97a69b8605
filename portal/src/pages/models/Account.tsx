/* Adding an account, or changing one: who the provider is, where, with which key and for which models. */
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { found, useForm } from '../../lib/form';
import { KIND_OPTIONS, kindNamed, kindOf, type Kind } from './kinds';
import type { ProviderAccount } from './data';

const APIS = [
    ['usual', 'Chat completions'],
    ['responses', 'Responses'],
] as const;
type Api = (typeof APIS)[number][0];

interface Props {
    /* The one to be changed; null: a new one. */
    now: ProviderAccount | null;
    onClose: () => void;
    onDone: () => Promise<void>;
}

export function Account(props: Props) {
    const title = props.now ? 'Change the account' : 'Add an account';
    return (
        <Dialog title={title} open onOpenChange={props.onClose}>
            <div className="p-5">
                <h2 className="text-title font-semibold">{title}</h2>
                <Form {...props} />
            </div>
        </Dialog>
    );
}

function need(wanted: boolean, text: string, what: string): string | undefined {
    return wanted && text.trim() === '' ? what : undefined;
}

function keyHint(now: ProviderAccount | null, kind: Kind): string {
    if (!now?.has_key) return kind.key === 'if any' ? 'Only if the server wants one.' : '';
    return `Leave it empty to keep the one${now.hint && ` that ends in ${now.hint}`}.`;
}

function Form({ now, onClose, onDone }: Props) {
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: {
            kind: now ? kindOf(now) : 'openai',
            name: now?.name ?? '',
            base_url: now?.base_url ?? '',
            key: '',
            models: now?.models ?? '',
            api: now?.api ?? 'usual',
            api_version: now?.api_version ?? '',
        },
        check: ({ kind: chosen, base_url, key, models }) => {
            const { address, key: wanted, named } = kindNamed(chosen);
            return found({
                kind: undefined,
                name: undefined,
                base_url: need(!!address, base_url, 'Enter the address, which begins with https://.'),
                key: need(wanted === 'needed' && !now?.has_key, key, 'Enter the key.'),
                models: need(!!named, models, 'Enter the names of your deployments.'),
                api: undefined,
                api_version: undefined,
            });
        },
        send: ({ kind: chosen, name, base_url, key, models, api, api_version }) => {
            const { provider, address, apis, version, name: usual } = kindNamed(chosen);
            const body = {
                name: name.trim() || usual,
                /* An account with its own address keeps it, also where the kind asks for none. */
                base_url: address || now?.base_url ? base_url.trim() : '',
                models,
                api: (apis ? api : 'usual') as Api,
                api_version: version ? api_version.trim() : '',
                ...(key.trim() === '' ? {} : { key: key.trim() }),
            };
            return now
                ? call(
                      http.PATCH('/api/v1/provider-accounts/{id}', {
                          params: { path: { id: now.id } },
                          body,
                      }),
                  )
                : call(http.POST('/api/v1/provider-accounts', { body: { ...body, provider } }));
        },
        onDone,
    });
    const kind = kindNamed(input('kind').value);

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="mt-4 grid gap-4">
            {!now && (
                <Select
                    label="Provider"
                    options={KIND_OPTIONS}
                    autoFocus
                    name="kind"
                    value={input('kind').value}
                    onChange={(event) => set('kind', event.target.value)}
                />
            )}
            <Field
                label="Name"
                maxLength={100}
                autoFocus={now !== null}
                autoComplete="off"
                placeholder={kind.name}
                hint="How your people tell it from others."
                {...input('name')}
            />
            {(kind.address || now?.base_url) && (
                <Field
                    label="Address"
                    type="url"
                    spellCheck={false}
                    autoComplete="off"
                    placeholder={kind.address}
                    hint={
                        now?.has_key
                            ? 'Another address needs its key again.'
                            : kind.addressHint
                    }
                    {...input('base_url')}
                />
            )}
            <Field
                label="API key"
                type="password"
                autoComplete="new-password"
                spellCheck={false}
                hint={keyHint(now, kind)}
                {...input('key')}
            />
            <Field
                label={kind.named ? 'Deployments' : 'Models'}
                spellCheck={false}
                autoComplete="off"
                hint={kind.modelsHint}
                {...input('models')}
            />
            {kind.apis && (
                <Select
                    label="API"
                    options={APIS}
                    name="api"
                    value={input('api').value}
                    onChange={(event) => set('api', event.target.value)}
                />
            )}
            {kind.version && (
                <Field
                    label="API version"
                    autoComplete="off"
                    spellCheck={false}
                    hint="Of Azure’s dated API, such as 2024-10-21. Empty: the newer one without a date."
                    {...input('api_version')}
                />
            )}
            <p className="text-table text-ink-soft">
                It is tested at once: its models are listed, and one of them is asked a question of
                three words.
            </p>
            {told && <Notice told={told} />}
            <div className="flex justify-end gap-2">
                <Button onClick={onClose}>Cancel</Button>
                <Button type="submit" look="primary" busy={busy}>
                    {saveWord(now, busy)}
                </Button>
            </div>
        </form>
    );
}

function saveWord(now: ProviderAccount | null, busy: boolean): string {
    if (now) return busy ? 'Saving' : 'Save and test';
    return busy ? 'Adding' : 'Add and test';
}
