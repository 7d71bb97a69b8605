/* Tells a screen reader that another page is there now; a browser does so only when it loads one. */
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';

export function Announcer() {
    const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
    const first = useRef(path);
    const [title, setTitle] = useState('');

    useEffect(() => {
        if (path === first.current) return;
        first.current = undefined;
        const timer = window.setTimeout(() => setTitle(document.title), 100);
        return () => clearTimeout(timer);
    }, [path]);
    return (
        <div role="status" className="sr-only">
            {title}
        </div>
    );
}
