/* What the models cost: against the caps, and by day, employee, model and key. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { cx } from '../../lib/cx';
import { usePage } from '../../lib/page';
import { Caps } from './Caps';
import { GROUPS, labelOf, money, sumsQuery, type Group } from './data';

const route = getRouteApi('/inside/usage');
const number = new Intl.NumberFormat('en');

export function Usage() {
    usePage('Usage');
    const { by = 'day' } = route.useSearch();
    const navigate = route.useNavigate();

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Usage</h1>
            <p className="mt-1 max-w-2xl text-ink-soft">
                What your employees’ models cost. Before a model is asked, the most that it can cost
                is held against every cap, so none is ever passed.
            </p>
            <section aria-labelledby="caps" className="mt-7">
                <h2 id="caps" className="text-body font-semibold">
                    Caps
                </h2>
                <Caps />
            </section>
            <section aria-labelledby="sums" className="mt-9">
                <div className="flex flex-wrap items-center justify-between gap-3">
                    <h2 id="sums" className="text-body font-semibold">
                        Last 30 days
                    </h2>
                    <div role="group" aria-label="Grouped" className="flex flex-wrap gap-1">
                        {GROUPS.map(([group, word]) => (
                            <button
                                key={group}
                                type="button"
                                aria-pressed={group === by}
                                onClick={() =>
                                    void navigate({ search: { by: group }, replace: true })
                                }
                                className={cx(
                                    'h-8 cursor-pointer rounded-lg px-3 transition-colors duration-120',
                                    group === by
                                        ? 'bg-accent-soft font-medium text-accent-text'
                                        : 'text-ink-soft hover:bg-sunken hover:text-ink',
                                )}
                            >
                                {word}
                            </button>
                        ))}
                    </div>
                </div>
                <Sums by={by} />
            </section>
        </div>
    );
}

function Sums({ by }: { by: Group }) {
    const { data, error, refetch } = useQuery(sumsQuery(by));
    const head = GROUPS.find(([group]) => group === by)![2];
    const most = Math.max(1, ...(data ?? []).map((sum) => sum.cost_micros));
    const sorted =
        by === 'day' ? data : data && [...data].sort((a, b) => b.cost_micros - a.cost_micros);

    if (error && data === undefined)
        return (
            <Notice told={explain(error)} className="mt-3">
                <Button size="small" onClick={() => void refetch()}>
                    Try again
                </Button>
            </Notice>
        );
    if (sorted?.length === 0)
        return (
            <p className="mt-3 rounded-lg border border-line bg-surface px-5 py-4 text-ink-soft">
                Nothing yet. Each answer of an employee is counted here.
            </p>
        );
    return (
        <div
            role="region"
            aria-label="Sums"
            tabIndex={0}
            className="mt-3 overflow-x-auto rounded-lg border border-line bg-surface"
        >
            <table className="tabular w-full text-table">
                <thead>
                    <tr className="border-b border-line text-left text-ink-soft">
                        <th className="px-5 py-2.5 font-medium">{head}</th>
                        <th className="px-3 py-2.5 text-right font-medium">Calls</th>
                        <th className="px-3 py-2.5 text-right font-medium">Tokens in</th>
                        <th className="px-3 py-2.5 text-right font-medium">Tokens out</th>
                        <th className="px-5 py-2.5 text-right font-medium">Cost</th>
                    </tr>
                </thead>
                <tbody>
                    {sorted === undefined && (
                        <tr>
                            <td colSpan={5} className="px-5 py-3">
                                <Skeleton className="h-5 w-full" />
                            </td>
                        </tr>
                    )}
                    {sorted?.map((sum) => (
                        <tr key={sum.id} className="border-b border-line last:border-0">
                            <th scope="row" className="px-5 py-2.5 text-left font-normal">
                                {labelOf(by, sum)}
                            </th>
                            <td className="px-3 py-2.5 text-right">{number.format(sum.calls)}</td>
                            <td className="px-3 py-2.5 text-right">
                                {number.format(sum.input_tokens)}
                            </td>
                            <td className="px-3 py-2.5 text-right">
                                {number.format(sum.output_tokens)}
                            </td>
                            <td className="px-5 py-2.5 text-right whitespace-nowrap">
                                <meter
                                    aria-hidden
                                    min={0}
                                    max={most}
                                    value={sum.cost_micros}
                                    className="mr-3 hidden h-1.5 w-24 align-middle sm:inline-block"
                                />
                                {money(sum.cost_micros)}
                                {sum.unknown > 0 && (
                                    <span className="block text-ink-soft">
                                        {number.format(sum.unknown)} at the worst case
                                    </span>
                                )}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
