/* Making a company: its name, its plan, and whom to invite as its first admin. */
import { useQuery } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { emailFault, found, useForm } from '../../lib/form';
import { plansQuery } from './data';

interface Props {
    onClose: () => void;
    onDone: (email: string) => void;
}

export function Make({ onClose, onDone }: Props) {
    const plans = useQuery(plansQuery);
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { company: '', email: '', plan: 'standard' },
        check: ({ company, email }) =>
            found({
                company: company.trim() === '' ? 'Enter the company’s name.' : undefined,
                email: emailFault(email),
                plan: undefined,
            }),
        send: async ({ company, email, plan }) => {
            await call(
                http.POST('/api/v1/host/tenants', {
                    body: { company: company.trim(), email: email.trim(), plan },
                }),
            );
            return email.trim();
        },
        onDone,
    });
    const plan = input('plan').value;

    return (
        <Dialog title="Make a company" open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold">Make a company</h2>
                {told && <Notice told={told} />}
                {plans.error && <Notice told={explain(plans.error)} />}
                <Field label="Company" autoComplete="off" autoFocus {...input('company')} />
                <Field
                    label="E-mail of its first admin"
                    type="email"
                    autoComplete="off"
                    {...input('email')}
                    hint="An invitation goes there. You do not belong to the company."
                />
                <Select
                    label="Plan"
                    name="plan"
                    options={(plans.data ?? []).map(({ name }) => [name, name] as const)}
                    value={plan}
                    onChange={(event) => set('plan', event.target.value)}
                    hint={plans.data?.find(({ name }) => name === plan)?.about}
                />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? 'Making' : 'Make the company'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
