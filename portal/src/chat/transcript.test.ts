import { describe, expect, it } from 'vitest';
import type { Message } from '../api/client';
import type { Unsent } from './outbox';
import { EMPTY, awaited, lastSeq, pending, withDelta, withMessage } from './transcript';

function message(seq: number, author: Message['author'], text: string): Message {
    return { id: `m${seq}`, seq, author, name: author, text, outcome: null, created: 1000 + seq };
}

function unsent(text: string, more: Partial<Unsent> = {}): Unsent {
    return { key: `k-${text}`, text, after: 0, created: 1000, told: null, ...more };
}

const told = { what: 'Konstruct can’t be reached.', todo: 'Try again.' };

describe('messages', () => {
    it('stand in the order of their numbers, whatever order they come in, and only once', () => {
        const order = [3, 1, 2, 3, 1];
        const transcript = order
            .map((seq) => message(seq, 'person', `text ${seq}`))
            .reduce(withMessage, EMPTY);
        expect(transcript.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
        expect(lastSeq(transcript)).toBe(3);
    });

    it('leave a transcript as it is when they are known, so that nothing is drawn again', () => {
        const once = withMessage(EMPTY, message(1, 'person', 'hello'));
        expect(withMessage(once, message(1, 'person', 'hello'))).toBe(once);
    });

    it('of the employee replace the draft, of a person do not', () => {
        const draft = withDelta(EMPTY, { turn: 't', at: 0, text: 'I am' });
        expect(withMessage(draft, message(1, 'person', 'wait')).draft?.text).toBe('I am');
        expect(withMessage(draft, message(2, 'employee', 'I am Mara.')).draft).toBeNull();
    });
});

describe('pieces of an answer', () => {
    it('are put together by the byte at which they stand', () => {
        const pieces = ['Grüße', ' aus ', 'Köln 👋', '!'];
        let at = 0;
        let transcript = EMPTY;
        for (const text of pieces) {
            transcript = withDelta(transcript, { turn: 't', at, text });
            at += new TextEncoder().encode(text).length;
        }
        expect(transcript.draft?.text).toBe(pieces.join(''));
        expect(transcript.draft).toMatchObject({ from: 0, upTo: at });
    });

    it('that come again after a reconnection change nothing', () => {
        let transcript = withDelta(EMPTY, { turn: 't', at: 0, text: 'Grüße' });
        transcript = withDelta(transcript, { turn: 't', at: 7, text: ' aus Köln' });
        transcript = withDelta(transcript, { turn: 't', at: 7, text: ' aus Köln' });
        expect(transcript.draft?.text).toBe('Grüße aus Köln');
    });

    it('that start at nought begin anew', () => {
        const first = withDelta(EMPTY, { turn: 't', at: 0, text: 'One thing' });
        const again = withDelta(first, { turn: 't', at: 0, text: 'Another' });
        expect(again.draft).toEqual({ turn: 't', text: 'Another', from: 0, upTo: 7 });
    });

    it('behind a gap begin what is known, and later ones join it', () => {
        let transcript = withDelta(EMPTY, { turn: 't', at: 9, text: 'Grüße' });
        transcript = withDelta(transcript, { turn: 't', at: 16, text: ' aus Köln' });
        expect(transcript.draft).toMatchObject({ text: 'Grüße aus Köln', from: 9, upTo: 26 });
        transcript = withDelta(transcript, { turn: 't', at: 16, text: ' aus Bonn' });
        expect(transcript.draft).toMatchObject({ text: 'Grüße aus Bonn', from: 9, upTo: 25 });
        transcript = withDelta(transcript, { turn: 't', at: 0, text: 'Anew' });
        expect(transcript.draft).toMatchObject({ text: 'Anew', from: 0 });
    });

    it('that come after the message they led to are nothing new', () => {
        const asked = withMessage(EMPTY, message(1, 'person', 'hello'));
        const answered = withMessage(asked, message(2, 'employee', 'Grüße aus Köln'));
        expect(withDelta(answered, { turn: 't', at: 0, text: 'Grüße' })).toBe(answered);
        expect(withDelta(answered, { turn: 't', at: 7, text: ' aus Köln' })).toBe(answered);
        expect(withDelta(answered, { turn: 'u', at: 0, text: 'Grüß Gott' }).draft?.text).toBe(
            'Grüß Gott',
        );
        expect(
            withDelta(answered, { turn: 'u', at: 7, text: ' aus Köln am Rhein' }).draft,
        ).not.toBeNull();
    });

    it('of another turn never join the draft of this one', () => {
        const first = withDelta(EMPTY, { turn: 'a', at: 0, text: 'One' });
        expect(withDelta(first, { turn: 'b', at: 3, text: 'two' }).draft?.text).toBe('two');
        expect(withDelta(first, { turn: 'b', at: 0, text: 'two' }).draft?.text).toBe('two');
    });
});

describe('the outbox', () => {
    it('shows what is not stored yet', () => {
        expect(pending(EMPTY, [unsent('hello')])).toHaveLength(1);
    });

    it('hides what the stream has brought already', () => {
        const transcript = withMessage(EMPTY, message(5, 'person', 'hello'));
        expect(pending(transcript, [unsent('hello', { after: 4 })])).toEqual([]);
    });

    it('is not misled by the same words said earlier', () => {
        const transcript = withMessage(EMPTY, message(5, 'person', 'hello'));
        expect(pending(transcript, [unsent('hello', { after: 5 })])).toHaveLength(1);
    });

    it('lets one stored message stand for one sent message', () => {
        const transcript = withMessage(EMPTY, message(5, 'person', 'hello'));
        const twice = [unsent('hello', { key: 'a' }), unsent('hello', { key: 'b' })];
        expect(pending(transcript, twice).map(({ key }) => key)).toEqual(['b']);
    });
});

describe('an answer is awaited', () => {
    const asked = withMessage(EMPTY, message(1, 'person', 'hello'));

    it('after a person has spoken and until its first word', () => {
        expect(awaited(EMPTY, [])).toBe(false);
        expect(awaited(asked, [])).toBe(true);
        expect(awaited(withDelta(asked, { turn: 't', at: 0, text: 'I' }), [])).toBe(false);
        expect(awaited(withMessage(asked, message(2, 'employee', 'I am')), [])).toBe(false);
    });

    it('while a message is on its way, and not when it could not be sent', () => {
        expect(awaited(EMPTY, [unsent('hello')])).toBe(true);
        expect(awaited(EMPTY, [unsent('hello', { told })])).toBe(false);
    });
});
