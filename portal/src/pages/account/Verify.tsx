/* Where the link of a mail leads that proves an address. Opening it changes nothing, because programs open links, too. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { linkQuery, meQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { useLinkToken } from './link';

export function Verify() {
    usePage('Confirm your e-mail address');
    const token = useLinkToken();
    const client = useQueryClient();
    const link = useQuery(linkQuery(token));
    const confirm = useMutation({
        mutationFn: () => call(http.POST('/api/v1/email/verify', { body: { token } })),
        onSuccess: () => client.resetQueries(meQuery),
    });
    const refused = confirm.error ?? link.error;

    return (
        <>
            <h1 className="mt-6 text-display font-semibold tracking-tight">
                Confirm your e-mail address
            </h1>
            <div className="mt-4 grid gap-4">
                {refused && (
                    <Notice told={explain(refused)}>
                        <Button asChild size="small">
                            <Link to="/">Go to Konstruct</Link>
                        </Button>
                    </Notice>
                )}
                {link.isPending && (
                    <>
                        <Skeleton className="h-5 w-full" />
                        <Skeleton className="h-10 w-full" />
                    </>
                )}
                {link.data && !refused && !confirm.isSuccess && (
                    <>
                        <p>
                            <span className="font-medium break-all">{link.data.email}</span> is your
                            address, and the account at{' '}
                            <span className="font-medium">{link.data.company}</span> is yours.
                        </p>
                        <Button
                            look="primary"
                            className="h-10"
                            busy={confirm.isPending}
                            onClick={() => confirm.mutate()}
                        >
                            {confirm.isPending ? 'Confirming' : 'Yes, confirm'}
                        </Button>
                        <p className="text-table text-ink-soft">
                            If this is not your company, close this page.
                        </p>
                    </>
                )}
                {confirm.isSuccess && (
                    <>
                        <Done>Your address is confirmed.</Done>
                        <Button asChild look="primary" className="h-10">
                            <Link to="/">Go to Konstruct</Link>
                        </Button>
                    </>
                )}
            </div>
        </>
    );
}
