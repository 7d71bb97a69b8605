import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openLink, type LinkState } from './link';

/* A browser's EventSource as far as the link uses it, moved by the test. */
class FakeSource extends EventTarget {
    static readonly CLOSED = 2;
    static made: FakeSource[] = [];
    readyState = 0;
    onopen = () => {};
    onerror = () => {};

    constructor(readonly url: string) {
        super();
        FakeSource.made.push(this);
    }
    close() {
        this.readyState = FakeSource.CLOSED;
    }
    opens() {
        this.readyState = 1;
        this.onopen();
    }
    breaks() {
        this.readyState = 0;
        this.onerror();
    }
    isRefused() {
        this.readyState = FakeSource.CLOSED;
        this.onerror();
    }
}

let screen: EventTarget & { hidden: boolean };
let net: { onLine: boolean };
let states: LinkState[];
let refused: number;
let seen: number;

function latest(): FakeSource {
    return FakeSource.made.at(-1)!;
}

function open() {
    return openLink(() => `/stream?after=${seen}`, {
        onMessage: () => {},
        onDelta: () => {},
        onRefused: () => refused++,
        onState: (state) => states.push(state),
    });
}

beforeEach(() => {
    vi.useFakeTimers();
    FakeSource.made = [];
    states = [];
    refused = 0;
    seen = 0;
    screen = Object.assign(new EventTarget(), { hidden: false });
    net = { onLine: true };
    vi.stubGlobal('EventSource', FakeSource);
    vi.stubGlobal('document', screen);
    vi.stubGlobal('navigator', net);
    vi.stubGlobal('window', Object.assign(new EventTarget(), { setTimeout }));
});

afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
});

it('says nothing of a short break, which every server may make', () => {
    open();
    latest().opens();
    latest().breaks();
    vi.advanceTimersByTime(3_000);
    latest().opens();
    vi.advanceTimersByTime(60_000);
    expect(states).toEqual(['opening', 'open']);
    expect(FakeSource.made).toHaveLength(1);
});

it('says that the line is lost when it stays away, and when it is back', () => {
    open();
    latest().opens();
    for (let i = 0; i < 4; i++) {
        latest().breaks();
        vi.advanceTimersByTime(3_000);
    }
    latest().opens();
    expect(states).toEqual(['opening', 'open', 'lost', 'open']);
});

it('says so at once when the browser has no network', () => {
    open();
    latest().opens();
    net.onLine = false;
    window.dispatchEvent(new Event('offline'));
    expect(states.at(-1)).toBe('lost');
    net.onLine = true;
    window.dispatchEvent(new Event('online'));
    latest().opens();
    expect(states.at(-1)).toBe('open');
});

it('comes back after a refusal, ever more slowly, from where it was', () => {
    open();
    const made = [];
    for (let i = 0; i < 8; i++) {
        latest().isRefused();
        seen = i + 1;
        const before = FakeSource.made.length;
        let waited = 0;
        while (FakeSource.made.length === before) {
            vi.advanceTimersByTime(100);
            waited += 100;
        }
        made.push(waited);
    }
    expect(refused).toBe(8);
    expect(latest().url).toBe('/stream?after=8');
    expect(made[0]).toBeLessThanOrEqual(1_300);
    expect(Math.max(...made)).toBeLessThanOrEqual(18_800);
    expect(made[7]).toBeGreaterThan(made[0]!);
});

it('gives its connection back while the page is hidden for long', () => {
    open();
    latest().opens();
    screen.hidden = true;
    screen.dispatchEvent(new Event('visibilitychange'));
    vi.advanceTimersByTime(19_000);
    expect(latest().readyState).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(latest().readyState).toBe(FakeSource.CLOSED);
    screen.hidden = false;
    screen.dispatchEvent(new Event('visibilitychange'));
    expect(FakeSource.made).toHaveLength(2);
});

it('ends with everything it started', () => {
    const end = open();
    latest().isRefused();
    end();
    vi.advanceTimersByTime(60_000);
    window.dispatchEvent(new Event('online'));
    screen.dispatchEvent(new Event('visibilitychange'));
    expect(FakeSource.made).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
});
