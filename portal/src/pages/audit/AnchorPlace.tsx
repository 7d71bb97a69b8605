/* Where the daily anchor is posted besides the mails. */
import { PostPlace, type PostWords } from '../posts/PostPlace';
import { anchorPlace } from './data';

const WORDS: PostWords = {
    label: 'Daily anchor',
    none: 'The last signed entry goes to the admins by mail each day. It can be posted in a channel as well.',
    failed: (where) => `The last signed entry could not be posted in ${where}:`,
    sent: (where) => `The last signed entry is posted each day in ${where}.`,
    title: 'Where the anchor is posted',
    about: 'Each day the last signed entry and its hash go there, where nobody at Konstruct can change them. With them you can check later that nothing was cut off.',
};

export function AnchorPlace({ mayChoose }: { mayChoose: boolean }) {
    return <PostPlace to={anchorPlace} words={WORDS} mayChoose={mayChoose} />;
}
