/* The keys, in a panel. */
import { Dialog } from '../components/Dialog';
import { KEYS } from './keys';

export default function KeyHelp({ onClose }: { onClose: () => void }) {
    return (
        <Dialog title="Keys" open onOpenChange={onClose}>
            <div className="p-5">
                <h2 className="text-title font-semibold">Keys</h2>
                <dl className="mt-3 divide-y divide-line">
                    {KEYS.map(([keys, does]) => (
                        <div key={does} className="flex items-center justify-between gap-4 py-2">
                            <dt>{does}</dt>
                            <dd className="flex shrink-0 gap-1">
                                {keys.map((key) => (
                                    <kbd
                                        key={key}
                                        className="min-w-6 rounded-md border border-line bg-sunken px-1.5 text-center font-sans text-table"
                                    >
                                        {key}
                                    </kbd>
                                ))}
                            </dd>
                        </div>
                    ))}
                </dl>
            </div>
        </Dialog>
    );
}
