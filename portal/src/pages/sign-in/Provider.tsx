/* The provider itself: who it is, how we show that we are we, and who is let in. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { found, useForm } from '../../lib/form';
import { signInQuery, type SignInSettings } from './data';

const JOINING = [
    ['yes', 'Become members by themselves'],
    ['no', 'Only who belongs to the company already'],
] as const;

const ROLES = [
    ['viewer', 'Viewer'],
    ['member', 'Member'],
    ['manager', 'Manager'],
] as const;

const PASSWORDS = [
    ['yes', 'Work as well'],
    ['no', 'Do not work for addresses in your domains'],
] as const;

function need(text: string, what: string): string | undefined {
    return text.trim() === '' ? what : undefined;
}

export function Provider({ now }: { now: SignInSettings }) {
    const client = useQueryClient();
    const [tested, setTested] = useState<SignInSettings | null>(null);
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: {
            issuer: now.issuer,
            client_id: now.client_id,
            client_secret: '',
            joining: now.joining ? 'yes' : 'no',
            role: now.role,
            passwords: now.passwords ? 'yes' : 'no',
        },
        check: (values) =>
            found({
                issuer: need(values.issuer, 'Enter the issuer, which begins with https://.'),
                client_id: need(values.client_id, 'Enter the client id.'),
                client_secret:
                    now.issuer === ''
                        ? need(values.client_secret, 'Enter the client secret.')
                        : undefined,
                joining: undefined,
                role: undefined,
                passwords: undefined,
            }),
        send: async ({ client_secret, joining, role, passwords, ...rest }) => {
            setTested(null);
            await call(
                http.PUT('/api/v1/sign-in', {
                    body: {
                        ...rest,
                        ...(client_secret === '' ? {} : { client_secret }),
                        role: role as (typeof ROLES)[number][0],
                        joining: joining === 'yes',
                        passwords: passwords === 'yes',
                    },
                }),
            );
            return call(http.POST('/api/v1/sign-in/test', {}));
        },
        onDone: (result) => {
            client.setQueryData(signInQuery.queryKey, result);
            set('client_secret', '');
            setTested(result);
        },
    });
    const joining = input('joining').value;
    const state = tested ?? now;

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4">
            <Field
                label="Issuer"
                type="url"
                spellCheck={false}
                placeholder="https://login.example.com"
                hint="As the provider names itself, to the last slash."
                {...input('issuer')}
            />
            <Field label="Client id" spellCheck={false} autoComplete="off" {...input('client_id')} />
            <Field
                label="Client secret"
                type="password"
                autoComplete="new-password"
                hint={
                    now.issuer === ''
                        ? undefined
                        : `Leave it empty to keep the one${now.hint ? ` that ends in ${now.hint}` : ''}.`
                }
                {...input('client_secret')}
            />
            <Select
                label="People who come in for the first time"
                options={JOINING}
                value={joining}
                onChange={(event) => set('joining', event.target.value)}
            />
            {joining === 'yes' && (
                <Select
                    label="As"
                    options={ROLES}
                    value={input('role').value}
                    onChange={(event) => set('role', event.target.value)}
                />
            )}
            <Select
                label="Passwords"
                options={PASSWORDS}
                value={input('passwords').value}
                onChange={(event) => set('passwords', event.target.value)}
                disabled={state.proven === 0}
                hint={
                    state.proven === 0
                        ? 'They can end once an admin has logged in by the provider.'
                        : 'Keep an admin with an address outside your domains, for the day when the provider fails.'
                }
            />
            {told && <Notice told={told} />}
            {!told && state.fault && (
                <Notice
                    tone={state.ready ? 'amber' : 'red'}
                    urgent={tested !== null}
                    told={{ what: state.fault_text ?? state.fault, todo: detail(state) }}
                />
            )}
            {!told && tested && !tested.fault && (
                <Done>Saved and tested: the provider answers as it should.</Done>
            )}
            <Button type="submit" look="primary" busy={busy} className="justify-self-start">
                {busy ? 'Testing' : 'Save and test'}
            </Button>
        </form>
    );
}

function detail({ fault_detail: text }: SignInSettings): string {
    return text ? `(${text})` : '';
}
