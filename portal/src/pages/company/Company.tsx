/* What concerns the company as a whole. */
import { useRouteContext } from '@tanstack/react-router';
import { usePage } from '../../lib/page';
import { Section } from '../account/Section';
import { may } from '../../shell/places';
import { Erase } from './Erase';
import { Exports } from './Exports';

export function Company() {
    usePage('Company');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Company</h1>
            <p className="mt-1 mb-6 text-ink-soft wrap-anywhere">{me.tenant_name}</p>
            <Section
                title="Export"
                about="Everything Konstruct has of your company, in one archive: a table a file, the audit with its signature, and checksums. Keys and passwords are not in it."
            >
                <Exports />
            </Section>
            {may(me, 'tenant:erase') && (
                <Section
                    title="Erase"
                    about="Everything of the company goes, for good. There are some days in which any admin can stop it."
                >
                    <Erase />
                </Section>
            )}
        </div>
    );
}
