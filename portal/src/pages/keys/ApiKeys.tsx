/* Keys by which programs use the API in the company's name. */
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
import { Line } from './Line';
import { Make } from './Make';
import { Models } from './Models';
import { NewSecret } from './NewSecret';
import { example, keysQuery, type ApiKey, type ApiKeyMade } from './data';

function at({ id }: ApiKey) {
    return { params: { path: { id } } };
}

type Asked = { what: 'make' } | { what: 'models' | 'rotate' | 'revoke'; of: ApiKey };

export function ApiKeys() {
    usePage('API keys');
    const client = useQueryClient();
    const { data, error, refetch } = useQuery(keysQuery);
    const [asked, setAsked] = useState<Asked | null>(null);
    const [made, setMade] = useState<ApiKeyMade | null>(null);
    const [revoked, setRevoked] = useState<string | null>(null);

    function settle(key: ApiKeyMade | null, gone: string | null): void {
        setAsked(null);
        setMade(key);
        setRevoked(gone);
        void client.invalidateQueries(keysQuery);
    }

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <div className="flex flex-wrap items-start justify-between gap-4">
                <div>
                    <h1 className="text-display font-semibold tracking-tight">API keys</h1>
                    <p className="mt-1 max-w-160 text-ink-soft">
                        For programs of your company that use Konstruct by themselves. A key acts in
                        its own name and may do only what you tick.
                    </p>
                </div>
                <Button look="primary" onClick={() => setAsked({ what: 'make' })}>
                    New key
                </Button>
            </div>
            {made && (
                <Once
                    title={`The secret of ${made.name}`}
                    secret={made.secret}
                    onDone={() => setMade(null)}
                >
                    <Example scopes={made.scopes} />
                </Once>
            )}
            {revoked && <Done className="mt-6">{revoked} is revoked.</Done>}
            <Failed error={error} again={refetch} className="mt-6" />
            {data === undefined && !error && <Skeleton className="mt-6 h-24 w-full" />}
            {data?.length === 0 && !made && (
                <section
                    aria-label="No keys yet"
                    className="mt-6 rounded-lg border border-line bg-surface px-5 py-4"
                >
                    <p className="font-medium">There are no keys yet.</p>
                    <p className="mt-1 text-ink-soft">
                        Make one, and put it in the place of the dots:
                    </p>
                    <Example />
                </section>
            )}
            {data !== undefined && data.length > 0 && (
                <ul
                    aria-label="API keys"
                    className="mt-6 rounded-lg border border-line bg-surface"
                >
                    {data.map((key) => (
                        <Line
                            key={key.id}
                            of={key}
                            onModels={() => setAsked({ what: 'models', of: key })}
                            onRotate={() => setAsked({ what: 'rotate', of: key })}
                            onRevoke={() => setAsked({ what: 'revoke', of: key })}
                        />
                    ))}
                </ul>
            )}
            {asked?.what === 'make' && (
                <Make onClose={() => setAsked(null)} onMade={(key) => settle(key, null)} />
            )}
            {asked?.what === 'models' && (
                <Models
                    of={asked.of}
                    onClose={() => setAsked(null)}
                    onDone={() => settle(null, null)}
                />
            )}
            {asked?.what === 'rotate' && (
                <NewSecret
                    of={asked.of.name}
                    about="The key stays the same and gets a new secret. Put that into the program while the old one still works."
                    hint={
                        asked.of.old_until
                            ? 'The one before the last still works; it ends at once now.'
                            : undefined
                    }
                    send={(body) =>
                        call(http.POST('/api/v1/api-keys/{id}/rotate', { ...at(asked.of), body }))
                    }
                    onClose={() => setAsked(null)}
                    onMade={(key) => settle(key, null)}
                />
            )}
            {asked?.what === 'revoke' && (
                <Confirm
                    title={`Revoke ${asked.of.name}?`}
                    about="Whatever uses it is refused from then on. This can’t be undone; what it did stays in the audit."
                    action="Revoke it"
                    send={() => call(http.DELETE('/api/v1/api-keys/{id}', at(asked.of)))}
                    onClose={() => setAsked(null)}
                    onDone={() => settle(null, asked.of.name)}
                />
            )}
        </div>
    );
}

function Example({ scopes }: { scopes?: string }) {
    return (
        <pre className="mt-3 overflow-x-auto rounded-lg bg-sunken px-3 py-2 font-mono text-table" tabIndex={0}>
            {example(window.location.origin, undefined, scopes)}
        </pre>
    );
}
