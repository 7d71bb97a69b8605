/* The frame around every page: the side bar, folded to icons on a small screen and to a sheet on a telephone. */
import { Outlet, useRouteContext, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { Suspense, lazy, useEffect, useState } from 'react';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { Logo } from '../components/Logo';
import { Announcer } from './Announcer';
import { Closed } from './Closed';
import { Leaving } from './Leaving';
import { Reached } from './Reached';
import { SideBar } from './SideBar';
import { Unverified } from './Unverified';
import { closedAt } from './closed';
import { NewCompany, useSameSession } from './companies';
import { useKeys } from './keys';

const Goto = lazy(() => import('./Goto'));
const KeyHelp = lazy(() => import('./KeyHelp'));

export function Shell() {
    const [sheet, setSheet] = useState(false);
    const [panel, setPanel] = useState<'goto' | 'keys' | 'company' | null>(null);
    const path = useRouterState({ select: (state) => state.location.pathname });
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const closed = closedAt(me, path);

    useKeys({ onGoto: () => setPanel('goto'), onHelp: () => setPanel('keys') });
    useSameSession();
    useEffect(() => setSheet(false), [path]);

    return (
        <div className="flex h-dvh flex-col sm:flex-row">
            <a
                href="#content"
                className="fixed top-2 left-2 z-50 rounded-lg bg-raised px-3 py-2 font-medium shadow-float not-focus:sr-only"
            >
                Skip to content
            </a>
            <aside className="hidden w-15 shrink-0 border-r border-line sm:block lg:w-58">
                <SideBar
                    folding
                    onGoto={() => setPanel('goto')}
                    onKeys={() => setPanel('keys')}
                    onCompany={() => setPanel('company')}
                />
            </aside>
            <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-2 sm:hidden">
                <Button look="quiet" size="icon" aria-label="Menu" onClick={() => setSheet(true)}>
                    <MenuIcon size={18} />
                </Button>
                <Logo />
            </header>
            <Dialog title="Menu" shape="left" open={sheet} onOpenChange={setSheet}>
                <SideBar
                    onGoto={() => {
                        setSheet(false);
                        setPanel('goto');
                    }}
                    onKeys={() => {
                        setSheet(false);
                        setPanel('keys');
                    }}
                    onCompany={() => {
                        setSheet(false);
                        setPanel('company');
                    }}
                />
            </Dialog>
            <div className="flex min-h-0 min-w-0 flex-1 flex-col">
                <Unverified />
                <Leaving />
                <Reached />
                <main id="content" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto">
                    {closed ? <Closed name={closed.name} /> : <Outlet />}
                </main>
            </div>
            <Suspense>
                {panel === 'goto' && (
                    <Goto onClose={() => setPanel(null)} onCompany={() => setPanel('company')} />
                )}
                {panel === 'keys' && <KeyHelp onClose={() => setPanel(null)} />}
            </Suspense>
            {panel === 'company' && <NewCompany onClose={() => setPanel(null)} />}
            <Announcer />
        </div>
    );
}
