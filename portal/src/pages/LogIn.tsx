import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http, type Me } from '../api/client';
import { Fault, explain } from '../api/fault';
import { meQuery } from '../api/queries';
import { Button } from '../components/Button';
import { Field } from '../components/Field';
import { Notice } from '../components/Notice';
import { emailFault, found, useForm } from '../lib/form';
import { usePage } from '../lib/page';
import { LogInCode } from './LogInCode';
import { keepNext } from './sign-in/data';

const route = getRouteApi('/guest/login');

export function LogIn() {
    usePage('Log in');
    const client = useQueryClient();
    const router = useRouter();
    const { next } = route.useSearch();
    const [step, setStep] = useState<string | null>(null);

    function enter(me: Me): Promise<void> {
        client.setQueryData(meQuery.queryKey, me);
        return router.navigate({ href: next ?? '/', replace: true });
    }

    const { form, onSubmit, input, point, busy, told } = useForm({
        fields: { email: '', password: '' },
        check: ({ email, password }) =>
            found({
                email: emailFault(email),
                password: password === '' ? 'Enter your password.' : undefined,
            }),
        send: async ({ email, password }) => {
            try {
                return await call(
                    http.POST('/api/v1/login', { body: { email: email.trim(), password } }),
                );
            } catch (error) {
                if (error instanceof Fault && error.step) return error.step;
                throw error;
            }
        },
        onDone: (answer) => (typeof answer === 'string' ? setStep(answer) : enter(answer)),
    });

    const email = input('email').value;
    const company = useMutation({
        mutationFn: () =>
            call(http.POST('/api/v1/sign-in/begin', { body: { email: email.trim() } })),
        onSuccess: ({ way, address }) => {
            if (way !== 'company') return;
            keepNext(next);
            window.location.assign(address);
        },
    });

    function byCompany(): void {
        const fault = emailFault(email);
        if (fault) point({ email: fault });
        else company.mutate();
    }

    if (step !== null)
        return <LogInCode step={step} onDone={enter} onBack={() => setStep(null)} />;
    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Log in</h1>
            <p className="mt-1 text-ink-soft">
                New here?{' '}
                <Link to="/signup" search={next ? { next } : {}} className="link">
                    Sign up your company
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
                <Field
                    label="Password"
                    type="password"
                    autoComplete="current-password"
                    {...input('password')}
                />
                <Button type="submit" look="primary" busy={busy} className="mt-2 h-10">
                    {busy ? 'Logging in' : 'Log in'}
                </Button>
                <div className="grid gap-3 border-t border-line pt-4">
                    {company.error && <Notice told={explain(company.error)} />}
                    {company.data?.way === 'password' && (
                        <Notice
                            tone="amber"
                            told={{
                                what: 'This address leads to no company’s own log-in.',
                                todo: 'Check it, or log in with your password.',
                            }}
                        />
                    )}
                    <Button
                        className="h-10"
                        busy={company.isPending || company.data?.way === 'company'}
                        onClick={byCompany}
                    >
                        Sign in with your company
                    </Button>
                </div>
                <Link to="/forgotten" className="link justify-self-start">
                    Forgotten your password?
                </Link>
            </form>
        </>
    );
}
