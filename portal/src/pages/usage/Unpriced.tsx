/* What the caps can't count: models at the company's own addresses whose price nobody has set. */
import { useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { Notice } from '../../components/Notice';
import { may } from '../../shell/places';
import { accountsQuery } from '../models/data';

export function Unpriced() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const { data } = useQuery({ ...accountsQuery, enabled: may(me, 'models:read') });
    const count = (data ?? [])
        .filter(({ on }) => on)
        .reduce((sum, { unpriced }) => sum + unpriced, 0);

    if (count === 0) return null;
    return (
        <Notice
            tone="amber"
            urgent={false}
            className="mt-3"
            told={
                count === 1
                    ? {
                          what: 'The price of one model of your accounts is not known.',
                          todo: 'It counts as 0 here and against the caps.',
                      }
                    : {
                          what: `The prices of ${count} models of your accounts are not known.`,
                          todo: 'They count as 0 here and against the caps.',
                      }
            }
        >
            <Link to="/settings/models" className="text-accent-text underline underline-offset-3">
                {may(me, 'models:manage') ? 'Set prices' : 'Which they are'}
            </Link>
        </Notice>
    );
}
