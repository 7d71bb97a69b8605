/* A short form: its values, the fault of each field, and the one request that it leads to. */
import { useMutation } from '@tanstack/react-query';
import { useRef, useState, type ChangeEvent, type FormEvent } from 'react';
import { Fault, explain, type Told } from '../api/fault';

type Faults<F extends string> = Partial<Record<F, string>>;

interface Options<F extends string, R> {
    fields: Record<F, string>;
    check: (values: Record<F, string>) => Faults<F>;
    send: (values: Record<F, string>) => Promise<R>;
    onDone: (result: R) => Promise<unknown> | unknown;
}

export function useForm<F extends string, R>({ fields, check, send, onDone }: Options<F, R>) {
    const [values, setValues] = useState(fields);
    const [faults, setFaults] = useState<Faults<F>>({});
    const form = useRef<HTMLFormElement>(null);
    const mutation = useMutation({
        mutationFn: async () => onDone(await send(values)),
        onError: (error) => {
            if (error instanceof Fault && error.field && error.field in fields)
                point({ [error.field]: sentence(explain(error)) } as Faults<F>);
        },
    });

    /* The first field at fault takes the focus, so that the next key mends it. */
    function point(found: Faults<F>): void {
        setFaults(found);
        const first = (Object.keys(fields) as F[]).find((name) => found[name]);
        if (first) (form.current?.elements.namedItem(first) as HTMLElement | null)?.focus();
    }

    function onSubmit(event: FormEvent): void {
        event.preventDefault();
        if (mutation.isPending) return;
        const found = check(values);
        mutation.reset();
        point(found);
        if (Object.keys(found).length === 0) mutation.mutate();
    }

    const input = (name: F) => ({
        name,
        value: values[name],
        fault: faults[name],
        onChange: (event: ChangeEvent<HTMLInputElement>) => set(name, event.target.value),
    });

    /* For what is no line of text. */
    function set(name: F, value: string): void {
        setValues((now) => ({ ...now, [name]: value }));
        setFaults((now) => ({ ...now, [name]: undefined }));
    }

    const refused = mutation.error;
    const atField = refused instanceof Fault && refused.field && refused.field in fields;
    return {
        form,
        onSubmit,
        input,
        set,
        point,
        busy: mutation.isPending,
        told: refused && !atField ? explain(refused) : null,
    };
}

function sentence({ what, todo }: Told): string {
    return `${what} ${todo}`;
}

export function emailFault(email: string): string | undefined {
    if (email.trim() === '') return 'Enter your e-mail address.';
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim()))
        return 'This doesn’t look like an e-mail address. Write it like anna@example.com.';
    return undefined;
}

/* Only the fields that have a fault. */
export function found<F extends string>(faults: Record<F, string | undefined>): Faults<F> {
    return Object.fromEntries(Object.entries(faults).filter(([, text]) => text)) as Faults<F>;
}
