/* What was spent in a stretch of time, by whom or on what: a chart, and the table behind it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, lazy } from 'react';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { save } from '../../lib/save';
import { money } from './data';
import type { Group, Span } from './look';
import {
    csvOfSums,
    labelOf,
    largest,
    restOf,
    steps,
    sumsQuery,
    total,
    trendQuery,
    type Figures,
    type Stretch,
    type Sum,
} from './sums';
import { GROUPS } from './words';

const Chart = lazy(() => import('./Chart'));
const number = new Intl.NumberFormat('en');

/* What is in none of the groups. */
const REST: Partial<Record<Group, string>> = {
    employee: 'Of no employee: programs and tests',
    team: 'Of no team',
    key: 'Of no API key: employees, OAuth apps and tests',
};

interface Props {
    by: Group;
    days: Span;
    stretch: Stretch;
}

export function Sums({ by, days, stretch }: Props) {
    const { data, error, refetch } = useQuery(sumsQuery(by, stretch));
    const { data: trend } = useQuery(trendQuery(stretch));
    const rest = data && trend && REST[by] ? restOf(trend.now, data) : null;
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
            <Table by={by} days={days} items={sorted} rest={rest} />
            {data && (
                <p className="border-t border-line px-5 py-2.5 text-right">
                    <Button
                        size="small"
                        onClick={() =>
                            save(
                                new Blob([csvOfSums(sorted ?? [])], { type: 'text/csv' }),
                                `usage-by-${by}.csv`,
                            )
                        }
                    >
                        Save as CSV
                    </Button>
                </p>
            )}
        </div>
    );
}

interface TableProps {
    by: Group;
    days: Span;
    items: readonly Sum[] | undefined;
    rest: Figures | null;
}

const FIGURE = 'px-3 py-2.5 text-right whitespace-nowrap';
const ASIDE = `${FIGURE} max-sm:hidden`;

function Table({ by, days, items, rest }: TableProps) {
    const head = GROUPS.find(([group]) => group === by)![2];

    return (
        <div role="region" aria-label="Sums" tabIndex={0} className="overflow-x-auto">
            <table className="tabular w-full text-table">
                <thead>
                    <tr className="border-b border-line text-left text-ink-soft">
                        <th className="px-5 py-2.5 font-medium">{head}</th>
                        <th className={`${FIGURE} font-medium`}>Calls</th>
                        <th className={`${ASIDE} font-medium`}>Tokens in</th>
                        <th className={`${ASIDE} font-medium`}>Tokens out</th>
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
                        <tr key={sum.id} className="border-b border-line">
                            <th scope="row" className="px-5 py-2.5 text-left font-normal wrap-anywhere">
                                <Name by={by} days={days} sum={sum} />
                            </th>
                            <Cells of={sum} />
                        </tr>
                    ))}
                    {rest && (
                        <tr className="border-b border-line">
                            <th scope="row" className="px-5 py-2.5 text-left font-normal text-ink-soft">
                                {REST[by]}
                            </th>
                            <Cells of={rest} />
                        </tr>
                    )}
                </tbody>
                {items && (
                    <tfoot>
                        <tr className="font-medium">
                            <th scope="row" className="px-5 py-2.5 text-left font-medium">
                                In all
                            </th>
                            <Cells of={total(rest ? [...items, rest] : items)} />
                        </tr>
                    </tfoot>
                )}
            </table>
        </div>
    );
}

function Cells({ of: sum }: { of: Figures }) {
    return (
        <>
            <td className={FIGURE}>
                {number.format(sum.calls)}
                <Beside count={sum.failed} word="failed" />
            </td>
            <td className={ASIDE}>
                {number.format(sum.input_tokens)}
                <Beside count={sum.cached_tokens} word="cached" />
            </td>
            <td className={ASIDE}>
                {number.format(sum.output_tokens)}
                <Beside count={sum.estimated} word="by our own count" />
            </td>
            <td className="px-5 py-2.5 text-right whitespace-nowrap">
                {money(sum.cost_micros)}
                <Beside count={sum.unknown} word="at the worst case" />
            </td>
        </>
    );
}

function Beside({ count, word }: { count: number; word: string }) {
    if (count === 0) return null;
    return (
        <span className="block font-normal text-ink-soft">
            {number.format(count)} {word}
        </span>
    );
}

/* Where calls can be looked at one by one, it leads there. */
function Name({ by, days, sum }: { by: Group; days: Span; sum: Sum }) {
    const search =
        by === 'employee'
            ? { employee_id: sum.id }
            : by === 'team'
              ? { team_id: sum.id }
              : by === 'key'
                ? { key_id: sum.id }
                : by === 'model'
                  ? {
                        provider: sum.id.slice(0, sum.id.indexOf(' ')),
                        model: sum.id.slice(sum.id.indexOf(' ') + 1),
                    }
                  : null;

    if (search === null) return labelOf(by, sum);
    return (
        <Link
            to="/usage/calls"
            search={{ ...search, days }}
            className="text-accent-text underline decoration-line-field underline-offset-3 hover:decoration-current"
        >
            {labelOf(by, sum)}
        </Link>
    );
}
