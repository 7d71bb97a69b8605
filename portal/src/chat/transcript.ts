/*
 * A conversation as the page knows it, put together from three sources that overlap: the stored messages, the live
 * stream, and what this person has sent but the server has not confirmed. Pure, so that every order can be tested.
 */
import type { Message } from '../api/client';
import type { Unsent } from './outbox';

/* The answer that is being written: what is known of it, from one byte up to another (of UTF-8, as the server counts). */
export interface Draft {
    turn: string;
    text: string;
    from: number;
    upTo: number;
}

export interface Transcript {
    messages: readonly Message[];
    draft: Draft | null;
}

export interface Delta {
    turn: string;
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
 * A piece says where it belongs. One that overlaps what is known replaces it from there on, and one that starts at nought
 * begins the answer anew (a retry). Behind a gap, as after a reload in the middle of an answer, what is known begins with
 * the piece: the whole message follows in the end.
 */
export function withDelta(transcript: Transcript, delta: Delta): Transcript {
    if (isLate(transcript, delta)) return transcript;
    const old = transcript.draft?.turn === delta.turn ? transcript.draft : null;
    const joins = old !== null && delta.at >= old.from && delta.at <= old.upTo;
    const before = joins
        ? decoder.decode(encoder.encode(old.text).subarray(0, delta.at - old.from))
        : '';

    return {
        messages: transcript.messages,
        draft: {
            turn: delta.turn,
            text: before + delta.text,
            from: joins ? old.from : delta.at,
            upTo: delta.at + encoder.encode(delta.text).length,
        },
    };
}

/*
 * A stream that opens while an answer is being finished may bring the whole of it first and its last pieces after. Such
 * a piece stands at its very place in the message already.
 */
function isLate({ messages }: Transcript, { at, text }: Delta): boolean {
    const last = messages.at(-1);

    if (last?.author !== 'employee') return false;
    const piece = encoder.encode(text);
    const there = encoder.encode(last.text).subarray(at, at + piece.length);
    return there.length === piece.length && there.every((byte, i) => byte === piece[i]);
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
