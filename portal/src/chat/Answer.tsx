/*
 * An answer's Markdown as elements. No HTML of a model reaches the page, and a picture becomes a link: fetching it would
 * tell somebody else who reads this.
 */
import Markdown, { type Components } from 'react-markdown';

const parts: Components = {
    a: ({ href, children }) => (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
            {children}
        </a>
    ),
    img: ({ src, alt }) => (
        <a
            href={typeof src === 'string' ? src : undefined}
            target="_blank"
            rel="noopener noreferrer nofollow"
        >
            {alt || 'Picture'}
        </a>
    ),
};

export function Answer({ text }: { text: string }) {
    return (
        <div className="prose-answer wrap-break-word">
            <Markdown components={parts}>{text}</Markdown>
        </div>
    );
}
