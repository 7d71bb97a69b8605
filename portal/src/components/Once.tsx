/* A secret that is shown this once: to be copied now, and put away by whoever reads it. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from './Button';

interface Props {
    title: string;
    secret: string;
    onDone: () => void;
    children?: ReactNode;
}

export function Once({ title, secret, onDone, children }: Props) {
    const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no');
    const heading = useRef<HTMLHeadingElement>(null);
    const shown = useRef<HTMLElement>(null);

    useEffect(() => heading.current?.focus(), [secret]);

    /* Where the browser refuses, the secret is marked, so that the keys for copying do it. */
    async function copy(): Promise<void> {
        try {
            await navigator.clipboard.writeText(secret);
            setCopied('yes');
        } catch {
            if (shown.current) window.getSelection()?.selectAllChildren(shown.current);
            setCopied('refused');
        }
    }

    return (
        <section
            aria-label={title}
            className="mt-6 animate-appear rounded-lg border border-amber-line bg-amber-soft px-5 py-4"
        >
            <h2 ref={heading} tabIndex={-1} className="font-semibold">
                {title}
            </h2>
            <p className="mt-1">Copy it now and keep it safe: it is not shown again.</p>
            <div className="mt-3 flex flex-wrap items-center gap-2">
                <code
                    ref={shown}
                    className="rounded-lg border border-line-field bg-surface px-3 py-2 font-mono text-table break-all select-all"
                >
                    {secret}
                </code>
                <Button onClick={() => void copy()}>
                    {copied === 'yes' ? <Check aria-hidden size={16} /> : <Copy aria-hidden size={16} />}
                    {copied === 'yes' ? 'Copied' : 'Copy'}
                </Button>
            </div>
            <p role="status" className="text-table text-ink-soft">
                {copied === 'refused' && 'Your browser did not allow that. It is marked now: press Ctrl+C.'}
            </p>
            {children}
            <Button className="mt-3" onClick={onDone}>
                I have kept it
            </Button>
        </section>
    );
}
