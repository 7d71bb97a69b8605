import { beforeEach, expect, it, vi } from 'vitest';
import type { Unsent } from './outbox';

/* The outbox remembers in the module and in the browser; each test, and each reload, begins with a new module. */
async function load() {
    vi.resetModules();
    return import('./outbox');
}

function unsent(key: string): Unsent {
    return { key, text: `text of ${key}`, after: 0, created: 1000, told: null };
}

let stored: Record<string, string>;

beforeEach(() => {
    stored = {};
    /* Like the browser's: what is kept are its own enumerable properties. */
    vi.stubGlobal(
        'sessionStorage',
        new Proxy(stored, {
            get: (all, name: string) =>
                ({
                    getItem: (key: string) => all[key] ?? null,
                    setItem: (key: string, value: string) => (all[key] = value),
                    removeItem: (key: string) => delete all[key],
                })[name],
        }),
    );
});

it('keeps what was not sent through a reload', async () => {
    const before = await load();
    before.addUnsent('c1', unsent('a'));
    before.addUnsent('c1', unsent('b'));
    before.markUnsent('c1', 'b', { what: 'Away.', todo: 'Wait.' });
    before.dropUnsent('c1', 'a');
    const after = await load();
    expect(after.unsentAt('c1')).toEqual([
        { ...unsent('b'), told: { what: 'Away.', todo: 'Wait.' } },
    ]);
});

it('moves along when its conversation has begun', async () => {
    const { addUnsent, moveUnsent, unsentAt } = await load();
    addUnsent('new:mara', unsent('a'));
    addUnsent('new:mara', unsent('b'));
    moveUnsent('new:mara', 'c1');
    expect(unsentAt('new:mara')).toEqual([]);
    expect(unsentAt('c1').map(({ key }) => key)).toEqual(['a', 'b']);
});

it('forgets everything at the log-out, and nothing that is not its own', async () => {
    const { addUnsent, forgetUnsent, unsentAt } = await load();
    stored['somebody.else'] = 'stays';
    addUnsent('c1', unsent('a'));
    forgetUnsent();
    expect(unsentAt('c1')).toEqual([]);
    expect(Object.keys(stored)).toEqual(['somebody.else']);
});

it('works without storage, and takes no nonsense from it', async () => {
    stored['konstruct.kept.outbox.c1'] = '{"not":"a list"}';
    stored['konstruct.kept.outbox.c2'] = 'not even JSON';
    const { addUnsent, unsentAt } = await load();
    expect(unsentAt('c1')).toEqual([]);
    expect(unsentAt('c2')).toEqual([]);
    vi.stubGlobal('sessionStorage', undefined);
    addUnsent('c3', unsent('a'));
    expect(unsentAt('c3')).toHaveLength(1);
});
