/* The query of an app as one word, and back: every byte of it comes through. */

export function wrap(query: string): string {
    const bytes = new TextEncoder().encode(query.replace(/^\?/, ''));
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return `q${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

export function unwrap(word: unknown): string {
    if (typeof word !== 'string' || !/^q[\w-]*$/.test(word)) return '';
    const text = atob(word.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
}
