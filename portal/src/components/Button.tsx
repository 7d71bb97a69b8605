/* What one can press. One primary button a page; the others are secondary or quiet. */
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cx } from '../lib/cx';

const LOOKS = {
    primary:
        'bg-accent text-on-accent hover:bg-accent-strong disabled:hover:bg-accent border border-transparent font-medium',
    secondary:
        'bg-surface text-ink border border-line hover:border-line-field hover:bg-sunken font-medium',
    quiet: 'text-ink-soft border border-transparent hover:bg-sunken hover:text-ink',
};

interface Props extends ComponentProps<'button'> {
    look?: keyof typeof LOOKS;
    size?: 'normal' | 'small' | 'icon';
    /* The click is being carried out: the button stays in place, says so, and can't be pressed again. */
    busy?: boolean;
    asChild?: boolean;
}

const SIZES = {
    normal: 'h-9 px-4',
    small: 'h-8 px-3 text-table',
    icon: 'size-9 shrink-0',
};

export function Button({
    look = 'secondary',
    size = 'normal',
    busy = false,
    asChild = false,
    className,
    disabled,
    ...rest
}: Props) {
    const Tag = asChild ? Slot.Root : 'button';
    return (
        <Tag
            {...(asChild ? {} : { type: 'button' as const })}
            {...rest}
            aria-busy={busy || undefined}
            disabled={disabled || busy}
            className={cx(
                'inline-flex cursor-pointer items-center justify-center gap-2 rounded-lg whitespace-nowrap transition-colors duration-120 select-none disabled:cursor-not-allowed disabled:opacity-60',
                LOOKS[look],
                SIZES[size],
                className,
            )}
        />
    );
}
