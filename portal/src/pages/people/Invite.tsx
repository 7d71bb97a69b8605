/* Inviting somebody: address and role. */
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { emailFault, found, useForm } from '../../lib/form';
import { ROLE_OPTIONS, ROLE_WORDS, type Role } from '../../lib/roles';
import type { Invitation } from './data';

interface Props {
    onClose: () => void;
    onDone: (invitation: Invitation) => void;
}

export function Invite({ onClose, onDone }: Props) {
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { email: '', role: 'member' },
        check: ({ email }) => found({ email: emailFault(email), role: undefined }),
        send: ({ email, role }) =>
            call(
                http.POST('/api/v1/invitations', {
                    body: { email: email.trim(), role: role as Role },
                }),
            ),
        onDone,
    });
    const role = input('role').value as Role;

    return (
        <Dialog title="Invite somebody" open onOpenChange={onClose}>
            <form ref={form} onSubmit={onSubmit} noValidate className="grid gap-4 p-5">
                <h2 className="text-title font-semibold">Invite somebody</h2>
                {told && <Notice told={told} />}
                <Field
                    label="E-mail"
                    type="email"
                    autoComplete="off"
                    autoFocus
                    {...input('email')}
                    hint="A mail with a link goes there. Whoever follows it belongs to the company."
                />
                <Select
                    label="Role"
                    name="role"
                    options={ROLE_OPTIONS}
                    value={role}
                    onChange={(event) => set('role', event.target.value)}
                    hint={ROLE_WORDS[role][1]}
                />
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy}>
                        {busy ? 'Inviting' : 'Send the invitation'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
