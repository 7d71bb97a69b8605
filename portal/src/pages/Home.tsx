/* Who works here, and what was talked about last. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import type { Conversation, Employee } from '../api/client';
import { conversationsQuery, employeesQuery } from '../api/queries';
import { channelOf, titleOf } from '../chat/title';
import { Button } from '../components/Button';
import { Failed } from '../components/Failed';
import { Portrait } from '../components/Portrait';
import { Skeleton } from '../components/Skeleton';
import { State } from '../components/State';
import { When } from '../components/When';
import { usePage } from '../lib/page';

const SHOWN = 12;

function greeting(hour: number): string {
    if (hour < 5 || hour >= 18) return 'Good evening';
    return hour < 12 ? 'Good morning' : 'Good afternoon';
}

export function Home() {
    usePage('Home');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const employees = useQuery(employeesQuery);
    const staff = employees.data ?? [];
    const lists = useQueries({ queries: staff.map(({ id }) => conversationsQuery(id)) });
    const refused = lists.find((list) => list.isError && !list.data);
    const recent = lists
        .flatMap((list) => list.data ?? [])
        .sort((a, b) => b.last_at - a.last_at)
        .slice(0, SHOWN);
    const first = me.name.trim().split(/\s+/)[0];

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">
                {greeting(new Date().getHours())}, {first}
            </h1>
            <p className="mt-1 text-ink-soft">{me.tenant_name}</p>

            <section aria-labelledby="staff" className="mt-8">
                <h2 id="staff" className="text-body font-semibold">
                    Employees
                </h2>
                {employees.isError && !employees.data && (
                    <Failed error={employees.error} again={employees.refetch} className="mt-3" />
                )}
                <ul className="mt-3 grid gap-4 sm:grid-cols-[repeat(auto-fill,minmax(320px,1fr))]">
                    {employees.isPending && <CardSkeleton />}
                    {staff.map((employee, i) => (
                        <li key={employee.id}>
                            <Card employee={employee} primary={i === 0} />
                        </li>
                    ))}
                </ul>
                {employees.data?.length === 0 && (
                    <p className="mt-3 text-ink-soft">Nobody works here yet.</p>
                )}
            </section>

            <section aria-labelledby="recent" className="mt-10">
                <h2 id="recent" className="text-body font-semibold">
                    Recent conversations
                </h2>
                {refused && (
                    <Failed
                        error={refused.error}
                        again={() => lists.forEach((list) => void list.refetch())}
                        className="mt-3"
                    />
                )}
                <Recent
                    conversations={recent}
                    staff={staff}
                    pending={employees.isPending || lists.some((list) => list.isPending)}
                    quiet={refused !== undefined || employees.isError}
                />
            </section>
        </div>
    );
}

function Card({ employee, primary }: { employee: Employee; primary: boolean }) {
    return (
        <article className="flex h-full flex-col rounded-lg border border-line bg-surface p-5">
            <div className="flex items-center gap-3">
                <Portrait name={employee.name} />
                <div className="min-w-0 flex-1">
                    <h3 className="truncate font-semibold">{employee.name}</h3>
                    <p className="truncate text-table text-ink-soft">{employee.role}</p>
                </div>
                <State state={employee.state} className="shrink-0 self-start" />
            </div>
            {employee.about && <p className="mt-3 line-clamp-3 text-ink-soft">{employee.about}</p>}
            <div className="mt-auto pt-4">
                <Button asChild look={primary ? 'primary' : 'secondary'}>
                    <Link
                        to="/employees/$employeeId/{-$conversationId}"
                        params={{ employeeId: employee.id }}
                    >
                        Talk to {employee.name}
                    </Link>
                </Button>
            </div>
        </article>
    );
}

function CardSkeleton() {
    return (
        <li className="rounded-lg border border-line bg-surface p-5">
            <div className="flex items-center gap-3">
                <Skeleton className="size-10 rounded-full" />
                <div className="grid gap-2">
                    <Skeleton className="h-3.5 w-28" />
                    <Skeleton className="h-3 w-40" />
                </div>
            </div>
            <Skeleton className="mt-4 h-3 w-full" />
            <Skeleton className="mt-2 h-3 w-3/4" />
            <Skeleton className="mt-5 h-9 w-32 rounded-lg" />
        </li>
    );
}

interface RecentProps {
    conversations: Conversation[];
    staff: Employee[];
    pending: boolean;
    quiet: boolean;
}

function Recent({ conversations, staff, pending, quiet }: RecentProps) {
    const nameOf = (id: string) => staff.find((employee) => employee.id === id)?.name ?? '';

    if (conversations.length === 0 && pending)
        return (
            <div className="mt-3 grid gap-3 rounded-lg border border-line bg-surface p-4">
                <Skeleton className="h-3.5 w-2/3" />
                <Skeleton className="h-3.5 w-1/2" />
            </div>
        );
    if (conversations.length === 0)
        return quiet ? null : (
            <p className="mt-3 rounded-lg border border-dashed border-line-field px-5 py-6 text-ink-soft">
                No conversations yet. Ask {staff[0]?.name ?? 'an employee'} something, and it is
                listed here.
            </p>
        );
    return (
        <ul data-list className="mt-3 overflow-hidden rounded-lg border border-line bg-surface">
            {conversations.map((conversation) => (
                <li key={conversation.id} className="border-line not-first:border-t">
                    <Link
                        to="/employees/$employeeId/{-$conversationId}"
                        params={{
                            employeeId: conversation.employee_id,
                            conversationId: conversation.id,
                        }}
                        className="flex items-center gap-3 px-4 py-2.5 transition-colors duration-120 hover:bg-sunken focus-visible:-outline-offset-2"
                    >
                        <Portrait name={nameOf(conversation.employee_id)} size="tiny" />
                        <span className="min-w-0 flex-1 truncate">{titleOf(conversation)}</span>
                        <span className="shrink-0 text-table text-ink-soft max-sm:hidden">
                            {nameOf(conversation.employee_id)} · {channelOf(conversation)}
                        </span>
                        <When
                            at={conversation.last_at}
                            className="shrink-0 text-right text-table text-ink-soft sm:w-28"
                        />
                    </Link>
                </li>
            ))}
        </ul>
    );
}
