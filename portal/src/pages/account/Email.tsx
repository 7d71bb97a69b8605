/* The address that one logs in with, and changing it. */
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { emailFault, found, useForm } from '../../lib/form';
import { Section } from './Section';

export function Email() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const [asked, setAsked] = useState<string | null>(null);
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { email: '', password: '' },
        check: ({ email, password }) =>
            found({
                email:
                    email.trim().toLowerCase() === me.email.toLowerCase()
                        ? 'This is your address already.'
                        : emailFault(email),
                password: password === '' ? 'Enter your password.' : undefined,
            }),
        send: async ({ email, password }) => {
            await call(http.POST('/api/v1/email', { body: { email: email.trim(), password } }));
            return email.trim();
        },
        onDone: setAsked,
    });

    return (
        <Section
            title="E-mail address"
            about={`You log in with ${me.email}. A new address counts once you have followed the link that is sent to it; until then the old one does.`}
        >
            {asked ? (
                <Done>
                    A mail is on its way to <span className="font-medium break-all">{asked}</span>.
                    Follow its link within a day.
                </Done>
            ) : (
                <form
                    ref={form}
                    onSubmit={onSubmit}
                    noValidate
                    aria-label="E-mail address"
                    className="grid gap-4"
                >
                    {told && <Notice told={told} />}
                    <Field
                        label="New e-mail"
                        type="email"
                        autoComplete="email"
                        {...input('email')}
                    />
                    <Field
                        label="Your password"
                        type="password"
                        autoComplete="current-password"
                        {...input('password')}
                    />
                    <Button type="submit" busy={busy} className="justify-self-start">
                        {busy ? 'Sending' : 'Change e-mail'}
                    </Button>
                </form>
            )}
        </Section>
    );
}
