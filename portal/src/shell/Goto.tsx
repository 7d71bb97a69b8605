/* Go anywhere by typing a part of its name: places, employees, and their conversations. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { useRouteContext, useRouter } from '@tanstack/react-router';
import { Building2, LogOut, MessageSquare, Plus, Search } from 'lucide-react';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { conversationsQuery, employeesQuery, tenantsQuery } from '../api/queries';
import { titleOf } from '../chat/title';
import { Dialog } from '../components/Dialog';
import { Portrait } from '../components/Portrait';
import { cx } from '../lib/cx';
import { useEnter } from './companies';
import { places, type Place } from './places';
import { useLogOut } from './session';

interface Entry {
    id: string;
    name: string;
    detail: string;
    icon: ReactNode;
    go: () => void;
}

const MOST = 9;

function useEntries(onCompany: () => void): Entry[] {
    const router = useRouter();
    const logOut = useLogOut();
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const employees = useQuery(employeesQuery).data ?? [];
    const tenants = useQuery(tenantsQuery).data ?? [];
    const enter = useEnter();
    const conversations = useQueries({
        queries: employees.map((employee) => conversationsQuery(employee.id)),
    });
    const talk = (employeeId: string, conversationId?: string) => () =>
        void router.navigate({
            to: '/employees/$employeeId/{-$conversationId}',
            params: { employeeId, conversationId },
        });

    const line = ({ to, name, detail = '', icon: Icon }: Place): Entry => ({
        id: to,
        name,
        detail,
        icon: <Icon size={17} />,
        go: () => void router.navigate({ to }),
    });

    return [
        ...places(me)
            .filter(({ where }) => where !== 'panel')
            .map(line),
        ...employees.map((employee) => ({
            id: employee.id,
            name: `Talk to ${employee.name}`,
            detail: employee.role,
            icon: <Portrait name={employee.name} size="tiny" />,
            go: talk(employee.id),
        })),
        ...employees.flatMap((employee, i) =>
            (conversations[i]?.data ?? []).map((conversation) => ({
                id: conversation.id,
                name: titleOf(conversation),
                detail: `with ${employee.name}`,
                icon: <MessageSquare size={16} />,
                go: talk(employee.id, conversation.id),
            })),
        ),
        ...tenants
            .filter(({ id }) => id !== me.tenant_id)
            .map(({ id, name }) => ({
                id,
                name: `Go to ${name}`,
                detail: 'Company',
                icon: <Building2 size={17} />,
                go: () => enter.mutate(id),
            })),
        {
            id: 'company',
            name: 'New company',
            detail: '',
            icon: <Plus size={17} />,
            go: onCompany,
        },
        ...places(me, 'panel').map(line),
        {
            id: 'logout',
            name: 'Log out',
            detail: '',
            icon: <LogOut size={16} />,
            go: () => logOut.mutate(),
        },
    ];
}

interface Props {
    onClose: () => void;
    onCompany: () => void;
}

export default function Goto({ onClose, onCompany }: Props) {
    const [text, setText] = useState('');
    const [at, setAt] = useState(0);
    const id = useId();
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = useEntries(onCompany)
        .filter(({ name, detail }) => {
            const all = `${name} ${detail}`.toLowerCase();
            return words.every((word) => all.includes(word));
        })
        .slice(0, MOST);
    const chosen = hits[Math.min(at, hits.length - 1)];

    function go(entry: Entry | undefined): void {
        if (!entry) return;
        onClose();
        entry.go();
    }

    function onKeyDown(event: KeyboardEvent): void {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by && hits.length > 0) {
            event.preventDefault();
            setAt((Math.min(at, hits.length - 1) + by + hits.length) % hits.length);
        }
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
            event.preventDefault();
            go(chosen);
        }
    }

    return (
        <Dialog title="Go to" open onOpenChange={onClose}>
            <div className="flex items-center gap-3 border-b border-line px-4">
                <Search aria-hidden size={17} className="shrink-0 text-ink-soft" />
                <input
                    role="combobox"
                    aria-label="Go to"
                    aria-expanded
                    aria-controls={`${id}-list`}
                    aria-activedescendant={chosen && `${id}-${chosen.id}`}
                    autoComplete="off"
                    placeholder="A place, an employee, a conversation"
                    value={text}
                    onChange={(event) => {
                        setText(event.target.value);
                        setAt(0);
                    }}
                    onKeyDown={onKeyDown}
                    className="h-12 min-w-0 flex-1 bg-transparent outline-none placeholder:text-ink-soft"
                />
            </div>
            <ul
                id={`${id}-list`}
                role="listbox"
                aria-label="Places"
                className="overflow-y-auto p-2"
            >
                {hits.map((entry) => (
                    <li
                        key={entry.id}
                        id={`${id}-${entry.id}`}
                        role="option"
                        aria-selected={entry === chosen}
                        onClick={() => go(entry)}
                        className={cx(
                            'flex h-10 cursor-pointer items-center gap-3 rounded-lg px-2',
                            entry === chosen ? 'bg-accent-soft' : 'hover:bg-sunken',
                        )}
                    >
                        <span className="grid size-6 shrink-0 place-items-center text-ink-soft">
                            {entry.icon}
                        </span>
                        <span className="truncate">{entry.name}</span>
                        <span className="ml-auto shrink-0 text-table text-ink-soft">
                            {entry.detail}
                        </span>
                    </li>
                ))}
            </ul>
            {hits.length === 0 && (
                <p className="px-4 pb-4 text-ink-soft">Nothing here has this name.</p>
            )}
        </Dialog>
    );
}
