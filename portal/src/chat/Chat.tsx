/* The conversation: what was said, what is being said, and the place to say something. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, type RefObject, useRef } from 'react';
import type { Employee } from '../api/client';
import { conversationsQuery } from '../api/queries';
import { Failed } from '../components/Failed';
import { Notice } from '../components/Notice';
import { Skeleton } from '../components/Skeleton';
import { Composer } from './Composer';
import { placeOf, resume, say, sayAgain, useTranscript, type Speaking } from './conversation';
import { carryDraft, putDraft } from './draft';
import { dropUnsent, useUnsent, type Unsent } from './outbox';
import { channelOf, isOurs } from './title';
import { EMPTY, lastSeq, pending, type Transcript } from './transcript';
import { Welcome } from './Welcome';
import { Lines } from './Lines';

interface Props {
    employee: Employee;
    conversationId: string | undefined;
}

/* How this person speaks in this place; a first message leads on to the conversation it began. */
function useSpeaking(employeeId: string, conversationId: string | undefined): Speaking {
    const client = useQueryClient();
    const router = useRouter();

    return {
        client,
        employeeId,
        conversationId,
        onBegun: (begun) => {
            carryDraft(`new:${employeeId}`, begun);
            /* Whoever has gone elsewhere meanwhile stays there. */
            if (router.state.location.pathname.replace(/\/$/, '') !== `/employees/${employeeId}`)
                return;
            void router.navigate({
                to: '/employees/$employeeId/{-$conversationId}',
                params: { employeeId, conversationId: begun },
                replace: true,
            });
        },
    };
}

export function Chat({ employee, conversationId }: Props) {
    const speaking = useSpeaking(employee.id, conversationId);
    const place = placeOf(speaking);
    const unsent = useUnsent(place);
    const input = useRef<HTMLTextAreaElement>(null);
    const latest = useRef(speaking);

    useEffect(() => {
        latest.current = speaking;
    });
    useEffect(() => resume(latest.current), [place]);

    const shared = { employee, speaking, unsent, input };
    return conversationId === undefined ? (
        <Fresh {...shared} />
    ) : (
        <Running {...shared} conversationId={conversationId} />
    );
}

interface Shared {
    employee: Employee;
    speaking: Speaking;
    unsent: readonly Unsent[];
    input: RefObject<HTMLTextAreaElement | null>;
}

function Fresh({ employee, speaking, unsent, input }: Shared) {
    const onSay = (text: string) => say(speaking, text, 0);
    return (
        <>
            {unsent.length === 0 ? (
                <Welcome employee={employee} onSay={onSay} />
            ) : (
                <Said employee={employee} speaking={speaking} transcript={EMPTY} unsent={unsent} />
            )}
            <Composer
                key="composer"
                place={placeOf(speaking)}
                name={employee.name}
                input={input}
                /* The second message needs the conversation that the first one is beginning. */
                held={unsent.some((entry) => entry.told === null)}
                onSay={onSay}
            />
        </>
    );
}

function Running({
    employee,
    speaking,
    unsent,
    input,
    conversationId,
}: Shared & { conversationId: string }) {
    const { query, link } = useTranscript(conversationId);
    const list = useQuery(conversationsQuery(employee.id)).data;
    const conversation = list?.find(({ id }) => id === conversationId);
    const transcript = query.data;

    return (
        <>
            {transcript ? (
                <Said
                    employee={employee}
                    speaking={speaking}
                    transcript={transcript}
                    unsent={unsent}
                />
            ) : (
                <div className="flex-1 overflow-y-auto px-4 sm:px-6">
                    <div className="mx-auto max-w-180 py-6">
                        {query.isError ? (
                            <Failed error={query.error} again={query.refetch} />
                        ) : (
                            <SaidSkeleton />
                        )}
                    </div>
                </div>
            )}
            {link === 'lost' && (
                <div className="mx-auto w-full max-w-192 px-4 pb-2 sm:px-6">
                    <Notice
                        tone="away"
                        urgent={false}
                        told={{
                            what: 'The connection is lost.',
                            todo: 'Nothing said so far is gone. New messages appear as soon as it is back.',
                        }}
                    />
                </div>
            )}
            {conversation && !isOurs(conversation) ? (
                <p className="border-t border-line px-4 py-4 text-center text-ink-soft">
                    This conversation is held in {channelOf(conversation)}. Read it here, answer
                    there.
                </p>
            ) : (
                <Composer
                    key="composer"
                    place={conversationId}
                    name={employee.name}
                    input={input}
                    onSay={(text) => say(speaking, text, lastSeq(transcript ?? EMPTY))}
                />
            )}
        </>
    );
}

interface SaidProps {
    employee: Employee;
    speaking: Speaking;
    transcript: Transcript;
    unsent: readonly Unsent[];
}

function Said({ employee, speaking, transcript, unsent }: SaidProps) {
    const place = placeOf(speaking);
    return (
        <Lines
            key="lines"
            employee={employee}
            transcript={transcript}
            waiting={pending(transcript, unsent)}
            onAgain={(entry) => sayAgain(speaking, entry)}
            onEdit={(entry) => {
                putDraft(place, entry.text);
                dropUnsent(place, entry.key);
            }}
        />
    );
}

function SaidSkeleton() {
    return (
        <div className="grid gap-6">
            <Skeleton className="ml-auto h-10 w-1/2 rounded-lg" />
            <div className="flex gap-3">
                <Skeleton className="size-8 shrink-0 rounded-full" />
                <div className="grid flex-1 content-start gap-2.5 pt-1">
                    <Skeleton className="h-3.5 w-24" />
                    <Skeleton className="h-3.5 w-full" />
                    <Skeleton className="h-3.5 w-4/5" />
                </div>
            </div>
        </div>
    );
}
