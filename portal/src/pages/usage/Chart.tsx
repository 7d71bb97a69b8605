/* What was spent as bars: upright over time, lying for names. The table under it tells the same to who does not see it. */
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { money } from './data';
import { clipped, scaleOf, type Bar as Item } from './sums';

const TICK = { fill: 'var(--ink-soft)', fontSize: 12 };
const ROW_PX = 34;

interface Props {
    items: readonly Item[];
    lying: boolean;
}

export default function Chart({ items, lying }: Props) {
    const height = lying ? Math.max(2, items.length) * ROW_PX + 30 : 200;
    const amount = {
        type: 'number' as const,
        tickFormatter: scaleOf(items),
        tick: TICK,
        tickLine: false,
        axisLine: false,
    };
    const name = {
        type: 'category' as const,
        dataKey: 'label',
        tick: TICK,
        tickLine: false,
        axisLine: { stroke: 'var(--line)' },
    };

    return (
        <div aria-hidden className="tabular">
            <ResponsiveContainer width="100%" height={height}>
                <BarChart
                    data={[...items]}
                    layout={lying ? 'vertical' : 'horizontal'}
                    margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
                    accessibilityLayer={false}
                >
                    <CartesianGrid stroke="var(--line)" vertical={lying} horizontal={!lying} />
                    {lying ? (
                        <XAxis {...amount} />
                    ) : (
                        <XAxis {...name} minTickGap={24} interval="preserveStartEnd" />
                    )}
                    {lying ? <YAxis {...name} width={160} tickFormatter={clipped} /> : <YAxis {...amount} width="auto" />}
                    <Tooltip
                        cursor={{ fill: 'var(--sunken)' }}
                        isAnimationActive={false}
                        content={Tip}
                    />
                    <Bar
                        dataKey="micros"
                        fill="var(--accent)"
                        radius={lying ? [0, 3, 3, 0] : [3, 3, 0, 0]}
                        maxBarSize={lying ? 16 : 36}
                        isAnimationActive={false}
                    />
                </BarChart>
            </ResponsiveContainer>
        </div>
    );
}

interface Pointed {
    active?: boolean;
    label?: string | number | undefined;
    payload?: readonly { value?: unknown }[];
}

function Tip({ active, label, payload }: Pointed) {
    if (!active || !payload?.length) return null;
    return (
        <div className="rounded-lg border border-line bg-raised px-3 py-1.5 text-table shadow-float">
            <span className="text-ink-soft">{label}</span>{' '}
            <span className="font-medium">{money(Number(payload[0]?.value ?? 0))}</span>
        </div>
    );
}
