/*
 * The live line to one conversation: an EventSource that comes back by itself, also after the refusals after which a
 * browser gives up. It tells when the line has been away long enough for a person to care.
 */
export type LinkState = 'opening' | 'open' | 'lost';

export interface LinkEvents {
    onMessage(data: string): void;
    onDelta(data: string): void;
    /* The server said no (the log-in has ended, a proxy's error page): a fetch will tell why. */
    onRefused(): void;
    onState(state: LinkState): void;
}

/* A server may end a stream at any time, and the browser is back within three seconds: no reason to say anything. */
const GRACE_MS = 5_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
/* HTTP/1.1 browsers allow six connections to a host; tabs in the background give theirs back. */
const HIDDEN_MS = 20_000;

/* `url` is asked for at each start of our own; when the browser comes back by itself it sends the last id it saw. */
export function openLink(url: () => string, events: LinkEvents): () => void {
    let source: EventSource | null = null;
    let tries = 0;
    let grace: number | undefined;
    let retry: number | undefined;
    let hide: number | undefined;
    let state: LinkState = 'opening';

    function become(next: LinkState): void {
        clearTimeout(grace);
        grace = undefined;
        if (next === state) return;
        state = next;
        events.onState(state);
    }

    const lost = () => become('lost');

    function drop(): void {
        clearTimeout(retry);
        source?.close();
        source = null;
    }

    function connect(): void {
        drop();
        source = new EventSource(url());
        source.addEventListener('message', (event) => events.onMessage(event.data));
        source.addEventListener('delta', (event) => events.onDelta(event.data));
        source.onopen = () => {
            tries = 0;
            become('open');
        };
        source.onerror = () => {
            if (!navigator.onLine) lost();
            else grace ??= window.setTimeout(lost, GRACE_MS);
            if (source?.readyState !== EventSource.CLOSED) return;
            drop();
            events.onRefused();
            const wait = Math.min(FIRST_WAIT_MS * 2 ** tries++, LONGEST_WAIT_MS);
            retry = window.setTimeout(connect, wait * (0.75 + Math.random() / 2));
        };
    }

    function onVisible(): void {
        clearTimeout(hide);
        if (document.hidden) hide = window.setTimeout(drop, HIDDEN_MS);
        else if (source === null) connect();
    }

    document.addEventListener('visibilitychange', onVisible);
    window.addEventListener('online', connect);
    window.addEventListener('offline', lost);
    events.onState(state);
    connect();

    return () => {
        clearTimeout(grace);
        clearTimeout(hide);
        drop();
        document.removeEventListener('visibilitychange', onVisible);
        window.removeEventListener('online', connect);
        window.removeEventListener('offline', lost);
    };
}
