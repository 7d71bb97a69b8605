/* One matter of the account page: what it is on the left, what can be done on the right. */
import { useId, type ReactNode } from 'react';

interface Props {
    title: string;
    about: string;
    children: ReactNode;
}

export function Section({ title, about, children }: Props) {
    const id = useId();
    return (
        <section
            aria-labelledby={id}
            className="grid gap-4 border-t border-line py-8 md:grid-cols-[minmax(0,260px)_minmax(0,380px)] md:gap-12"
        >
            <div>
                <h2 id={id} className="text-body font-semibold">
                    {title}
                </h2>
                <p className="mt-1 text-ink-soft wrap-anywhere">{about}</p>
            </div>
            <div>{children}</div>
        </section>
    );
}
