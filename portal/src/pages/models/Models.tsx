/* Who thinks for the company: its accounts at providers, and the models of its employees. */
import { usePage } from '../../lib/page';
import { Accounts } from './Accounts';
import { Employees } from './Employees';

export function Models() {
    usePage('Models');
    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <Accounts />
            <Employees />
        </div>
    );
}
