/*
 * A conversation as the page knows it, put together from three sources that overlap: the stored messages, the live
 * stream, and what this person has sent but the server has not confirmed. Pure, so that every order can be tested.
 */
import type { Message } from '../api/client';
import type { Unsent } from './outbox';

/* The answer that is being written: its text so far, and how many bytes (of UTF-8, as the server counts) that are. */
export interface Draft {
    turn: string;
    /* Grows each time the answer begins anew, with another model or on another server. */
    take: number;
    text: string;
    upTo: number;
}

export interface Transcript {
    messages: readonly Message[];
    draft: Draft | null;
}

/* A piece of it, and the id that the finished message will have. */
export interface Delta {
    turn: string;
    answer: string;
    take: number;
    at: number;
    text: string;
}

export const EMPTY: Transcript = { messages: [], draft: null };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function lastSeq(transcript: Transcript): number {
    return transcript.messages.at(-1)?.seq ?? 0;
}

/* The same message may come twice or late; it has one place. An answer ends the draft that led to it. */
export function withMessage(transcript: Transcript, message: Message): Transcript {
    const { messages } = transcript;

    if (messages.some((known) => known.seq === message.seq)) return transcript;
    const after = messages.findLastIndex((known) => known.seq < message.seq) + 1;
    return {
        messages: [...messages.slice(0, after), message, ...messages.slice(after)],
        draft: message.author === 'employee' ? null : transcript.draft,
    };
}

/*
 * A piece says where it belongs. One that overlaps what is known replaces it from there on, and one of another take begins
 * the answer anew. The server leaves no gap; a piece behind one would be of no use, since the message follows in the end.
 */
export function withDelta(transcript: Transcript, delta: Delta): Transcript {
    const { messages, draft } = transcript;
    const old = draft?.turn === delta.turn && draft.take === delta.take ? draft : null;

    if (messages.some(({ id }) => id === delta.answer)) return transcript;
    if (delta.at > (old?.upTo ?? 0)) return transcript;
    const before = old ? decoder.decode(encoder.encode(old.text).subarray(0, delta.at)) : '';
    const text = before + delta.text;
    if (text === '') return { messages, draft: null };
    return {
        messages,
        draft: {
            turn: delta.turn,
            take: delta.take,
            text,
            upTo: delta.at + encoder.encode(delta.text).length,
        },
    };
}

/*
 * What is still to be shown of the outbox. The stream may bring a message before the server has answered its POST: then
 * the stored one stands for it.
 */
export function pending(transcript: Transcript, unsent: readonly Unsent[]): Unsent[] {
    const taken = new Set<number>();

    return unsent.filter((entry) => {
        const stored = transcript.messages.find(
            (message) =>
                message.author === 'person' &&
                message.seq > entry.after &&
                message.text === entry.text &&
                !taken.has(message.seq),
        );
        if (stored) taken.add(stored.seq);
        return stored === undefined;
    });
}

/* Somebody spoke last and no word of the answer is there yet. */
export function awaited(transcript: Transcript, waiting: readonly Unsent[]): boolean {
    if (transcript.draft !== null) return false;
    if (waiting.length > 0) return waiting.every((entry) => entry.told === null);
    return transcript.messages.at(-1)?.author === 'person';
}
