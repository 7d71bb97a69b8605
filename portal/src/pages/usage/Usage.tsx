/* What the models cost: against the caps, and over time by employee, team, model and key. */
import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useRouteContext } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { PostPlace } from '../posts/PostPlace';
import { cx } from '../../lib/cx';
import { usePage } from '../../lib/page';
import { may } from '../../shell/places';
import { Caps } from './Caps';
import { Sums } from './Sums';
import { Unpriced } from './Unpriced';
import { ALERT_WORDS, alertPlace } from './alerts';
import { money } from './data';
import type { Span } from './look';
import { compared, stretchOf, trendQuery, type Stretch } from './sums';
import { GROUPS, SPANS } from './words';

const route = getRouteApi('/inside/usage');
const number = new Intl.NumberFormat('en');
const HOUR_S = 3600;

/* The present hour: what is asked for stays the same until it is over. */
function hour(): number {
    return Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S;
}

function onHour(tell: () => void): () => void {
    const timer = window.setInterval(tell, 30_000);
    return () => clearInterval(timer);
}

export function Usage() {
    usePage('Usage');
    const { by = 'day', days = '30' } = route.useSearch();
    const navigate = route.useNavigate();
    const me = useRouteContext({ from: '/inside', select: (context) => context.me });
    const stretch = stretchOf(days, useSyncExternalStore(onHour, hour));

    return (
        <div className="mx-auto max-w-280 px-4 py-8 sm:px-8 sm:py-10">
            <h1 className="text-display font-semibold tracking-tight">Usage</h1>
            <p className="mt-1 max-w-2xl text-ink-soft">
                What your employees’ models cost. Before a model is asked, the most that it can cost
                is held against every cap, so none is ever passed.
            </p>
            <section aria-labelledby="caps" className="mt-7">
                <Caps />
                <Unpriced />
                <PostPlace
                    to={alertPlace}
                    words={ALERT_WORDS}
                    mayChoose={may(me, 'caps:manage')}
                />
            </section>
            <section aria-labelledby="sums" className="mt-9">
                <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
                    <div>
                        <h2 id="sums" className="text-body font-semibold">
                            Spent
                        </h2>
                        <Trend stretch={stretch} days={days} />
                    </div>
                    <Choice
                        label="Time"
                        options={SPANS}
                        value={days}
                        onChoose={(value) => void navigate({ search: { by, days: value }, replace: true })}
                    />
                </div>
                <div className="mt-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
                    <Choice
                        label="Grouped"
                        options={GROUPS}
                        value={by}
                        onChoose={(value) => void navigate({ search: { by: value, days }, replace: true })}
                    />
                    <Link
                        to="/usage/calls"
                        search={{ days }}
                        className="text-accent-text underline underline-offset-3"
                    >
                        Call by call
                    </Link>
                </div>
                <Sums by={by} days={days} stretch={stretch} />
                <p className="mt-2 text-table text-ink-soft">Hours and days are those of UTC.</p>
            </section>
        </div>
    );
}

function Trend({ stretch, days }: { stretch: Stretch; days: Span }) {
    const { data } = useQuery(trendQuery(stretch));
    const beside = data && compared(data.now.cost_micros, data.before.cost_micros, days);

    return (
        <p className="tabular min-h-5.5 text-ink-soft">
            {data && (
                <>
                    <span className="text-title font-semibold text-ink">
                        {money(data.now.cost_micros)}
                    </span>{' '}
                    in {number.format(data.now.calls)} {data.now.calls === 1 ? 'call' : 'calls'}
                    {beside && `, ${beside}`}
                </>
            )}
        </p>
    );
}

interface ChoiceProps<T extends string> {
    label: string;
    options: readonly (readonly [T, string, ...string[]])[];
    value: T;
    onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
    return (
        <div role="group" aria-label={label} className="flex flex-wrap gap-1">
            {options.map(([option, word]) => (
                <button
                    key={option}
                    type="button"
                    aria-pressed={option === value}
                    onClick={() => onChoose(option)}
                    className={cx(
                        'h-8 cursor-pointer rounded-lg px-3 transition-colors duration-120',
                        option === value
                            ? 'bg-accent-soft font-medium text-accent-text'
                            : 'text-ink-soft hover:bg-sunken hover:text-ink',
                    )}
                >
                    {word}
                </button>
            ))}
        </div>
    );
}
