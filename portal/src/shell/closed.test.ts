import { expect, test } from 'vitest';
import type { Me } from '../api/client';
import { closedAt } from './closed';

const viewer = { may: 'tenant:read employees:read', host: false } as Me;
const manager = { may: 'usage:read models:read', host: false } as Me;

test.each([
    [viewer, '/usage', 'Usage'],
    [viewer, '/usage/calls', 'Usage'],
    [viewer, '/settings/models', 'Models'],
    [manager, '/usage/calls', undefined],
    [manager, '/settings/models', undefined],
    [manager, '/host', 'Host'],
    [viewer, '/', undefined],
    [viewer, '/usages', undefined],
    [viewer, '/employees/x', undefined],
])('%o at %s', (me, path, name) => expect(closedAt(me, path)?.name).toBe(name));
