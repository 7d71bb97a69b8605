/* What a click has done, in words; it stays until the next one. */
import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from '../lib/cx';

export function Done({ children, className }: { children: ReactNode; className?: string }) {
    return (
        <p role="status" className={cx('flex gap-2', className)}>
            <CircleCheck aria-hidden size={16} className="mt-[3px] shrink-0 text-green" />
            <span>{children}</span>
        </p>
    );
}
