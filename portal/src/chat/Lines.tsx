/* The transcript on the screen. New words arrive without moving what is being read. */
import { useRouteContext } from '@tanstack/react-router';
import { ArrowDown } from 'lucide-react';
import type { Employee } from '../api/client';
import { Button } from '../components/Button';
import { Awaited, Draft, Line, Waiting } from './Line';
import type { Unsent } from './outbox';
import { useStick } from './stick';
import { awaited, type Transcript } from './transcript';

interface Props {
    employee: Employee;
    transcript: Transcript;
    waiting: readonly Unsent[];
    onAgain: (entry: Unsent) => void;
    onEdit: (entry: Unsent) => void;
}

export function Lines({ employee, transcript, waiting, onAgain, onEdit }: Props) {
    const { messages, draft } = transcript;
    const { scroller, content, behind, toEnd } = useStick(waiting.at(-1)?.key);
    const own = useRouteContext({ from: '/inside', select: (context) => context.me.name });
    const last = messages.at(-1);
    const since = waiting.at(-1)?.created ?? last?.created ?? 0;

    return (
        <div className="relative min-h-0 flex-1">
            <div
                ref={scroller}
                tabIndex={0}
                role="region"
                aria-label={`Conversation with ${employee.name}`}
                className="h-full overflow-y-auto overscroll-contain px-4 focus-visible:-outline-offset-2 sm:px-6"
            >
                <div ref={content} className="mx-auto grid max-w-180 gap-6 py-6">
                    {/* Read out as a whole once it is there, not piece by piece while it is written. */}
                    <div role="log" className="contents">
                        <ol className="grid gap-6 empty:hidden">
                            {messages.map((message) => (
                                <Line key={message.id} message={message} own={own} />
                            ))}
                        </ol>
                    </div>
                    <ol className="grid gap-6 empty:hidden">
                        {waiting.map((entry) => (
                            <Waiting
                                key={entry.key}
                                entry={entry}
                                onAgain={() => onAgain(entry)}
                                onEdit={() => onEdit(entry)}
                            />
                        ))}
                        {draft && (
                            <Draft
                                name={employee.name}
                                text={draft.text}
                            />
                        )}
                        {awaited(transcript, waiting) && (
                            <Awaited name={employee.name} since={since} />
                        )}
                    </ol>
                </div>
            </div>
            {behind && (
                <Button
                    size="small"
                    onClick={toEnd}
                    className="absolute bottom-3 left-1/2 -translate-x-1/2 animate-appear shadow-float"
                >
                    <ArrowDown size={15} /> Newest
                </Button>
            )}
        </div>
    );
}
