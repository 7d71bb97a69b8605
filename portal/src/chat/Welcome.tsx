/* Before the first word: who answers here, and a few ways to begin. */
import type { Employee } from '../api/client';
import { Portrait } from '../components/Portrait';

const OPENERS = ['What do you do here?', 'How do I connect Slack?', 'Which model do you run on?'];

interface Props {
    employee: Employee;
    onSay: (text: string) => void;
}

export function Welcome({ employee, onSay }: Props) {
    return (
        <div className="flex flex-1 flex-col overflow-y-auto px-4 sm:px-6">
            <div className="mx-auto my-auto w-full max-w-180 py-8">
                <Portrait name={employee.name} size="large" />
                <h2 className="mt-4 text-title font-semibold">Talk to {employee.name}</h2>
                <p className="mt-1 max-w-130 text-ink-soft">
                    {employee.about || `${employee.role}.`}
                </p>
                <p className="mt-6 text-table text-ink-soft">To begin with</p>
                <ul className="mt-2 flex flex-wrap gap-2">
                    {OPENERS.map((opener) => (
                        <li key={opener}>
                            <button
                                type="button"
                                onClick={() => onSay(opener)}
                                className="cursor-pointer rounded-lg border border-line bg-surface px-3 py-1.5 transition-colors duration-120 hover:border-line-field hover:bg-sunken"
                            >
                                {opener}
                            </button>
                        </li>
                    ))}
                </ul>
            </div>
        </div>
    );
}
