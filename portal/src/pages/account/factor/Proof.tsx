/* What asks for the password and a code: new recovery codes, and turning it off. */
import { Button } from '../../../components/Button';
import { Field } from '../../../components/Field';
import { Notice } from '../../../components/Notice';
import { found, useForm } from '../../../lib/form';

interface Props<R> {
    name: string;
    about: string;
    act: string;
    send: (proof: { password: string; code: string }) => Promise<R>;
    onDone: (result: R) => void;
    onCancel: () => void;
}

export function Proof<R>({ name, about, act, send, onDone, onCancel }: Props<R>) {
    const { form, onSubmit, input, busy, told } = useForm({
        fields: { password: '', code: '' },
        check: ({ password, code }) =>
            found({
                password: password === '' ? 'Enter your password.' : undefined,
                code: code.trim() === '' ? 'Enter the code that your app shows.' : undefined,
            }),
        send: ({ password, code }) => send({ password, code: code.trim() }),
        onDone,
    });

    return (
        <form ref={form} onSubmit={onSubmit} noValidate aria-label={name} className="grid gap-4">
            <p className="text-ink-soft">{about}</p>
            {told && <Notice told={told} />}
            <Field
                label="Your password"
                type="password"
                autoComplete="current-password"
                autoFocus
                {...input('password')}
            />
            <Field
                label="Code of your app, or a recovery code"
                autoComplete="one-time-code"
                {...input('code')}
            />
            <div className="flex flex-wrap gap-2">
                <Button type="submit" busy={busy}>
                    {act}
                </Button>
                <Button look="quiet" onClick={onCancel}>
                    Cancel
                </Button>
            </div>
        </form>
    );
}
