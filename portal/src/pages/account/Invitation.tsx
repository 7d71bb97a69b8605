/*
 * Where the link of an invitation leads. It says who accepts by the address that it was sent to: somebody who has an
 * account with it accepts, somebody new chooses name and password. Whoever is logged in as somebody else is told so.
 */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { call, http, type LinkView } from '../../api/client';
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
import { moved } from '../../lib/tabs';
import { useLinkToken } from './link';

export function Invitation() {
    usePage('Invitation');
    const token = useLinkToken();
    const link = useQuery(linkQuery(token));
    const me = useQuery(meQuery);
    const [accepted, setAccepted] = useState(false);
    const error = link.error ?? me.error;

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Invitation</h1>
            {error && !accepted && (
                <Notice
                    told={{
                        ...explain(error),
                        ...(link.error ? { todo: 'Ask whoever invited you for a new one.' } : {}),
                    }}
                    className="mt-4"
                >
                    <Button asChild size="small">
                        <Link to="/">Go to Konstruct</Link>
                    </Button>
                </Notice>
            )}
            {!error && (link.isPending || me.isPending) && (
                <Skeleton className="mt-4 h-24 w-full" />
            )}
            {link.data && me.data !== undefined && !error && (
                <div className="mt-4 grid gap-4">
                    <Told link={link.data} />
                    {me.data && !same(me.data.email, link.data.email) ? (
                        <SomebodyElse email={me.data.email} wanted={link.data.email} />
                    ) : link.data.known ? (
                        <Accept
                            token={token}
                            link={link.data}
                            inside={me.data !== null}
                            accepted={accepted}
                            onAccepted={() => setAccepted(true)}
                        />
                    ) : me.data ? (
                        <Notice
                            tone="amber"
                            urgent={false}
                            told={{
                                what: 'Confirm your e-mail address first.',
                                todo: `A mail with a link went to ${me.data.email} when you signed up. Follow it, then load this page again.`,
                            }}
                        />
                    ) : (
                        <Join token={token} email={link.data.email} />
                    )}
                </div>
            )}
        </>
    );
}

function same(a: string, b: string): boolean {
    return a.toLowerCase() === b.toLowerCase();
}

function Strong({ children }: { children: ReactNode }) {
    return <span className="font-medium break-all">{children}</span>;
}

function Told({ link }: { link: LinkView }) {
    return (
        <p>
            {link.inviter ? <Strong>{link.inviter}</Strong> : 'An admin'} invites{' '}
            <Strong>{link.email}</Strong> to <Strong>{link.company}</Strong>, as {link.role}.
        </p>
    );
}

function SomebodyElse({ email, wanted }: { email: string; wanted: string }) {
    const logOut = useMutation({
        mutationFn: () => call(http.POST('/api/v1/logout')),
        onSuccess: () => window.location.reload(),
    });

    return (
        <>
            <Notice
                tone="amber"
                told={{
                    what: `You are logged in as ${email}.`,
                    todo: `This invitation is for ${wanted}. Log out to accept it with that address; what you see here stays as it is.`,
                }}
            />
            {logOut.error && <Notice told={explain(logOut.error)} />}
            <Button
                look="primary"
                className="h-10"
                busy={logOut.isPending}
                onClick={() => logOut.mutate()}
            >
                {logOut.isPending ? 'Logging out' : 'Log out and go on'}
            </Button>
            <Button asChild className="h-10">
                <Link to="/">Stay logged in</Link>
            </Button>
        </>
    );
}

interface AcceptProps {
    token: string;
    link: LinkView;
    inside: boolean;
    accepted: boolean;
    onAccepted: () => void;
}

/* Who is logged in goes on in the new company; who is not logs in, and is led there. */
function Accept({ token, link, inside, accepted, onAccepted }: AcceptProps) {
    const accept = useMutation({
        mutationFn: async () => {
            const { id } = await call(http.POST('/api/v1/invitations/accept', { body: { token } }));
            onAccepted();
            if (!inside) return;
            await call(http.POST('/api/v1/tenants/{id}/session', { params: { path: { id } } }));
            moved();
        },
    });

    if (accepted)
        return (
            <>
                <Done>You belong to {link.company} now.</Done>
                {accept.error && <Notice told={explain(accept.error)} />}
                {!accept.isPending && (
                    <Button asChild look="primary" className="h-10">
                        <Link to={inside ? '/' : '/login'}>
                            {inside ? 'Go to Konstruct' : 'Log in'}
                        </Link>
                    </Button>
                )}
            </>
        );
    return (
        <>
            <p className="text-ink-soft">
                You have an account with this address. Accept, and it belongs to {link.company} as
                well.
            </p>
            {accept.error && <Notice told={explain(accept.error)} />}
            <Button
                look="primary"
                className="h-10"
                busy={accept.isPending}
                onClick={() => accept.mutate()}
            >
                {accept.isPending ? 'Accepting' : 'Accept'}
            </Button>
        </>
    );
}

function Join({ token, email }: { token: string; email: string }) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { name: '', password: '' },
        check: ({ name, password }) =>
            found({
                name: name.trim() === '' ? 'Enter your name.' : undefined,
                password: passwordFault(password),
            }),
        send: ({ name, password }) =>
            call(
                http.POST('/api/v1/invitations/join', {
                    body: { token, name: name.trim(), password },
                }),
            ),
        onDone: moved,
    });

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4">
            {told && <Notice told={told} />}
            <input type="hidden" name="username" autoComplete="username" value={email} />
            <Field label="Your name" autoComplete="name" autoFocus {...input('name')} />
            <Field
                label="Password"
                type="password"
                autoComplete="new-password"
                hint={passwordHint}
                {...input('password')}
            />
            <Button type="submit" look="primary" busy={busy} className="mt-2 h-10">
                {busy ? 'Joining' : 'Join'}
            </Button>
        </form>
    );
}
