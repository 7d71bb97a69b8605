/* What is known of an employee, and the conversations held with it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Employee } from '../api/client';
import { explain } from '../api/fault';
import { conversationsQuery } from '../api/queries';
import { Skeleton } from '../components/Skeleton';
import { When } from '../components/When';
import { moment } from '../lib/time';
import { channelOf, isOurs, titleOf } from './title';

interface Props {
    employee: Employee;
    conversationId: string | undefined;
    onLeave?: () => void;
}

function modelOf({ provider, model }: Employee): string {
    if (provider === 'starter') return 'Built-in starter';
    if (provider === 'auto') return 'Whichever suits';
    return model ? `${provider} · ${model}` : provider;
}

export function Profile({ employee, conversationId, onLeave }: Props) {
    const { data, isPending, error } = useQuery(conversationsQuery(employee.id));
    const facts = [
        ['Model', modelOf(employee)],
        ['Here since', moment(employee.created).replace(/,.*/, '')],
    ] as const;

    return (
        <div className="p-5">
            <h2 className="font-semibold">About {employee.name}</h2>
            <p className="mt-2 text-ink-soft">{employee.about || employee.role}</p>
            <dl className="mt-4 grid gap-1.5 border-t border-line pt-4 text-table">
                {facts.map(([name, value]) => (
                    <div key={name} className="flex justify-between gap-3">
                        <dt className="text-ink-soft">{name}</dt>
                        <dd className="truncate">{value}</dd>
                    </div>
                ))}
            </dl>
            <h2 className="mt-7 font-semibold">Conversations</h2>
            {isPending && (
                <div className="mt-3 grid gap-3">
                    <Skeleton className="h-3.5 w-4/5" />
                    <Skeleton className="h-3.5 w-3/5" />
                </div>
            )}
            {error && !data && <p className="mt-2 text-table">{explain(error).what}</p>}
            {data?.length === 0 && (
                <p className="mt-2 text-table text-ink-soft">
                    None yet. The first one begins with your message.
                </p>
            )}
            <ul data-list className="-mx-2 mt-2 grid grid-cols-1 gap-0.5">
                {data?.map((conversation) => (
                    <li key={conversation.id}>
                        <Link
                            to="/employees/$employeeId/{-$conversationId}"
                            params={{ employeeId: employee.id, conversationId: conversation.id }}
                            onClick={onLeave}
                            aria-current={conversation.id === conversationId ? 'page' : undefined}
                            className="block rounded-lg px-2 py-1.5 transition-colors duration-120 hover:bg-sunken aria-[current=page]:bg-accent-soft"
                        >
                            <span className="block truncate">{titleOf(conversation)}</span>
                            <span className="block text-table leading-4.5 text-ink-soft">
                                {!isOurs(conversation) && `${channelOf(conversation)} · `}
                                <When at={conversation.last_at} />
                            </span>
                        </Link>
                    </li>
                ))}
            </ul>
        </div>
    );
}
