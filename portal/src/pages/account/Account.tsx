/* Your account: what concerns the person who is logged in, in whatever company. */
import { usePage } from '../../lib/page';
import { Apps } from './Apps';
import { Companies } from './Companies';
import { Email } from './Email';
import { Password } from './Password';
import { Factor } from './factor/Factor';
import { Sessions } from './Sessions';

export function Account() {
    usePage('Your account');
    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="mb-8 text-display font-semibold tracking-tight">Your account</h1>
            <Email />
            <Password />
            <Factor />
            <Sessions />
            <Apps />
            <Companies />
        </div>
    );
}
