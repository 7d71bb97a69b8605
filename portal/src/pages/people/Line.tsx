/* One person: who, in which role, since when, last seen; for admins the role can be changed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis } from 'lucide-react';
import { call, http } from '../../api/client';
import { explain } from '../../api/fault';
import { meQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Menu, MenuItem } from '../../components/Menu';
import { Portrait } from '../../components/Portrait';
import { When } from '../../components/When';
import { ROLE_OPTIONS, roleName, type Role } from '../../lib/roles';
import { beginAnew } from '../../lib/tabs';
import { peopleQuery, type Member } from './data';

interface Props {
    of: Member;
    managing: boolean;
    onRemove: () => void;
}

export function Line({ of, managing, onRemove }: Props) {
    const client = useQueryClient();
    const change = useMutation({
        mutationFn: (role: Role) =>
            call(
                http.PATCH('/api/v1/people/{id}', {
                    params: { path: { id: of.id } },
                    body: { role },
                }),
            ),
        onSuccess: async () => {
            if (!of.self) return client.invalidateQueries(peopleQuery);
            /* One's own: what may be seen has changed everywhere. */
            client.removeQueries(meQuery);
            beginAnew();
            return undefined;
        },
    });

    return (
        <li className="border-b border-line px-5 py-4 last:border-0">
            <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
                <Portrait name={of.name} size="small" />
                <div className="min-w-0 flex-1 basis-52">
                    <p className="font-medium wrap-anywhere">
                        {of.name}
                        {of.self && <span className="ml-2 font-normal text-ink-soft">You</span>}
                    </p>
                    <p className="text-table text-ink-soft wrap-anywhere">
                        {of.email}
                        {!of.verified && ' · not confirmed'}
                    </p>
                    <p className="text-table text-ink-soft">
                        Joined <When at={of.since} />
                        {' · '}
                        {of.seen === 0 ? (
                            'never seen'
                        ) : (
                            <>
                                last seen <When at={of.seen} />
                            </>
                        )}
                        {of.factor && ` · second factor ${of.factor}`}
                    </p>
                </div>
                {managing ? (
                    <select
                        aria-label={`Role of ${of.name}`}
                        value={change.isPending ? change.variables : of.role}
                        disabled={change.isPending}
                        onChange={(event) => change.mutate(event.target.value as Role)}
                        className="h-9 rounded-lg border border-line-field bg-surface px-2 focus:border-accent focus:outline-1 focus:-outline-offset-1 focus:outline-accent disabled:opacity-60 max-sm:text-[16px]"
                    >
                        {ROLE_OPTIONS.map(([value, word]) => (
                            <option key={value} value={value}>
                                {word}
                            </option>
                        ))}
                    </select>
                ) : (
                    <p>{roleName(of.role)}</p>
                )}
                {managing &&
                    (of.self ? (
                        <span aria-hidden className="size-9" />
                    ) : (
                        <Menu
                            align="end"
                            button={
                                <Button
                                    look="quiet"
                                    size="icon"
                                    aria-label={`What to do with ${of.name}`}
                                >
                                    <Ellipsis aria-hidden size={17} />
                                </Button>
                            }
                        >
                            <MenuItem onSelect={onRemove} className="text-red">
                                Remove from the company…
                            </MenuItem>
                        </Menu>
                    ))}
            </div>
            {change.error && (
                <p role="alert" className="mt-2 text-table text-red">
                    {explain(change.error).what} {explain(change.error).todo}
                </p>
            )}
        </li>
    );
}
