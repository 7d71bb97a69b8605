import type { ReactNode } from 'react';
import { Button } from './Button';

/** How a form in a dialog ends: saved, or left; `children` stand before that, at the other side. */
export function FormEnd({
    busy,
    onClose,
    children,
}: {
    busy: boolean;
    onClose: () => void;
    children?: ReactNode;
}) {
    return (
        <div className="flex flex-wrap justify-end gap-2">
            {children}
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={busy}>
                {busy ? 'Saving' : 'Save'}
            </Button>
        </div>
    );
}
