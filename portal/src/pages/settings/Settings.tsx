/* The sections of Settings that whoever is logged in may open, above the one that is open. */
import { Link, Outlet, useRouteContext } from '@tanstack/react-router';
import { places } from '../../shell/places';

export function Settings() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });

    return (
        <>
            <nav
                aria-label="Settings"
                className="sticky top-0 z-10 border-b border-line bg-canvas px-4 sm:px-8"
            >
                <ul className="mx-auto -mb-px flex max-w-264 gap-5 overflow-x-auto">
                    {places(me, 'settings').map(({ to, name }) => (
                        <li key={to}>
                            <Link
                                to={to}
                                className="flex h-12 items-center border-b-2 border-transparent whitespace-nowrap text-ink-soft transition-colors duration-120 hover:text-ink"
                                activeProps={{
                                    className: 'border-accent! font-medium text-accent-text!',
                                }}
                            >
                                {name}
                            </Link>
                        </li>
                    ))}
                </ul>
            </nav>
            <Outlet />
        </>
    );
}
