/* What the latest proof that companies are kept apart has found, and its report to take away. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { usePage } from '../../lib/page';

type Proof = components['schemas']['Proof'];

/* Null: nobody has proven anything here yet. */
const proofQuery = queryOptions({
    queryKey: ['isolation'],
    queryFn: async ({ signal }): Promise<Proof | null> =>
        (await call(http.GET('/api/v1/isolation', { signal }))).items[0] ?? null,
    staleTime: 30_000,
});

const number = new Intl.NumberFormat('en');

export function Isolation() {
    usePage('Isolation');
    const { data, error, isError, refetch } = useQuery(proofQuery);

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Isolation</h1>
            <p className="mt-1 text-ink-soft">
                How this installation keeps companies apart, and the proof that it does.
            </p>
            {isError && data === undefined ? (
                <Failed error={error} again={refetch} className="mt-6" />
            ) : (
                <section
                    aria-label="Latest proof"
                    className="mt-6 rounded-lg border border-line bg-surface px-5 py-4"
                >
                    {data === undefined && <Skeleton className="h-10 w-2/3" />}
                    {data === null && (
                        <p>
                            Nobody has made the proof on this installation yet. Whoever runs it can:{' '}
                            <code className="font-mono text-table">konstruct prove isolation</code>
                        </p>
                    )}
                    {data && <Found proof={data} />}
                </section>
            )}
        </div>
    );
}

const link =
    'inline-flex items-center gap-1.5 font-medium text-accent-text underline underline-offset-2';

function Found({ proof }: { proof: Proof }) {
    return (
        <>
            <p className="font-medium">
                {proof.proven
                    ? 'Proven: companies are sealed off from each other.'
                    : 'Not proven: something was found. Ask whoever runs this installation.'}
            </p>
            <p className="mt-1 text-ink-soft">
                Made <When at={proof.made} />, with two made-up companies in a database of its own:{' '}
                {number.format(proof.tables)} tables filled, {number.format(proof.routes)} routes
                asked, {number.format(proof.holes)} holes made on purpose to see that each is
                noticed.
            </p>
            <p className="mt-4 flex flex-wrap gap-x-6 gap-y-2">
                <a className={link} href="/api/v1/isolation/report?as=page" download="isolation.html">
                    <Download aria-hidden size={16} />
                    Report to read
                </a>
                <a className={link} href="/api/v1/isolation/report?as=json" download="isolation.json">
                    <Download aria-hidden size={16} />
                    Report as JSON
                </a>
            </p>
        </>
    );
}
