/* Where the link of a mail leads that lets somebody choose a new password. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { linkQuery, meQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { found, useForm } from '../../lib/form';
import { usePage } from '../../lib/page';
import { passwordFault, passwordHint } from '../../lib/password';
import { useLinkToken } from './link';

function Choose({ token, email }: { token: string; email: string }) {
    const client = useQueryClient();
    const [done, setDone] = useState(false);
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { password: '' },
        check: ({ password }) => found({ password: passwordFault(password) }),
        send: ({ password }) =>
            call(http.POST('/api/v1/password/reset', { body: { token, password } })),
        onDone: () => {
            client.setQueryData(meQuery.queryKey, null);
            setDone(true);
        },
    });

    if (done)
        return (
            <div className="mt-4 grid gap-4">
                <Done>Your password is changed, and every session was ended.</Done>
                <Button asChild look="primary" className="h-10">
                    <Link to="/login">Log in</Link>
                </Button>
            </div>
        );
    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="mt-4 grid gap-4">
            <p className="text-ink-soft">
                For <span className="break-all">{email}</span>. Everybody who is logged in with this
                account is logged out.
            </p>
            {told && <Notice told={told} />}
            <input type="hidden" name="username" autoComplete="username" value={email} />
            <Field
                label="New password"
                type="password"
                autoComplete="new-password"
                autoFocus
                hint={passwordHint}
                {...input('password')}
            />
            <Button type="submit" look="primary" busy={busy} className="h-10">
                {busy ? 'Changing' : 'Change the password'}
            </Button>
        </form>
    );
}

export function Reset() {
    usePage('New password');
    const token = useLinkToken();
    const link = useQuery(linkQuery(token));

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Choose a new password</h1>
            {link.isPending && <Skeleton className="mt-4 h-10 w-full" />}
            {link.error && (
                <Notice told={explain(link.error)} className="mt-4">
                    <Button asChild size="small">
                        <Link to="/forgotten">Ask for a new link</Link>
                    </Button>
                </Notice>
            )}
            {link.data && <Choose token={token} email={link.data.email} />}
        </>
    );
}
