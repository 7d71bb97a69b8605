/*
 * What the addresses of these pages say. The router knows it before a page is fetched, so it stands alone, without the words
 * that are shown for it (words.ts).
 */

const GROUPS = ['day', 'employee', 'team', 'model', 'key'] as const;
export type Group = (typeof GROUPS)[number];

/* How far one looks back; a single day is told by hours. Months are those of bills and caps. */
const SPANS = ['1', '7', '30', '90', 'month', 'last'] as const;
export type Span = (typeof SPANS)[number];

const OUTCOMES = ['answered', 'refused', 'failed', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

function among<T extends string>(known: readonly T[], value: unknown): T | undefined {
    return known.find((one) => one === String(value));
}

export interface Look {
    by?: Group | undefined;
    days?: Span | undefined;
}

export function lookOf(search: Record<string, unknown>): Look {
    return {
        by: among(GROUPS, search['by']),
        days: among(SPANS, search['days']),
    };
}

export interface Filters {
    employee_id?: string | undefined;
    team_id?: string | undefined;
    key_id?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
    outcome?: Outcome | undefined;
    days?: Span | undefined;
}

/* What is no id is refused by the server; here it is enough that it is short text. */
function text(value: unknown): string | undefined {
    return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
}

export function callsOf(search: Record<string, unknown>): Filters {
    return {
        employee_id: text(search['employee_id']),
        team_id: text(search['team_id']),
        key_id: text(search['key_id']),
        provider: text(search['provider']),
        model: text(search['model']),
        outcome: among(OUTCOMES, search['outcome']),
        days: among(SPANS, search['days']),
    };
}
