/* Who may do what: the table that the server asks at every request. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { cx } from '../../lib/cx';
import { usePage } from '../../lib/page';
import { ROLES, ROLE_WORDS, roleName } from '../../lib/roles';

type Permission = components['schemas']['Permission'];

const permissionsQuery = queryOptions({
    queryKey: ['permissions'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/permissions', { signal }))).items,
    staleTime: Infinity,
});

const COLUMNS = [...ROLES, 'programs'] as const;

export function Roles() {
    usePage('Roles');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data, error, refetch } = useQuery(permissionsQuery);

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Roles</h1>
            <p className="mt-1 max-w-160 text-ink-soft">
                What each role may do. You are {roleName(me.role).toLowerCase()} of {me.tenant_name}.
            </p>
            <dl className="mt-6 grid gap-x-8 gap-y-3 sm:grid-cols-2">
                {ROLES.map((role) => (
                    <div key={role}>
                        <dt className="font-medium">{ROLE_WORDS[role][0]}</dt>
                        <dd className="text-ink-soft">{ROLE_WORDS[role][1]}</dd>
                    </div>
                ))}
            </dl>
            <Failed error={error} again={refetch} className="mt-8" />
            {data === undefined && !error && <Skeleton className="mt-8 h-96 w-full" />}
            {data && <Table rows={data} mine={me.role} />}
            {data && (
                <p className="mt-4 max-w-160 text-table text-ink-soft">
                    What concerns only yourself, such as your password and your sessions, you may do
                    in any role. Programs: what an API key or a connected application can be given.
                </p>
            )}
        </div>
    );
}

function Table({ rows, mine }: { rows: readonly Permission[]; mine: string }) {
    const shade = (column: string) => cx('px-3 text-center', column === mine && 'bg-accent-soft');

    return (
        <div
            className="mt-8 overflow-x-auto rounded-lg border border-line bg-surface"
            tabIndex={0}
            role="region"
            aria-label="What each role may do"
        >
            <table className="w-full min-w-150 text-table">
                <thead>
                    <tr className="border-b border-line">
                        <th scope="col" className="px-5 py-2.5 text-left font-medium">
                            What it allows
                        </th>
                        {COLUMNS.map((column) => (
                            <th
                                key={column}
                                scope="col"
                                className={cx(shade(column), 'py-2.5 font-medium')}
                            >
                                {column === 'programs' ? 'Programs' : roleName(column)}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={row.name} className="border-b border-line last:border-0">
                            <th scope="row" className="px-5 py-2.5 text-left font-normal">
                                {row.about}
                                <span className="block font-mono text-ink-soft">{row.name}</span>
                            </th>
                            {COLUMNS.map((column) => (
                                <td key={column} className={shade(column)}>
                                    {row[column] ? (
                                        <>
                                            <Check
                                                aria-hidden
                                                size={16}
                                                className="inline text-accent-text"
                                            />
                                            <span className="sr-only">yes</span>
                                        </>
                                    ) : (
                                        <span className="text-ink-soft">
                                            <span aria-hidden>–</span>
                                            <span className="sr-only">no</span>
                                        </span>
                                    )}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
