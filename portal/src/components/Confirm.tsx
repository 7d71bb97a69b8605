/* The panel before something that is not easily undone: what it means, and a button that says what it does. */
import { useMutation } from '@tanstack/react-query';
import { explain } from '../api/fault';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { Notice } from './Notice';

interface Props {
    title: string;
    about: string;
    action: string;
    send: () => Promise<unknown>;
    onDone: () => void;
    onClose: () => void;
}

export function Confirm({ title, about, action, send, onDone, onClose }: Props) {
    const deed = useMutation({ mutationFn: send, onSuccess: onDone });

    return (
        <Dialog title={title} open onOpenChange={onClose}>
            <div className="grid gap-4 p-5">
                <h2 className="text-title font-semibold wrap-anywhere">{title}</h2>
                <p>{about}</p>
                {deed.error && <Notice told={explain(deed.error)} />}
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
