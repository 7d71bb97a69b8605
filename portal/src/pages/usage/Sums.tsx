/* What was spent in a stretch of time, by whom or on what: a chart, and the table behind it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, lazy } from 'react';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { money } from './data';
import { GROUPS, type Group } from './look';
import { labelOf, largest, steps, sumsQuery, type Stretch, type Sum } from './sums';

const Chart = lazy(() => import('./Chart'));
const number = new Intl.NumberFormat('en');

export function Sums({ by, stretch }: { by: Group; stretch: Stretch }) {
    const { data, error, refetch } = useQuery(sumsQuery(by, stretch));
    const sorted =
        by === 'day' ? data : data && [...data].sort((a, b) => b.cost_micros - a.cost_micros);
    const spent = data?.some((sum) => sum.cost_micros > 0) ?? false;

    if (error && data === undefined)
        return <Failed error={error} again={refetch} className="mt-3" />;
    if (sorted?.length === 0)
        return (
            <p className="mt-3 rounded-lg border border-line bg-surface px-5 py-4 text-ink-soft">
                {by === 'team'
                    ? 'Nothing of a team yet. What an employee costs counts for the team that it is in at that time.'
                    : by === 'key'
                      ? 'Nothing yet. What programs ask of models with an API key is counted here.'
                      : 'Nothing yet. Each answer of an employee is counted here.'}
            </p>
        );
    return (
        <div className="mt-3 rounded-lg border border-line bg-surface">
            {spent && data && (
                <div className="border-b border-line px-3 pt-3 pb-2 sm:px-5">
                    <Suspense fallback={<Skeleton className="h-50 w-full" />}>
                        <Chart
                            lying={by !== 'day'}
                            items={by === 'day' ? steps(data, stretch) : largest(by, data)}
                        />
                    </Suspense>
                </div>
            )}
            <Table by={by} items={sorted} />
        </div>
    );
}

function Table({ by, items }: { by: Group; items: readonly Sum[] | undefined }) {
    const head = GROUPS.find(([group]) => group === by)![2];
    const figure = 'px-3 py-2.5 text-right whitespace-nowrap';
    const aside = `${figure} max-sm:hidden`;

    return (
        <div role="region" aria-label="Sums" tabIndex={0} className="overflow-x-auto">
            <table className="tabular w-full text-table">
                <thead>
                    <tr className="border-b border-line text-left text-ink-soft">
                        <th className="px-5 py-2.5 font-medium">{head}</th>
                        <th className={`${figure} font-medium`}>Calls</th>
                        <th className={`${aside} font-medium`}>Tokens in</th>
                        <th className={`${aside} font-medium`}>Tokens out</th>
                        <th className="px-5 py-2.5 text-right font-medium">Cost</th>
                    </tr>
                </thead>
                <tbody>
                    {items === undefined && (
                        <tr>
                            <td colSpan={5} className="px-5 py-3">
                                <Skeleton className="h-5 w-full" />
                            </td>
                        </tr>
                    )}
                    {items?.map((sum) => (
                        <tr key={sum.id} className="border-b border-line last:border-0">
                            <th scope="row" className="px-5 py-2.5 text-left font-normal">
                                <Name by={by} sum={sum} />
                            </th>
                            <td className={figure}>
                                {number.format(sum.calls)}
                                {sum.failed > 0 && (
                                    <span className="block text-ink-soft">
                                        {number.format(sum.failed)} failed
                                    </span>
                                )}
                            </td>
                            <td className={aside}>
                                {number.format(sum.input_tokens)}
                                {sum.cached_tokens > 0 && (
                                    <span className="block text-ink-soft">
                                        {number.format(sum.cached_tokens)} cached
                                    </span>
                                )}
                            </td>
                            <td className={aside}>
                                {number.format(sum.output_tokens)}
                                {sum.estimated > 0 && (
                                    <span className="block text-ink-soft">
                                        {number.format(sum.estimated)} by our own count
                                    </span>
                                )}
                            </td>
                            <td className="px-5 py-2.5 text-right whitespace-nowrap">
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

/* Where calls can be looked at one by one, it leads there. */
function Name({ by, sum }: { by: Group; sum: Sum }) {
    const search =
        by === 'employee'
            ? { employee_id: sum.id }
            : by === 'team'
              ? { team_id: sum.id }
              : by === 'key'
                ? { key_id: sum.id }
                : by === 'model'
                  ? { model: sum.id.slice(sum.id.indexOf(' ') + 1) }
                  : null;

    if (search === null) return labelOf(by, sum);
    return (
        <Link
            to="/usage/calls"
            search={search}
            className="text-accent-text underline decoration-line-field underline-offset-3 hover:decoration-current"
        >
            {labelOf(by, sum)}
        </Link>
    );
}
