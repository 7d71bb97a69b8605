/* The models of an account with what each costs and can do; an admin says what nobody else knows. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Failed } from '../../components/Failed';
import { Field } from '../../components/Field';
import { Skeleton } from '../../components/Skeleton';
import { accountsQuery, type ProviderAccount } from './data';
import {
    abilityWords,
    figuresQuery,
    inOrder,
    isMany,
    priceWords,
    type AccountModel,
} from './figures';
import { SayFigures } from './SayFigures';

/* More are found by a part of their name. */
const SHOWN = 50;
const SEARCHED = 8;

interface Props {
    of: ProviderAccount;
    admin: boolean;
    onClose: () => void;
}

export function Figures({ of, admin, onClose }: Props) {
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(figuresQuery(of.id));
    const [asked, setAsked] = useState<AccountModel | 'other' | null>(null);
    const title = `Prices and abilities of ${of.name}`;
    /* The list takes the focus back where it was given away. */
    const list = useRef<HTMLDivElement>(null);
    const left = useRef('');

    useEffect(() => {
        if (asked !== null || left.current === '') return;
        const button = list.current?.querySelector<HTMLElement>(
            `[data-model="${CSS.escape(left.current)}"]`,
        );
        (button ?? list.current)?.focus();
        left.current = '';
    }, [asked]);

    function open(what: AccountModel | 'other'): void {
        left.current = what === 'other' ? '*' : what.name;
        setAsked(what);
    }

    return (
        <Dialog title={title} open onOpenChange={onClose}>
            <div ref={list} tabIndex={-1} className="p-5 outline-none">
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                {asked !== null ? (
                    <SayFigures
                        account={of}
                        now={asked === 'other' ? null : asked}
                        onClose={() => setAsked(null)}
                        onDone={async () => {
                            await Promise.all([
                                client.invalidateQueries(figuresQuery(of.id)),
                                client.invalidateQueries({ ...accountsQuery, exact: true }),
                            ]);
                            setAsked(null);
                        }}
                    />
                ) : (
                    <>
                        <p className="mt-1 text-ink-soft">
                            US dollars for a million tokens. What you set holds for this account,
                            within five seconds.
                        </p>
                        {admin && (
                            <Button
                                size="small"
                                className="mt-4"
                                data-model="*"
                                onClick={() => open('other')}
                            >
                                Set for another name, or for many…
                            </Button>
                        )}
                        <Failed error={error} again={refetch} className="mt-4" />
                        {data === undefined && !error && <Skeleton className="mt-4 h-24 w-full" />}
                        {data && <List models={inOrder(data)} onSay={admin ? open : null} />}
                        <div className="mt-5 flex justify-end">
                            <Button onClick={onClose}>Close</Button>
                        </div>
                    </>
                )}
            </div>
        </Dialog>
    );
}

interface ListProps {
    models: readonly AccountModel[];
    onSay: ((of: AccountModel) => void) | null;
}

function List({ models, onSay }: ListProps) {
    const [part, setPart] = useState('');
    const found = models.filter(({ name }) => name.toLowerCase().includes(part.trim().toLowerCase()));
    const rest = found.length - SHOWN;

    if (models.length === 0)
        return (
            <p className="mt-4 text-ink-soft">
                Which models it offers is not known yet. What you set for a name holds all the same.
            </p>
        );
    return (
        <>
            {models.length > SEARCHED && (
                <Field
                    label="Find a model"
                    className="mt-4"
                    autoComplete="off"
                    spellCheck={false}
                    value={part}
                    onChange={(event) => setPart(event.target.value)}
                />
            )}
            <ul aria-label="Models" className="mt-4 rounded-lg border border-line">
                {found.slice(0, SHOWN).map((model) => (
                    <Line key={model.name} of={model} onSay={onSay} />
                ))}
                {found.length === 0 && (
                    <li className="px-4 py-3 text-ink-soft">No model has this in its name.</li>
                )}
            </ul>
            {rest > 0 && (
                <p className="mt-2 text-table text-ink-soft">
                    {rest} more: type a part of a name above.
                </p>
            )}
        </>
    );
}

function Line({ of, onSay }: { of: AccountModel; onSay: ListProps['onSay'] }) {
    const price = priceWords(of);
    const abilities = abilityWords(of);

    return (
        <li className="flex items-start gap-3 border-b border-line px-4 py-3 last:border-0">
            <div className="min-w-0 flex-1">
                <p className="font-medium wrap-anywhere">
                    {isMany(of.name) ? allLike(of.name) : of.name}
                </p>
                {price && <p className="text-table text-ink-soft tabular-nums">{price}</p>}
                {!price && !isMany(of.name) && (
                    <p className="flex items-start gap-1.5 text-table">
                        <TriangleAlert
                            aria-hidden
                            size={14}
                            className="mt-0.5 shrink-0 text-amber"
                        />
                        Price not known: counts as 0 against caps.
                    </p>
                )}
                <p className="text-table text-ink-soft">
                    {abilities || (isMany(of.name) ? '' : 'Abilities not known: it gets no tools.')}
                </p>
            </div>
            {onSay && (
                <Button
                    size="small"
                    className="shrink-0"
                    data-model={of.name}
                    aria-label={`${of.id ? 'Change' : 'Set'} what ${of.name} costs and can do`}
                    onClick={() => onSay(of)}
                >
                    {of.id ? 'Change' : 'Set'}
                </Button>
            )}
        </li>
    );
}

function allLike(name: string): string {
    return name === '*' ? '* (all models)' : `${name} (all that begin so)`;
}
