/* Signing in with the company's own provider, as its admin sets it up. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { usePage } from '../../lib/page';
import { Section } from '../account/Section';
import { Domains } from './Domains';
import { Provider } from './Provider';
import { signInQuery, type SignInSettings } from './data';

export function SignIn() {
    usePage('Sign-in');
    const { data, error, refetch } = useQuery(signInQuery);
    /* The form begins anew after each. */
    const [removed, setRemoved] = useState(0);

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Sign-in</h1>
            <p className="mt-1 mb-6 max-w-160 text-ink-soft">
                Your people can log in with the account that they have at your company: by Entra ID,
                Google Workspace, Okta, Keycloak or any other OpenID provider.
            </p>
            <Failed error={error} again={refetch} className="mb-6" />
            {data === undefined && !error && <Skeleton className="h-80 w-full" />}
            {data && (
                <>
                    <Section
                        title="Provider"
                        about="Register Konstruct there as a web application with this redirect address, then enter what it gives you."
                    >
                        <Redirect address={data.redirect} />
                        <Provider key={removed} now={data} />
                    </Section>
                    <Section
                        title="Domains"
                        about="Whoever types an address in one of them can go on to the provider. Each admin can add the domain of their own address."
                    >
                        <Domains own={data.own_domain} />
                    </Section>
                    {data.issuer !== '' && (
                        <Section title="State" about={stateOf(data)}>
                            <Last now={data} />
                            <Remove onDone={() => setRemoved(removed + 1)} />
                        </Section>
                    )}
                </>
            )}
        </div>
    );
}

function stateOf({ ready }: SignInSettings): string {
    return ready
        ? 'People with an address in your domains can sign in by the provider.'
        : 'Nobody is sent to the provider until a test has found it in order.';
}

function Redirect({ address }: { address: string }) {
    return (
        <p className="mb-4">
            <span className="mb-1 block font-medium">Redirect address</span>
            <code className="block rounded-lg bg-sunken px-3 py-2 font-mono text-table break-all select-all">
                {address}
            </code>
        </p>
    );
}

function Last({ now }: { now: SignInSettings }) {
    return (
        <p className="mb-3 text-ink-soft">
            {now.tested > 0 && (
                <>
                    Tested <When at={now.tested} />.{' '}
                </>
            )}
            {now.proven > 0 ? (
                <>
                    An admin logged in this way <When at={now.proven} />.
                </>
            ) : (
                'No admin has logged in this way yet.'
            )}
        </p>
    );
}

function Remove({ onDone }: { onDone: () => void }) {
    const client = useQueryClient();
    const [asked, setAsked] = useState(false);

    return (
        <>
            <Button onClick={() => setAsked(true)}>Remove the provider</Button>
            {asked && (
                <Confirm
                    title="Remove the provider?"
                    about="Everybody logs in by password again. Who came in by the provider only can ask for a password on the log-in page."
                    action="Remove it"
                    send={() => call(http.DELETE('/api/v1/sign-in'))}
                    onDone={async () => {
                        setAsked(false);
                        await client.invalidateQueries(signInQuery);
                        onDone();
                    }}
                    onClose={() => setAsked(false)}
                />
            )}
        </>
    );
}
