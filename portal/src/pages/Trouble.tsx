/* What is shown instead of a page that is not there or can't be built. */
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { explain } from '../api/fault';
import { Button } from '../components/Button';
import { usePage } from '../lib/page';

function Plain({ title, text, children }: { title: string; text: string; children: ReactNode }) {
    usePage(title);
    return (
        <main className="mx-auto grid min-h-[70dvh] max-w-100 content-center gap-3 px-4">
            <h1 className="text-title font-semibold">{title}</h1>
            <p className="text-ink-soft">{text}</p>
            <div className="mt-2 flex gap-2">{children}</div>
        </main>
    );
}

export function Missing() {
    return (
        <Plain title="There is nothing here" text="The address is wrong, or the page has moved.">
            <Button asChild look="primary">
                <Link to="/">Go to Home</Link>
            </Button>
        </Plain>
    );
}

export function Broken({ error, reset }: ErrorComponentProps) {
    const router = useRouter();
    const told = explain(error);
    const text = told.reference ? `${told.todo} Reference ${told.reference}.` : told.todo;

    return (
        <Plain title={told.what} text={text}>
            <Button
                look="primary"
                onClick={() => {
                    reset();
                    void router.invalidate();
                }}
            >
                Try again
            </Button>
        </Plain>
    );
}
