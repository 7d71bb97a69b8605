/* What a company may use: its plan, and limits of its own, which go before the plan's. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { Skeleton } from '../../components/Skeleton';
import { limitsQuery, limitWords, plansQuery, wholeNumber, type Company, type Limit } from './data';

function Own({ company, of }: { company: Company; of: Limit }) {
    const id = useId();
    const client = useQueryClient();
    const [text, setText] = useState(of.by_host ? String(of.own) : '');
    const params = { path: { id: company.id, name: of.name } };
    const change = useMutation({
        mutationFn: () =>
            text.trim() === ''
                ? call(http.DELETE('/api/v1/host/tenants/{id}/limits/{name}', { params }))
                : call(
                      http.PUT('/api/v1/host/tenants/{id}/limits/{name}', {
                          params,
                          body: { per_minute: wholeNumber(text)! },
                      }),
                  ),
        onSuccess: ({ items }) => client.setQueryData(limitsQuery(company.id).queryKey, items),
    });
    const changed = text.trim() !== (of.by_host ? String(of.own) : '');
    const wrong = text.trim() !== '' && wholeNumber(text) === undefined;
    const usual = of.by_plan ? `The plan says ${of.of_plan}` : 'As the settings say';

    return (
        <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-2 last:border-0">
            <label htmlFor={id} className="min-w-0 flex-1 basis-36">
                {limitWords(of.name)}
                <span className="block text-table text-ink-soft">{usual}</span>
            </label>
            <span className="flex items-center gap-2">
                <input
                    id={id}
                    inputMode="numeric"
                    autoComplete="off"
                    placeholder="none"
                    value={text}
                    aria-invalid={wrong || undefined}
                    aria-describedby={wrong ? `${id}-note` : undefined}
                    onChange={(event) => setText(event.target.value)}
                    className="tabular h-9 w-20 sm:w-28 rounded-lg border border-line-field bg-surface px-2.5 text-right focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent max-sm:text-[16px]"
                />
                <Button
                    size="small"
                    busy={change.isPending}
                    disabled={!changed || wrong}
                    aria-label={`Save: ${limitWords(of.name)}`}
                    onClick={() => change.mutate()}
                >
                    Save
                </Button>
            </span>
            {wrong && (
                <p id={`${id}-note`} role="alert" className="w-full text-table text-red">
                    Enter a whole number up to 1,000,000, or nothing.
                </p>
            )}
            {change.error && <Notice told={explain(change.error)} className="w-full" />}
        </li>
    );
}

interface Props {
    of: Company;
    onClose: () => void;
    onPlan: () => void;
}

export function Allowance({ of, onClose, onPlan }: Props) {
    const client = useQueryClient();
    const plans = useQuery(plansQuery);
    const limits = useQuery(limitsQuery(of.id));
    const error = plans.error ?? limits.error;
    const choose = useMutation({
        mutationFn: (plan: string) =>
            call(
                http.PUT('/api/v1/host/tenants/{id}/plan', {
                    params: { path: { id: of.id } },
                    body: { plan },
                }),
            ),
        onSuccess: async () => {
            onPlan();
            await client.invalidateQueries(limitsQuery(of.id));
        },
    });
    const plan = choose.isPending ? choose.variables : of.plan;

    return (
        <Dialog title={`Plan and limits of ${of.name}`} open onOpenChange={onClose}>
            <div className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">
                    Plan and limits of {of.name}
                </h2>
                {error && <Notice told={explain(error)} />}
                {choose.error && <Notice told={explain(choose.error)} />}
                {plans.data && (
                    <Select
                        label="Plan"
                        name="plan"
                        options={plans.data.map(({ name }) => [name, name] as const)}
                        value={plan}
                        disabled={choose.isPending}
                        onChange={(event) => choose.mutate(event.target.value)}
                        hint={plans.data.find(({ name }) => name === plan)?.about}
                    />
                )}
                <div>
                    <h3 className="font-medium">Limits of its own, per minute</h3>
                    <p className="text-table text-ink-soft">
                        They go before the plan’s. Empty: none of its own.
                    </p>
                    {limits.isPending && <Skeleton className="mt-2 h-40 w-full" />}
                    {limits.data && (
                        <ul aria-label="Limits" className="mt-2">
                            {limits.data.map((limit) => (
                                <Own key={limit.name} company={of} of={limit} />
                            ))}
                        </ul>
                    )}
                </div>
                <Button className="justify-self-end" onClick={onClose}>
                    Close
                </Button>
            </div>
        </Dialog>
    );
}
