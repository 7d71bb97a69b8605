/* The panel in which a team gets its name, at first or anew. */
import { call, http } from '../../api/client';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { FormEnd } from '../../components/FormEnd';
import { Notice } from '../../components/Notice';
import { found, useForm } from '../../lib/form';
import type { Team } from './data';

interface Props {
    /* null: a new one. */
    team: Team | null;
    onDone: () => void;
    onClose: () => void;
}

export function Name({ team, onDone, onClose }: Props) {
    const title = team ? `Rename ${team.name}` : 'New team';
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { name: team?.name ?? '' },
        check: ({ name }) => found({ name: name.trim() === '' ? 'Enter a name.' : undefined }),
        send: ({ name }) =>
            team
                ? call(
                      http.PATCH('/api/v1/teams/{id}', {
                          params: { path: { id: team.id } },
                          body: { name: name.trim() },
                      }),
                  )
                : call(http.POST('/api/v1/teams', { body: { name: name.trim() } })),
        onDone,
    });

    return (
        <Dialog title={title} open onOpenChange={onClose}>
            <form
                ref={form}
                onSubmit={onSubmit}
                noValidate
                aria-label={title}
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                {told && <Notice told={told} />}
                <Field
                    label="Name"
                    autoFocus
                    autoComplete="off"
                    maxLength={100}
                    placeholder="Front office"
                    {...input('name')}
                />
                <FormEnd busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
