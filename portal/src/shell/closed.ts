/* Which addresses are not for the role of whoever is logged in. */
import type { Me } from '../api/client';
import { PLACES, places, type Place } from './places';

/* The place that this address belongs to, where it may not be opened. */
export function closedAt(me: Me, path: string): Place | undefined {
    const open = places(me);
    return PLACES.find(
        (place) => place.to !== '/' && `${path}/`.startsWith(`${place.to}/`) && !open.includes(place),
    );
}
