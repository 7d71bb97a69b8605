/* Who belongs to the company, in which role; who is invited. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Done } from '../../components/Done';
import { Failed } from '../../components/Failed';
import { More } from '../../components/More';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { may } from '../../shell/places';
import { Invitations } from './Invitations';
import { Invite } from './Invite';
import { Line } from './Line';
import { all, invitationsQuery, peopleQuery, type Member } from './data';

export function People() {
    usePage('People');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const list = useInfiniteQuery(peopleQuery);
    const people = all(list.data);
    const managing = may(me, 'people:manage');
    const [inviting, setInviting] = useState(false);
    const [removing, setRemoving] = useState<Member | null>(null);
    const [done, setDone] = useState<string | null>(null);

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">People</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        Who belongs to {me.tenant_name}, and in which role.
                    </p>
                </div>
                {managing && (
                    <Button look="primary" onClick={() => setInviting(true)}>
                        Invite somebody
                    </Button>
                )}
            </div>
            {done && <Done className="mt-6">{done}</Done>}
            <Failed error={list.error} again={list.refetch} className="mt-6" />
            {people === undefined && !list.error && <Skeleton className="mt-6 h-40 w-full" />}
            {people && (
                <ul
                    aria-label="People"
                    className="mt-6 rounded-lg border border-line bg-surface"
                >
                    {people.map((person) => (
                        <Line
                            key={person.id}
                            of={person}
                            managing={managing}
                            onRemove={() => setRemoving(person)}
                        />
                    ))}
                </ul>
            )}
            <More of={list} />
            {managing && <Invitations onDone={setDone} />}
            {inviting && (
                <Invite
                    onClose={() => setInviting(false)}
                    onDone={({ email }) => {
                        setInviting(false);
                        setDone(`A mail is on its way to ${email}.`);
                        void client.invalidateQueries(invitationsQuery);
                    }}
                />
            )}
            {removing && (
                <Confirm
                    title={`Remove ${removing.name}?`}
                    about="They are logged out of this company at once and can’t come back without an invitation. Their conversations stay, and so does what the audit says of them."
                    action="Remove them"
                    send={() =>
                        call(
                            http.DELETE('/api/v1/people/{id}', {
                                params: { path: { id: removing.id } },
                            }),
                        )
                    }
                    onClose={() => setRemoving(null)}
                    onDone={() => {
                        setDone(`${removing.name} no longer belongs to the company.`);
                        setRemoving(null);
                        void client.invalidateQueries(peopleQuery);
                    }}
                />
            )}
        </div>
    );
}
