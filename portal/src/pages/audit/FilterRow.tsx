/* The filters, in one row; they live in the address. */
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../../components/Button';
import { namesQuery, type Filters } from './data';
import { actionWords, actorWords } from './words';

const BOX =
    'h-9 min-w-0 rounded-lg border border-line-field bg-surface px-2.5 text-table text-ink focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent max-sm:text-[16px]';
const TYPING_MS = 300;

interface Props {
    filters: Filters;
    onChange: (change: Filters) => void;
}

export function FilterRow({ filters, onChange }: Props) {
    const actors = useQuery(namesQuery('actor'));
    const actions = useQuery(namesQuery('action'));
    const any = Object.values(filters).some((value) => value !== undefined);

    return (
        <search aria-label="Filter the entries" className="mt-6 flex flex-wrap items-center gap-2">
            <Choice
                label="Who"
                all="Everybody"
                value={filters.actor}
                options={(actors.data ?? []).map(({ value, name }) => [
                    value,
                    actorWords(value, name ?? null),
                ])}
                onChoose={(actor) => onChange({ actor })}
            />
            <Choice
                label="What"
                all="Everything"
                value={filters.action}
                options={(actions.data ?? []).map(({ value }) => [value, actionWords(value)])}
                onChoose={(action) => onChange({ action })}
            />
            <Words text={filters.text} onText={(text) => onChange({ text })} />
            <Day label="From" value={filters.from} onDay={(from) => onChange({ from })} />
            <Day label="To" value={filters.to} onDay={(to) => onChange({ to })} />
            {any && (
                <Button
                    look="quiet"
                    size="small"
                    onClick={() =>
                        onChange({
                            actor: undefined,
                            action: undefined,
                            text: undefined,
                            from: undefined,
                            to: undefined,
                        })
                    }
                >
                    <X aria-hidden size={15} /> Clear
                </Button>
            )}
        </search>
    );
}

interface ChoiceProps {
    label: string;
    all: string;
    value: string | undefined;
    options: (readonly [value: string, word: string])[];
    onChoose: (value: string | undefined) => void;
}

function Choice({ label, all, value, options, onChoose }: ChoiceProps): ReactNode {
    /* One from the address that is not on offer is shown all the same. */
    const shown: ChoiceProps['options'] =
        value && !options.some(([option]) => option === value)
            ? [...options, [value, value] as const]
            : options;

    return (
        <select
            aria-label={label}
            value={value ?? ''}
            onChange={(event) => onChoose(event.target.value || undefined)}
            className={`${BOX} max-w-48`}
        >
            <option value="">{all}</option>
            {shown.map(([option, word]) => (
                <option key={option} value={option}>
                    {word}
                </option>
            ))}
        </select>
    );
}

function Words({
    text,
    onText,
}: {
    text: string | undefined;
    onText: (text: string | undefined) => void;
}) {
    const [typed, setTyped] = useState(text ?? '');

    useEffect(() => setTyped(text ?? ''), [text]);
    useEffect(() => {
        const wanted = typed.trim() || undefined;
        if (wanted === text) return;
        const timer = window.setTimeout(() => onText(wanted), TYPING_MS);
        return () => clearTimeout(timer);
    }, [typed, text, onText]);
    return (
        <input
            type="search"
            aria-label="Words"
            placeholder="Words in an entry"
            maxLength={200}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            className={`${BOX} w-44 flex-1 placeholder:text-ink-soft`}
        />
    );
}

function Day({
    label,
    value,
    onDay,
}: {
    label: string;
    value: string | undefined;
    onDay: (day: string | undefined) => void;
}) {
    return (
        <label className="flex items-center gap-1.5 text-table text-ink-soft">
            {label}
            <input
                type="date"
                max="9999-12-31"
                value={value ?? ''}
                onChange={(event) => onDay(event.target.value || undefined)}
                className={`${BOX} tabular`}
            />
        </label>
    );
}
