/* Setting up: the password again, the secret for the app, a first code, the recovery codes. */
import { useState } from 'react';
import { call, http, type FactorSetup } from '../../../api/client';
import { Button } from '../../../components/Button';
import { Field } from '../../../components/Field';
import { Notice } from '../../../components/Notice';
import { found, useForm } from '../../../lib/form';
import { Codes } from './Codes';
import { Qr } from './Qr';

interface Props {
    email: string;
    onDone: () => void;
    /* What follows, as the last button says it. */
    then: string;
}

function Ask({ onSetup }: { onSetup: (setup: FactorSetup) => void }) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { password: '' },
        check: ({ password }) =>
            found({ password: password === '' ? 'Enter your password.' : undefined }),
        send: (body) => call(http.POST('/api/v1/factor', { body })),
        onDone: onSetup,
    });

    return (
        <form
            ref={form}
            onSubmit={onSubmit}
            noValidate
            aria-label="Set up the second factor"
            className="grid gap-4"
        >
            {told && <Notice told={told} />}
            <Field
                label="Your password"
                type="password"
                autoComplete="current-password"
                {...input('password')}
            />
            <Button type="submit" busy={busy} className="justify-self-start">
                {busy ? 'Checking' : 'Set up'}
            </Button>
        </form>
    );
}

/* In groups of four, as people type it. */
function grouped(secret: string): string {
    return secret.replace(/(.{4})(?=.)/g, '$1 ');
}

function Confirm({ setup, onCodes }: { setup: FactorSetup; onCodes: (codes: string[]) => void }) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { code: '' },
        check: ({ code }) =>
            found({ code: code.trim() === '' ? 'Enter the code that your app shows.' : undefined }),
        send: ({ code }) =>
            call(http.POST('/api/v1/factor/confirm', { body: { code: code.trim() } })),
        onDone: ({ items }) => onCodes(items.map(({ code }) => code)),
    });

    return (
        <form
            ref={form}
            onSubmit={onSubmit}
            noValidate
            aria-label="Confirm the second factor"
            className="grid gap-4"
        >
            <p className="text-ink-soft">
                Scan this with an authenticator app, such as the one of your password manager.
            </p>
            <Qr text={setup.address} label="QR code for your authenticator app" />
            <p className="text-ink-soft">
                Or type this key into the app:
                <span className="tabular mt-1 block font-mono text-ink select-all">
                    {grouped(setup.secret)}
                </span>
            </p>
            {told && <Notice told={told} />}
            <Field
                label="Code that the app shows"
                inputMode="numeric"
                autoComplete="one-time-code"
                autoFocus
                {...input('code')}
            />
            <Button type="submit" look="primary" busy={busy} className="justify-self-start">
                {busy ? 'Checking' : 'Turn on'}
            </Button>
        </form>
    );
}

export function SetUp({ email, onDone, then }: Props) {
    const [setup, setSetup] = useState<FactorSetup | null>(null);
    const [codes, setCodes] = useState<string[] | null>(null);

    if (codes) return <Codes codes={codes} email={email} onKept={onDone} then={then} />;
    if (setup) return <Confirm setup={setup} onCodes={setCodes} />;
    return <Ask onSetup={setSetup} />;
}
