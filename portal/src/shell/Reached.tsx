/* Tells on every page that a cap is used up, until there is room again, to those who see what models cost. */
import { useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { CircleDollarSign } from 'lucide-react';
import { PERIODS, capsQuery, whoseOf, type Cap } from '../pages/usage/data';
import { may } from './places';

const WHEN: Record<Cap['period'], string> = {
    day: ' today',
    month: ' this month',
    ever: '',
};

/* The company's own comes first in the list; one sentence is enough. */
function wordsOf(caps: readonly [Cap, ...Cap[]]): string {
    const [first, ...others] = caps;
    const what =
        first.spent_micros + first.lost_micros < first.limit_micros
            ? `A call of a model was refused, because it could have cost more than what is left of a cap: ${whoseOf(first)}, ${PERIODS[first.period]}.`
            : `${whoseOf(first)} may spend no more on models${WHEN[first.period]}: a cap is used up.`;
    if (others.length === 0) return what;
    return `${what} ${others.length === 1 ? 'One other cap is reached, too' : `${others.length} other caps are reached, too`}.`;
}

export function Reached() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data } = useQuery({
        ...capsQuery,
        refetchInterval: 60_000,
        enabled: may(me, 'usage:read'),
    });
    const [first, ...others] = data?.filter((cap) => cap.reached) ?? [];

    if (first === undefined) return null;
    return (
        <aside
            aria-label="A cap is used up"
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-red-line bg-red-soft px-4 py-2"
        >
            <CircleDollarSign aria-hidden size={16} className="shrink-0 text-red" />
            <p role="status" className="min-w-0 flex-1 basis-60">
                {wordsOf([first, ...others])}
            </p>
            <Link
                to="/usage"
                className="font-medium text-accent-text underline underline-offset-2"
            >
                {may(me, 'caps:manage') ? 'Look, or raise it' : 'Look'}
            </Link>
        </aside>
    );
}
