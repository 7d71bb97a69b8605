/* One registered app in the list. */
import { Ellipsis } from 'lucide-react';
import { Button } from '../../components/Button';
import { Menu, MenuItem } from '../../components/Menu';
import { When } from '../../components/When';
import type { App } from './data';

interface Props {
    of: App;
    onEdit: () => void;
    onSecret: () => void;
    onRemove: () => void;
}

export function AppLine({ of, onEdit, onSecret, onRemove }: Props) {
    const soft = 'mt-0.5 text-table text-ink-soft wrap-anywhere';
    return (
        <li className="flex items-start gap-3 border-b border-line px-5 py-4 last:border-0">
            <div className="min-w-0 flex-1">
                <p className="font-medium wrap-anywhere">{of.name}</p>
                <p className={soft}>
                    client_id <code className="font-mono select-all">{of.id}</code>
                    {of.hint && (
                        <>
                            {' · '}secret <code className="font-mono">kss_…{of.hint}</code>
                        </>
                    )}
                </p>
                <p className={`${soft} font-mono`}>{of.scopes}</p>
                {of.redirects && <p className={soft}>Sends people back to {of.redirects}</p>}
                <p className={soft}>
                    {of.confidential ? 'Keeps a secret' : 'Has no secret'}
                    {' · '}
                    {of.used === 0 ? (
                        'Never used'
                    ) : (
                        <>
                            Last used <When at={of.used} />
                        </>
                    )}
                    {' · '}Registered <When at={of.created} />
                    {of.created_by && ` by ${of.created_by}`}
                </p>
            </div>
            <Menu
                align="end"
                button={
                    <Button look="quiet" size="icon" aria-label={`What to do with ${of.name}`}>
                        <Ellipsis aria-hidden size={17} />
                    </Button>
                }
            >
                <MenuItem onSelect={onEdit}>Change…</MenuItem>
                {of.confidential && <MenuItem onSelect={onSecret}>New secret…</MenuItem>}
                <MenuItem onSelect={onRemove} className="text-red">
                    Remove…
                </MenuItem>
            </Menu>
        </li>
    );
}
