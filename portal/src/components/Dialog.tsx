/*
 * A panel over the page: in the middle, or a sheet from the side. It takes the focus and gives it back. The veil is a
 * plain element instead of the library's overlay, which would write a style element into the page (see Menu.tsx).
 */
import { X } from 'lucide-react';
import { Dialog as Radix, VisuallyHidden } from 'radix-ui';
import { useRef, type ReactNode } from 'react';
import { cx } from '../lib/cx';
import { Button } from './Button';

const SHAPES = {
    middle: 'inset-x-4 top-[8dvh] mx-auto max-h-[86dvh] max-w-140 rounded-lg border animate-appear',
    left: 'inset-y-0 left-0 w-72 max-w-[85vw] border-r',
    right: 'inset-y-0 right-0 w-80 max-w-[90vw] border-l',
};

interface Props {
    title: string;
    open: boolean;
    onOpenChange: (open: boolean) => void;
    shape?: keyof typeof SHAPES;
    children: ReactNode;
}

export function Dialog({ title, open, onOpenChange, shape = 'middle', children }: Props) {
    /*
     * The library would give it back to a trigger of its own, which there is none of here. Who had it is looked at before
     * the panel is there, since a field of it may take it at once; and again then, since a menu that led here has closed.
     */
    const openers = useRef<(Element | null)[]>([]);
    const shown = useRef(false);
    if (open && !shown.current) openers.current = [document.activeElement];
    shown.current = open;

    return (
        <Radix.Root open={open} onOpenChange={onOpenChange}>
            <Radix.Portal>
                <div aria-hidden className="fixed inset-0 z-40 bg-veil" />
                <Radix.Content
                    aria-describedby={undefined}
                    onOpenAutoFocus={() => openers.current.push(document.activeElement)}
                    onCloseAutoFocus={(event) => {
                        event.preventDefault();
                        const back = openers.current.find((one) => one?.isConnected);
                        if (back instanceof HTMLElement) back.focus();
                    }}
                    className={cx(
                        'fixed z-50 flex flex-col overflow-y-auto overscroll-contain border-line bg-raised shadow-float outline-none',
                        SHAPES[shape],
                    )}
                >
                    <VisuallyHidden.Root asChild>
                        <Radix.Title>{title}</Radix.Title>
                    </VisuallyHidden.Root>
                    {children}
                    {shape !== 'middle' && (
                        <Radix.Close asChild>
                            <Button
                                look="quiet"
                                size="icon"
                                aria-label="Close"
                                className="absolute top-2.5 right-2.5"
                            >
                                <X size={17} />
                            </Button>
                        </Radix.Close>
                    )}
                </Radix.Content>
            </Radix.Portal>
        </Radix.Root>
    );
}
