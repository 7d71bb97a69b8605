/* Invitations that nobody has accepted yet: sent again, or withdrawn. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Failed } from '../../components/Failed';
import { More } from '../../components/More';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { roleName } from '../../lib/roles';
import { moment } from '../../lib/time';
import { all, invitationsQuery, type Invitation } from './data';

function at(id: string) {
    return { params: { path: { id } } };
}

interface LineProps {
    of: Invitation;
    busy: boolean;
    onAgain: () => void;
    onWithdraw: () => void;
}

function Line({ of, busy, onAgain, onWithdraw }: LineProps) {
    return (
        <li className="flex flex-wrap items-center gap-x-4 gap-y-3 border-b border-line px-5 py-4 last:border-0">
            <div className="min-w-0 flex-1 basis-60">
                <p className="font-medium wrap-anywhere">{of.email}</p>
                <p className="text-table text-ink-soft">
                    {roleName(of.role)}
                    {' · '}Invited <When at={of.created} />
                    {of.invited_by && ` by ${of.invited_by}`}
                    {' · '}
                    {of.expired ? (
                        <span className="font-medium text-red">Its time is over</span>
                    ) : (
                        <>Open until {moment(of.expires)}</>
                    )}
                </p>
                {of.mail === 'refused' && (
                    <p className="text-table text-red">
                        The mail could not be sent. Check the address, or send it again.
                    </p>
                )}
            </div>
            <Button
                size="small"
                busy={busy}
                onClick={onAgain}
                aria-label={`Send the mail to ${of.email} again`}
            >
                Send again
            </Button>
            <Button
                size="small"
                onClick={onWithdraw}
                aria-label={`Withdraw the invitation of ${of.email}`}
            >
                Withdraw
            </Button>
        </li>
    );
}

export function Invitations({ onDone }: { onDone: (what: string) => void }) {
    const client = useQueryClient();
    const list = useInfiniteQuery(invitationsQuery);
    const invitations = all(list.data);
    const [withdrawing, setWithdrawing] = useState<Invitation | null>(null);
    const again = useMutation({
        mutationFn: ({ id }: Invitation) => call(http.POST('/api/v1/invitations/{id}/mail', at(id))),
        onSuccess: ({ email }) => onDone(`A mail is on its way to ${email} again.`),
        onSettled: () => client.invalidateQueries(invitationsQuery),
    });

    return (
        <section aria-label="Invitations" className="mt-10">
            <h2 className="text-title font-semibold">Invitations</h2>
            {again.error && <Notice told={explain(again.error)} className="mt-4" />}
            <Failed error={list.error} again={list.refetch} className="mt-4" />
            {invitations === undefined && !list.error && <Skeleton className="mt-4 h-16 w-full" />}
            {invitations?.length === 0 && (
                <p className="mt-1 text-ink-soft">
                    Nobody is invited at the moment. Whoever accepts moves from here to the people
                    above.
                </p>
            )}
            {invitations !== undefined && invitations.length > 0 && (
                <ul
                    aria-label="Invitations"
                    className="mt-4 rounded-lg border border-line bg-surface"
                >
                    {invitations.map((invitation) => (
                        <Line
                            key={invitation.id}
                            of={invitation}
                            busy={again.isPending && again.variables.id === invitation.id}
                            onAgain={() => again.mutate(invitation)}
                            onWithdraw={() => setWithdrawing(invitation)}
                        />
                    ))}
                </ul>
            )}
            <More of={list} />
            {withdrawing && (
                <Confirm
                    title={`Withdraw the invitation of ${withdrawing.email}?`}
                    about="The links in its mails no longer work. You can invite the same address again."
                    action="Withdraw it"
                    send={() => call(http.DELETE('/api/v1/invitations/{id}', at(withdrawing.id)))}
                    onClose={() => setWithdrawing(null)}
                    onDone={() => {
                        onDone(`The invitation of ${withdrawing.email} is withdrawn.`);
                        setWithdrawing(null);
                        void client.invalidateQueries(invitationsQuery);
                    }}
                />
            )}
        </section>
    );
}
