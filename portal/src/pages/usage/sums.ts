/* What was spent: which stretches of time and groups there are, what is read of them, and how a chart shows it. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';
import { csv } from '../../lib/csv';
import type { Group, Span } from './look';
import { SPANS } from './words';

export type Sum = components['schemas']['UsageSum'];

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/* Whole hours or days (UTC); `before` begins as long a time ahead, or a month. `to` 0: up to now. */
export interface Stretch {
    step: number;
    count: number;
    from: number;
    to: number;
    before: number;
}

/* Where the month begins that lies so many months before that of `now`. */
function monthAt(now: number, back: number): number {
    const date = new Date(now * 1000);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back) / 1000;
}

function monthOf(now: number, back: number): Stretch {
    const from = monthAt(now, back);
    const to = back === 0 ? 0 : monthAt(now, back - 1);
    const end = to === 0 ? now + 1 : to;
    return {
        step: DAY_S,
        count: Math.ceil((end - from) / DAY_S),
        from,
        to,
        before: monthAt(now, back + 1),
    };
}

export function stretchOf(days: Span, now: number): Stretch {
    if (days === 'month' || days === 'last') return monthOf(now, days === 'last' ? 1 : 0);
    const step = days === '1' ? HOUR_S : DAY_S;
    const count = days === '1' ? 24 : Number(days);
    const from = (Math.floor(now / step) - count + 1) * step;
    return { step, count, from, to: 0, before: from - count * step };
}

/* A point in time as the server names its hour or day. */
function nameOf(at: number, step: number): string {
    const text = new Date(at * 1000).toISOString();
    return step === HOUR_S ? `${text.slice(0, 13)}:00Z` : text.slice(0, 10);
}

const ROWS_MOST = 1000;

async function sums(
    by: 'hour' | Group,
    { from, to }: Pick<Stretch, 'from' | 'to'>,
    signal: AbortSignal,
): Promise<Sum[]> {
    const all: Sum[] = [];
    let after = '';

    do {
        const query = { by, from, ...(to ? { to } : {}), ...MOST, ...(after ? { after } : {}) };
        const page = await call(http.GET('/api/v1/usage', { params: { query }, signal }));
        all.push(...page.items);
        after = page.next ?? '';
    } while (after !== '' && all.length < ROWS_MOST);
    return all;
}

export const sumsQuery = (by: Group, { from, to, step }: Stretch) =>
    queryOptions({
        queryKey: ['usage', 'sums', by, from, to, step],
        queryFn: ({ signal }) =>
            sums(by === 'day' && step === HOUR_S ? 'hour' : by, { from, to }, signal),
        refetchInterval: 60_000,
    });

/* Over this time and the one before it, for what is told above all. */
export const trendQuery = ({ step, from, to, before }: Stretch) =>
    queryOptions({
        queryKey: ['usage', 'trend', from, to, step],
        queryFn: async ({ signal }) => {
            const by = step === HOUR_S ? 'hour' : 'day';
            const all = await sums(by, { from: before, to }, signal);
            const border = nameOf(from, step);
            return {
                now: total(all.filter((sum) => sum.id >= border)),
                before: total(all.filter((sum) => sum.id < border)),
            };
        },
        refetchInterval: 60_000,
    });

const FIGURES = [
    'calls', 'failed', 'input_tokens', 'cached_tokens', 'output_tokens', 'reasoning_tokens', 'images', 'cost_micros',
    'estimated', 'unknown',
] as const satisfies readonly (keyof Sum)[];
export type Figures = Pick<Sum, (typeof FIGURES)[number]>;

export function total(part: readonly Figures[]): Figures {
    const add = (figure: keyof Figures) => part.reduce((sum, one) => sum + one[figure], 0);
    return Object.fromEntries(FIGURES.map((figure) => [figure, add(figure)])) as unknown as Figures;
}

/* What of the whole is in no group: a program's calls are of no employee, say. Null: nothing is. */
export function restOf(whole: Figures, groups: readonly Figures[]): Figures | null {
    const known = total(groups);
    const rest = Object.fromEntries(
        FIGURES.map((figure) => [figure, Math.max(0, whole[figure] - known[figure])]),
    ) as unknown as Figures;
    return rest.calls > 0 ? rest : null;
}

export function csvOfSums(sums: readonly Sum[]): string {
    return csv(['id', 'name', ...FIGURES], sums);
}

export interface Bar {
    id: string;
    label: string;
    micros: number;
}

/* One for each hour or day, also where nothing was; the oldest first. */
export function steps(found: readonly Sum[], { step, count, from }: Stretch): Bar[] {
    const costs = new Map(found.map((sum) => [sum.id, sum.cost_micros]));
    return Array.from({ length: count }, (_, i) => {
        const id = nameOf(from + i * step, step);
        return { id, label: shortOf(id), micros: costs.get(id) ?? 0 };
    });
}

/* Amounts on an axis, each with as many places as tell two of them apart. */
export function scaleOf(items: readonly Bar[]): (micros: number) => string {
    const most = Math.max(...items.map(({ micros }) => micros), 1) / 1e6;
    const places = Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(most))));
    const format = new Intl.NumberFormat('en', {
        style: 'currency',
        currency: 'USD',
        minimumFractionDigits: places,
    });
    return (micros) => format.format(micros / 1e6);
}

const BARS_MOST = 8;

export function largest(by: Group, found: readonly Sum[]): Bar[] {
    return [...found]
        .sort((a, b) => b.cost_micros - a.cost_micros)
        .slice(0, BARS_MOST)
        .map((sum) => ({
            id: sum.id,
            label: by === 'model' ? sum.id.slice(sum.id.indexOf(' ') + 1) : labelOf(by, sum),
            micros: sum.cost_micros,
        }));
}

const LABEL_MOST = 19;

/* Beside a bar there is room for so much of a name; the whole one is told when it is pointed at. */
export function clipped(label: string): string {
    return label.length > LABEL_MOST ? `${label.slice(0, LABEL_MOST - 1).trimEnd()}…` : label;
}

/* "9 % less than in the 30 days before" */
export function compared(now: number, before: number, days: Span): string | null {
    const span = days === 'last' ? 'month' : SPANS.find(([value]) => value === days)![1];

    if (before === 0 || days === 'month') return null;
    const percent = Math.round((Math.abs(now - before) / before) * 100);
    if (percent === 0) return `as much as in the ${span} before`;
    return `${percent.toLocaleString('en')} % ${now < before ? 'less' : 'more'} than in the ${span} before`;
}

const DAY = { weekday: 'short', day: 'numeric', month: 'long', timeZone: 'UTC' } as const;
const HOUR = { ...DAY, month: 'short', hour: '2-digit', minute: '2-digit' } as const;
const SHORT_DAY = { day: 'numeric', month: 'short', timeZone: 'UTC' } as const;
const SHORT_HOUR = { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' } as const;

function isHour(id: string): boolean {
    return id.length > 'YYYY-MM-DD'.length;
}

function timeOf(id: string): Date {
    return new Date(isHour(id) ? id : `${id}T00:00Z`);
}

/* For the foot of a chart: "3 May", or "14:00". */
function shortOf(id: string): string {
    return timeOf(id).toLocaleString('en-GB', isHour(id) ? SHORT_HOUR : SHORT_DAY);
}

/* The hour or day of a group in words; other groups by their name. */
export function labelOf(by: Group, sum: Sum): string {
    if (by !== 'day') return sum.name ?? (by === 'model' ? sum.id : 'No longer here');
    return timeOf(sum.id).toLocaleString('en-GB', isHour(sum.id) ? HOUR : DAY);
}
