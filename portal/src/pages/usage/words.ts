/* In words, what the addresses of these pages say (look.ts), in the order in which it is offered. */
import type { Group, Outcome, Span } from './look';

export const GROUPS: readonly (readonly [Group, choice: string, head: string])[] = [
    ['day', 'By time', 'Time'],
    ['employee', 'By employee', 'Employee'],
    ['team', 'By team', 'Team'],
    ['model', 'By model', 'Model'],
    ['key', 'By API key', 'API key'],
];

export const SPANS: readonly (readonly [Span, string])[] = [
    ['1', '24 hours'],
    ['7', '7 days'],
    ['30', '30 days'],
    ['90', '90 days'],
    ['month', 'This month'],
    ['last', 'Last month'],
];

export const OUTCOMES: readonly (readonly [Outcome, string])[] = [
    ['answered', 'Answered'],
    ['refused', 'Refused by the model'],
    ['failed', 'Failed'],
    ['unknown', 'Broke off unseen'],
];
