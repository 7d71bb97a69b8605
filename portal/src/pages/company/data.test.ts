import { afterEach, expect, test, vi } from 'vitest';
import { extent, fetchArchive, size, type Export } from './data';

const made: Export = {
    id: '',
    state: 'ready',
    by: null,
    files: 20,
    files_done: 3,
    rows: 1,
    bytes: 1500,
    fault: null,
    created: 0,
    finished: 0,
    expires: 0,
};

afterEach(() => vi.unstubAllGlobals());

test('sizes are told in units that people read', () => {
    expect([0, 1, 999, 1000, 1_234_567, 8e9].map(size)).toEqual([
        '0 bytes',
        '1 byte',
        '999 bytes',
        '1 kB',
        '1.2 MB',
        '8 GB',
    ]);
});

test('while it is under way the files count, later what it holds', () => {
    expect(extent({ ...made, state: 'running' })).toBe('3 of 20 files, 1 row, 1.5 kB');
    expect(extent(made)).toBe('1 row, 1.5 kB');
});

test('pieces follow each other by the Link header', async () => {
    const asked: string[] = [];
    const told: number[] = [];

    vi.stubGlobal('fetch', (address: string) => {
        asked.push(address);
        const headers = { link: '</api/v1/exports/x/file?from=3>; rel="next"' };
        return Promise.resolve(new Response('abc', asked.length === 1 ? { headers } : {}));
    });
    const blob = await fetchArchive('x', (bytes) => told.push(bytes));
    expect(await blob.text()).toBe('abcabc');
    expect(asked).toEqual(['/api/v1/exports/x/file', '/api/v1/exports/x/file?from=3']);
    expect(told).toEqual([3, 6]);
});

test('a refused piece is a fault, not a shorter file', async () => {
    vi.stubGlobal('fetch', () =>
        Promise.resolve(Response.json({ code: 'export_gone', status: 404 }, { status: 404 })),
    );
    await expect(fetchArchive('x', () => undefined)).rejects.toMatchObject({ code: 'export_gone' });
});
