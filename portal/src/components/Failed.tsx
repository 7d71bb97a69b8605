/* What could not be read, in words, and a button that tries it again; nothing where there is no error. */
import { explain } from '../api/fault';
import { Button } from './Button';
import { Notice } from './Notice';

interface Props {
    error: Error | null;
    again: () => unknown;
    className?: string;
}

export function Failed({ error, again, className }: Props) {
    if (!error) return null;
    return (
        <Notice told={explain(error)} className={className}>
            <Button size="small" onClick={() => void again()}>
                Try again
            </Button>
        </Notice>
    );
}
