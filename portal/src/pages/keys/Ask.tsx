/* The panels before a key gets a new secret, and before it ends. */
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Select } from '../../components/Select';
import { MODELS_HINT, type ApiKey, type ApiKeyMade } from './data';

export const OVERLAPS = [
    ['0', 'Ends at once'],
    ['1', 'Works for another hour'],
    ['24', 'Works for another 24 hours'],
    ['168', 'Works for another 7 days'],
] as const;

interface FrameProps {
    title: string;
    about: string;
    error: Error | null;
    onClose: () => void;
    children?: ReactNode;
    action: ReactNode;
}

export function Frame({ title, about, error, onClose, children, action }: FrameProps) {
    return (
        <Dialog title={title} open onOpenChange={onClose}>
            <div className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                <p>{about}</p>
                {error && <Notice told={explain(error)} />}
                {children}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    {action}
                </div>
            </div>
        </Dialog>
    );
}

interface RotateProps {
    of: ApiKey;
    onClose: () => void;
    onMade: (key: ApiKeyMade) => void;
}

export function Rotate({ of, onClose, onMade }: RotateProps) {
    const [hours, setHours] = useState('24');
    const rotate = useMutation({
        mutationFn: () =>
            call(
                http.POST('/api/v1/api-keys/{id}/rotate', {
                    params: { path: { id: of.id } },
                    body: hours === '0' ? { at_once: true } : { overlap_hours: Number(hours) },
                }),
            ),
        onSuccess: onMade,
    });

    return (
        <Frame
            title={`New secret for ${of.name}`}
            about="The key stays the same and gets a new secret. Put that into the program while the old one still works."
            error={rotate.error}
            onClose={onClose}
            action={
                <Button look="primary" busy={rotate.isPending} onClick={() => rotate.mutate()}>
                    Make a new secret
                </Button>
            }
        >
            <Select
                label="The old secret"
                options={OVERLAPS}
                value={hours}
                onChange={(event) => setHours(event.target.value)}
                hint={
                    of.old_until
                        ? 'The one before the last still works; it ends at once now.'
                        : undefined
                }
            />
        </Frame>
    );
}

interface ModelsProps {
    of: ApiKey;
    onClose: () => void;
    onDone: () => void;
}

export function Models({ of, onClose, onDone }: ModelsProps) {
    const [models, setModels] = useState(of.models ?? '');
    const change = useMutation({
        mutationFn: () =>
            call(
                http.PATCH('/api/v1/api-keys/{id}', {
                    params: { path: { id: of.id } },
                    body: { models },
                }),
            ),
        onSuccess: onDone,
    });

    return (
        <Frame
            title={`Models of ${of.name}`}
            about="What the program may ask through /v1. It holds within a few seconds."
            error={change.error}
            onClose={onClose}
            action={
                <Button look="primary" busy={change.isPending} onClick={() => change.mutate()}>
                    Save
                </Button>
            }
        >
            <Field
                label="Models that it may ask"
                maxLength={2000}
                autoFocus
                autoComplete="off"
                spellCheck={false}
                hint={MODELS_HINT}
                value={models}
                onChange={(event) => setModels(event.target.value)}
            />
        </Frame>
    );
}

interface RevokeProps {
    of: ApiKey;
    onClose: () => void;
    onDone: () => void;
}

export function Revoke({ of, onClose, onDone }: RevokeProps) {
    const revoke = useMutation({
        mutationFn: () =>
            call(http.DELETE('/api/v1/api-keys/{id}', { params: { path: { id: of.id } } })),
        onSuccess: onDone,
    });

    return (
        <Frame
            title={`Revoke ${of.name}?`}
            about="Whatever uses it is refused from then on. This can’t be undone; what it did stays in the audit."
            error={revoke.error}
            onClose={onClose}
            action={
                <Button look="primary" busy={revoke.isPending} onClick={() => revoke.mutate()}>
                    Revoke it
                </Button>
            }
        />
    );
}
