/* The title of the page in the browser's tab and history. */
import { useEffect } from 'react';

export function usePage(title: string): void {
    useEffect(() => {
        document.title = `${title} · Konstruct`;
    }, [title]);
}
