/* What a new password must be like; the server decides, this only says so sooner. */
export const SHORTEST = 12;
const LONGEST = 200;

export const passwordHint = `At least ${SHORTEST} characters. A short sentence works well.`;

export function passwordFault(password: string): string | undefined {
    const length = [...password].length;
    if (length === 0) return 'Choose a password.';
    if (length < SHORTEST) return `At least ${SHORTEST} characters; this has ${length}.`;
    if (length > LONGEST) return `At most ${LONGEST} characters; this has ${length}.`;
    return undefined;
}
