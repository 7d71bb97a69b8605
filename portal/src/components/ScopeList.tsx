/* What a program may be allowed to do, each with a box to tick. */
import { useId } from 'react';
import { cx } from '../lib/cx';

interface Props {
    legend: string;
    scopes: readonly { name: string; about: string }[];
    /* The names of those that are ticked, with blanks between, as the API has them. */
    chosen: string;
    onChoose: (chosen: string) => void;
    fault?: string | undefined;
}

export function ScopeList({ legend, scopes, chosen, onChoose, fault }: Props) {
    const id = useId();
    const ticked = chosen.split(' ').filter(Boolean);

    return (
        <fieldset aria-describedby={fault ? `${id}-note` : undefined}>
            <legend className="mb-1 font-medium">{legend}</legend>
            <ul
                className={cx(
                    'grid max-h-64 overflow-y-auto rounded-lg border px-3 py-1.5',
                    fault ? 'border-red' : 'border-line-field',
                )}
            >
                {scopes.map(({ name, about }, i) => (
                    <li key={name}>
                        <label className="flex cursor-pointer gap-2.5 py-1">
                            <input
                                type="checkbox"
                                name={i === 0 ? 'scopes' : undefined}
                                checked={ticked.includes(name)}
                                onChange={(event) =>
                                    onChoose(
                                        (event.target.checked
                                            ? [...ticked, name]
                                            : ticked.filter((other) => other !== name)
                                        ).join(' '),
                                    )
                                }
                                className="mt-[3px] size-4 shrink-0 accent-accent"
                            />
                            <span>
                                {about}
                                <span className="ml-2 font-mono text-table text-ink-soft">{name}</span>
                            </span>
                        </label>
                    </li>
                ))}
            </ul>
            {fault && (
                <p id={`${id}-note`} className="mt-1 text-table text-red">
                    {fault}
                </p>
            )}
        </fieldset>
    );
}
