/*
 * The other tabs of this browser share the session. When it goes on in another company, what they show is of the wrong
 * one: they are told, and begin anew.
 */
const CHANNEL = 'konstruct.session';

/* Begins anew at the start page, with nothing in memory of what was read before. */
export function beginAnew(): void {
    window.location.assign('/');
}

/* This session is in another company from now on: here and in all other tabs. */
export function moved(): void {
    if ('BroadcastChannel' in window) {
        const channel = new BroadcastChannel(CHANNEL);
        channel.postMessage('moved');
        channel.close();
    }
    beginAnew();
}

/* Calls back when another tab has moved the session; the result ends that. */
export function whenMoved(tell: () => void): () => void {
    if (!('BroadcastChannel' in window)) return () => undefined;
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = tell;
    return () => channel.close();
}
