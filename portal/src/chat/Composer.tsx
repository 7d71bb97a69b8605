/* Where a message is typed. Enter sends; the line grows with the text up to a third of the screen. */
import { ArrowUp } from 'lucide-react';
import { useEffect, useLayoutEffect, type KeyboardEvent, type RefObject } from 'react';
import { Button } from '../components/Button';
import { putDraft, useDraft } from './draft';

interface Props {
    place: string;
    name: string;
    input: RefObject<HTMLTextAreaElement | null>;
    held?: boolean;
    onSay: (text: string) => void;
}

export function Composer({ place, name, input, held = false, onSay }: Props) {
    const text = useDraft(place);
    const empty = text.trim() === '';

    useLayoutEffect(() => {
        const box = input.current;
        if (!box) return;
        box.style.height = 'auto';
        box.style.height = `${box.scrollHeight}px`;
    }, [input, text]);

    /* On a telephone the keyboard would cover the page that was just opened. */
    useEffect(() => {
        if (matchMedia('(pointer: fine)').matches) input.current?.focus();
    }, [input, place]);

    function send(): void {
        if (empty || held) return;
        putDraft(place, '');
        onSay(text.trim());
        input.current?.focus();
    }

    function onKeyDown(event: KeyboardEvent): void {
        if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
        event.preventDefault();
        send();
    }

    return (
        <form
            onSubmit={(event) => {
                event.preventDefault();
                send();
            }}
            className="shrink-0 px-4 pb-4 sm:px-6"
        >
            <div className="mx-auto flex max-w-180 items-end gap-2 rounded-lg border border-line-field bg-surface p-1.5 transition-colors duration-120 focus-within:border-accent focus-within:outline-1 focus-within:-outline-offset-1 focus-within:outline-accent">
                <textarea
                    ref={input}
                    rows={1}
                    value={text}
                    aria-label={`Message to ${name}`}
                    aria-describedby="composer-keys"
                    placeholder={`Ask ${name} something`}
                    onChange={(event) => putDraft(place, event.target.value)}
                    onKeyDown={onKeyDown}
                    className="max-h-[33dvh] min-w-0 flex-1 resize-none bg-transparent px-2 py-[7px] outline-none placeholder:text-ink-soft max-sm:text-[16px]"
                />
                <Button
                    type="submit"
                    look="primary"
                    size="icon"
                    aria-label="Send"
                    disabled={empty || held}
                >
                    <ArrowUp size={18} />
                </Button>
            </div>
            <p
                id="composer-keys"
                className="mx-auto mt-1.5 max-w-180 px-1 text-[12px] leading-4 text-ink-soft max-sm:sr-only"
            >
                Enter sends, Shift + Enter begins a new line.
            </p>
        </form>
    );
}
