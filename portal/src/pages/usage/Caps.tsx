/* The caps: how much of each is used, and for admins how much it may be. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { cx } from '../../lib/cx';
import { may } from '../../shell/places';
import { Add } from './AddCap';
import { Change } from './ChangeCap';
import { capsQuery, inOrder, money, titleOf, wordOf, type Cap } from './data';

/* Of many, those of which most is used are shown first, and the others when they are wanted. */
const SHOWN_FIRST = 6;

export function Caps() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(capsQuery);
    const [changing, setChanging] = useState<Cap | null>(null);
    const [removing, setRemoving] = useState<Cap | null>(null);
    const [adding, setAdding] = useState(false);
    const [all, setAll] = useState(false);
    const caps = data && inOrder(data);
    const hidden = all ? 0 : Math.max(0, (caps?.length ?? 0) - SHOWN_FIRST);
    const sets = may(me, 'caps:manage');

    if (error && data === undefined)
        return <Failed error={error} again={refetch} className="mt-3" />;
    return (
        <>
            <div className="flex items-center justify-between gap-4">
                <h2 id="caps" tabIndex={-1} className="text-body font-semibold">
                    Caps
                </h2>
                {sets && (
                    <Button size="small" onClick={() => setAdding(true)}>
                        Add a cap
                    </Button>
                )}
            </div>
            <ul
                aria-label="Caps"
                className="mt-3 rounded-lg border border-line bg-surface px-4 sm:px-5"
            >
                {data === undefined && (
                    <li className="py-4">
                        <Skeleton className="h-9 w-full" />
                    </li>
                )}
                {caps?.slice(0, caps.length - hidden).map((cap) => (
                    <Line
                        key={cap.id}
                        cap={cap}
                        onChange={sets ? () => setChanging(cap) : undefined}
                        onRemove={
                            sets && cap.scope !== 'tenant' ? () => setRemoving(cap) : undefined
                        }
                    />
                ))}
            </ul>
            {(all || hidden > 0) && (
                <Button size="small" look="quiet" className="mt-2" onClick={() => setAll(!all)}>
                    {all ? 'Show fewer' : `Show all ${caps?.length} caps`}
                </Button>
            )}
            {changing && <Change cap={changing} onClose={() => setChanging(null)} />}
            {adding && <Add onClose={() => setAdding(false)} />}
            {removing && (
                <Confirm
                    title={`Remove the cap “${titleOf(removing)}”?`}
                    about="The company’s own caps go on to hold."
                    action="Remove"
                    send={() =>
                        call(
                            http.DELETE('/api/v1/caps/{id}', {
                                params: { path: { id: removing.id } },
                            }),
                        )
                    }
                    onDone={async () => {
                        setRemoving(null);
                        await client.invalidateQueries(capsQuery);
                        /* Its own line is gone. */
                        document.getElementById('caps')?.focus();
                    }}
                    onClose={() => setRemoving(null)}
                />
            )}
        </>
    );
}

interface LineProps {
    cap: Cap;
    onChange: (() => void) | undefined;
    onRemove: (() => void) | undefined;
}

function Line({ cap, onChange, onRemove }: LineProps) {
    const used = Math.min(cap.percent, 100);
    const word = wordOf(cap);

    return (
        <li className="flex flex-wrap items-center gap-x-5 gap-y-2 border-b border-line py-3.5 last:border-0">
            <div className="min-w-0 flex-1 basis-60">
                <p className="font-medium wrap-anywhere">
                    {titleOf(cap)}
                    {word && (
                        <span className={cx('font-normal', cap.reached ? 'text-red' : 'text-amber')}>
                            , {word}
                        </span>
                    )}
                </p>
                <p className="tabular text-table text-ink-soft">
                    {money(cap.spent_micros)} of {money(cap.limit_micros)}
                    {cap.held_micros > 0 && `, ${money(cap.held_micros)} set aside for calls`}
                    {cap.lost_micros > 0 &&
                        `, ${money(cap.lost_micros)} lost in a crash of the installation`}
                </p>
            </div>
            <meter
                aria-label={`${titleOf(cap)}: used`}
                min={0}
                max={100}
                low={80}
                high={99.5}
                optimum={0}
                value={used}
                className="h-2 w-40 max-sm:w-full"
            />
            {onChange && (
                <div className="flex w-43 justify-end gap-2 max-sm:w-full">
                    {onRemove && (
                        <Button
                            size="small"
                            look="quiet"
                            onClick={onRemove}
                            aria-label={`Remove ${titleOf(cap)}`}
                        >
                            Remove
                        </Button>
                    )}
                    <Button size="small" onClick={onChange} aria-label={`Change ${titleOf(cap)}`}>
                        Change
                    </Button>
                </div>
            )}
        </li>
    );
}
