/* Behind an answer: what was asked of whom and why, of what the question was made, and what that cost. */
import { useQuery } from '@tanstack/react-query';
import { CircleHelp, X } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { Failed } from '../components/Failed';
import { Skeleton } from '../components/Skeleton';
import { cx } from '../lib/cx';
import { money } from '../lib/money';
import {
    askedAt,
    duration,
    evidenceQuery,
    nameOf,
    partsOf,
    purposeOf,
    repliedIn,
    takenFor,
    resultOf,
    tokens,
    type Call,
    type Evidence,
} from './evidence';

export function HowAnswered({ messageId }: { messageId: string }) {
    const [open, setOpen] = useState(false);
    return (
        <>
            <button
                type="button"
                onClick={() => setOpen(true)}
                className="mt-1 -ml-1 flex cursor-pointer items-center gap-1 rounded-md px-1 py-0.5 text-[12px] leading-4 text-ink-soft transition-colors duration-120 hover:bg-sunken hover:text-ink"
            >
                <CircleHelp aria-hidden size={13} /> How was this answered?
            </button>
            <Dialog title="How this was answered" open={open} onOpenChange={setOpen}>
                <div className="flex items-center justify-between gap-3 border-b border-line py-2.5 pr-2.5 pl-5">
                    <h2 aria-hidden className="font-semibold">
                        How this was answered
                    </h2>
                    <Button
                        look="quiet"
                        size="icon"
                        aria-label="Close"
                        onClick={() => setOpen(false)}
                    >
                        <X size={17} />
                    </Button>
                </div>
                <Body messageId={messageId} />
            </Dialog>
        </>
    );
}

function Body({ messageId }: { messageId: string }) {
    const { data, error, refetch } = useQuery(evidenceQuery(messageId));

    if (error && !data)
        return (
            <div className="p-5">
                <Failed error={error} again={refetch} />
            </div>
        );
    if (!data)
        return (
            <div className="grid gap-3 p-5">
                <Skeleton className="h-4 w-3/5" />
                <Skeleton className="h-16 w-full" />
                <Skeleton className="h-28 w-full" />
            </div>
        );
    if (data.whole.steps === 0)
        return (
            <p className="p-5 text-ink-soft">
                No model was asked for this, or it was said before such records were kept.
            </p>
        );
    return (
        <div className="grid gap-6 p-5">
            <Calls calls={data.calls} costs={data.whole.cost_shown} />
            <Task task={data.whole.task} />
            {data.whole.persona_tokens > 0 && <Prompt whole={data.whole} />}
            <Sum whole={data.whole} />
        </div>
    );
}

function Calls({ calls, costs }: { calls: readonly Call[]; costs: boolean }) {
    return (
        <section aria-labelledby="evidence-calls">
            <h3 id="evidence-calls" className="text-table font-medium text-ink-soft">
                Asked, in this order
            </h3>
            <ol aria-labelledby="evidence-calls" className="mt-2 grid gap-2">
                {calls.map((call, i) => (
                    <CallItem key={i} call={call} asked={askedAt(calls, i)} costs={costs} />
                ))}
            </ol>
        </section>
    );
}

function CallItem({ call, asked, costs }: { call: Call; asked: string | null; costs: boolean }) {
    const replied = repliedIn(call);
    return (
        <li className={cx('grid gap-2', call.colleague !== null && 'ml-5')}>
            {asked && <Words text={asked} />}
            <div
                className={cx(
                    'rounded-lg border border-line px-3 py-2',
                    call.code === 'answered' && 'bg-surface',
                )}
            >
                <p className="flex flex-wrap items-baseline justify-between gap-x-3">
                    <span className="font-medium wrap-anywhere">{nameOf(call)}</span>
                    <span className="text-table text-ink-soft">{purposeOf(call)}</span>
                </p>
                <p className="text-table">{resultOf(call)}</p>
                {call.failed && <Words text={`It was told: ${call.failed}`} />}
                {call.detail && (
                    <p className="text-table wrap-anywhere text-ink-soft">{call.detail}</p>
                )}
                {call.input_tokens + call.output_tokens > 0 && (
                    <p className="tabular text-table text-ink-soft">
                        {spentOn(call)}
                        {costs && `, ${money(call.cost_micros)}`}
                    </p>
                )}
            </div>
            {replied && <Words text={replied} />}
        </li>
    );
}

/* What employees and tools said to each other, as they said it. */
function Words({ text }: { text: string }) {
    return <p className="text-table wrap-anywhere whitespace-pre-line">{text}</p>;
}

function Task({ task }: { task: string | null }) {
    const told = takenFor(task);
    return told === null ? null : <p className="-mt-3 text-table text-ink-soft">{told}</p>;
}

function spentOn({ input_tokens, cached_tokens, output_tokens, counted }: Call): string {
    const cached = cached_tokens > 0 ? ` (${tokens(cached_tokens)} from its cache)` : '';
    const whose = counted ? '' : ', by our own count';
    return `${tokens(input_tokens)} tokens in${cached}, ${tokens(output_tokens)} out${whose}`;
}

function Prompt({ whole }: { whole: Evidence }) {
    const parts = partsOf(whole);
    return (
        <section aria-labelledby="evidence-parts">
            <h3 id="evidence-parts" className="text-table font-medium text-ink-soft">
                What the question was made of
            </h3>
            <table className="tabular mt-2 w-full">
                <thead className="sr-only">
                    <tr>
                        <th>Part</th>
                        <th>Tokens</th>
                    </tr>
                </thead>
                <tbody>
                    {parts.map(([name, count]) => (
                        <tr key={name} className="border-b border-line">
                            <th scope="row" className="py-1.5 text-left font-normal">
                                {name}
                            </th>
                            <td className="py-1.5 text-right">
                                {count === 0 ? (
                                    <span className="text-ink-soft">none</span>
                                ) : (
                                    tokens(count)
                                )}
                            </td>
                        </tr>
                    ))}
                </tbody>
                <tfoot>
                    <tr className="font-medium">
                        <th scope="row" className="py-1.5 text-left font-medium">
                            In all
                        </th>
                        <td className="py-1.5 text-right">
                            {tokens(parts.reduce((sum, [, count]) => sum + count, 0))}
                        </td>
                    </tr>
                </tfoot>
            </table>
            <p className="mt-1.5 text-table text-ink-soft">
                In tokens, by our own estimate; what the provider counted stands above.
            </p>
        </section>
    );
}

function Sum({ whole }: { whole: Evidence }) {
    const reasoning =
        whole.reasoning_tokens > 0 ? ` (${tokens(whole.reasoning_tokens)} of them thinking)` : '';
    return (
        <p className="border-t border-line pt-4">
            In all {tokens(whole.input_tokens)} tokens in and {tokens(whole.output_tokens)} out
            {reasoning}, {duration(whole.ms)}
            {whole.cost_shown && (
                <>
                    , <span className="font-medium">{money(whole.cost_micros)}</span>
                </>
            )}
            .
        </p>
    );
}
