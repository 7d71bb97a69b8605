/* Who is logged in, and what concerns this person alone: the look, the keys, leaving. */
import { useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { Building2, Check, ChevronsUpDown, Keyboard, LogOut, Plus, UserRound } from 'lucide-react';
import { explain } from '../api/fault';
import { tenantsQuery } from '../api/queries';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../components/Menu';
import { Portrait } from '../components/Portrait';
import { cx } from '../lib/cx';
import { setTheme, useTheme, type Theme } from '../lib/theme';
import { useEnter } from './companies';
import { useLogOut } from './session';

const THEMES: readonly (readonly [Theme, string])[] = [
    ['system', 'As the system'],
    ['light', 'Light'],
    ['dark', 'Dark'],
];

interface Props {
    folding: boolean;
    onKeys: () => void;
    onCompany: () => void;
}

export function Account({ folding, onKeys, onCompany }: Props) {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const theme = useTheme();
    const logOut = useLogOut();
    const tenants = useQuery(tenantsQuery).data ?? [];
    const enter = useEnter();

    return (
        <div className="border-t border-line p-2">
            {logOut.isError && (
                <p role="alert" className="px-2 pb-2 text-table text-red">
                    You are still logged in. {explain(logOut.error).what}
                </p>
            )}
            {enter.isError && (
                <p role="alert" className="px-2 pb-2 text-table text-red">
                    You are still in {me.tenant_name}. {explain(enter.error).what}
                </p>
            )}
            <Menu
                side="top"
                className="w-58"
                button={
                    <button
                        type="button"
                        aria-label={`${me.name}, ${me.tenant_name}: account`}
                        className={cx(
                            'flex w-full cursor-pointer items-center gap-2.5 rounded-lg p-2 text-left transition-colors duration-120 hover:bg-sunken data-[state=open]:bg-sunken',
                            folding && 'max-lg:justify-center max-lg:px-0',
                        )}
                    >
                        <Portrait name={me.name} size="small" />
                        <span className={cx('min-w-0 flex-1', folding && 'max-lg:hidden')}>
                            <span className="block truncate leading-5 font-medium">{me.name}</span>
                            <span className="block truncate text-table leading-4.5 text-ink-soft">
                                {me.tenant_name}
                            </span>
                        </span>
                        <ChevronsUpDown
                            size={14}
                            className={cx('shrink-0 text-ink-soft', folding && 'max-lg:hidden')}
                        />
                    </button>
                }
            >
                <div className="px-2 py-1.5">
                    <p className="truncate">{me.email}</p>
                    <p className="truncate text-table text-ink-soft first-letter:uppercase">
                        {me.role} of {me.tenant_name}
                    </p>
                </div>
                <MenuLine />
                {tenants.length > 1 && (
                    <>
                        <MenuLabel>Companies</MenuLabel>
                        {tenants.map(({ id, name }) => (
                            <MenuItem
                                key={id}
                                disabled={id === me.tenant_id || enter.isPending}
                                className={cx(id === me.tenant_id && 'data-disabled:opacity-100')}
                                onSelect={() => enter.mutate(id)}
                            >
                                <Building2 size={16} className="shrink-0 text-ink-soft" />
                                <span className="min-w-0 flex-1 truncate">{name}</span>
                                {id === me.tenant_id && (
                                    <>
                                        <Check size={16} className="text-accent-text" />
                                        <span className="sr-only">where you are now</span>
                                    </>
                                )}
                            </MenuItem>
                        ))}
                        <MenuLine />
                    </>
                )}
                <MenuChoice label="Look" value={theme} options={THEMES} onChoose={setTheme} />
                <MenuLine />
                <MenuItem asChild>
                    <Link to="/account">
                        <UserRound size={16} className="text-ink-soft" /> Your account
                    </Link>
                </MenuItem>
                <MenuItem onSelect={onCompany}>
                    <Plus size={16} className="text-ink-soft" /> New company
                </MenuItem>
                <MenuItem onSelect={onKeys}>
                    <Keyboard size={16} className="text-ink-soft" /> Keys
                </MenuItem>
                <MenuItem onSelect={() => logOut.mutate()}>
                    <LogOut size={16} className="text-ink-soft" /> Log out
                </MenuItem>
            </Menu>
        </div>
    );
}
