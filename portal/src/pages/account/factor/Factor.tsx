/* The second factor of whoever is logged in: off, being set up, or on with its recovery codes. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouteContext } from '@tanstack/react-router';
import { useState } from 'react';
import { call, http } from '../../../api/client';
import { factorQuery } from '../../../api/queries';
import { Button } from '../../../components/Button';
import { Done } from '../../../components/Done';
import { Failed } from '../../../components/Failed';
import { Skeleton } from '../../../components/Skeleton';
import { When } from '../../../components/When';
import { may } from '../../../shell/places';
import { Section } from '../Section';
import { Codes } from './Codes';
import { Proof } from './Proof';
import { Rule } from './Rule';
import { SetUp } from './SetUp';

type Doing = { what: 'looking' | 'renewing' | 'ending' } | { what: 'keeping'; codes: string[] };

function On({ since, left, onAct }: { since: number; left: number; onAct: (doing: Doing) => void }) {
    return (
        <div className="grid gap-3">
            <Done>
                On since <When at={since} />.
            </Done>
            <p className={left < 3 ? 'text-amber' : 'text-ink-soft'}>
                {left === 1 ? '1 recovery code is left.' : `${left} recovery codes are left.`}
                {left < 3 && ' Make new ones soon.'}
            </p>
            <div className="flex flex-wrap gap-2">
                <Button onClick={() => onAct({ what: 'renewing' })}>New recovery codes</Button>
                <Button onClick={() => onAct({ what: 'ending' })}>Turn off</Button>
            </div>
        </div>
    );
}

export function Factor() {
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const client = useQueryClient();
    const factor = useQuery(factorQuery);
    const [doing, setDoing] = useState<Doing>({ what: 'looking' });

    async function look(): Promise<void> {
        await client.invalidateQueries(factorQuery);
        setDoing({ what: 'looking' });
    }

    function content() {
        if (factor.error)
            return <Failed error={factor.error} again={factor.refetch} />;
        if (!factor.data) return <Skeleton className="h-12 w-full" />;
        if (doing.what === 'keeping')
            return (
                <Codes
                    codes={doing.codes}
                    email={me.email}
                    then="I have kept them"
                    onKept={() => void look()}
                />
            );
        if (!factor.data.on)
            return <SetUp email={me.email} then="I have kept them" onDone={() => void look()} />;
        if (doing.what === 'renewing')
            return (
                <Proof
                    name="New recovery codes"
                    about="Those that you have now stop working."
                    act="Make new codes"
                    send={(body) => call(http.POST('/api/v1/factor/codes', { body }))}
                    onDone={({ items }) =>
                        setDoing({ what: 'keeping', codes: items.map(({ code }) => code) })
                    }
                    onCancel={() => setDoing({ what: 'looking' })}
                />
            );
        if (doing.what === 'ending')
            return (
                <Proof
                    name="Turn off the second factor"
                    about="From then on your password alone lets you in."
                    act="Turn it off"
                    send={(body) => call(http.POST('/api/v1/factor/off', { body }))}
                    onDone={() => void look()}
                    onCancel={() => setDoing({ what: 'looking' })}
                />
            );
        return (
            <On since={factor.data.since} left={factor.data.codes_left} onAct={setDoing} />
        );
    }

    return (
        <Section
            title="Second factor"
            about="A code of an app on your telephone, asked for after the password: who learns your password alone stays outside."
        >
            {content()}
            {factor.data && may(me, 'tenant:secure') && (factor.data.on || factor.data.required) && (
                <Rule company={me.tenant_name} required={factor.data.required} />
            )}
        </Section>
    );
}
