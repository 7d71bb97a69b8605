/* The frame of the pages for those who are not logged in. */
import { Outlet } from '@tanstack/react-router';
import { Logo } from '../components/Logo';

export function Guest() {
    return (
        <div className="flex min-h-dvh flex-col px-4 pt-8 pb-12 sm:pt-[7dvh]">
            <main className="mx-auto w-full max-w-95">
                <Logo />
                <Outlet />
            </main>
        </div>
    );
}
