/* Keeps the end of a growing list in view while the reader is there, and leaves the reader alone otherwise. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

const NEAR_PX = 48;

/*
 * `ownKey` names what this person said last and the server does not have yet: a new one means that the end is where
 * everybody wants to be. That it was stored means nothing of the kind.
 */
export function useStick(ownKey: string | undefined) {
    const scroller = useRef<HTMLDivElement>(null);
    const content = useRef<HTMLDivElement>(null);
    const following = useRef(true);
    const [behind, setBehind] = useState(false);

    const toEnd = useCallback(() => {
        const box = scroller.current;
        following.current = true;
        setBehind(false);
        if (box) box.scrollTop = box.scrollHeight;
    }, []);

    useLayoutEffect(() => {
        if (ownKey !== undefined) toEnd();
    }, [toEnd, ownKey]);
    useEffect(() => {
        const box = scroller.current!;
        const onScroll = () => {
            following.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
            if (following.current) setBehind(false);
        };
        const grown = new ResizeObserver(() => {
            if (following.current) toEnd();
            else setBehind(box.scrollHeight > box.scrollTop + box.clientHeight + NEAR_PX);
        });
        box.addEventListener('scroll', onScroll, { passive: true });
        grown.observe(content.current!);
        grown.observe(box);
        return () => {
            box.removeEventListener('scroll', onScroll);
            grown.disconnect();
        };
    }, [toEnd]);

    return { scroller, content, behind, toEnd };
}
