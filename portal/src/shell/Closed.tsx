/* Stands where a page would be that is not for the role of whoever is logged in. */
import { Link } from '@tanstack/react-router';
import { Button } from '../components/Button';
import { usePage } from '../lib/page';

export function Closed({ name }: { name: string }) {
    usePage(name);
    return (
        <div className="mx-auto grid min-h-[70dvh] max-w-100 content-center gap-3 px-4">
            <h1 className="text-title font-semibold">{name}</h1>
            <p className="text-ink-soft">
                Your role in this company doesn’t allow this. Ask an admin of your company.
            </p>
            <div className="mt-2">
                <Button asChild look="primary">
                    <Link to="/">Go to Home</Link>
                </Button>
            </div>
        </div>
    );
}
