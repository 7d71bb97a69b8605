/* Making a key: what it is for, what it may do, how long it works. */
import { useQuery } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Failed } from '../../components/Failed';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { ScopeList } from '../../components/ScopeList';
import { Select } from '../../components/Select';
import { Skeleton } from '../../components/Skeleton';
import { found, useForm } from '../../lib/form';
import { microsOf } from '../usage/data';
import { ASKS_MODELS, CAP_PERIODS, MODELS_HINT } from './data';
import { limitsQuery, lives, scopesQuery, type ApiKeyMade } from './data';

interface Props {
    onClose: () => void;
    onMade: (key: ApiKeyMade) => void;
}

export function Make({ onClose, onMade }: Props) {
    const scopes = useQuery(scopesQuery);
    const limits = useQuery(limitsQuery);
    const fault = scopes.error ?? limits.error;

    return (
        <Dialog title="New API key" open onOpenChange={onClose}>
            <div className="p-5">
                <h2 className="text-title font-semibold">New API key</h2>
                <Failed
                    error={fault}
                    again={() => Promise.all([scopes.refetch(), limits.refetch()])}
                    className="mt-4"
                />
                {scopes.data && limits.data ? (
                    <Form
                        scopes={scopes.data}
                        most={limits.data.days}
                        onClose={onClose}
                        onMade={onMade}
                    />
                ) : (
                    !fault && <Skeleton className="mt-4 h-72 w-full" />
                )}
            </div>
        </Dialog>
    );
}

function asksModels(scopes: string): boolean {
    return scopes.split(' ').includes(ASKS_MODELS);
}

interface FormProps extends Props {
    scopes: readonly { name: string; about: string }[];
    most: number;
}

function Form({ scopes, most, onClose, onMade }: FormProps) {
    const options = lives(most);
    const usual = options.some(([days]) => days === '90') ? '90' : options[options.length - 1]![0];
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { name: '', scopes: '', days: usual, models: '', cap_micros: '', cap_period: 'month' },
        check: ({ name, scopes: chosen, cap_micros: most }) =>
            found({
                name: name.trim() === '' ? 'Say which program it is for.' : undefined,
                scopes: chosen === '' ? 'Choose at least one.' : undefined,
                cap_micros:
                    asksModels(chosen) && most.trim() !== '' && !microsOf(most)
                        ? 'Write an amount in dollars, such as 25 or 12.50, or nothing.'
                        : undefined,
            }),
        send: ({ name, scopes: chosen, days, models, cap_micros: most, cap_period: period }) =>
            call(
                http.POST('/api/v1/api-keys', {
                    body: {
                        name: name.trim(),
                        scopes: chosen,
                        ...(days === '0' ? { endless: true } : { days: Number(days) }),
                        ...(asksModels(chosen) && {
                            models: models.trim(),
                            cap_micros: microsOf(most) ?? 0,
                            cap_period: period as 'day' | 'month' | 'ever',
                        }),
                    },
                }),
            ),
        onDone: onMade,
    });
    const { value: chosen, fault: scopesFault } = input('scopes');

    return (
        <form ref={form} onSubmit={onSubmit} noValidate className="mt-4 grid gap-4">
            {told && <Notice told={told} />}
            <Field
                label="Name"
                maxLength={100}
                autoFocus
                autoComplete="off"
                hint="Which program it is for, such as “Nightly export”."
                {...input('name')}
            />
            <ScopeList
                legend="It may"
                scopes={scopes}
                chosen={chosen}
                onChoose={(names) => set('scopes', names)}
                fault={scopesFault}
            />
            {asksModels(chosen) && (
                <>
                    <Field
                        label="Models that it may ask"
                        maxLength={2000}
                        autoComplete="off"
                        spellCheck={false}
                        hint={MODELS_HINT}
                        {...input('models')}
                    />
                    <div className="grid gap-4 sm:grid-cols-2">
                        <Field
                            label="They may cost at most, in US dollars"
                            inputMode="decimal"
                            autoComplete="off"
                            hint="Nothing: no cap of its own. Those of the company hold in any case."
                            {...input('cap_micros')}
                        />
                        <Select
                            label="In"
                            options={CAP_PERIODS}
                            name="cap_period"
                            value={input('cap_period').value}
                            onChange={(event) => set('cap_period', event.target.value)}
                        />
                    </div>
                </>
            )}
            <Select
                label="It works for"
                options={options}
                name="days"
                value={input('days').value}
                onChange={(event) => set('days', event.target.value)}
            />
            <div className="flex justify-end gap-2">
                <Button onClick={onClose}>Cancel</Button>
                <Button type="submit" look="primary" busy={busy}>
                    {busy ? 'Making the key' : 'Make the key'}
                </Button>
            </div>
        </form>
    );
}
