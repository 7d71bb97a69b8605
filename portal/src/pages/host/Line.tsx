/* One company: its name, its state in words, its numbers, and what a host can do with it. */
import { CircleCheck, CirclePause, Ellipsis } from 'lucide-react';
import { Button } from '../../components/Button';
import { Menu, MenuItem } from '../../components/Menu';
import { When } from '../../components/When';
import { cost, counted, type Company } from './data';

interface Props {
    of: Company;
    own: boolean;
    onAllow: () => void;
    onSuspend: () => void;
    onResume: () => void;
}

export function Line({ of, own, onAllow, onSuspend, onResume }: Props) {
    const suspended = of.state === 'suspended';
    return (
        <li className="flex flex-wrap items-center gap-x-4 gap-y-3 border-b border-line px-5 py-4 last:border-0">
            <div className="min-w-0 flex-1 basis-60">
                <p className="font-medium wrap-anywhere">
                    {of.name}
                    {own && <span className="ml-2 font-normal text-ink-soft">Yours</span>}
                </p>
                <p className="text-table text-ink-soft">
                    {counted(of.members, 'person', 'people')}
                    {' · '}
                    {counted(of.employees, 'employee', 'employees')}
                    {' · '}
                    {counted(of.messages, 'message', 'messages')}
                    {' · '}
                    {cost(of.cost_micros)} this month
                </p>
                <p className="text-table text-ink-soft">
                    Made <When at={of.created} />
                    {' · '}plan {of.plan}
                </p>
                {suspended && of.why && (
                    <p className="text-table wrap-anywhere text-amber">{of.why}</p>
                )}
            </div>
            <p className="flex items-center gap-1.5">
                {suspended ? (
                    <CirclePause aria-hidden size={16} className="text-amber" />
                ) : (
                    <CircleCheck aria-hidden size={16} className="text-green" />
                )}
                {suspended ? 'Suspended' : 'Active'}
            </p>
            <Menu
                align="end"
                button={
                    <Button look="quiet" size="icon" aria-label={`What to do with ${of.name}`}>
                        <Ellipsis aria-hidden size={17} />
                    </Button>
                }
            >
                <MenuItem onSelect={onAllow}>Plan and limits…</MenuItem>
                {suspended ? (
                    <MenuItem onSelect={onResume}>Resume…</MenuItem>
                ) : (
                    !own && (
                        <MenuItem onSelect={onSuspend} className="text-red">
                            Suspend…
                        </MenuItem>
                    )
                )}
            </Menu>
        </li>
    );
}
