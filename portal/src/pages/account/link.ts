/* The token of a mail's link: behind the # of the address, so that it is sent to nobody but in the body of a request. */
import { useState } from 'react';

export function useLinkToken(): string {
    const [token] = useState(() => window.location.hash.slice(1));
    return token;
}
