/* The places that exist, the people who work here, and the menu of the person who looks. */
import { useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '../api/fault';
import { employeesQuery } from '../api/queries';
import { Logo } from '../components/Logo';
import { Portrait } from '../components/Portrait';
import { Skeleton } from '../components/Skeleton';
import { cx } from '../lib/cx';
import { Account } from './Account';
import { Alerts } from './Alerts';
import { places } from './places';

interface Props {
    /* Shows icons only where the screen is small. */
    folding?: boolean;
    onGoto: () => void;
    onKeys: () => void;
    onCompany: () => void;
}

const LINE =
    'flex h-9 w-full cursor-pointer items-center gap-2.5 rounded-lg px-2 text-ink-soft transition-colors duration-120 hover:bg-sunken hover:text-ink';
const ACTIVE = { className: 'bg-accent-soft! text-accent-text! font-medium' };

export function SideBar({ folding = false, onGoto, onKeys, onCompany }: Props) {
    const employees = useQuery(employeesQuery);
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const word = folding ? 'truncate max-lg:sr-only' : 'truncate';
    const line = cx(LINE, folding && 'max-lg:justify-center max-lg:px-0');
    const icon = (child: ReactNode) => (
        <span className="grid size-6 shrink-0 place-items-center">{child}</span>
    );

    return (
        <div className="flex h-full flex-col">
            <div className={cx('flex h-14 items-center px-5', folding && 'max-lg:px-4.5')}>
                <span className={cx('flex', folding && 'max-lg:hidden')}>
                    <Logo />
                </span>
                {folding && (
                    <span className="flex lg:hidden">
                        <Logo wordless />
                    </span>
                )}
            </div>
            <nav aria-label="Places" className="flex-1 overflow-y-auto px-3 py-1">
                <ul className="grid grid-cols-1 gap-0.5">
                    <li>
                        <button type="button" onClick={onGoto} className={line} title="Go to">
                            {icon(<Search size={17} />)}
                            <span className={word}>Go to</span>
                            <kbd
                                aria-hidden
                                className={cx(
                                    'ml-auto rounded-md border border-line px-1.5 font-sans text-[11px] leading-4.5 text-ink-soft pointer-coarse:hidden',
                                    folding && 'max-lg:hidden',
                                )}
                            >
                                Ctrl K
                            </kbd>
                        </button>
                    </li>
                    <Alerts line={line} word={word} folding={folding} icon={icon} />
                    {places(me, 'bar').map(({ to, name, icon: Icon }) => (
                        <li key={to}>
                            <Link
                                to={to}
                                className={line}
                                activeProps={ACTIVE}
                                activeOptions={{ exact: to === '/', includeSearch: false }}
                                title={name}
                            >
                                {icon(<Icon size={17} />)}
                                <span className={word}>{name}</span>
                            </Link>
                        </li>
                    ))}
                </ul>
                <h2
                    className={cx(
                        'mt-5 mb-1 px-2 text-table text-ink-soft',
                        folding && 'max-lg:sr-only',
                    )}
                >
                    Employees
                </h2>
                <ul className="grid grid-cols-1 gap-0.5">
                    {employees.data?.map((employee) => (
                        <li key={employee.id}>
                            <Link
                                to="/employees/$employeeId/{-$conversationId}"
                                params={{ employeeId: employee.id, conversationId: undefined }}
                                className={line}
                                activeProps={ACTIVE}
                                activeOptions={{ exact: false }}
                                title={`${employee.name}, ${employee.role}`}
                            >
                                <Portrait name={employee.name} size="tiny" />
                                <span className={word}>{employee.name}</span>
                            </Link>
                        </li>
                    ))}
                    {employees.isPending && (
                        <li className={line}>
                            <Skeleton className="size-6 rounded-full" />
                            <Skeleton className={cx('h-3.5 w-24', folding && 'max-lg:hidden')} />
                        </li>
                    )}
                    {employees.isError && !employees.data && (
                        <li className={cx('px-2 text-table', folding && 'max-lg:sr-only')}>
                            {explain(employees.error).what}
                        </li>
                    )}
                </ul>
            </nav>
            <Account folding={folding} onKeys={onKeys} onCompany={onCompany} />
        </div>
    );
}
