/* Which models think for each employee, in the order in which they are asked. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Portrait } from '../../components/Portrait';
import { Skeleton } from '../../components/Skeleton';
import { may } from '../../shell/places';
import { Choose } from './Choose';
import { employeeModelsQuery, orderWords, type EmployeeModels } from './data';

export function Employees() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(employeeModelsQuery);
    const [changing, setChanging] = useState<EmployeeModels | null>(null);

    return (
        <section aria-labelledby="employees-models" className="mt-10">
            <h2 id="employees-models" className="text-title font-semibold">
                Employees
            </h2>
            <p className="mt-1 max-w-160 text-ink-soft">
                What each of them thinks with. A change holds from the next message on.
            </p>
            <Failed error={error} again={refetch} className="mt-4" />
            {data === undefined && !error && <Skeleton className="mt-4 h-16 w-full" />}
            {data?.length === 0 && <p className="mt-4">There are no employees yet.</p>}
            {data !== undefined && data.length > 0 && (
                <ul
                    aria-label="Models of employees"
                    className="mt-4 rounded-lg border border-line bg-surface"
                >
                    {data.map((one) => (
                        <li
                            key={one.id}
                            className="flex items-center gap-3 border-b border-line px-5 py-3.5 last:border-0"
                        >
                            <Portrait name={one.name} size="small" />
                            <div className="min-w-0 flex-1">
                                <p className="font-medium wrap-anywhere">
                                    {one.name}
                                    <span className="font-normal text-ink-soft">, {one.role}</span>
                                </p>
                                <p className="text-table text-ink-soft wrap-anywhere">
                                    {orderWords(one)}
                                </p>
                            </div>
                            {may(me, 'models:manage') && (
                                <Button
                                    size="small"
                                    onClick={() => setChanging(one)}
                                    aria-label={`Change the models of ${one.name}`}
                                >
                                    Change
                                </Button>
                            )}
                        </li>
                    ))}
                </ul>
            )}
            {changing && (
                <Choose
                    of={changing}
                    onClose={() => setChanging(null)}
                    onDone={async () => {
                        await Promise.all([
                            client.invalidateQueries(employeeModelsQuery),
                            client.invalidateQueries({ queryKey: ['employees'] }),
                        ]);
                        setChanging(null);
                    }}
                />
            )}
        </section>
    );
}
