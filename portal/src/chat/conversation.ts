/* One conversation, kept current: its stored messages, the live line, and the way to say something. */
import { queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call, http, type Message } from '../api/client';
import { Fault, explain, signedOut } from '../api/fault';
import { openLink, type LinkState } from './link';
import { addUnsent, dropUnsent, markUnsent, moveUnsent, unsentAt, type Unsent } from './outbox';
import { EMPTY, lastSeq, withDelta, withMessage, type Delta, type Transcript } from './transcript';

const transcriptKey = (id: string) => ['transcript', id] as const;

async function messagesAfter(id: string, after: number, signal: AbortSignal): Promise<Message[]> {
    const all: Message[] = [];
    let from: number | null = after;

    while (from !== null) {
        const page: { items: Message[]; next: string | null } = await call(
            http.GET('/api/v1/conversations/{id}/messages', {
                params: { path: { id }, query: { after: from } },
                signal,
            }),
        );
        all.push(...page.items);
        from = page.next === null ? null : Number(page.next);
    }
    return all;
}

/* Fetches only what is new. It joins what the stream has brought while the fetch was under way. */
export const transcriptQuery = (client: QueryClient, id: string) =>
    queryOptions({
        queryKey: transcriptKey(id),
        queryFn: async ({ signal }) => {
            const known = () => client.getQueryData<Transcript>(transcriptKey(id)) ?? EMPTY;
            const news = await messagesAfter(id, lastSeq(known()), signal);
            return news.reduce(withMessage, known());
        },
        staleTime: Infinity,
        structuralSharing: false,
    });

export function useTranscript(id: string) {
    const client = useQueryClient();
    const query = useQuery(transcriptQuery(client, id));
    const [link, setLink] = useState<LinkState>('opening');
    const ready = query.data !== undefined;

    useEffect(() => {
        if (!ready) return;
        const change = (apply: (old: Transcript) => Transcript) =>
            client.setQueryData<Transcript>(transcriptKey(id), (old) => apply(old ?? EMPTY));

        const url = () => {
            const known = client.getQueryData<Transcript>(transcriptKey(id)) ?? EMPTY;
            return `/api/v1/conversations/${encodeURIComponent(id)}/stream?after=${lastSeq(known)}`;
        };

        return openLink(url, {
            onMessage: (data) => {
                const message = JSON.parse(data) as Message;
                change((old) => withMessage(old, message));
                if (message.author === 'employee')
                    void client.invalidateQueries({ queryKey: ['conversations'] });
            },
            onDelta: (data) => change((old) => withDelta(old, JSON.parse(data) as Delta)),
            onRefused: () => void client.refetchQueries({ queryKey: transcriptKey(id) }),
            onState: setLink,
        });
    }, [client, id, ready]);

    return { query, link };
}

/*
 * Sending goes on when the person leaves the page, so it hangs on the module and not on a component. Messages of one
 * place leave one after the other, in the order in which they were written.
 */
const lines = new Map<string, Promise<void>>();

export interface Speaking {
    client: QueryClient;
    employeeId: string;
    /* Undefined until the first message begins the conversation. */
    conversationId: string | undefined;
    onBegun: (conversationId: string) => void;
}

export function placeOf(speaking: Pick<Speaking, 'employeeId' | 'conversationId'>): string {
    return speaking.conversationId ?? `new:${speaking.employeeId}`;
}

async function begin({ client, employeeId, onBegun }: Speaking): Promise<string> {
    const { id } = await call(
        http.POST('/api/v1/employees/{id}/conversations', {
            params: { path: { id: employeeId } },
        }),
    );
    client.setQueryData<Transcript>(transcriptKey(id), EMPTY);
    moveUnsent(`new:${employeeId}`, id);
    onBegun(id);
    void client.invalidateQueries({ queryKey: ['conversations'] });
    return id;
}

async function deliver(speaking: Speaking, key: string, text: string): Promise<void> {
    let place = placeOf(speaking);

    try {
        const id = speaking.conversationId ?? (await begin(speaking));
        /* What is said next in the new conversation waits for this one. */
        lines.set(id, lines.get(place)!);
        place = id;
        const message = await call(
            http.POST('/api/v1/conversations/{id}/messages', {
                params: { path: { id } },
                body: { text, key },
            }),
        );
        speaking.client.setQueryData<Transcript>(transcriptKey(id), (old) =>
            withMessage(old ?? EMPTY, message),
        );
        dropUnsent(place, key);
        void speaking.client.invalidateQueries({ queryKey: ['conversations'] });
    } catch (error) {
        markUnsent(place, key, explain(error));
        /* The reads of the page meet the same no, and lead to the log-in. */
        if (signedOut(error)) void speaking.client.invalidateQueries();
        if (!(error instanceof Fault)) reportError(error);
    }
}

function queue(speaking: Speaking, entry: Unsent): void {
    const place = placeOf(speaking);
    const before = lines.get(place) ?? Promise.resolve();
    lines.set(
        place,
        before.then(() => deliver(speaking, entry.key, entry.text)),
    );
}

export function say(speaking: Speaking, text: string, after: number): void {
    const place = placeOf(speaking);
    const entry: Unsent = {
        key: crypto.randomUUID(),
        text,
        after,
        created: Math.floor(Date.now() / 1000),
        told: null,
    };
    addUnsent(place, entry);
    queue(speaking, entry);
}

export function sayAgain(speaking: Speaking, entry: Unsent): void {
    markUnsent(placeOf(speaking), entry.key, null);
    queue(speaking, entry);
}

/* After a reload: what was on its way is sent again; its key makes that the same message. */
export function resume(speaking: Speaking): void {
    const place = placeOf(speaking);
    if (lines.has(place)) return;
    for (const entry of unsentAt(place)) if (entry.told === null) queue(speaking, entry);
}
