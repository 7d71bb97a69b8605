/* Apps that ask the company's people for leave, or act for themselves. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, http } from '../../api/client';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Done } from '../../components/Done';
import { Failed } from '../../components/Failed';
import { Once } from '../../components/Once';
import { Skeleton } from '../../components/Skeleton';
import { usePage } from '../../lib/page';
import { NewSecret } from '../keys/NewSecret';
import { AppLine } from './AppLine';
import { Edit } from './Edit';
import { appsQuery, type App, type AppMade } from './data';

function at({ id }: App) {
    return { params: { path: { id } } };
}

type Asked = { what: 'make' } | { what: 'edit' | 'secret' | 'remove'; of: App };

export function OauthApps() {
    usePage('OAuth apps');
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(appsQuery);
    const [asked, setAsked] = useState<Asked | null>(null);
    const [made, setMade] = useState<AppMade | null>(null);
    const [said, setSaid] = useState('');

    function settle(app: AppMade | null, words: string): void {
        setAsked(null);
        setMade(app?.secret ? app : null);
        setSaid(words);
        void client.invalidateQueries(appsQuery);
    }

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">OAuth apps</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        Programs that ask your people for leave to act in their names (OAuth 2.1), or
                        act for themselves.
                    </p>
                </div>
                <Button look="primary" onClick={() => setAsked({ what: 'make' })}>
                    New app
                </Button>
            </div>
            {made?.secret && (
                <Once
                    title={`The secret of ${made.name}`}
                    secret={made.secret}
                    onDone={() => setMade(null)}
                >
                    <p className="mt-3 text-table">
                        Its client_id is{' '}
                        <code className="font-mono select-all">{made.id}</code>
                    </p>
                </Once>
            )}
            {said && <Done className="mt-6">{said}</Done>}
            <Failed error={error} again={refetch} className="mt-6" />
            {data === undefined && !error && <Skeleton className="mt-6 h-24 w-full" />}
            {data?.length === 0 && (
                <section
                    aria-label="No apps yet"
                    className="mt-6 rounded-lg border border-line bg-surface px-5 py-4"
                >
                    <p className="font-medium">There are no apps yet.</p>
                    <p className="mt-1 text-ink-soft wrap-anywhere">
                        Whoever writes one finds everything at {window.location.origin}
                        /.well-known/oauth-authorization-server
                    </p>
                </section>
            )}
            {data !== undefined && data.length > 0 && (
                <ul aria-label="OAuth apps" className="mt-6 rounded-lg border border-line bg-surface">
                    {data.map((app) => (
                        <AppLine
                            key={app.id}
                            of={app}
                            onEdit={() => setAsked({ what: 'edit', of: app })}
                            onSecret={() => setAsked({ what: 'secret', of: app })}
                            onRemove={() => setAsked({ what: 'remove', of: app })}
                        />
                    ))}
                </ul>
            )}
            {(asked?.what === 'make' || asked?.what === 'edit') && (
                <Edit
                    of={asked.what === 'edit' ? asked.of : null}
                    onClose={() => setAsked(null)}
                    onMade={(app) => settle(app, `${app.name} is registered.`)}
                    onChanged={() => settle(null, 'Saved.')}
                />
            )}
            {asked?.what === 'secret' && (
                <NewSecret
                    of={asked.of.name}
                    about="What people have allowed the app goes on. Put the new secret into it while the old one still works."
                    send={(body) =>
                        call(http.POST('/api/v1/oauth-apps/{id}/rotate', { ...at(asked.of), body }))
                    }
                    onClose={() => setAsked(null)}
                    onMade={(app) => settle(app, '')}
                />
            )}
            {asked?.what === 'remove' && (
                <Confirm
                    title={`Remove ${asked.of.name}?`}
                    about="It and everything that people have allowed it ends at once. This can’t be undone."
                    action="Remove it"
                    send={() => call(http.DELETE('/api/v1/oauth-apps/{id}', at(asked.of)))}
                    onClose={() => setAsked(null)}
                    onDone={() => settle(null, `${asked.of.name} is removed.`)}
                />
            )}
        </div>
    );
}
