/* The models of one employee: the one that is asked first, and up to two for when it does not answer. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { call, http } from '../../api/client';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { FormEnd } from '../../components/FormEnd';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { found, useForm } from '../../lib/form';
import { accountsQuery, ALONE, offeredBy, PROVIDERS, type EmployeeModels } from './data';

const NOBODY = [['', 'Nobody'], ...PROVIDERS] as const;

const PLACES = [
    { place: 'primary', label: 'Asked first', options: PROVIDERS },
    { place: 'fallback', label: 'When it does not answer', options: NOBODY },
    { place: 'local', label: 'Last of all', options: NOBODY },
] as const;

interface Props {
    of: EmployeeModels;
    onClose: () => void;
    onDone: () => Promise<void>;
}

function takesModel(provider: string): boolean {
    return provider !== '' && !ALONE.includes(provider);
}

function modelFault(provider: string, model: string): string | undefined {
    return takesModel(provider) && model.trim() === ''
        ? 'Enter the model.'
        : undefined;
}

function modelOf(provider: string, model: string): string {
    return takesModel(provider) ? model.trim() : provider;
}

export function Choose({ of, onClose, onDone }: Props) {
    const id = useId();
    const accounts = useQuery(accountsQuery).data ?? [];
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: {
            primary_provider: of.primary_provider,
            primary_model: of.primary_model,
            fallback_provider: of.fallback_provider ?? '',
            fallback_model: of.fallback_model ?? '',
            local_provider: of.local_provider ?? '',
            local_model: of.local_model ?? '',
        },
        check: (values) =>
            found({
                primary_provider: undefined,
                primary_model: modelFault(values.primary_provider, values.primary_model),
                fallback_provider: undefined,
                fallback_model: modelFault(values.fallback_provider, values.fallback_model),
                local_provider: undefined,
                local_model: modelFault(values.local_provider, values.local_model),
            }),
        send: (values) =>
            call(
                http.PATCH('/api/v1/employees/{id}/models', {
                    params: { path: { id: of.id } },
                    body: {
                        ...values,
                        primary_model: modelOf(values.primary_provider, values.primary_model),
                        fallback_model: modelOf(values.fallback_provider, values.fallback_model),
                        local_model: modelOf(values.local_provider, values.local_model),
                    },
                }),
            ),
        onDone,
    });

    return (
        <Dialog title={`The models of ${of.name}`} open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">The models of {of.name}</h2>
                {told && <Notice told={told} />}
                {PLACES.map(({ place, label, options }, at) => {
                    const provider = input(`${place}_provider`).value;

                    return (
                        <fieldset key={place} className="grid gap-3 sm:grid-cols-2">
                            <legend className="sr-only">{label}</legend>
                            <Select
                                label={label}
                                options={options}
                                autoFocus={at === 0}
                                name={`${place}_provider`}
                                value={provider}
                                onChange={(event) => {
                                    set(`${place}_provider`, event.target.value);
                                    set(`${place}_model`, '');
                                }}
                            />
                            {takesModel(provider) && (
                                <>
                                    <Field
                                        label="Model"
                                        list={`${id}-${place}`}
                                        spellCheck={false}
                                        autoComplete="off"
                                        {...input(`${place}_model`)}
                                    />
                                    <datalist id={`${id}-${place}`}>
                                        {offeredBy(accounts, provider).map((model) => (
                                            <option key={model} value={model} />
                                        ))}
                                    </datalist>
                                </>
                            )}
                        </fieldset>
                    );
                })}
                <p className="text-table text-ink-soft">
                    Your accounts that offer the model are asked in their order, then the
                    installation’s own. The model “auto” leaves the choice to what is asked.
                </p>
                <FormEnd busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
