/* The recovery codes, which are shown this once: to be copied, kept as a file or written down. */
import { Copy, Download } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../../components/Button';
import { Done } from '../../../components/Done';
import { Notice } from '../../../components/Notice';

interface Props {
    codes: string[];
    email: string;
    onKept: () => void;
    /* What follows, as the button says it. */
    then: string;
}

function fileOf(codes: string[], email: string): string {
    const head = `Recovery codes of ${email} at ${location.host}. Each works once.`;
    return URL.createObjectURL(
        new Blob([`${head}\n\n${codes.join('\n')}\n`], { type: 'text/plain' }),
    );
}

export function Codes({ codes, email, onKept, then }: Props) {
    const [done, setDone] = useState<'copied' | 'refused' | null>(null);

    function save(): void {
        const link = document.createElement('a');
        link.href = fileOf(codes, email);
        link.download = 'konstruct-recovery-codes.txt';
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }

    return (
        <div className="grid gap-4">
            <div>
                <p className="font-semibold">Your recovery codes</p>
                <p className="mt-1 text-ink-soft">
                    Each lets you in once when you don’t have your app. They are shown only now: keep
                    them where you would keep a spare key.
                </p>
            </div>
            <ul
                aria-label="Recovery codes"
                className="tabular grid grid-cols-2 gap-x-6 gap-y-1 rounded-lg border border-line bg-sunken px-4 py-3 font-mono select-all"
            >
                {codes.map((code) => (
                    <li key={code}>{code}</li>
                ))}
            </ul>
            <div className="flex flex-wrap gap-2">
                <Button
                    onClick={() =>
                        void navigator.clipboard.writeText(codes.join('\n')).then(
                            () => setDone('copied'),
                            () => setDone('refused'),
                        )
                    }
                >
                    <Copy size={15} /> Copy
                </Button>
                <Button onClick={save}>
                    <Download size={15} /> Download
                </Button>
            </div>
            {done === 'copied' && <Done>Copied.</Done>}
            {done === 'refused' && (
                <Notice
                    told={{
                        what: 'Your browser didn’t let us copy.',
                        todo: 'Select the codes and copy them yourself, or download them.',
                    }}
                />
            )}
            <Button look="primary" className="justify-self-start" onClick={onKept}>
                {then}
            </Button>
        </div>
    );
}
