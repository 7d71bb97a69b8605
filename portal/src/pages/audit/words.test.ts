import { describe, expect, it } from 'vitest';
import { filtersOf, startOf, subjectOf } from './data';
import { actionWords, actorWords, details } from './words';

describe('entries in words', () => {
    it('names actions, known or not', () => {
        expect(actionWords('person.logged_in')).toBe('Logged in');
        expect(actionWords('kettle.boiled_over')).toBe('Kettle boiled over');
    });

    it('names whoever did it, also one who has left', () => {
        expect(actorWords('person:0190', 'Anna')).toBe('Anna');
        expect(actorWords('system', null)).toBe('Konstruct');
        expect(actorWords('person:0190a0a0-0000-7000-8000-000000abcdef', null)).toBe('Person abcdef');
    });

    it('tells details without what is sealed', () => {
        expect(details({ body: '{"channel":"slack","n":2}', personal: null, erased: false })).toBe(
            'channel slack, n 2',
        );
        expect(
            details({ body: '{"subject":"x","sealed":"y"}', personal: '{"name":"Zoë"}', erased: false }),
        ).toBe('name Zoë');
        expect(details({ body: '{"subject":"x","sealed":"y"}', personal: null, erased: true })).toBe(
            'personal text erased',
        );
        expect(details({ body: 'no json', personal: null, erased: false })).toBe('no json');
    });
});

describe('filters in the address', () => {
    it('keep what makes sense', () => {
        expect(filtersOf({ actor: 'system', from: '2026-01-31', to: 'soon', text: '' })).toEqual({
            actor: 'system',
            from: '2026-01-31',
        });
    });

    it('count days from midnight to midnight', () => {
        expect(Number(startOf('2026-02-01')) - Number(startOf('2026-01-31'))).toBe(86_400);
        expect(startOf('2026-01-31', 1)).toBe(startOf('2026-02-01'));
    });
});

describe('personal text and the anchor', () => {
    it('knows whose text an entry carries, while it is there', () => {
        const id = '0190a0a0-0000-7000-8000-000000000001';
        expect(subjectOf({ body: `{"subject":"${id}","sealed":"x"}`, erased: false })).toBe(id);
        expect(subjectOf({ body: `{"subject":"${id}","sealed":"x"}`, erased: true })).toBe(undefined);
        expect(subjectOf({ body: '{"n":1}', erased: false })).toBe(undefined);
    });
});
