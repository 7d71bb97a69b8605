/* A time in relative words that stay true while the page is open; the exact one on hover. */
import { useSyncExternalStore } from 'react';
import { ago, moment } from '../lib/time';

const TICK_MS = 30_000;

function subscribe(tell: () => void): () => void {
    const timer = window.setInterval(tell, TICK_MS);
    return () => clearInterval(timer);
}

function now(): number {
    return Math.floor(Date.now() / TICK_MS) * (TICK_MS / 1000);
}

export function When({ at, className }: { at: number; className?: string }) {
    const current = useSyncExternalStore(subscribe, now);
    return (
        <time dateTime={new Date(at * 1000).toISOString()} title={moment(at)} className={className}>
            {ago(at, current)}
        </time>
    );
}
