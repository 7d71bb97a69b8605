/* What the page Company reads: exports, how far they are, and their files in pieces. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';
import { fetchPiece, type Piece } from '../../lib/piece';

export type Export = components['schemas']['Export'];
export type Erasure = components['schemas']['Erasure'];

const LOOK_MS = 1000;

export const running = ({ state }: Export): boolean => state === 'waiting' || state === 'running';

export const exportsQuery = queryOptions({
    queryKey: ['exports'],
    queryFn: async ({ signal }) => (await call(http.GET('/api/v1/exports', { signal }))).items,
    refetchInterval: ({ state }) => (state.data?.some(running) ? LOOK_MS : false),
});

export const erasureQuery = queryOptions({
    queryKey: ['erasure'],
    queryFn: ({ signal }) => call(http.GET('/api/v1/erasure', { signal })),
    staleTime: 30_000,
});

const number = new Intl.NumberFormat('en');

/* "12 of 28 tables, 40,211 rows, 3.4 MB": how far it is, or how large it became. */
export function extent(of: Export): string {
    const rows = `${number.format(of.rows)} ${of.rows === 1 ? 'row' : 'rows'}, ${size(of.bytes)}`;
    return running(of) ? `${of.files_done} of ${of.files} files, ${rows}` : rows;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function size(bytes: number): string {
    const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
    return new Intl.NumberFormat('en', {
        style: 'unit',
        unit: UNITS[power]!,
        unitDisplay: power === 0 ? 'long' : 'short',
        maximumFractionDigits: power === 0 ? 0 : 1,
    }).format(bytes / 1000 ** power);
}

/* The whole archive. The browser keeps the pieces, on its disk when they are many; tells how much is here. */
export async function fetchArchive(id: string, onBytes: (bytes: number) => void): Promise<Blob> {
    const pieces: Blob[] = [];
    let next: string | undefined = `/api/v1/exports/${id}/file`;
    let bytes = 0;

    while (next) {
        const got: Piece = await fetchPiece(next);
        pieces.push(got.blob);
        bytes += got.blob.size;
        next = got.next;
        onBytes(bytes);
    }
    return new Blob(pieces, { type: 'application/x-tar' });
}
