/* The panel before a deed: what it means, what is to be said for it, and a button that says what it does. */
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { explain } from '../api/fault';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Notice } from './Notice';

interface Props<Result> {
    title: string;
    about: string;
    action: string;
    send: () => Promise<Result>;
    onDone: (result: Result) => void;
    onClose: () => void;
    /* Fields, where the deed wants some. */
    children?: ReactNode;
}

export function Confirm<Result>({
    title,
    about,
    action,
    send,
    onDone,
    onClose,
    children,
}: Props<Result>) {
    const deed = useMutation({ mutationFn: send, onSuccess: onDone });

    return (
        <Dialog title={title} open onOpenChange={onClose}>
            <div className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                <p>{about}</p>
                {deed.error && <Notice told={explain(deed.error)} />}
                {children}
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>Cancel</Button>
                    <Button look="primary" busy={deed.isPending} onClick={() => deed.mutate()}>
                        {action}
                    </Button>
                </div>
            </div>
        </Dialog>
    );
}
