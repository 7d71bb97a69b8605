/* For admins: whether everybody in the company must have a second factor. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call, http } from '../../../api/client';
import { explain } from '../../../api/fault';
import { factorQuery } from '../../../api/queries';
import { Button } from '../../../components/Button';
import { Notice } from '../../../components/Notice';

export function Rule({ company, required }: { company: string; required: boolean }) {
    const client = useQueryClient();
    const change = useMutation({
        mutationFn: () =>
            call(http.PUT('/api/v1/factor/rule', { body: { required: !required } })),
        onSettled: () => client.invalidateQueries(factorQuery),
    });

    return (
        <div className="mt-6 border-t border-line pt-4">
            <p className="text-ink-soft">
                {required
                    ? `Everybody at ${company} must have a second factor.`
                    : `You may ask everybody at ${company} for a second factor. Who has none sets it up at the next log-in, before anything else.`}
            </p>
            {change.error && <Notice told={explain(change.error)} className="mt-3" />}
            <Button className="mt-3" busy={change.isPending} onClick={() => change.mutate()}>
                {required ? 'Stop asking everybody' : 'Ask everybody'}
            </Button>
        </div>
    );
}
