/* One message, in each of its states: stored, on its way, not sent, being written, awaited. */
import { TriangleAlert } from 'lucide-react';
import { memo, useEffect, useState, type ReactNode } from 'react';
import type { Message } from '../api/client';
import { Button } from '../components/Button';
import { Notice } from '../components/Notice';
import { Portrait } from '../components/Portrait';
import { When } from '../components/When';
import { cx } from '../lib/cx';
import { Answer } from './Answer';
import { HowAnswered } from './HowAnswered';
import type { Unsent } from './outbox';

const LONG_WAIT_MS = 20_000;

function FromPerson({
    text,
    faint,
    children,
}: {
    text: string;
    faint?: boolean;
    children: ReactNode;
}) {
    return (
        <li className="flex flex-col items-end">
            <p
                className={cx(
                    'max-w-[85%] rounded-lg rounded-br-sm bg-sunken px-3.5 py-2 wrap-break-word whitespace-pre-wrap',
                    faint && 'opacity-70',
                )}
            >
                {text}
            </p>
            {children}
        </li>
    );
}

function FromEmployee({
    name,
    when,
    children,
}: {
    name: string;
    when?: ReactNode;
    children: ReactNode;
}) {
    return (
        <li className="flex gap-3">
            <Portrait name={name} size="small" />
            <div className="min-w-0 flex-1">
                <p className="flex items-baseline gap-2">
                    <span className="font-semibold">{name}</span>
                    {when}
                </p>
                {children}
            </div>
        </li>
    );
}

interface LineProps {
    message: Message;
    /* The name of the person who looks, to whom own words are "You". */
    own: string;
}

export const Line = memo(function Line({ message, own }: LineProps) {
    const when = <When at={message.created} className="text-[12px] text-ink-soft" />;

    if (message.author === 'person')
        return (
            <FromPerson text={message.text}>
                <span className="mt-1 flex gap-1.5 text-[12px] leading-4 text-ink-soft">
                    {message.name === own ? 'You' : message.name} {when}
                </span>
            </FromPerson>
        );
    return (
        <FromEmployee name={message.name} when={when}>
            <Answer text={message.text} />
            {message.outcome === 'failed' && (
                <p className="mt-2 flex items-center gap-1.5 text-table text-amber">
                    <TriangleAlert aria-hidden size={14} /> This could not be answered.
                </p>
            )}
            <HowAnswered messageId={message.id} />
        </FromEmployee>
    );
});

interface WaitingProps {
    entry: Unsent;
    onAgain: () => void;
    onEdit: () => void;
}

export function Waiting({ entry, onAgain, onEdit }: WaitingProps) {
    const { text, told } = entry;
    return (
        <FromPerson text={text} faint={told === null}>
            {told === null ? (
                <span className="mt-1 text-[12px] leading-4 text-ink-soft">Sending</span>
            ) : (
                <Notice told={{ ...told, what: `Not sent. ${told.what}` }} className="mt-2">
                    <Button size="small" onClick={onAgain}>
                        Send again
                    </Button>
                    <Button size="small" look="quiet" onClick={onEdit}>
                        Edit
                    </Button>
                </Notice>
            )}
        </FromPerson>
    );
}

export function Draft({ name, text }: { name: string; text: string }) {
    return (
        <FromEmployee name={name}>
            <div aria-busy data-streaming>
                <Answer text={text} />
            </div>
        </FromEmployee>
    );
}

export function Awaited({ name, since }: { name: string; since: number }) {
    const [long, setLong] = useState(false);

    useEffect(() => {
        const left = since * 1000 + LONG_WAIT_MS - Date.now();
        setLong(left <= 0);
        const timer = window.setTimeout(() => setLong(true), Math.max(left, 0));
        return () => clearTimeout(timer);
    }, [since]);

    return (
        <FromEmployee name={name}>
            <p role="status" className="text-ink-soft">
                {long ? (
                    `${name} hasn’t answered yet. You can leave; the answer will be here.`
                ) : (
                    <span className="animate-breathe">{name} is thinking</span>
                )}
            </p>
        </FromEmployee>
    );
}
