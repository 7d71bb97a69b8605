/* The host area: the companies of this instance, in names, states and numbers. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Done } from '../../components/Done';
import { Failed } from '../../components/Failed';
import { More } from '../../components/More';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { Allowance } from './Allowance';
import { Line } from './Line';
import { Make } from './Make';
import { Suspend } from './Suspend';
import { all, companiesQuery, type Company, type Filter } from './data';

const TYPING_MS = 300;
const BOX =
    'h-9 min-w-0 rounded-lg border border-line-field bg-surface px-2.5 focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent max-sm:text-[16px]';

type Doing = { what: 'make' } | { what: 'suspend' | 'resume' | 'allow'; id: string } | null;

export function Host() {
    usePage('Host');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const [filter, setFilter] = useState<Filter>({ name: '', state: '' });
    const [typed, setTyped] = useState('');
    const [doing, setDoing] = useState<Doing>(null);
    const [done, setDone] = useState<string | null>(null);
    const list = useInfiniteQuery(companiesQuery(filter));
    const companies = all(list.data);
    const chosen =
        doing && 'id' in doing ? companies?.find(({ id }) => id === doing.id) : undefined;

    useEffect(() => {
        const timer = setTimeout(
            () => setFilter((current) => ({ ...current, name: typed.trim() })),
            TYPING_MS,
        );
        return () => clearTimeout(timer);
    }, [typed]);

    function look(what: string | null): void {
        setDoing(null);
        setDone(what);
        void client.invalidateQueries({ queryKey: ['host', 'companies'] });
    }

    function act(what: 'suspend' | 'resume' | 'allow', { id }: Company) {
        return () => {
            setDone(null);
            setDoing({ what, id });
        };
    }

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">Host</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        The companies of this instance. You see names, states and numbers, and
                        nothing that is in a company. What you do here stands in its audit.
                    </p>
                </div>
                <Button look="primary" onClick={() => setDoing({ what: 'make' })}>
                    Make a company
                </Button>
            </div>
            <search aria-label="Filter the companies" className="mt-6 flex flex-wrap gap-2">
                <input
                    type="search"
                    aria-label="Name"
                    placeholder="Name"
                    maxLength={200}
                    value={typed}
                    onChange={(event) => setTyped(event.target.value)}
                    className={`${BOX} w-56`}
                />
                <select
                    aria-label="State"
                    value={filter.state}
                    onChange={(event) =>
                        setFilter({ ...filter, state: event.target.value as Filter['state'] })
                    }
                    className={BOX}
                >
                    <option value="">All states</option>
                    <option value="active">Active</option>
                    <option value="suspended">Suspended</option>
                </select>
            </search>
            {done && <Done className="mt-4">{done}</Done>}
            <Failed error={list.error} again={list.refetch} className="mt-4" />
            {companies === undefined && !list.error && <Skeleton className="mt-4 h-40 w-full" />}
            {companies?.length === 0 && (
                <p className="mt-6 text-ink-soft">No company fits. Change the filter.</p>
            )}
            {companies !== undefined && companies.length > 0 && (
                <ul
                    aria-label="Companies"
                    className="mt-4 rounded-lg border border-line bg-surface"
                >
                    {companies.map((company) => (
                        <Line
                            key={company.id}
                            of={company}
                            own={company.id === me.tenant_id}
                            onAllow={act('allow', company)}
                            onSuspend={act('suspend', company)}
                            onResume={act('resume', company)}
                        />
                    ))}
                </ul>
            )}
            <More of={list} />
            {doing?.what === 'make' && (
                <Make
                    onClose={() => setDoing(null)}
                    onDone={(email) => look(`The company is there. An invitation is on its way to ${email}.`)}
                />
            )}
            {doing?.what === 'suspend' && chosen && (
                <Suspend
                    of={chosen}
                    onClose={() => setDoing(null)}
                    onDone={() => look(`${chosen.name} is suspended.`)}
                />
            )}
            {doing?.what === 'resume' && chosen && (
                <Confirm
                    title={`Resume ${chosen.name}?`}
                    about="Its people can work again at once, and what came in meanwhile is answered."
                    action="Resume it"
                    send={() =>
                        call(
                            http.POST('/api/v1/host/tenants/{id}/resume', {
                                params: { path: { id: chosen.id } },
                            }),
                        )
                    }
                    onClose={() => setDoing(null)}
                    onDone={() => look(`${chosen.name} goes on.`)}
                />
            )}
            {doing?.what === 'allow' && chosen && (
                <Allowance
                    of={chosen}
                    onClose={() => setDoing(null)}
                    onPlan={() =>
                        void client.invalidateQueries({ queryKey: ['host', 'companies'] })
                    }
                />
            )}
        </div>
    );
}
