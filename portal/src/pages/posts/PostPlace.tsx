/* A channel that something is posted to besides the mails: how the newest post fared, and choosing another one. */
import {
    useMutation,
    useQuery,
    useQueryClient,
    type QueryKey,
} from '@tanstack/react-query';
import { useState } from 'react';
import { explain } from '../../api/fault';
import type { components } from '../../api/schema';
import { found, useForm } from '../../lib/form';
import { faultWords } from './words';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { When } from '../../components/When';

export type Place = components['schemas']['PostPlace'];
type Channel = components['schemas']['PostChannel'];

/* Where it is read and changed. */
export interface PostTo {
    key: QueryKey;
    read: (signal: AbortSignal) => Promise<Place>;
    channels: (signal: AbortSignal) => Promise<Channel[]>;
    choose: (body: { connection_id: string; place: string }) => Promise<Place>;
    drop: () => Promise<unknown>;
}

/* What is said of it. */
export interface PostWords {
    label: string;
    none: string;
    failed: (where: string) => string;
    sent: (where: string) => string;
    title: string;
    about: string;
}

const LOOK_MS = 2000;

interface Props {
    to: PostTo;
    words: PostWords;
    mayChoose: boolean;
}

export function PostPlace({ to, words, mayChoose }: Props) {
    const { data } = useQuery({
        queryKey: to.key,
        queryFn: ({ signal }) => to.read(signal),
        refetchInterval: ({ state }) => (state.data?.state === 'waiting' ? LOOK_MS : false),
    });
    const [choosing, setChoosing] = useState(false);

    if (data === undefined) return null;
    if (data.state === 'none' && !mayChoose) return null;
    return (
        <section
            aria-label={words.label}
            className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-5 py-3"
        >
            <p className="min-w-0 flex-1 basis-72 wrap-anywhere">
                <Stand of={data} words={words} />
            </p>
            {mayChoose && (
                <Button size="small" onClick={() => setChoosing(true)}>
                    {data.state === 'none' ? 'Post it in a channel' : 'Change'}
                </Button>
            )}
            {choosing && (
                <Choose now={data} to={to} words={words} onClose={() => setChoosing(false)} />
            )}
        </section>
    );
}

function Stand({ of, words }: { of: Place; words: PostWords }) {
    if (of.state === 'none') return words.none;
    const where = `${of.name ?? of.channel ?? ''}, channel ${of.place ?? ''}`;

    if (of.state === 'failed')
        return (
            <span role="alert" className="text-red">
                {words.failed(where)} {faultWords(of.fault)}
            </span>
        );
    return (
        <>
            {words.sent(where)}{' '}
            <span className="text-ink-soft">
                {of.state === 'waiting' ? (
                    'The first post is on its way.'
                ) : (
                    <>
                        Last posted <When at={of.posted} />.
                    </>
                )}
            </span>
        </>
    );
}

function Choose({
    now,
    to,
    words,
    onClose,
}: Omit<Props, 'mayChoose'> & { now: Place; onClose: () => void }) {
    const client = useQueryClient();
    const channels = useQuery({
        queryKey: [...to.key, 'channels'],
        queryFn: ({ signal }) => to.channels(signal),
    });
    const first = channels.data?.[0];
    const settle = async () => {
        await client.invalidateQueries({ queryKey: to.key });
        onClose();
    };
    const stop = useMutation({
        mutationFn: to.drop,
        onSuccess: settle,
    });
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { connection_id: now.connection_id ?? '', place: now.place ?? '' },
        check: ({ place }) =>
            found({ place: place.trim() === '' ? 'Enter the id of a channel.' : undefined }),
        send: ({ connection_id, place }) =>
            to.choose({ connection_id: connection_id || (first?.connection_id ?? ''), place }),
        onDone: settle,
    });

    return (
        <Dialog title={words.title} open onOpenChange={onClose}>
            <form
                ref={form}
                onSubmit={onSubmit}
                noValidate
                aria-label={words.title}
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold">{words.title}</h2>
                <p>{words.about}</p>
                {(told ?? (stop.error ? explain(stop.error) : null)) && (
                    <Notice told={told ?? explain(stop.error)} />
                )}
                {channels.error && <Notice told={explain(channels.error)} />}
                {channels.data?.length === 0 && (
                    <p className="text-ink-soft">No channel is connected yet.</p>
                )}
                {channels.data !== undefined && channels.data.length > 0 && (
                    <>
                        <Select
                            label="Connection"
                            options={channels.data.map(
                                ({ connection_id, channel, name }) =>
                                    [connection_id, `${name ?? channel} (${channel})`] as const,
                            )}
                            value={input('connection_id').value || first?.connection_id}
                            onChange={(event) => set('connection_id', event.target.value)}
                        />
                        <Field
                            label="Channel"
                            placeholder="C024BE91L"
                            autoComplete="off"
                            hint="Its id, at the end of the channel’s details. Invite your employee to it first."
                            {...input('place')}
                        />
                    </>
                )}
                <div className="flex flex-wrap justify-end gap-2">
                    {now.state !== 'none' && (
                        <Button
                            className="mr-auto"
                            busy={stop.isPending}
                            onClick={() => stop.mutate()}
                        >
                            Post it nowhere
                        </Button>
                    )}
                    <Button onClick={onClose}>Cancel</Button>
                    <Button
                        type="submit"
                        look="primary"
                        busy={busy}
                        disabled={!channels.data?.length}
                    >
                        Post it there
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
