/* Which browsers are logged in to this account, and ending that. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, http, type Session } from '../../api/client';
import { sessionsQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Done } from '../../components/Done';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { Section } from './Section';

function useEnd() {
    const client = useQueryClient();
    return useMutation({
        mutationFn: (id: string | null) =>
            id === null
                ? call(http.DELETE('/api/v1/sessions'))
                : call(http.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
        onSettled: () => client.invalidateQueries(sessionsQuery),
    });
}

function Line({ session, onEnd, busy }: { session: Session; onEnd: () => void; busy: boolean }) {
    return (
        <li className="flex min-h-12 items-center gap-3 border-b border-line py-2 last:border-0">
            <div className="min-w-0 flex-1">
                <p className="font-medium">{session.agent}</p>
                <p className="text-table text-ink-soft">
                    {session.current ? (
                        'This browser'
                    ) : (
                        <>
                            Last used <When at={session.seen} />
                        </>
                    )}
                </p>
            </div>
            {!session.current && (
                <Button
                    size="small"
                    busy={busy}
                    onClick={onEnd}
                    aria-label={`End the session of ${session.agent}`}
                >
                    End
                </Button>
            )}
        </li>
    );
}

export function Sessions() {
    const sessions = useQuery(sessionsQuery);
    const end = useEnd();
    const others = sessions.data?.filter(({ current }) => !current) ?? [];

    return (
        <Section
            title="Sessions"
            about="Where you are logged in. End what you do not know, and change your password."
        >
            <Failed error={sessions.error ?? end.error} again={sessions.refetch} className="mb-3" />
            {sessions.isPending && <Skeleton className="h-12 w-full" />}
            <ul aria-label="Sessions">
                {sessions.data?.map((session) => (
                    <Line
                        key={session.id}
                        session={session}
                        busy={end.isPending && end.variables === session.id}
                        onEnd={() => end.mutate(session.id)}
                    />
                ))}
            </ul>
            {others.length > 1 && (
                <Button
                    className="mt-3"
                    busy={end.isPending && end.variables === null}
                    onClick={() => end.mutate(null)}
                >
                    End all others
                </Button>
            )}
            {end.isSuccess && <Done className="mt-3">Ended.</Done>}
        </Section>
    );
}
