/* One key in the list: what it is for, what it may do, when it ends and was last used. */
import { Ellipsis } from 'lucide-react';
import { Button } from '../../components/Button';
import { Menu, MenuItem } from '../../components/Menu';
import { When } from '../../components/When';
import { ASKS_MODELS, type ApiKey } from './data';

interface Props {
    of: ApiKey;
    onModels: () => void;
    onRotate: () => void;
    onRevoke: () => void;
}

export function Line({ of, onModels, onRotate, onRevoke }: Props) {
    const over = of.expires !== 0 && of.expires * 1000 <= Date.now();

    return (
        <li className="flex items-start gap-3 border-b border-line px-5 py-4 last:border-0">
            <div className="min-w-0 flex-1">
                <p className="font-medium wrap-anywhere">
                    {of.name}
                    <span className="ml-2 font-mono text-table font-normal text-ink-soft">
                        kst_…{of.hint}
                    </span>
                </p>
                <p className="mt-0.5 font-mono text-table text-ink-soft wrap-anywhere">{of.scopes}</p>
                {of.models !== null && (
                    <p className="mt-0.5 text-table text-ink-soft wrap-anywhere">
                        Models: <span className="font-mono">{of.models}</span>
                    </p>
                )}
                <p className="mt-0.5 text-table text-ink-soft">
                    {over ? (
                        <span className="font-medium text-red">
                            Expired <When at={of.expires} />
                        </span>
                    ) : of.expires === 0 ? (
                        'No end'
                    ) : (
                        <>Ends {day(of.expires)}</>
                    )}
                    {' · '}
                    {of.used === 0 ? (
                        'Never used'
                    ) : (
                        <>
                            Last used <When at={of.used} /> from {of.used_from}
                        </>
                    )}
                    {' · '}Made <When at={of.created} />
                    {of.created_by && ` by ${of.created_by}`}
                </p>
                {of.old_until !== 0 && (
                    <p className="mt-0.5 text-table text-amber">
                        The old secret works as well, until {moment(of.old_until)}.
                    </p>
                )}
            </div>
            <Menu
                align="end"
                button={
                    <Button look="quiet" size="icon" aria-label={`What to do with ${of.name}`}>
                        <Ellipsis aria-hidden size={17} />
                    </Button>
                }
            >
                {of.scopes.split(' ').includes(ASKS_MODELS) && (
                    <MenuItem onSelect={onModels}>Models…</MenuItem>
                )}
                <MenuItem onSelect={onRotate}>New secret…</MenuItem>
                <MenuItem onSelect={onRevoke} className="text-red">
                    Revoke…
                </MenuItem>
            </Menu>
        </li>
    );
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' });

function day(at: number): string {
    return DAY.format(at * 1000);
}

function moment(at: number): string {
    return MOMENT.format(at * 1000);
}
