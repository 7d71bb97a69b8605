/* Where the daily anchor is posted besides the mails, how the newest post fared, and choosing that. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { When } from '../../components/When';
import { found, useForm } from '../../lib/form';
import { channelsQuery, placeQuery, type Place } from './data';
import { faultWords } from './words';

export function AnchorPlace({ mayChoose }: { mayChoose: boolean }) {
    const { data } = useQuery(placeQuery);
    const [choosing, setChoosing] = useState(false);

    if (data === undefined) return null;
    if (data.state === 'none' && !mayChoose) return null;
    return (
        <section
            aria-label="Daily anchor"
            className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-5 py-3"
        >
            <p className="min-w-0 flex-1 basis-72 wrap-anywhere">
                <Stand of={data} />
            </p>
            {mayChoose && (
                <Button size="small" onClick={() => setChoosing(true)}>
                    {data.state === 'none' ? 'Post it in a channel' : 'Change'}
                </Button>
            )}
            {choosing && <Choose now={data} onClose={() => setChoosing(false)} />}
        </section>
    );
}

function Stand({ of }: { of: Place }) {
    if (of.state === 'none')
        return (
            <>
                The last signed entry goes to the admins by mail each day. It can be posted in a
                channel as well.
            </>
        );
    const where = `${of.name ?? of.channel ?? ''}, channel ${of.place ?? ''}`;

    if (of.state === 'failed')
        return (
            <span role="alert" className="text-red">
                The last signed entry could not be posted in {where}: {faultWords(of.fault)}
            </span>
        );
    return (
        <>
            The last signed entry is posted each day in {where}.{' '}
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

function Choose({ now, onClose }: { now: Place; onClose: () => void }) {
    const client = useQueryClient();
    const channels = useQuery(channelsQuery);
    const first = channels.data?.[0];
    const settle = async () => {
        await client.invalidateQueries({ queryKey: ['audit'] });
        onClose();
    };
    const stop = useMutation({
        mutationFn: () => call(http.DELETE('/api/v1/audit/place')),
        onSuccess: settle,
    });
    const { form, onSubmit, input, set, busy, told } = useForm({
        fields: { connection_id: now.connection_id ?? '', place: now.place ?? '' },
        check: ({ place }) =>
            found({ place: place.trim() === '' ? 'Enter the id of a channel.' : undefined }),
        send: ({ connection_id, place }) =>
            call(
                http.PUT('/api/v1/audit/place', {
                    body: { connection_id: connection_id || (first?.connection_id ?? ''), place },
                }),
            ),
        onDone: settle,
    });

    return (
        <Dialog title="Where the anchor is posted" open onOpenChange={onClose}>
            <form
                ref={form}
                onSubmit={onSubmit}
                noValidate
                aria-label="Where the anchor is posted"
                className="grid gap-4 p-5"
            >
                <h2 className="text-title font-semibold">Where the anchor is posted</h2>
                <p>
                    Each day the last signed entry and its hash go there, where nobody at Konstruct
                    can change them. With them you can check later that nothing was cut off.
                </p>
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
