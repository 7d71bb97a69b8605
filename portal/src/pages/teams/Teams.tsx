/* Teams of employees: a name, and who is in it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http, type Employee } from '../../api/client';
import { explain } from '../../api/fault';
import { employeesQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Failed } from '../../components/Failed';
import { Notice } from '../../components/Notice';
import { Portrait } from '../../components/Portrait';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { Name } from './Name';
import { teamsQuery, type Team } from './data';

type Asked = { what: 'add' } | { what: 'rename' | 'remove'; of: Team };

export function Teams() {
    usePage('Teams');
    const client = useQueryClient();
    const teams = useQuery(teamsQuery);
    const employees = useQuery(employeesQuery);
    const [asked, setAsked] = useState<Asked | null>(null);
    const error = teams.error ?? employees.error;

    function settle(): void {
        setAsked(null);
        void client.invalidateQueries(teamsQuery);
        void client.invalidateQueries(employeesQuery);
    }

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">Teams</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        Employees of a team may ask each other when they don’t know an answer. What
                        they cost is summed up for the team, and a cap can hold for all of them
                        together:{' '}
                        <Link
                            to="/usage"
                            search={{ by: 'team' }}
                            className="text-accent-text underline underline-offset-3"
                        >
                            Usage
                        </Link>
                        .
                    </p>
                </div>
                <Button look="primary" onClick={() => setAsked({ what: 'add' })}>
                    New team
                </Button>
            </div>
            <Failed
                error={error}
                again={() => Promise.all([teams.refetch(), employees.refetch()])}
                className="mt-6"
            />
            {teams.data === undefined && !error && <Skeleton className="mt-6 h-16 w-full" />}
            {teams.data?.length === 0 && (
                <p className="mt-6 rounded-lg border border-line bg-surface px-5 py-4 text-ink-soft">
                    There are no teams yet.
                </p>
            )}
            {teams.data !== undefined && teams.data.length > 0 && (
                <ul
                    aria-label="Teams"
                    className="mt-6 rounded-lg border border-line bg-surface px-4 sm:px-5"
                >
                    {teams.data.map((team) => (
                        <Line
                            key={team.id}
                            team={team}
                            onRename={() => setAsked({ what: 'rename', of: team })}
                            onRemove={() => setAsked({ what: 'remove', of: team })}
                        />
                    ))}
                </ul>
            )}
            {teams.data !== undefined && teams.data.length > 0 && employees.data && (
                <Members teams={teams.data} employees={employees.data} onMoved={settle} />
            )}
            {(asked?.what === 'add' || asked?.what === 'rename') && (
                <Name
                    team={asked.what === 'rename' ? asked.of : null}
                    onDone={settle}
                    onClose={() => setAsked(null)}
                />
            )}
            {asked?.what === 'remove' && (
                <Confirm
                    title={`Remove the team ${asked.of.name}?`}
                    about="Its employees stay and are then in no team; its caps go with it. What it cost stays in the ledger."
                    action="Remove"
                    send={() =>
                        call(
                            http.DELETE('/api/v1/teams/{id}', {
                                params: { path: { id: asked.of.id } },
                            }),
                        )
                    }
                    onDone={settle}
                    onClose={() => setAsked(null)}
                />
            )}
        </div>
    );
}

interface LineProps {
    team: Team;
    onRename: () => void;
    onRemove: () => void;
}

function Line({ team, onRename, onRemove }: LineProps) {
    return (
        <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3 last:border-0">
            <p className="min-w-0 flex-1 basis-48 wrap-anywhere">
                <span className="font-medium">{team.name}</span>
                <span className="block text-table text-ink-soft">
                    {team.employees} {team.employees === 1 ? 'employee' : 'employees'}
                </span>
            </p>
            <Button size="small" onClick={onRename} aria-label={`Rename ${team.name}`}>
                Rename
            </Button>
            <Button
                size="small"
                look="quiet"
                onClick={onRemove}
                aria-label={`Remove ${team.name}`}
            >
                Remove
            </Button>
        </li>
    );
}

interface MembersProps {
    teams: readonly Team[];
    employees: readonly Employee[];
    onMoved: () => void;
}

function Members({ teams, employees, onMoved }: MembersProps) {
    const move = useMutation({
        mutationFn: ({ id, team }: { id: string; team: string }) =>
            call(
                http.PUT('/api/v1/employees/{id}/team', {
                    params: { path: { id } },
                    body: team === '' ? {} : { team_id: team },
                }),
            ),
        onSettled: onMoved,
    });

    return (
        <section aria-labelledby="members" className="mt-9">
            <h2 id="members" className="text-body font-semibold">
                Who is in which
            </h2>
            {move.error && <Notice told={explain(move.error)} className="mt-3" />}
            <ul className="mt-3 rounded-lg border border-line bg-surface px-4 sm:px-5">
                {employees.map((employee) => (
                    <li
                        key={employee.id}
                        className="flex flex-wrap items-center gap-3 border-b border-line py-2.5 last:border-0"
                    >
                        <Portrait name={employee.name} size="tiny" />
                        <span className="min-w-0 flex-1 truncate">
                            {employee.name}{' '}
                            <span className="text-ink-soft">{employee.role}</span>
                        </span>
                        <select
                            aria-label={`Team of ${employee.name}`}
                            value={
                                (move.isPending && move.variables.id === employee.id
                                    ? move.variables.team
                                    : employee.team_id) ?? ''
                            }
                            disabled={move.isPending}
                            onChange={(event) =>
                                move.mutate({ id: employee.id, team: event.target.value })
                            }
                            className="h-9 w-48 max-w-full rounded-lg border border-line-field bg-surface px-2.5 text-ink max-sm:text-[16px]"
                        >
                            <option value="">No team</option>
                            {teams.map((team) => (
                                <option key={team.id} value={team.id}>
                                    {team.name}
                                </option>
                            ))}
                        </select>
                    </li>
                ))}
            </ul>
        </section>
    );
}
