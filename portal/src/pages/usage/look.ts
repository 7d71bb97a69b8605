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

/* How far one looks back; a single day is told by hours. */
export const SPANS = [
    ['1', '24 hours'],
    ['7', '7 days'],
    ['30', '30 days'],
    ['90', '90 days'],
] as const;
export type Span = (typeof SPANS)[number][0];

export interface Look {
    by?: Group | undefined;
    days?: Span | undefined;
}

export function lookOf(search: Record<string, unknown>): Look {
    return {
        by: GROUPS.find(([group]) => group === search['by'])?.[0],
        days: SPANS.find(([span]) => span === String(search['days']))?.[0],
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
    model?: string | undefined;
    outcome?: Outcome | undefined;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function callsOf(search: Record<string, unknown>): Filters {
    const id = (name: string) => {
        const value = search[name];
        return typeof value === 'string' && ID.test(value) ? value : undefined;
    };
    const model = search['model'];

    return {
        employee_id: id('employee_id'),
        team_id: id('team_id'),
        key_id: id('key_id'),
        model: typeof model === 'string' && model !== '' ? model.slice(0, 200) : undefined,
        outcome: OUTCOMES.find(([outcome]) => outcome === search['outcome'])?.[0],
    };
}
