/* The keys that work everywhere. Ctrl/Cmd-K goes anywhere, `?` shows the keys, j and k walk through a list of links. */
import { useEffect, useEffectEvent } from 'react';

export const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
    [['Ctrl', 'K'], 'Go anywhere (⌘ K on a Mac)'],
    [['j', 'k'], 'Next and previous line of a list'],
    [['Enter'], 'Open the line, or send the message'],
    [['Shift', 'Enter'], 'New line in a message'],
    [['Esc'], 'Close what is open'],
    [['?'], 'Show these keys'],
];

function isTyping(target: EventTarget | null): boolean {
    return target instanceof HTMLElement && target.matches('input, textarea, select');
}

/* Lists that take part carry data-list; their links are the lines. */
function step(by: 1 | -1): boolean {
    const here = document.activeElement?.closest('[data-list]');
    const list = here ?? document.querySelector('main [data-list]');
    const lines = [...(list?.querySelectorAll<HTMLElement>('a') ?? [])];
    if (lines.length === 0) return false;
    const at = lines.indexOf(document.activeElement as HTMLElement);
    const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), lines.length - 1);
    lines[next]?.focus();
    return true;
}

export function useKeys({ onGoto, onHelp }: { onGoto: () => void; onHelp: () => void }): void {
    const onKey = useEffectEvent((event: KeyboardEvent) => {
        if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === 'k') {
            event.preventDefault();
            onGoto();
            return;
        }
        if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
        if (document.querySelector('[role="dialog"], [role="menu"]')) return;
        if (event.key === '?') {
            event.preventDefault();
            onHelp();
        }
        if (event.key === 'j' && step(1)) event.preventDefault();
        if (event.key === 'k' && step(-1)) event.preventDefault();
    });

    useEffect(() => {
        document.addEventListener('keydown', onKey);
        return () => document.removeEventListener('keydown', onKey);
    }, []);
}
