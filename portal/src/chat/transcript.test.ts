import { describe, expect, it } from 'vitest';
import type { Message } from '../api/client';
import type { Unsent } from './outbox';
import { EMPTY, awaited, lastSeq, pending, withDelta, withMessage, type Delta } from './transcript';

function message(seq: number, author: Message['author'], text: string): Message {
    return { id: `m${seq}`, seq, author, name: author, text, outcome: null, created: 1000 + seq };
}

function delta(at: number, text: string, more: Partial<Delta> = {}): Delta {
    return { turn: 't', answer: 'a', take: 1, at, text, ...more };
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
        const draft = withDelta(EMPTY, delta(0, 'I am'));
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
            transcript = withDelta(transcript, delta(at, text));
            at += new TextEncoder().encode(text).length;
        }
        expect(transcript.draft).toMatchObject({ text: pieces.join(''), upTo: at });
    });

    it('that come again after a reconnection change nothing', () => {
        let transcript = withDelta(EMPTY, delta(0, 'Grüße'));
        transcript = withDelta(transcript, delta(7, ' aus Köln'));
        transcript = withDelta(transcript, delta(7, ' aus Köln'));
        expect(transcript.draft?.text).toBe('Grüße aus Köln');
        transcript = withDelta(transcript, delta(0, 'Grüße aus Köln am Rhein'));
        expect(transcript.draft?.text).toBe('Grüße aus Köln am Rhein');
    });

    it('of another take begin anew, and without a word it is awaited again', () => {
        const asked = withMessage(EMPTY, message(1, 'person', 'hello'));
        const first = withDelta(asked, delta(0, 'One thing'));
        const again = withDelta(first, delta(0, 'Another', { take: 2 }));
        expect(again.draft).toEqual({ turn: 't', take: 2, text: 'Another', upTo: 7 });
        const blank = withDelta(first, delta(0, '', { take: 2 }));
        expect(blank.draft).toBeNull();
        expect(awaited(blank, [])).toBe(true);
    });

    it('behind a gap are left to the message', () => {
        expect(withDelta(EMPTY, delta(9, 'Köln'))).toBe(EMPTY);
        const known = withDelta(EMPTY, delta(0, 'Grüße'));
        expect(withDelta(known, delta(8, 'aus Köln'))).toBe(known);
        expect(withDelta(known, delta(7, ' noch einmal', { take: 2 }))).toBe(known);
    });

    it('that come after the message they led to are nothing new', () => {
        const asked = withMessage(EMPTY, message(1, 'person', 'hello'));
        const answered = withMessage(asked, message(2, 'employee', 'Grüße aus Köln'));
        expect(withDelta(answered, delta(0, 'Grüße', { answer: 'm2' }))).toBe(answered);
        expect(
            withDelta(answered, delta(0, 'Grüße', { turn: 'u', answer: 'm3' })).draft,
        ).not.toBeNull();
    });

    it('of another turn never join the draft of this one', () => {
        const first = withDelta(EMPTY, delta(0, 'One'));
        expect(withDelta(first, delta(0, 'two', { turn: 'b' })).draft?.text).toBe('two');
        expect(withDelta(first, delta(3, 'two', { turn: 'b' }))).toBe(first);
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
        expect(awaited(withDelta(asked, delta(0, 'I')), [])).toBe(false);
        expect(awaited(withMessage(asked, message(2, 'employee', 'I am')), [])).toBe(false);
    });

    it('while a message is on its way, and not when it could not be sent', () => {
        expect(awaited(EMPTY, [unsent('hello')])).toBe(true);
        expect(awaited(EMPTY, [unsent('hello', { told })])).toBe(false);
    });
});
