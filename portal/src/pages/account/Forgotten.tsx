/* Asking for a mail that leads to a new password. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { emailFault, found, useForm } from '../../lib/form';
import { usePage } from '../../lib/page';

export function Forgotten() {
    usePage('Forgotten password');
    const [asked, setAsked] = useState<string | null>(null);
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { email: '' },
        check: ({ email }) => found({ email: emailFault(email) }),
        send: async ({ email }) => {
            await call(
                http.POST('/api/v1/password/forgotten', { body: { email: email.trim() } }),
            );
            return email.trim();
        },
        onDone: setAsked,
    });

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Forgotten password</h1>
            {asked ? (
                <div className="mt-4 grid gap-4">
                    <Done>
                        If <span className="font-medium break-all">{asked}</span> has an account, a
                        mail is on its way there. Its link works for one hour.
                    </Done>
                    <Button onClick={() => setAsked(null)}>Try another address</Button>
                </div>
            ) : (
                <>
                    <p className="mt-1 text-ink-soft">
                        We send a link to choose a new one.{' '}
                        <Link to="/login" className="link">
                            Back to the log-in
                        </Link>
                    </p>
                    <form ref={form} onSubmit={onSubmit} noValidate className="mt-6 grid gap-4">
                        {told && <Notice told={told} />}
                        <Field
                            label="E-mail"
                            type="email"
                            autoComplete="username"
                            autoFocus
                            {...input('email')}
                        />
                        <Button type="submit" look="primary" busy={busy} className="h-10">
                            {busy ? 'Sending' : 'Send the link'}
                        </Button>
                    </form>
                </>
            )}
        </>
    );
}
