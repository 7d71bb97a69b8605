/* What somebody sees who must do something before anything else works. */
import { useQueryClient } from '@tanstack/react-query';
import { useRouteContext, useRouter } from '@tanstack/react-router';
import { call, http } from '../api/client';
import { meQuery } from '../api/queries';
import { Button } from '../components/Button';
import { usePage } from '../lib/page';
import { OtherCompanies } from '../shell/companies';
import { SetUp } from './account/factor/SetUp';

export function Barred() {
    const me = useRouteContext({ from: '/barred', select: (context) => context.me });
    const client = useQueryClient();
    const router = useRouter();

    usePage('Second factor');
    async function goOn(): Promise<void> {
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        await router.navigate({ to: '/' });
    }
    async function logOut(): Promise<void> {
        await call(http.POST('/api/v1/logout'));
        client.clear();
        await router.navigate({ to: '/login' });
    }

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">Second factor</h1>
            <p className="mt-1 mb-6 text-ink-soft">
                {me.tenant_name} asks everybody for one: a code of an app on your telephone, after
                the password. Set it up to go on.
            </p>
            <SetUp email={me.email} then="I have kept them, go on" onDone={() => void goOn()} />
            <OtherCompanies current={me.tenant_id} />
            <Button look="quiet" className="mt-6" onClick={() => void logOut()}>
                Log out
            </Button>
        </>
    );
}
