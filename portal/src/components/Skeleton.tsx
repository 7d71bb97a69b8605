/* Holds the place of what is being fetched, in its final size. */
import { cx } from '../lib/cx';

export function Skeleton({ className }: { className?: string }) {
    return (
        <span aria-hidden className={cx('block animate-breathe rounded-md bg-sunken', className)} />
    );
}
