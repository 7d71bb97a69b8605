/* Tells the admins on every page that the company is going to be erased, while it can be stopped. */
import { useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { moment } from '../lib/time';
import { erasureQuery } from '../pages/company/data';
import { may } from './places';

export function Leaving() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data } = useQuery({ ...erasureQuery, enabled: may(me, 'tenant:erase') });

    if (data?.state !== 'waiting') return null;
    return (
        <aside
            aria-label="The company is going to be erased"
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-red-line bg-red-soft px-4 py-2"
        >
            <TriangleAlert aria-hidden size={16} className="shrink-0 text-red" />
            <p className="min-w-0 flex-1 basis-60">
                Everything of this company will be erased on {moment(data.due)}.
            </p>
            <Link
                to="/settings/company"
                className="font-medium text-accent-text underline underline-offset-2"
            >
                Look, or stop it
            </Link>
        </aside>
    );
}
