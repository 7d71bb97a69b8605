/* What is being typed, by place: it survives a reload, a look elsewhere, and the birth of its conversation. */
import { useSyncExternalStore } from 'react';
import { keep, kept } from '../lib/store';

const listeners = new Set<() => void>();

function draftAt(place: string): string {
    const text = kept(`draft.${place}`);
    return typeof text === 'string' ? text : '';
}

export function putDraft(place: string, text: string): void {
    keep(`draft.${place}`, text || undefined);
    listeners.forEach((tell) => tell());
}

export function carryDraft(from: string, to: string): void {
    putDraft(to, draftAt(from));
    putDraft(from, '');
}

function subscribe(tell: () => void): () => void {
    listeners.add(tell);
    return () => listeners.delete(tell);
}

export function useDraft(place: string): string {
    return useSyncExternalStore(subscribe, () => draftAt(place));
}
