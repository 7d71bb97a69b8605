/* What a model of an account costs, and what it can do: the form in which an admin says so. */
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Field } from '../../components/Field';
import { FormEnd } from '../../components/FormEnd';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { found, useForm } from '../../lib/form';
import type { ProviderAccount } from './data';
import { dollarsOf, tokensOf, type AccountModel } from './figures';

type YesNo = NonNullable<AccountModel['tools']>;
type Size = NonNullable<AccountModel['size']>;

const SIZES = [
    ['', 'Left open'],
    ['small', 'Small questions: greetings, summaries'],
    ['usual', 'Usual questions'],
    ['large', 'Hard questions: comparing, calculating'],
    ['embeds', 'Embeddings only'],
] as const;

interface Props {
    account: ProviderAccount;
    /* null: of a name that is typed. */
    now: AccountModel | null;
    onClose: () => void;
    onDone: () => Promise<void>;
}

const NO_AMOUNT = 'Enter dollars such as 0.15, at most 10000.';
const NO_TOKENS = 'Enter a number of tokens, such as 32768 or 128k.';

/* Of a price, input and output belong together. */
function priceFault(text: string, wanted: boolean): string | undefined {
    const amount = dollarsOf(text);
    if (amount === null) return NO_AMOUNT;
    return wanted && amount === '' ? 'Enter this, too.' : undefined;
}

function tokensText(count: number | undefined): string {
    return count ? String(count) : '';
}

/* Only what was said travels. */
function given<V>(name: string, value: V | '' | 0): Record<string, V> {
    return value === '' || value === 0 ? {} : { [name]: value };
}

export function SayFigures({ account, now, onClose, onDone }: Props) {
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: {
            name: now?.name ?? '',
            input: now?.input ?? '',
            output: now?.output ?? '',
            cached: now?.cached ?? '',
            cache_write: now?.cache_write ?? '',
            tools: now?.tools ?? '',
            images: now?.images ?? '',
            context: tokensText(now?.context),
            answer: tokensText(now?.answer),
            size: now?.size ?? '',
        },
        check: (typed) => {
            const priced = [typed.input, typed.output, typed.cached, typed.cache_write].some(
                (text) => text.trim() !== '',
            );
            return found({
                name: typed.name.trim() === '' ? 'Enter the name, or its beginning and *.' : undefined,
                input: priceFault(typed.input, priced),
                output: priceFault(typed.output, priced),
                cached: priceFault(typed.cached, false),
                cache_write: priceFault(typed.cache_write, false),
                tools: undefined,
                images: undefined,
                context: tokensOf(typed.context) === null ? NO_TOKENS : undefined,
                answer: tokensOf(typed.answer) === null ? NO_TOKENS : undefined,
                size: undefined,
            });
        },
        send: (typed) =>
            call(
                http.PUT('/api/v1/provider-accounts/{id}/models', {
                    params: { path: { id: account.id } },
                    body: {
                        name: typed.name.trim(),
                        ...given('input', dollarsOf(typed.input) ?? ''),
                        ...given('output', dollarsOf(typed.output) ?? ''),
                        ...given('cached', dollarsOf(typed.cached) ?? ''),
                        ...given('cache_write', dollarsOf(typed.cache_write) ?? ''),
                        ...given('tools', typed.tools as YesNo | ''),
                        ...given('images', typed.images as YesNo | ''),
                        ...given('context', tokensOf(typed.context) ?? 0),
                        ...given('answer', tokensOf(typed.answer) ?? 0),
                        ...given('size', typed.size as Size | ''),
                    },
                }),
            ),
        onDone,
    });
    const forget = useMutation({
        mutationFn: (said: string) =>
            call(
                http.DELETE('/api/v1/provider-accounts/{id}/models/{said}', {
                    params: { path: { id: account.id, said } },
                }),
            ),
        onSuccess: onDone,
    });
    const refused = told ?? (forget.error && explain(forget.error));

    const choice = (
        name: 'tools' | 'images' | 'size',
        label: string,
        options: readonly (readonly [string, string])[],
        hint?: string,
    ): ReactNode => (
        <Select
            label={label}
            options={options}
            hint={hint}
            name={name}
            value={input(name).value}
            onChange={(event) => set(name, event.target.value)}
        />
    );
    const yesNo = [
        ['', 'Left open'],
        ['yes', 'Yes'],
        ['no', 'No'],
    ] as const;

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="mt-3 grid gap-5">
            {now ? (
                <p className="font-medium wrap-anywhere">{now.name}</p>
            ) : (
                <Field
                    label="Model"
                    autoFocus
                    autoComplete="off"
                    spellCheck={false}
                    maxLength={200}
                    hint="As the provider calls it. With * at its end it stands for all that begin so, and * alone for all models."
                    {...input('name')}
                />
            )}
            <Group title="What it costs" about="US dollars for a million tokens.">
                <Amount label="Input" autoFocus={now !== null} {...input('input')} />
                <Amount label="Output" {...input('output')} />
                <Amount label="Input read from a cache" hint="Empty: as input." {...input('cached')} />
                <Amount label="Input written to a cache" hint="Empty: as input." {...input('cache_write')} />
            </Group>
            <Group title="What it can do" about="What you leave open is taken from what Konstruct knows.">
                {choice('tools', 'Uses tools', yesNo)}
                {choice('images', 'Sees pictures', yesNo)}
                <Field
                    label="Reads at most"
                    inputMode="numeric"
                    autoComplete="off"
                    hint="Tokens of question and answer."
                    {...input('context')}
                />
                <Field
                    label="Answers at most"
                    inputMode="numeric"
                    autoComplete="off"
                    hint="Tokens of an answer."
                    {...input('answer')}
                />
                <div className="sm:col-span-2">
                    {choice('size', 'Best for', SIZES, 'Decides where nobody names a model.')}
                </div>
            </Group>
            {refused && <Notice told={refused} />}
            <FormEnd busy={busy} onClose={onClose}>
                {now?.id && (
                    <Button
                        className="mr-auto"
                        busy={forget.isPending}
                        onClick={() => forget.mutate(now.id!)}
                    >
                        Remove
                    </Button>
                )}
            </FormEnd>
        </form>
    );
}

function Group({ title, about, children }: { title: string; about: string; children: ReactNode }) {
    return (
        <fieldset>
            <legend className="font-semibold">{title}</legend>
            <p className="text-table text-ink-soft">{about}</p>
            <div className="mt-3 grid gap-4 sm:grid-cols-2">{children}</div>
        </fieldset>
    );
}

function Amount(props: Parameters<typeof Field>[0]) {
    return <Field inputMode="decimal" autoComplete="off" placeholder="0.00" {...props} />;
}
