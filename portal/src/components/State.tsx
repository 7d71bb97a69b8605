/* An employee's state: a dot for the glance and a word for the meaning. */
import type { Employee } from '../api/client';
import { cx } from '../lib/cx';

const STATES: Record<string, { word: string; dot: string }> = {
    working: { word: 'Working', dot: 'bg-green' },
    paused: { word: 'Paused', dot: 'border-2 border-ink-soft' },
};

export function State({ state, className }: { state: Employee['state']; className?: string }) {
    const { word, dot } = STATES[state] ?? { word: state, dot: 'bg-ink-soft' };
    return (
        <span
            className={cx('inline-flex items-center gap-1.5 text-table text-ink-soft', className)}
        >
            <span aria-hidden className={cx('size-2 rounded-full', dot)} />
            {word}
        </span>
    );
}
