/* A labelled line of text with its hint or its fault; a password can be looked at. */
import { Eye, EyeOff } from 'lucide-react';
import { useId, useState, type ComponentProps } from 'react';
import { cx } from '../lib/cx';

interface Props extends Omit<ComponentProps<'input'>, 'id'> {
    label: string;
    hint?: string | undefined;
    fault?: string | undefined;
}

export function Field({ label, hint, fault, type = 'text', className, ...rest }: Props) {
    const id = useId();
    const [shown, setShown] = useState(false);
    const secret = type === 'password';
    const note = fault ?? hint;

    return (
        <div className={className}>
            <label htmlFor={id} className="mb-1 block font-medium">
                {label}
            </label>
            <div className="relative">
                <input
                    {...rest}
                    id={id}
                    type={secret && shown ? 'text' : type}
                    aria-invalid={fault ? true : undefined}
                    aria-describedby={note ? `${id}-note` : undefined}
                    className={cx(
                        'h-10 w-full rounded-lg border bg-surface px-3 text-ink transition-colors duration-120 placeholder:text-ink-soft disabled:opacity-60 max-sm:text-[16px]',
                        'focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent',
                        fault ? 'border-red' : 'border-line-field',
                        secret && 'pr-11',
                    )}
                />
                {secret && (
                    <button
                        type="button"
                        aria-label={shown ? 'Hide password' : 'Show password'}
                        aria-pressed={shown}
                        onClick={() => setShown(!shown)}
                        className="absolute inset-y-1 right-1 grid w-8 cursor-pointer place-items-center rounded-md text-ink-soft hover:text-ink"
                    >
                        {shown ? <EyeOff size={16} /> : <Eye size={16} />}
                    </button>
                )}
            </div>
            {note && (
                <p
                    id={`${id}-note`}
                    className={cx('mt-1 text-table', fault ? 'text-red' : 'text-ink-soft')}
                >
                    {note}
                </p>
            )}
        </div>
    );
}
