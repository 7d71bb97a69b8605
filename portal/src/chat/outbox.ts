/*
 * Messages on their way: shown at once, kept until the server has them, through reloads and a log-in in between. A place
 * is a conversation's id, or `new:` and the employee's id before there is a conversation.
 */
import { useSyncExternalStore } from 'react';
import type { Told } from '../api/fault';
import { forgetKept, keep, kept } from '../lib/store';

export interface Unsent {
    /* Made here, so that sending the same message again is the same message to the server. */
    key: string;
    text: string;
    /* The last message that was known when this one was written; it must come after it. */
    after: number;
    created: number;
    /* Why it could not be sent, or null while it is on its way. */
    told: Told | null;
}

const NONE: readonly Unsent[] = [];
const listeners = new Set<() => void>();
const places = new Map<string, readonly Unsent[]>();

function isUnsentList(value: unknown): value is Unsent[] {
    return Array.isArray(value) && value.every((e) => typeof (e as Unsent)?.key === 'string');
}

export function unsentAt(place: string): readonly Unsent[] {
    const known = places.get(place);
    if (known) return known;
    const stored = kept(`outbox.${place}`);
    const list = isUnsentList(stored) && stored.length > 0 ? stored : NONE;
    places.set(place, list);
    return list;
}

function put(place: string, list: readonly Unsent[]): void {
    places.set(place, list);
    keep(`outbox.${place}`, list.length > 0 ? list : undefined);
    listeners.forEach((tell) => tell());
}

export function addUnsent(place: string, entry: Unsent): void {
    put(place, [...unsentAt(place), entry]);
}

export function dropUnsent(place: string, key: string): void {
    put(
        place,
        unsentAt(place).filter((entry) => entry.key !== key),
    );
}

export function markUnsent(place: string, key: string, told: Told | null): void {
    put(
        place,
        unsentAt(place).map((entry) => (entry.key === key ? { ...entry, told } : entry)),
    );
}

/* The conversation that these messages began now exists. */
export function moveUnsent(from: string, to: string): void {
    const moved = unsentAt(from);
    put(from, NONE);
    put(to, [...unsentAt(to), ...moved]);
}

/* On log out: the next person at this screen finds nothing. */
export function forgetUnsent(): void {
    places.clear();
    forgetKept();
    listeners.forEach((tell) => tell());
}

function subscribe(tell: () => void): () => void {
    listeners.add(tell);
    return () => listeners.delete(tell);
}

export function useUnsent(place: string): readonly Unsent[] {
    return useSyncExternalStore(subscribe, () => unsentAt(place));
}
