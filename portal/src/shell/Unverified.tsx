/* Asks a person to confirm the e-mail address, on every page until it is done. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { MailQuestion } from 'lucide-react';
import { call, http } from '../api/client';
import { explain, type Told } from '../api/fault';
import { meQuery } from '../api/queries';
import { Button } from '../components/Button';

function sentences({ what, todo }: Told): string {
    return `${what} ${todo}`;
}

export function Unverified() {
    /* The link opens in another tab; coming back here shows what became of it. */
    const me = useQuery({
        ...meQuery,
        refetchOnWindowFocus: (query) => (query.state.data?.verified ? false : 'always'),
    });
    const again = useMutation({
        mutationFn: () => call(http.POST('/api/v1/email/verify/again')),
    });

    if (!me.data || me.data.verified) return null;

    let told = `Confirm your e-mail address: a mail with a link went to ${me.data.email}.`;
    if (again.isSuccess) told = `Sent again to ${me.data.email}.`;
    if (again.error) told = sentences(explain(again.error));
    return (
        <aside
            aria-label="Confirm your e-mail address"
            className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-amber-line bg-amber-soft px-4 py-2"
        >
            <MailQuestion aria-hidden size={16} className="shrink-0 text-amber" />
            <p role="status" className="min-w-0 flex-1 basis-60 wrap-anywhere">
                {told}
            </p>
            <Button size="small" busy={again.isPending} onClick={() => again.mutate()}>
                Send the mail again
            </Button>
        </aside>
    );
}
