/* What happened here, by whom; how the chain of entries stands; and an export that can be checked elsewhere. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi, useRouteContext } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Button } from '../../components/Button';
import { Failed } from '../../components/Failed';
import { usePage } from '../../lib/page';
import { save } from '../../lib/save';
import { may } from '../../shell/places';
import { AnchorPlace } from './AnchorPlace';
import { Chain } from './Chain';
import { Entries } from './Entries';
import { EraseSubject } from './EraseSubject';
import { FilterRow } from './FilterRow';
import { exportChain, type Entry, type Filters } from './data';

const route = getRouteApi('/inside/audit');
const number = new Intl.NumberFormat('en');

export function Audit() {
    usePage('Audit');
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const filters = route.useSearch();
    const navigate = route.useNavigate();
    const client = useQueryClient();
    const [lines, setLines] = useState(0);
    const [erasing, setErasing] = useState<Entry | null>(null);
    const exporting = useMutation({
        mutationFn: () => exportChain(setLines),
        onMutate: () => setLines(0),
        onSuccess: (file) => {
            save(file, `audit-${me.tenant_id}.jsonl`);
            void client.invalidateQueries({ queryKey: ['audit'] });
        },
    });
    const onChange = useCallback(
        (change: Filters) =>
            void navigate({ search: (now) => ({ ...now, ...change }), replace: true }),
        [navigate],
    );

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">Audit</h1>
                    <p className="mt-1 text-ink-soft">
                        What happened, and who did it. No entry can be changed or removed without
                        that being found.
                    </p>
                    {may(me, 'isolation:read') && (
                        <Link
                            to="/settings/isolation"
                            className="text-accent-text underline underline-offset-2"
                        >
                            How companies are kept apart
                        </Link>
                    )}
                </div>
                {may(me, 'audit:export') && (
                    <Button
                        look="primary"
                        busy={exporting.isPending}
                        onClick={() => exporting.mutate()}
                    >
                        <Download aria-hidden size={16} />
                        {exporting.isPending ? 'Exporting' : 'Export'}
                    </Button>
                )}
            </div>
            <p role="status" className="text-table text-ink-soft">
                {exporting.isPending && lines > 0 && `${number.format(lines)} lines so far.`}
                {exporting.isSuccess &&
                    `Exported ${number.format(lines - 2)} entries with their signature. ` +
                        'Check the file with: konstruct audit verify'}
            </p>
            <Failed error={exporting.error} again={exporting.mutate} className="mt-3" />
            <Chain />
            <AnchorPlace mayChoose={may(me, 'audit:anchor')} />
            <FilterRow filters={filters} onChange={onChange} />
            <Entries
                filters={filters}
                onErase={may(me, 'audit:erase') ? setErasing : undefined}
            />
            {erasing && <EraseSubject entry={erasing} onClose={() => setErasing(null)} />}
        </div>
    );
}
