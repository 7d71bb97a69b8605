/* The caps: how much of each is used, and for admins how much it may be. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { cx } from '../../lib/cx';
import { found, useForm } from '../../lib/form';
import { may } from '../../shell/places';
import { capsQuery, microsOf, money, titleOf, type Cap } from './data';

export function Caps() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data, error, refetch } = useQuery(capsQuery);
    const [changing, setChanging] = useState<Cap | null>(null);

    if (error && data === undefined)
        return (
            <Notice told={explain(error)} className="mt-3">
                <Button size="small" onClick={() => void refetch()}>
                    Try again
                </Button>
            </Notice>
        );
    return (
        <>
            <ul
                aria-label="Caps"
                className="mt-3 rounded-lg border border-line bg-surface px-4 sm:px-5"
            >
                {data === undefined && (
                    <li className="py-4">
                        <Skeleton className="h-9 w-full" />
                    </li>
                )}
                {data?.map((cap) => (
                    <Line
                        key={cap.id}
                        cap={cap}
                        onChange={may(me, 'caps:manage') ? () => setChanging(cap) : undefined}
                    />
                ))}
            </ul>
            {changing && <Change cap={changing} onClose={() => setChanging(null)} />}
        </>
    );
}

function Line({ cap, onChange }: { cap: Cap; onChange: (() => void) | undefined }) {
    const used = Math.min(cap.percent, 100);
    const word = used >= 100 ? 'used up' : used >= 80 ? 'nearly used' : null;

    return (
        <li className="flex flex-wrap items-center gap-x-5 gap-y-2 border-b border-line py-3.5 last:border-0">
            <div className="min-w-0 flex-1 basis-60">
                <p className="font-medium">
                    {titleOf(cap)}
                    {word && (
                        <span className={cx('font-normal', used >= 100 ? 'text-red' : 'text-amber')}>
                            , {word}
                        </span>
                    )}
                </p>
                <p className="tabular text-table text-ink-soft">
                    {money(cap.spent_micros)} of {money(cap.limit_micros)}
                    {cap.held_micros > 0 && `, ${money(cap.held_micros)} held for calls under way`}
                </p>
            </div>
            <meter
                aria-label={`${titleOf(cap)}: used`}
                min={0}
                max={100}
                high={80}
                value={used}
                className="h-2 w-40"
            />
            {onChange && (
                <Button size="small" onClick={onChange} aria-label={`Change ${titleOf(cap)}`}>
                    Change
                </Button>
            )}
        </li>
    );
}

function Change({ cap, onClose }: { cap: Cap; onClose: () => void }) {
    const client = useQueryClient();
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { limit_micros: (cap.limit_micros / 1e6).toFixed(2) },
        check: ({ limit_micros: text }) =>
            found({
                limit_micros:
                    microsOf(text) === null
                        ? 'Write an amount in dollars, such as 25 or 12.50.'
                        : undefined,
            }),
        send: ({ limit_micros: text }) =>
            call(
                http.PATCH('/api/v1/caps/{id}', {
                    params: { path: { id: cap.id } },
                    body: { limit_micros: microsOf(text) ?? 0 },
                }),
            ),
        onDone: async () => {
            await client.invalidateQueries(capsQuery);
            onClose();
        },
    });

    return (
        <Dialog title="Change the cap" open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold">{titleOf(cap)}</h2>
                {told && <Notice told={told} />}
                <Field
                    label="At most, in US dollars"
                    inputMode="decimal"
                    autoFocus
                    autoComplete="off"
                    hint="Holds within five seconds. At the limit, employees say that they can’t answer now; free models go on."
                    {...input('limit_micros')}
                />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? 'Saving' : 'Save'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
