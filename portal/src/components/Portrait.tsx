/* An employee's face: a monogram whose colour and shape follow from the name, so that it is the same everywhere. */
import { cx } from '../lib/cx';

/* Hue of the ground; lightness and strength are the same for all, so that none shouts. */
const TONES = [
    'bg-[light-dark(oklch(0.9_0.05_160),oklch(0.4_0.06_160))]',
    'bg-[light-dark(oklch(0.9_0.05_230),oklch(0.4_0.06_230))]',
    'bg-[light-dark(oklch(0.9_0.05_290),oklch(0.4_0.06_290))]',
    'bg-[light-dark(oklch(0.9_0.05_350),oklch(0.4_0.06_350))]',
    'bg-[light-dark(oklch(0.9_0.05_45),oklch(0.4_0.06_45))]',
    'bg-[light-dark(oklch(0.91_0.06_90),oklch(0.4_0.055_90))]',
];
const SHAPES = [
    'rounded-full',
    'rounded-[32%]',
    'rounded-[50%_50%_50%_18%]',
    'rounded-[50%_18%_50%_50%]',
];
const SIZES = {
    tiny: 'size-6 text-[11px]',
    small: 'size-8 text-table',
    normal: 'size-10 text-[15px]',
    large: 'size-16 text-[24px]',
};

function mixed(name: string): number {
    let hash = 2166136261;
    for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619);
    /* The low bits of this hash hang together; the high ones are folded in. */
    return (hash ^ (hash >>> 15)) >>> 0;
}

function monogram(name: string): string {
    const words = name.trim().split(/\s+/);
    const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
    return letters.map((word) => [...(word ?? '')][0]?.toUpperCase() ?? '').join('') || '?';
}

interface Props {
    name: string;
    size?: keyof typeof SIZES;
}

export function Portrait({ name, size = 'normal' }: Props) {
    const hash = mixed(name);
    return (
        <span
            aria-hidden
            className={cx(
                'grid shrink-0 place-items-center font-semibold text-ink select-none',
                TONES[hash % TONES.length],
                SHAPES[Math.floor(hash / TONES.length) % SHAPES.length],
                SIZES[size],
            )}
        >
            {monogram(name)}
        </span>
    );
}
