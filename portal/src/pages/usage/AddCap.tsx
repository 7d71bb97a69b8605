/* The panel in which an admin adds a cap: for whom, how long, how much. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { employeesQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { found, useForm } from '../../lib/form';
import { may } from '../../shell/places';
import { keysQuery } from '../keys/data';
import { teamsQuery } from '../teams/data';
import { AMOUNT_FAULT, capsQuery, conversationOf, microsOf } from './data';

const SCOPES = [
    ['employee', 'An employee'],
    ['team', 'A team'],
    ['key', 'An API key'],
    ['conversation', 'A conversation'],
] as const;
type Scope = (typeof SCOPES)[number][0];

const PERIODS = [
    ['month', 'A month'],
    ['day', 'A day'],
    ['ever', 'In all'],
] as const;
type Period = (typeof PERIODS)[number][0];

const NONE: Record<Scope, string> = {
    employee: 'There is no employee yet.',
    team: 'There is no team yet. Make one in Settings, Teams.',
    key: 'There is no API key yet. Make one in Settings, API keys.',
    conversation: '',
};

/* What can be chosen of a kind; a conversation is named by its address instead. */
function useOptions(scope: Scope) {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const employees = useQuery(employeesQuery);
    const teams = useQuery(teamsQuery);
    const keys = useQuery({ ...keysQuery, enabled: may(me, 'keys:manage') });
    const query = { employee: employees, team: teams, key: keys, conversation: employees }[scope];
    const options = (query.data ?? []).map(({ id, name }) => [id, name] as const);

    return { options, error: query.error, loaded: query.data !== undefined };
}

export function Add({ onClose }: { onClose: () => void }) {
    const client = useQueryClient();
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { scope: 'employee', scope_id: '', period: 'month', limit_micros: '' },
        check: ({ scope, scope_id, limit_micros }) =>
            found({
                scope_id:
                    scope === 'conversation' && conversationOf(scope_id) === null
                        ? 'Paste the address of a conversation.'
                        : undefined,
                limit_micros: microsOf(limit_micros) === null ? AMOUNT_FAULT : undefined,
            }),
        send: ({ scope, scope_id, period, limit_micros }) =>
            call(
                http.POST('/api/v1/caps', {
                    body: {
                        scope: scope as Scope,
                        scope_id:
                            (scope === 'conversation' ? conversationOf(scope_id) : scope_id) ||
                            (options[0]?.[0] ?? ''),
                        period: period as Period,
                        limit_micros: microsOf(limit_micros) ?? 0,
                    },
                }),
            ),
        onDone: async () => {
            await client.invalidateQueries(capsQuery);
            onClose();
        },
    });
    const scope = input('scope').value as Scope;
    const { options, error, loaded } = useOptions(scope);
    const nobody = scope !== 'conversation' && loaded && options.length === 0;

    return (
        <Dialog title="Add a cap" open onOpenChange={onClose}>
            <form
                ref={form}
                onSubmit={onSubmit}
                noValidate
                aria-label="Add a cap"
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold">Add a cap</h2>
                {(told ?? (error ? explain(error) : null)) && <Notice told={told ?? explain(error)} />}
                <div className="grid gap-4 sm:grid-cols-2">
                    <Select
                        label="For"
                        options={SCOPES}
                        value={scope}
                        onChange={(event) => set('scope', event.target.value)}
                    />
                    {scope === 'conversation' ? (
                        <Field
                            label="Which one"
                            autoComplete="off"
                            hint="Open it and copy the address of the page."
                            {...input('scope_id')}
                        />
                    ) : (
                        <Select
                            label="Which one"
                            options={options}
                            disabled={options.length === 0}
                            hint={nobody ? NONE[scope] : undefined}
                            value={input('scope_id').value || options[0]?.[0]}
                            onChange={(event) => set('scope_id', event.target.value)}
                        />
                    )}
                    <Select
                        label="How long"
                        options={PERIODS}
                        value={input('period').value}
                        onChange={(event) => set('period', event.target.value)}
                    />
                    <Field
                        label="At most, in US dollars"
                        inputMode="decimal"
                        autoComplete="off"
                        {...input('limit_micros')}
                    />
                </div>
                <p className="text-ink-soft">
                    It holds beside the company’s own caps, within five seconds. What the day or month
                    (UTC) has cost so far counts.
                </p>
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button type="submit" look="primary" busy={busy} disabled={nobody}>
                        {busy ? 'Adding' : 'Add'}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
