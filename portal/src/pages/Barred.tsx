/* What somebody sees who can't do anything else yet: why, and what can be done about it. */
import { useQueryClient } from '@tanstack/react-query';
import { useRouteContext, useRouter } from '@tanstack/react-router';
import { call, http, type Me } from '../api/client';
import { meQuery } from '../api/queries';
import { Button } from '../components/Button';
import { Notice } from '../components/Notice';
import { usePage } from '../lib/page';
import { OtherCompanies } from '../shell/companies';
import { may } from '../shell/places';
import { SetUp } from './account/factor/SetUp';
import { Exports } from './company/Exports';

function Suspended({ me }: { me: Me }) {
    usePage('Suspended');
    return (
        <>
            <h1 className="mt-6 mb-4 text-display font-semibold tracking-tight">Suspended</h1>
            <Notice
                tone="amber"
                urgent={false}
                told={{
                    what: `${me.tenant_name} is suspended.`,
                    todo: me.barred_why ?? '',
                }}
            />
            <p className="mt-4 text-ink-soft">
                Nothing is lost. Messages that come in are kept, and answered once whoever runs this
                instance resumes the company.
            </p>
            {may(me, 'tenant:export') && (
                <div className="mt-6">
                    <p className="mb-3 text-ink-soft">You can take everything out at any time.</p>
                    <Exports />
                </div>
            )}
        </>
    );
}

function FactorFirst({ me }: { me: Me }) {
    usePage('Second factor');
    const client = useQueryClient();
    const router = useRouter();

    async function goOn(): Promise<void> {
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        await router.navigate({ to: '/' });
    }

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Second factor</h1>
            <p className="mt-1 mb-6 text-ink-soft">
                {me.tenant_name} asks everybody for one: a code of an app on your telephone, after
                the password. Set it up to go on.
            </p>
            <SetUp email={me.email} then="I have kept them, go on" onDone={() => void goOn()} />
        </>
    );
}

export function Barred() {
    const me = useRouteContext({ from: '/barred', select: (context) => context.me });
    const client = useQueryClient();
    const router = useRouter();

    async function logOut(): Promise<void> {
        await call(http.POST('/api/v1/logout'));
        client.clear();
        await router.navigate({ to: '/login' });
    }

    return (
        <>
            {me.barred === 'tenant_suspended' ? <Suspended me={me} /> : <FactorFirst me={me} />}
            <OtherCompanies current={me.tenant_id} />
            <Button look="quiet" className="mt-6" onClick={() => void logOut()}>
                Log out
            </Button>
        </>
    );
}
