/* Suspending a company, with the reason that its people read. */
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { found, useForm } from '../../lib/form';
import type { Company } from './data';

interface Props {
    of: Company;
    onClose: () => void;
    onDone: () => void;
}

export function Suspend({ of, onClose, onDone }: Props) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { why: '' },
        check: ({ why }) =>
            found({
                why:
                    why.trim() === ''
                        ? 'Say why. The people of the company read it.'
                        : why.trim().length > 300
                          ? 'Shorten it to 300 characters.'
                          : undefined,
            }),
        send: ({ why }) =>
            call(
                http.POST('/api/v1/host/tenants/{id}/suspend', {
                    params: { path: { id: of.id } },
                    body: { why: why.trim() },
                }),
            ),
        onDone,
    });

    return (
        <Dialog title={`Suspend ${of.name}?`} open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">Suspend {of.name}?</h2>
                <p className="text-ink-soft">
                    Its people can log in, read the reason and take everything out, and nothing
                    else. What comes in from channels is kept and answered once you resume it.
                    Nothing is lost.
                </p>
                {told && <Notice told={told} />}
                <Field label="Reason" autoComplete="off" autoFocus {...input('why')} />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? 'Suspending' : 'Suspend it'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
