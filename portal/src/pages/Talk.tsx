/* An employee: who it is, and the conversation to try it in. */
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { PanelRight, SquarePen } from 'lucide-react';
import { useState } from 'react';
import type { Employee } from '../api/client';
import { explain } from '../api/fault';
import { employeeQuery } from '../api/queries';
import { Chat } from '../chat/Chat';
import { Profile } from '../chat/Profile';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { Notice } from '../components/Notice';
import { Portrait } from '../components/Portrait';
import { Skeleton } from '../components/Skeleton';
import { State } from '../components/State';
import { usePage } from '../lib/page';

const route = getRouteApi('/inside/employees/$employeeId/{-$conversationId}');

export function Talk() {
    const { employeeId, conversationId } = route.useParams();
    const { data: employee, error, isError, refetch } = useQuery(employeeQuery(employeeId));
    const [details, setDetails] = useState(false);
    usePage(employee?.name ?? 'Employee');

    if (isError && !employee)
        return (
            <div className="mx-auto max-w-280 p-4 sm:p-8">
                <Notice told={explain(error)}>
                    <Button size="small" onClick={() => void refetch()}>
                        Try again
                    </Button>
                    <Button asChild size="small">
                        <Link to="/">Go to Home</Link>
                    </Button>
                </Notice>
            </div>
        );
    return (
        <div className="flex h-full">
            <div className="flex min-w-0 flex-1 flex-col">
                <Head
                    employee={employee}
                    employeeId={employeeId}
                    isNew={conversationId === undefined}
                    onDetails={() => setDetails(true)}
                />
                {employee && (
                    <Chat key={employee.id} employee={employee} conversationId={conversationId} />
                )}
            </div>
            {employee && (
                <>
                    <aside
                        aria-label={`About ${employee.name}`}
                        className="hidden w-72 shrink-0 overflow-y-auto border-l border-line xl:block"
                    >
                        <Profile employee={employee} conversationId={conversationId} />
                    </aside>
                    <Dialog
                        title={`About ${employee.name}`}
                        shape="right"
                        open={details}
                        onOpenChange={setDetails}
                    >
                        <Profile
                            employee={employee}
                            conversationId={conversationId}
                            onLeave={() => setDetails(false)}
                        />
                    </Dialog>
                </>
            )}
        </div>
    );
}

interface HeadProps {
    employee: Employee | undefined;
    employeeId: string;
    isNew: boolean;
    onDetails: () => void;
}

function Head({ employee, employeeId, isNew, onDetails }: HeadProps) {
    return (
        <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-4 sm:px-6">
            {employee ? (
                <Portrait name={employee.name} size="small" />
            ) : (
                <Skeleton className="size-8 rounded-full" />
            )}
            <div className="min-w-0 flex-1">
                {employee ? (
                    <>
                        <h1 className="truncate leading-5 font-semibold">{employee.name}</h1>
                        <p className="flex items-center gap-2 text-table leading-4.5 text-ink-soft">
                            <span className="truncate">{employee.role}</span>
                            <State state={employee.state} className="shrink-0" />
                        </p>
                    </>
                ) : (
                    <div className="grid gap-1.5">
                        <Skeleton className="h-3.5 w-24" />
                        <Skeleton className="h-3 w-36" />
                    </div>
                )}
            </div>
            {!isNew && (
                <Button asChild size="small">
                    <Link
                        to="/employees/$employeeId/{-$conversationId}"
                        params={{ employeeId, conversationId: undefined }}
                        aria-label="New conversation"
                    >
                        <SquarePen size={15} />
                        <span className="max-sm:hidden">New conversation</span>
                    </Link>
                </Button>
            )}
            <Button
                look="quiet"
                size="icon"
                aria-label={`About ${employee?.name ?? 'this employee'}`}
                className="-mr-2 xl:hidden"
                onClick={onDetails}
            >
                <PanelRight size={17} />
            </Button>
        </header>
    );
}
