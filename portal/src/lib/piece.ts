/* One piece of a long file that comes in pieces, and where the next one is (the Link header). */
import { Fault, faultFrom } from '../api/fault';

const PIECE_LIMIT_MS = 60_000;

export interface Piece {
    blob: Blob;
    next: string | undefined;
}

export async function fetchPiece(address: string): Promise<Piece> {
    let response: Response;

    try {
        response = await fetch(address, {
            credentials: 'same-origin',
            signal: AbortSignal.timeout(PIECE_LIMIT_MS),
        });
        if (response.ok)
            return {
                blob: await response.blob(),
                next: /<(\/api\/[^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1],
            };
    } catch {
        throw new Fault('unreachable', 0);
    }
    throw faultFrom(response.status, await response.json().catch(() => null));
}
