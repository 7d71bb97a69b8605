/* Times for people: how long ago, and the exact moment behind it. The server sends whole seconds. */
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

const STEPS: readonly [limit: number, unit: Intl.RelativeTimeFormatUnit, size: number][] = [
    [3600, 'minute', 60],
    [86_400, 'hour', 3600],
    [7 * 86_400, 'day', 86_400],
    [30 * 86_400, 'week', 7 * 86_400],
    [365 * 86_400, 'month', 30 * 86_400],
];

export function ago(seconds: number, nowSeconds: number): string {
    const past = Math.max(0, nowSeconds - seconds);

    if (past < 60) return 'just now';
    for (const [limit, unit, size] of STEPS)
        if (past < limit) return relative.format(-Math.floor(past / size), unit);
    return relative.format(-Math.floor(past / (365 * 86_400)), 'year');
}

export function moment(seconds: number): string {
    return exact.format(new Date(seconds * 1000));
}
