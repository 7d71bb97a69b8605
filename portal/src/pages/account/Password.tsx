/* Changing one's password. */
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { found, useForm } from '../../lib/form';
import { passwordFault, passwordHint } from '../../lib/password';
import { Section } from './Section';

export function Password() {
    const [done, setDone] = useState(false);
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { password: '', new_password: '' },
        check: ({ password, new_password }) =>
            found({
                password: password === '' ? 'Enter your password.' : undefined,
                new_password: passwordFault(new_password),
            }),
        send: (body) => call(http.POST('/api/v1/password', { body })),
        onDone: () => setDone(true),
    });

    return (
        <Section
            title="Password"
            about="A new one ends your sessions everywhere else, and a mail tells you of it."
        >
            {done ? (
                <Done>Your password is changed. You are logged out everywhere else.</Done>
            ) : (
                <form
                    ref={form}
                    onSubmit={onSubmit}
                    noValidate
                    aria-label="Password"
                    className="grid gap-4"
                >
                    {told && <Notice told={told} />}
                    <Field
                        label="Password until now"
                        type="password"
                        autoComplete="current-password"
                        {...input('password')}
                    />
                    <Field
                        label="New password"
                        type="password"
                        autoComplete="new-password"
                        hint={passwordHint}
                        {...input('new_password')}
                    />
                    <Button type="submit" busy={busy} className="justify-self-start">
                        {busy ? 'Changing' : 'Change password'}
                    </Button>
                </form>
            )}
        </Section>
    );
}
