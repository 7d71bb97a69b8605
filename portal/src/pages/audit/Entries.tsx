/* The entries that the filters find, newest first; older ones on demand. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Eraser } from 'lucide-react';
import { useEffect } from 'react';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { Skeleton } from '../../components/Skeleton';
import { When } from '../../components/When';
import { entriesQuery, subjectOf, type Entry, type Filters } from './data';
import { actionWords, actorWords, details } from './words';

/* A question looks through a part of the chain; with less than this found, the next part is asked for by itself. */
const ENOUGH = 10;
const HEADS = ['When', 'Who', 'What', 'On', 'Details', 'Entry'];

interface Props {
    filters: Filters;
    /* Erases the personal text that an entry carries; undefined: may not. */
    onErase: ((entry: Entry) => void) | undefined;
}

export function Entries({ filters, onErase }: Props) {
    const query = useInfiniteQuery(entriesQuery(filters));
    const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query;
    const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
    const sparse = hasNextPage && entries.length < ENOUGH;

    useEffect(() => {
        if (sparse && !isFetchingNextPage && !isError) void fetchNextPage();
    }, [sparse, isFetchingNextPage, isError, fetchNextPage, entries.length]);

    return (
        <>
            <div className="mt-3 overflow-x-auto rounded-lg border border-line bg-surface">
                <table className="w-full text-left text-table" aria-busy={query.isFetching}>
                    <caption className="sr-only">What happened, newest first</caption>
                    <thead>
                        <tr className="border-b border-line text-ink-soft">
                            {HEADS.map((head) => (
                                <th key={head} scope="col" className="px-4 py-2 font-medium whitespace-nowrap">
                                    {head}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {entries.map((entry) => (
                            <Row key={entry.seq} entry={entry} onErase={onErase} />
                        ))}
                        {query.isPending && [0, 1, 2, 3, 4].map((i) => <Placeholder key={i} />)}
                    </tbody>
                </table>
                {query.isSuccess && !sparse && entries.length === 0 && (
                    <p className="px-4 py-6 text-ink-soft">No entry fits these filters.</p>
                )}
            </div>
            <Failed
                error={query.error}
                again={() => (query.data ? query.fetchNextPage() : query.refetch())}
                className="mt-3"
            />
            {hasNextPage && !isError && (
                <div className="mt-3 flex justify-center">
                    <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                        {isFetchingNextPage ? 'Looking further back' : 'Show older entries'}
                    </Button>
                </div>
            )}
        </>
    );
}

function Row({ entry, onErase }: { entry: Entry; onErase: Props['onErase'] }) {
    const told = details(entry);

    return (
        <tr className="border-line align-top not-first:border-t">
            <td className="px-4 py-2 whitespace-nowrap">
                <When at={entry.at} />
            </td>
            <td className="max-w-44 truncate px-4 py-2" title={entry.actor}>
                {actorWords(entry.actor, entry.actor_name)}
            </td>
            <td className="px-4 py-2 font-medium whitespace-nowrap" title={entry.action}>
                {actionWords(entry.action)}
            </td>
            <td className="max-w-32 truncate px-4 py-2 font-mono text-ink-soft" title={entry.object}>
                {entry.object.length > 12 ? `…${entry.object.slice(-10)}` : entry.object}
            </td>
            <td className="max-w-72 px-4 py-2 text-ink-soft">
                <div className="flex items-center gap-2">
                    <span className="min-w-0 flex-1 truncate" title={told}>
                        {told}
                    </span>
                    {onErase && subjectOf(entry) && (
                        <button
                            type="button"
                            onClick={() => onErase(entry)}
                            aria-label={`Erase personal text of entry ${entry.seq}`}
                            title="Erase this personal text"
                            className="grid size-6 shrink-0 cursor-pointer place-items-center rounded-md text-ink-soft hover:bg-sunken hover:text-red"
                        >
                            <Eraser aria-hidden size={14} />
                        </button>
                    )}
                </div>
            </td>
            <td className="tabular px-4 py-2 text-ink-soft" title={entry.hash}>
                {entry.seq}
            </td>
        </tr>
    );
}

function Placeholder() {
    return (
        <tr className="border-line not-first:border-t">
            {HEADS.map((head) => (
                <td key={head} className="px-4 py-3">
                    <Skeleton className="h-3.5 w-20" />
                </td>
            ))}
        </tr>
    );
}
