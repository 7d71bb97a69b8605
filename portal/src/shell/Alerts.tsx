/* What was told of caps: a line in the side bar with how many are unread, and the list behind it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { Bell } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { call, http } from '../api/client';
import { explain } from '../api/fault';
import { Dialog } from '../components/Dialog';
import { Notice } from '../components/Notice';
import { When } from '../components/When';
import { cx } from '../lib/cx';
import { alertWords, alertsQuery, stageOf, type CapAlert } from '../pages/usage/alerts';
import { may } from './places';

interface Props {
    line: string;
    word: string;
    folding: boolean;
    icon: (child: ReactNode) => ReactNode;
}

export function Alerts({ line, word, folding, icon }: Props) {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data } = useQuery({ ...alertsQuery, enabled: may(me, 'usage:read') });
    const [open, setOpen] = useState(false);
    const unread = data?.filter((alert) => alert.unread).length ?? 0;

    if (!may(me, 'usage:read')) return null;
    return (
        <li>
            <button
                type="button"
                onClick={() => setOpen(true)}
                className={cx(line, 'relative')}
                title="Alerts"
                aria-label={unread > 0 ? `Alerts, ${unread} unread` : 'Alerts'}
            >
                {icon(<Bell size={17} />)}
                <span className={word}>Alerts</span>
                {unread > 0 && (
                    <span
                        aria-hidden
                        className={cx(
                            'tabular ml-auto rounded-full bg-accent px-1.5 text-[11px] leading-4.5 font-medium text-on-accent',
                            folding && 'max-lg:absolute max-lg:top-0.5 max-lg:right-0.5',
                        )}
                    >
                        {unread}
                    </span>
                )}
            </button>
            {open && <List alerts={data} onClose={() => setOpen(false)} />}
        </li>
    );
}

interface ListProps {
    alerts: readonly CapAlert[] | undefined;
    onClose: () => void;
}

function List({ alerts, onClose }: ListProps) {
    const client = useQueryClient();
    const newest = alerts?.[0];
    const seen = useMutation({
        mutationFn: (id: string) => call(http.PUT('/api/v1/cap-alerts/seen', { body: { id } })),
        onSuccess: () => client.invalidateQueries(alertsQuery),
    });

    /* What was read is marked when the list is put away, so that it does not change while it is read. */
    function close(): void {
        if (newest?.unread) seen.mutate(newest.id);
        onClose();
    }

    return (
        <Dialog title="Alerts" shape="right" open onOpenChange={close}>
            <h2 className="px-5 pt-4 text-title font-semibold">Alerts</h2>
            {seen.error && <Notice told={explain(seen.error)} className="mx-5 mt-3" />}
            {alerts?.length === 0 && (
                <p className="px-5 py-3 text-ink-soft">
                    Nothing yet. When a cap on what models may cost is half used, nearly used or
                    used up, that stands here.
                </p>
            )}
            <ul className="mt-2 px-5 pb-5">
                {alerts?.map((alert) => (
                    <li key={alert.id} className="border-b border-line py-3 last:border-0">
                        <p className="font-medium">
                            <span className={alert.percent >= 100 ? 'text-red' : 'text-amber'}>
                                {stageOf(alert)}
                            </span>
                            {alert.unread && (
                                <span className="ml-2 rounded-md bg-accent-soft px-1.5 text-table text-accent-text">
                                    New
                                </span>
                            )}
                        </p>
                        <p className="wrap-anywhere">{alertWords(alert)}.</p>
                        <p className="text-table text-ink-soft">
                            <When at={alert.created} />
                        </p>
                    </li>
                ))}
            </ul>
            <p className="mt-auto border-t border-line px-5 py-3">
                <Link
                    to="/usage"
                    onClick={close}
                    className="font-medium text-accent-text underline underline-offset-3"
                >
                    Caps and usage
                </Link>
            </p>
        </Dialog>
    );
}
