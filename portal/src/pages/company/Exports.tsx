/* Everything the company has, as an archive to take away: asked for, watched, fetched. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { explain } from '../../api/fault';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { save } from '../../lib/save';
import { exportsQuery, extent, fetchArchive, running, size, type Export } from './data';

export function Exports() {
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(exportsQuery);
    const begin = useMutation({
        mutationFn: () => call(http.POST('/api/v1/exports')),
        onSettled: () => client.invalidateQueries(exportsQuery),
    });
    const busy = data?.some(running) ?? false;

    return (
        <>
            {error && data === undefined && (
                <Failed error={error} again={refetch} className="mb-3" />
            )}
            {begin.error && <Notice told={explain(begin.error)} className="mb-3" />}
            <Button
                look="primary"
                busy={begin.isPending}
                disabled={busy || data === undefined}
                onClick={() => begin.mutate()}
            >
                Export everything
            </Button>
            {data === undefined && !error && <Skeleton className="mt-4 h-12 w-full" />}
            {data !== undefined && data.length > 0 && (
                <ul
                    aria-label="Exports"
                    className="mt-4 rounded-lg border border-line bg-surface px-4"
                >
                    {data.map((one) => (
                        <Line key={one.id} of={one} />
                    ))}
                </ul>
            )}
            <p role="status" className="sr-only">
                {data?.[0] && !running(data[0]) ? `The newest export is ${data[0].state}.` : ''}
            </p>
        </>
    );
}

const WORDS: Record<Export['state'], string> = {
    waiting: 'Waiting for its turn',
    running: 'Under way',
    ready: 'Ready',
    failed: 'Failed',
    removed: 'Removed, its days are over',
};

function Line({ of }: { of: Export }) {
    const [bytes, setBytes] = useState(0);
    const fetching = useMutation({
        mutationFn: () => fetchArchive(of.id, setBytes),
        onMutate: () => setBytes(0),
        onSuccess: (file) => save(file, `konstruct-export-${of.id}.tar`),
    });

    return (
        <li className="border-b border-line py-3 last:border-0">
            <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
                <div className="min-w-0 flex-1">
                    <p className="font-medium">
                        {WORDS[of.state] ?? of.state}
                        <span className="font-normal text-ink-soft">
                            , asked for <When at={of.created} />
                            {of.by && ` by ${of.by}`}
                        </span>
                    </p>
                    {of.state !== 'removed' && of.files > 0 && (
                        <p className="tabular text-table text-ink-soft">
                            {extent(of)}
                            {of.state === 'ready' && of.expires > 0 && (
                                <>
                                    , kept until{' '}
                                    {new Date(of.expires * 1000).toLocaleDateString('en-GB', {
                                        day: 'numeric',
                                        month: 'long',
                                    })}
                                </>
                            )}
                        </p>
                    )}
                </div>
                {of.state === 'ready' && (
                    <Button
                        size="small"
                        busy={fetching.isPending}
                        onClick={() => fetching.mutate()}
                    >
                        <Download aria-hidden size={15} />
                        {fetching.isPending ? `${size(bytes)} here` : 'Download'}
                    </Button>
                )}
            </div>
            {running(of) && of.files > 0 && (
                <progress
                    aria-label="Export"
                    value={of.files_done}
                    max={of.files}
                    className="mt-2 h-1.5 w-full"
                />
            )}
            {of.fault && <p className="mt-1 text-red">{of.fault}</p>}
            <Failed error={fetching.error} again={fetching.mutate} className="mt-2" />
        </li>
    );
}
