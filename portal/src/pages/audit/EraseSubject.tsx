/* Before the personal text about somebody is erased: what goes, what stays, and that it is for good. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { details } from './words';
import { subjectOf, type Entry } from './data';

const WORD = 'erase';

export function EraseSubject({ entry, onClose }: { entry: Entry; onClose: () => void }) {
    const client = useQueryClient();
    const [typed, setTyped] = useState('');
    const [missing, setMissing] = useState(false);
    const subject = subjectOf(entry) ?? '';
    const erase = useMutation({
        mutationFn: () =>
            call(
                http.POST('/api/v1/audit/subjects/{id}/erase', {
                    params: { path: { id: subject } },
                }),
            ),
        onSuccess: () => {
            void client.invalidateQueries({ queryKey: ['audit'] });
            onClose();
        },
    });

    function onSubmit(event: FormEvent): void {
        event.preventDefault();
        if (typed.trim().toLowerCase() !== WORD) setMissing(true);
        else erase.mutate();
    }

    return (
        <Dialog title="Erase personal text" open onOpenChange={onClose}>
            <form
                onSubmit={onSubmit}
                noValidate
                aria-label="Erase personal text"
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold">Erase this personal text?</h2>
                <p className="rounded-lg bg-sunken px-3 py-2 text-table wrap-anywhere">
                    {details(entry)}
                </p>
                <p>
                    Its key is destroyed, for this entry and every other about the same person or
                    customer. Nobody can read those names and addresses again, and none will be
                    written down later. The entries stay, and the chain verifies as before.
                </p>
                {erase.error && <Notice told={explain(erase.error)} />}
                <Field
                    label={`Type ${WORD} to go on`}
                    autoComplete="off"
                    value={typed}
                    fault={missing ? `Type the word ${WORD}.` : undefined}
                    onChange={(event) => {
                        setTyped(event.target.value);
                        setMissing(false);
                    }}
                />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button
                        type="submit"
                        busy={erase.isPending}
                        className="border-red-line! text-red hover:bg-red-soft!"
                    >
                        {erase.isPending ? 'Erasing' : 'Erase for good'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
