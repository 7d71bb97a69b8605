/* The second step of a log-in: the code of an app, or a recovery code. */
import { useState } from 'react';
import { call, http, type Me } from '../api/client';
import { Button } from '../components/Button';
import { Field } from '../components/Field';
import { Notice } from '../components/Notice';
import { found, useForm } from '../lib/form';

interface Props {
    step: string;
    onDone: (me: Me) => Promise<unknown>;
    onBack: () => void;
}

export function LogInCode({ step, onDone, onBack }: Props) {
    const [recovery, setRecovery] = useState(false);
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { code: '' },
        check: ({ code }) =>
            found({
                code:
                    code.trim() !== ''
                        ? undefined
                        : recovery
                          ? 'Enter one of your recovery codes.'
                          : 'Enter the code that your app shows.',
            }),
        send: ({ code }) =>
            call(http.POST('/api/v1/login/factor', { body: { step, code: code.trim() } })),
        onDone,
    });

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Second step</h1>
            <p className="mt-1 text-ink-soft">
                {recovery
                    ? 'Enter one of the recovery codes that you kept. It works once.'
                    : 'Enter the six digits that your authenticator app shows for Konstruct.'}
            </p>
            <form ref={form} onSubmit={onSubmit} noValidate className="mt-6 grid gap-4">
                {told && <Notice told={told} />}
                <Field
                    key={recovery ? 'recovery' : 'app'}
                    label={recovery ? 'Recovery code' : 'Code'}
                    inputMode={recovery ? 'text' : 'numeric'}
                    autoComplete={recovery ? 'off' : 'one-time-code'}
                    autoFocus
                    {...input('code')}
                />
                <Button type="submit" look="primary" busy={busy} className="h-10">
                    {busy ? 'Checking' : 'Go on'}
                </Button>
                <div className="flex flex-wrap justify-between gap-2">
                    <button
                        type="button"
                        className="link cursor-pointer"
                        onClick={() => setRecovery(!recovery)}
                    >
                        {recovery ? 'Use the app' : 'Use a recovery code'}
                    </button>
                    <button type="button" className="link cursor-pointer" onClick={onBack}>
                        Back to the log-in
                    </button>
                </div>
            </form>
        </>
    );
}
