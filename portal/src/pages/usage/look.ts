/* What the addresses of these pages say. The router knows it before a page is fetched, so it stands alone. */
import type { components } from '../../api/schema';

export const GROUPS = [
    ['day', 'By time', 'Time'],
    ['employee', 'By employee', 'Employee'],
    ['team', 'By team', 'Team'],
    ['model', 'By model', 'Model'],
    ['key', 'By API key', 'API key'],
] as const;
export type Group = (typeof GROUPS)[number][0];

/* How far one looks back; a single day is told by hours. Months are those of bills and caps. */
export const SPANS = [
    ['1', '24 hours'],
    ['7', '7 days'],
    ['30', '30 days'],
    ['90', '90 days'],
    ['month', 'This month'],
    ['last', 'Last month'],
] as const;
export type Span = (typeof SPANS)[number][0];

function spanOf(value: unknown): Span | undefined {
    return SPANS.find(([span]) => span === String(value))?.[0];
}

export interface Look {
    by?: Group | undefined;
    days?: Span | undefined;
}

export function lookOf(search: Record<string, unknown>): Look {
    return {
        by: GROUPS.find(([group]) => group === search['by'])?.[0],
        days: spanOf(search['days']),
    };
}

type Outcome = components['schemas']['UsageCall']['outcome'];

export const OUTCOMES: readonly (readonly [Outcome, string])[] = [
    ['answered', 'Answered'],
    ['refused', 'Refused by the model'],
    ['failed', 'Failed'],
    ['unknown', 'Broke off unseen'],
];

export interface Filters {
    employee_id?: string | undefined;
    team_id?: string | undefined;
    key_id?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
    outcome?: Outcome | undefined;
    days?: Span | undefined;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function callsOf(search: Record<string, unknown>): Filters {
    const id = (name: string) => {
        const value = search[name];
        return typeof value === 'string' && ID.test(value) ? value : undefined;
    };
    const text = (name: string) => {
        const value = search[name];
        return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
    };

    return {
        employee_id: id('employee_id'),
        team_id: id('team_id'),
        key_id: id('key_id'),
        provider: text('provider'),
        model: text('model'),
        outcome: OUTCOMES.find(([outcome]) => outcome === search['outcome'])?.[0],
        days: spanOf(search['days']),
    };
}
