/* How the chain stands: how long it is, what its end is, and when that was signed. */
import { useQuery } from '@tanstack/react-query';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { stateQuery, type ChainState } from './data';

const number = new Intl.NumberFormat('en');

export function Chain() {
    const { data, error, isError, refetch } = useQuery(stateQuery);

    if (isError && !data)
        return <Failed error={error} again={refetch} className="mt-6" />;
    return (
        <section
            aria-label="State of the chain"
            className="mt-6 rounded-lg border border-line bg-surface px-5 py-4"
        >
            {data ? <Facts state={data} /> : <Skeleton className="h-10 w-2/3" />}
        </section>
    );
}

function Facts({ state }: { state: ChainState }) {
    return (
        <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-[auto_auto_1fr]">
            <div>
                <dt className="text-table text-ink-soft">Entries</dt>
                <dd className="tabular font-medium">{number.format(state.entries)}</dd>
            </div>
            <div>
                <dt className="text-table text-ink-soft">Signed</dt>
                <dd>
                    {state.signed_entries > 0 ? (
                        <>
                            <When at={state.signed_at} />, up to entry{' '}
                            <span className="tabular">{number.format(state.signed_entries)}</span>
                        </>
                    ) : (
                        'Not yet; once a day, and with each export'
                    )}
                </dd>
            </div>
            <div className="min-w-0">
                <dt className="text-table text-ink-soft">
                    Last entry. Keep it outside: it proves later that nothing was cut off.
                </dt>
                <dd className="truncate font-mono text-table select-all" title="Entry and hash">
                    {state.entries}:{state.hash}
                </dd>
            </div>
            {state.public_key && (
                <div className="min-w-0 sm:col-span-3">
                    <dt className="text-table text-ink-soft">Key that signs</dt>
                    <dd className="truncate font-mono text-table select-all">{state.public_key}</dd>
                </div>
            )}
        </dl>
    );
}
