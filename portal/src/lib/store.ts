/*
 * Small values that must outlive a reload but not the tab: unsent messages and half-typed text. Where the browser
 * refuses storage they live as long as the page.
 */
const PREFIX = 'konstruct.kept.';

export function keep(name: string, value: unknown): void {
    try {
        if (value === undefined) sessionStorage.removeItem(PREFIX + name);
        else sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
        /* Full or refused: the copy in memory goes on. */
    }
}

export function kept(name: string): unknown {
    try {
        const text = sessionStorage.getItem(PREFIX + name);
        return text === null ? undefined : JSON.parse(text);
    } catch {
        return undefined;
    }
}

export function forgetKept(): void {
    try {
        for (const name of Object.keys(sessionStorage))
            if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
    } catch {
        /* Nothing was kept. */
    }
}
