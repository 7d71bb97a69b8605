/* Light, dark, or what the system says. public/theme.js applies the stored choice before the first paint. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'konstruct.theme';
const listeners = new Set<() => void>();

function current(): Theme {
    const set = document.documentElement.dataset['theme'];
    return set === 'light' || set === 'dark' ? set : 'system';
}

export function setTheme(theme: Theme): void {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    try {
        if (theme === 'system') localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, theme);
    } catch {
        /* Without storage the choice holds until the page is left. */
    }
    listeners.forEach((tell) => tell());
}

function subscribe(tell: () => void): () => void {
    listeners.add(tell);
    return () => listeners.delete(tell);
}

export function useTheme(): Theme {
    return useSyncExternalStore(subscribe, current);
}
