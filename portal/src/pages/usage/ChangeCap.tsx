/* The panel in which an admin changes how much a cap allows. */
import { useQueryClient } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { FormEnd } from '../../components/FormEnd';
import { Notice } from '../../components/Notice';
import { found, useForm } from '../../lib/form';
import { AMOUNT_FAULT, amountOf, capsQuery, microsOf, titleOf, type Cap } from './data';

export function Change({ cap, onClose }: { cap: Cap; onClose: () => void }) {
    const client = useQueryClient();
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { limit_micros: amountOf(cap.limit_micros) },
        check: ({ limit_micros: text }) =>
            found({
                limit_micros:
                    microsOf(text) === null ? AMOUNT_FAULT : undefined,
            }),
        send: ({ limit_micros: text }) =>
            call(
                http.PATCH('/api/v1/caps/{id}', {
                    params: { path: { id: cap.id } },
                    body: { limit_micros: microsOf(text) ?? 0 },
                }),
            ),
        onDone: async () => {
            await client.invalidateQueries(capsQuery);
            onClose();
        },
    });

    return (
        <Dialog title="Change the cap" open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold">{titleOf(cap)}</h2>
                {told && <Notice told={told} />}
                <Field
                    label="At most, in US dollars"
                    inputMode="decimal"
                    autoFocus
                    autoComplete="off"
                    hint="Holds within five seconds. At the limit, employees say that they can’t answer now; free models go on."
                    {...input('limit_micros')}
                />
                <FormEnd busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
