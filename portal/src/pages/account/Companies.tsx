/* The companies that one belongs to, and leaving one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http, type Tenancy } from '../../api/client';
import { explain } from '../../api/fault';
import { tenantsQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Notice } from '../../components/Notice';
import { Skeleton } from '../../components/Skeleton';
import { roleName } from '../../lib/roles';
import { moved } from '../../lib/tabs';
import { Section } from './Section';

export function Companies() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const tenants = useQuery(tenantsQuery);
    const [leaving, setLeaving] = useState<Tenancy | null>(null);

    return (
        <Section
            title="Companies"
            about="Where you belong, with this one log-in. Whoever leaves needs an invitation to come back."
        >
            {tenants.error && <Notice told={explain(tenants.error)} />}
            {tenants.isPending && <Skeleton className="h-12 w-full" />}
            {tenants.data && (
                <ul aria-label="Companies">
                    {tenants.data.map((tenant) => (
                        <li
                            key={tenant.id}
                            className="flex min-h-12 items-center gap-3 border-b border-line py-2 last:border-0"
                        >
                            <div className="min-w-0 flex-1">
                                <p className="font-medium wrap-anywhere">{tenant.name}</p>
                                <p className="text-table text-ink-soft">
                                    {roleName(tenant.role)}
                                    {tenant.id === me.tenant_id && ' · where you are now'}
                                </p>
                            </div>
                            <Button
                                size="small"
                                onClick={() => setLeaving(tenant)}
                                aria-label={`Leave ${tenant.name}`}
                            >
                                Leave
                            </Button>
                        </li>
                    ))}
                </ul>
            )}
            {leaving && (
                <Confirm
                    title={`Leave ${leaving.name}?`}
                    about="You are logged out of it at once and can’t come back without an invitation. Your conversations stay there."
                    action="Leave it"
                    send={() =>
                        call(
                            http.DELETE('/api/v1/tenants/{id}/membership', {
                                params: { path: { id: leaving.id } },
                            }),
                        )
                    }
                    onClose={() => setLeaving(null)}
                    onDone={() => {
                        if (leaving.id === me.tenant_id) return moved();
                        setLeaving(null);
                        void client.invalidateQueries(tenantsQuery);
                    }}
                />
            )}
        </Section>
    );
}
