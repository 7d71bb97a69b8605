/* A fault or a state in words: what happened, what to do, and the reference that finds it in the log. */
import { CircleAlert, CloudOff, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Told } from '../api/fault';
import { cx } from '../lib/cx';

const TONES = {
    red: {
        look: 'border-red-line bg-red-soft',
        icon: <CircleAlert size={16} className="text-red" />,
    },
    amber: {
        look: 'border-amber-line bg-amber-soft',
        icon: <TriangleAlert size={16} className="text-amber" />,
    },
    away: {
        look: 'border-amber-line bg-amber-soft',
        icon: <CloudOff size={16} className="text-amber" />,
    },
};

interface Props {
    told: Told;
    tone?: keyof typeof TONES;
    /* Interrupts a screen reader: for what answers a click of this person. */
    urgent?: boolean;
    children?: ReactNode;
    className?: string | undefined;
}

export function Notice({ told, tone = 'red', urgent = true, children, className }: Props) {
    return (
        <div
            role={urgent ? 'alert' : 'status'}
            className={cx(
                'flex animate-appear gap-3 rounded-lg border px-3 py-2.5',
                TONES[tone].look,
                className,
            )}
        >
            <span aria-hidden className="mt-[3px] shrink-0">
                {TONES[tone].icon}
            </span>
            <div className="min-w-0 flex-1">
                <p>
                    <span className="font-medium">{told.what}</span> {told.todo}
                </p>
                {told.reference && (
                    <p className="text-table text-ink-soft">
                        Reference <span className="tabular select-all">{told.reference}</span>
                    </p>
                )}
                {children && <div className="mt-2 flex flex-wrap gap-2">{children}</div>}
            </div>
        </div>
    );
}
