/* The calls of models one by one, newest first, by filters that stand in the address. */
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { explain } from '../../api/fault';
import { employeesQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { usePage } from '../../lib/page';
import { save } from '../../lib/save';
import { callsQuery, exportCalls, triedOf, type Call } from './calls';
import { money } from './data';
import { OUTCOMES, type Filters } from './look';

const route = getRouteApi('/inside/usage/calls');
const number = new Intl.NumberFormat('en');
const HEADS = ['When', 'For', 'Model', 'Outcome', 'Tokens in', 'Tokens out', 'Took', 'Cost'];
const RIGHT = new Set(['Tokens in', 'Tokens out', 'Took', 'Cost']);

export function Calls() {
    usePage('Calls of models');
    const filters = route.useSearch();

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <Link to="/usage" className="text-accent-text underline underline-offset-3">
                Usage
            </Link>
            <h1 className="mt-1 text-display font-semibold tracking-tight">Calls of models</h1>
            <p className="mt-1 max-w-2xl text-ink-soft">
                Each call that cost something or answered. These lines are never changed; the sums
                are made of them.
            </p>
            <FilterRow filters={filters} />
            <Lines filters={filters} />
        </div>
    );
}

function FilterRow({ filters }: { filters: Filters }) {
    const navigate = route.useNavigate();
    const employees = useQuery(employeesQuery);
    const [count, setCount] = useState(0);
    const set = (change: Filters) =>
        void navigate({ search: { ...filters, ...change }, replace: true });
    const file = useMutation({
        mutationFn: () => exportCalls(filters, setCount),
        onSuccess: (blob) => save(blob, 'calls.csv'),
    });
    const narrowed = filters.model ?? (filters.team_id && 'one team') ?? (filters.key_id && 'one API key');

    return (
        <>
            <div className="mt-6 flex flex-wrap items-end gap-3">
                <Select
                    label="Employee"
                    className="w-44"
                    options={[
                        ['', 'All'],
                        ...(employees.data ?? []).map(({ id, name }) => [id, name] as const),
                    ]}
                    value={filters.employee_id ?? ''}
                    onChange={(event) => set({ employee_id: event.target.value || undefined })}
                />
                <Select
                    label="Outcome"
                    className="w-48"
                    options={[['', 'All'], ...OUTCOMES]}
                    value={filters.outcome ?? ''}
                    onChange={(event) =>
                        set({ outcome: OUTCOMES.find(([one]) => one === event.target.value)?.[0] })
                    }
                />
                {narrowed && (
                    <Button
                        onClick={() =>
                            set({ model: undefined, team_id: undefined, key_id: undefined })
                        }
                    >
                        Only {narrowed}: show all
                    </Button>
                )}
                <Button className="ml-auto" busy={file.isPending} onClick={() => file.mutate()}>
                    {file.isPending ? `${number.format(count)} so far` : 'Save as CSV'}
                </Button>
            </div>
            {file.error && <Notice told={explain(file.error)} className="mt-3" />}
        </>
    );
}

function Lines({ filters }: { filters: Filters }) {
    const query = useInfiniteQuery(callsQuery(filters));
    const calls = query.data?.pages.flatMap((page) => page.items) ?? [];

    return (
        <>
            <div
                role="region"
                aria-label="Calls"
                tabIndex={0}
                className="mt-4 overflow-x-auto rounded-lg border border-line bg-surface"
            >
                <table className="tabular w-full text-left text-table" aria-busy={query.isFetching}>
                    <thead>
                        <tr className="border-b border-line text-ink-soft">
                            {HEADS.map((head) => (
                                <th
                                    key={head}
                                    scope="col"
                                    className={`px-4 py-2 font-medium whitespace-nowrap ${RIGHT.has(head) ? 'text-right' : ''}`}
                                >
                                    {head}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {calls.map((one) => (
                            <Row key={one.id} of={one} />
                        ))}
                        {query.isPending && (
                            <tr>
                                <td colSpan={HEADS.length} className="px-4 py-3">
                                    <Skeleton className="h-5 w-full" />
                                </td>
                            </tr>
                        )}
                    </tbody>
                </table>
                {query.isSuccess && calls.length === 0 && (
                    <p className="px-4 py-6 text-ink-soft">No call fits these filters.</p>
                )}
            </div>
            <Failed
                error={query.error}
                again={() => (query.data ? query.fetchNextPage() : query.refetch())}
                className="mt-3"
            />
            {query.hasNextPage && !query.isError && (
                <div className="mt-3 flex justify-center">
                    <Button
                        size="small"
                        busy={query.isFetchingNextPage}
                        onClick={() => void query.fetchNextPage()}
                    >
                        Show older calls
                    </Button>
                </div>
            )}
        </>
    );
}

const soft = 'block text-ink-soft';

function Row({ of: one }: { of: Call }) {
    const right = 'px-4 py-2 text-right whitespace-nowrap';

    return (
        <tr className="border-line align-top not-first:border-t">
            <td className="px-4 py-2 whitespace-nowrap">
                <When at={one.created} />
            </td>
            <td className="max-w-44 truncate px-4 py-2">
                {one.employee ?? (one.employee_id ? 'No longer here' : null)}
                {one.key_id && (
                    <span className={one.employee_id ? soft : undefined}>
                        {one.key ?? 'A former API key'}
                    </span>
                )}
            </td>
            <td className="max-w-56 truncate px-4 py-2" title={one.model}>
                {one.model}
                <span className={soft}>
                    {one.provider}
                    {one.account_id && ', own account'}
                </span>
            </td>
            <td className="px-4 py-2 whitespace-nowrap">
                {OUTCOMES.find(([outcome]) => outcome === one.outcome)?.[1]}
                {one.ended !== 'whole' && (
                    <span className={soft}>
                        {one.ended === 'drained' ? 'Reader left, read to the end' : 'Reader left, cut off'}
                    </span>
                )}
                {triedOf(one).map((told, i) => (
                    <span key={i} className={`${soft} max-w-64 wrap-anywhere whitespace-normal`}>
                        after {told}
                    </span>
                ))}
            </td>
            <td className={right}>
                {number.format(one.input_tokens)}
                {one.cached_tokens > 0 && (
                    <span className={soft}>{number.format(one.cached_tokens)} cached</span>
                )}
                {one.images > 0 && (
                    <span className={soft}>
                        {one.images} {one.images === 1 ? 'image' : 'images'}
                    </span>
                )}
            </td>
            <td className={right}>
                {number.format(one.output_tokens)}
                {one.reasoning_tokens > 0 && (
                    <span className={soft}>{number.format(one.reasoning_tokens)} reasoning</span>
                )}
                {!one.counted && one.outcome !== 'unknown' && (
                    <span className={soft}>our own count</span>
                )}
            </td>
            <td className={right}>
                {one.ms < 1000 ? `${one.ms} ms` : `${(one.ms / 1000).toFixed(1)} s`}
                {one.first_ms > 0 && (
                    <span className={soft}>first token {number.format(one.first_ms)} ms</span>
                )}
            </td>
            <td className={right}>
                {money(one.cost_micros)}
                {one.price_from === null && one.outcome !== 'unknown' && (
                    <span className={soft}>
                        {one.cost_micros > 0 ? 'price assumed' : 'no known price'}
                    </span>
                )}
            </td>
        </tr>
    );
}
