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
import { usePage } from '../../lib/page';
import { save } from '../../lib/save';
import { CSV_MOST, callsQuery, exportCalls, triedOf, whenOf, type Call } from './calls';
import { money } from './data';
import type { Filters } from './look';
import { OUTCOMES, SPANS } from './words';

const route = getRouteApi('/inside/usage/calls');
const number = new Intl.NumberFormat('en');

/* Where there is little room, what a call was for stands under its time, and its outcome under the model. */
const CELL = 'px-2 py-2 first:pl-4 last:pr-4 sm:px-2.5 sm:first:pl-5 sm:last:pr-5';
const WIDE = `${CELL} max-sm:hidden`;
const RIGHT = 'text-right whitespace-nowrap';
const HEADS = [
    ['When (UTC)', CELL],
    ['For', WIDE],
    ['Model', CELL],
    ['Outcome', WIDE],
    ['Tokens in', `${WIDE} ${RIGHT}`],
    ['Tokens out', `${WIDE} ${RIGHT}`],
    ['Took', `${WIDE} ${RIGHT}`],
    ['Cost', `${CELL} ${RIGHT}`],
] as const;

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
        onSuccess: (made) => save(made.file, 'calls.csv'),
    });
    const narrowed =
        filters.model ?? (filters.team_id && 'one team') ?? (filters.key_id && 'one API key');

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
                    label="Time"
                    className="w-36"
                    options={[['', 'All'], ...SPANS.map(([span, word]) => [span, word] as const)]}
                    value={filters.days ?? ''}
                    onChange={(event) =>
                        set({ days: SPANS.find(([span]) => span === event.target.value)?.[0] })
                    }
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
                            set({
                                provider: undefined,
                                model: undefined,
                                team_id: undefined,
                                key_id: undefined,
                            })
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
            {file.data && !file.data.whole && (
                <p role="status" className="mt-3 text-amber">
                    The file holds the newest {number.format(CSV_MOST)} calls. For those before,
                    choose a shorter time or one employee.
                </p>
            )}
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
                            {HEADS.map(([head, look]) => (
                                <th
                                    key={head}
                                    scope="col"
                                    className={`${look} font-medium whitespace-nowrap`}
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
                                <td colSpan={HEADS.length} className="px-5 py-3">
                                    <Skeleton className="h-5 w-full" />
                                </td>
                            </tr>
                        )}
                    </tbody>
                </table>
                {query.isSuccess && calls.length === 0 && (
                    <p className="px-5 py-6 text-ink-soft">No call fits these filters.</p>
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
const narrow = `${soft} ml-auto w-18 whitespace-normal`;

function Row({ of: one }: { of: Call }) {
    return (
        <tr className="border-line align-top not-first:border-t">
            <td className={`${CELL} whitespace-nowrap`}>
                <time dateTime={new Date(one.created * 1000).toISOString()}>
                    {whenOf(one.created)}
                </time>
                <span className="block max-w-24 truncate sm:hidden">
                    <For of={one} />
                </span>
            </td>
            <td className={`${WIDE} max-w-34 truncate`} title={one.employee ?? one.key ?? undefined}>
                <For of={one} />
            </td>
            <td className={`${CELL} max-w-32 truncate sm:max-w-40`} title={one.model}>
                {one.model}
                <span className={soft}>
                    {one.provider}
                    {one.account_id && ', own account'}
                </span>
                <span className="block whitespace-normal sm:hidden">
                    <Outcome of={one} />
                </span>
            </td>
            <td className={`${WIDE} min-w-40`}>
                <Outcome of={one} />
            </td>
            <td className={`${WIDE} ${RIGHT}`}>
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
            <td className={`${WIDE} ${RIGHT}`}>
                {number.format(one.output_tokens)}
                {one.reasoning_tokens > 0 && (
                    <span className={soft}>{number.format(one.reasoning_tokens)} reasoning</span>
                )}
                {!one.counted && one.outcome !== 'unknown' && (
                    <span className={soft}>our own count</span>
                )}
            </td>
            <td className={`${WIDE} ${RIGHT}`}>
                {one.ms < 1000 ? `${one.ms} ms` : `${(one.ms / 1000).toFixed(1)} s`}
                {one.first_ms > 0 && (
                    <span className={soft}>first {number.format(one.first_ms)} ms</span>
                )}
            </td>
            <td className={`${CELL} ${RIGHT}`}>
                {money(one.cost_micros)}
                {one.outcome === 'unknown' && <span className={narrow}>at the worst case</span>}
                {one.price_own && <span className={narrow}>own price</span>}
                {one.price_from === null && one.outcome !== 'unknown' && one.provider !== 'starter' && (
                    <span className={narrow}>
                        {one.cost_micros > 0 ? 'price assumed' : 'no known price'}
                    </span>
                )}
            </td>
        </tr>
    );
}

function For({ of: one }: { of: Call }) {
    return (
        <>
            {one.employee ?? (one.employee_id ? 'No longer here' : null)}
            {one.key_id && (
                <span className={one.employee_id ? soft : undefined}>
                    {one.key ?? 'A former API key'}
                </span>
            )}
            {!one.employee_id && !one.key_id && <span className="text-ink-soft">A program or a test</span>}
        </>
    );
}

function Outcome({ of: one }: { of: Call }) {
    return (
        <>
            {OUTCOMES.find(([outcome]) => outcome === one.outcome)?.[1]}
            {one.ended !== 'whole' && (
                <span className={soft}>
                    {one.ended === 'drained' ? 'Reader left, read to the end' : 'Reader left, cut off'}
                </span>
            )}
            {triedOf(one).map((told, i) => (
                <span key={i} className={`${soft} break-words`}>
                    after {told}
                </span>
            ))}
        </>
    );
}
