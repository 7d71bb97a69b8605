/* A labelled choice of one among a few. */
import { useId, type ComponentProps } from 'react';
import { cx } from '../lib/cx';

interface Props extends Omit<ComponentProps<'select'>, 'id'> {
    label: string;
    options: readonly (readonly [value: string, word: string])[];
    hint?: string | undefined;
}

export function Select({ label, options, hint, className, ...rest }: Props) {
    const id = useId();
    return (
        <div className={className}>
            <label htmlFor={id} className="mb-1 block font-medium">
                {label}
            </label>
            <select
                {...rest}
                id={id}
                aria-describedby={hint ? `${id}-note` : undefined}
                className={cx(
                    'h-10 w-full rounded-lg border border-line-field bg-surface px-3 text-ink max-sm:text-[16px]',
                    'focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent',
                )}
            >
                {options.map(([value, word]) => (
                    <option key={value} value={value}>
                        {word}
                    </option>
                ))}
            </select>
            {hint && (
                <p id={`${id}-note`} className="mt-1 text-table text-ink-soft">
                    {hint}
                </p>
            )}
        </div>
    );
}
