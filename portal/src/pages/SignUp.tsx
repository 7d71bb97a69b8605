import { useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi, useRouter } from '@tanstack/react-router';
import { call, http } from '../api/client';
import { employeesQuery, meQuery } from '../api/queries';
import { Button } from '../components/Button';
import { Field } from '../components/Field';
import { Notice } from '../components/Notice';
import { emailFault, found, useForm } from '../lib/form';
import { usePage } from '../lib/page';
import { passwordFault, passwordHint } from '../lib/password';

const route = getRouteApi('/guest/signup');
export function SignUp() {
    usePage('Sign up');
    const client = useQueryClient();
    const router = useRouter();
    const { next } = route.useSearch();
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { company: '', name: '', email: '', password: '' },
        check: ({ company, name, email, password }) =>
            found({
                company: company.trim() === '' ? 'Enter your company’s name.' : undefined,
                name: name.trim() === '' ? 'Enter your name.' : undefined,
                email: emailFault(email),
                password: passwordFault(password),
            }),
        send: ({ company, name, email, password }) =>
            call(
                http.POST('/api/v1/signup', {
                    body: {
                        company: company.trim(),
                        name: name.trim(),
                        email: email.trim(),
                        password,
                    },
                }),
            ),
        /* The first thing to see is the first employee, ready to answer. */
        onDone: async (me) => {
            client.setQueryData(meQuery.queryKey, me);
            const staff = await client.fetchQuery(employeesQuery).catch(() => []);
            const first = staff[0];
            return first
                ? router.navigate({
                      to: '/employees/$employeeId/{-$conversationId}',
                      params: { employeeId: first.id },
                      replace: true,
                  })
                : router.navigate({ to: '/', replace: true });
        },
    });

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Sign up your company</h1>
            <p className="mt-1 text-ink-soft">
                Already have an account?{' '}
                <Link to="/login" search={next ? { next } : {}} className="link">
                    Log in
                </Link>
            </p>
            <form ref={form} onSubmit={onSubmit} noValidate className="mt-6 grid gap-4">
                {told && <Notice told={told} />}
                <Field
                    label="Company"
                    autoComplete="organization"
                    autoFocus
                    {...input('company')}
                />
                <Field label="Your name" autoComplete="name" {...input('name')} />
                <Field label="E-mail" type="email" autoComplete="username" {...input('email')} />
                <Field
                    label="Password"
                    type="password"
                    autoComplete="new-password"
                    hint={passwordHint}
                    {...input('password')}
                />
                <Button type="submit" look="primary" busy={busy} className="mt-2 h-10">
                    {busy ? 'Signing up' : 'Sign up'}
                </Button>
                <p className="text-table text-ink-soft">
                    You become the admin of your company. Your first employee is there right away
                    and answers without any key.
                </p>
            </form>
        </>
    );
}
