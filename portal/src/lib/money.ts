/* Money for people: the server counts in millionths of a dollar. */
const cents = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });
const fine = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: 'USD',
    maximumSignificantDigits: 2,
});

/* Cents, and below one cent as many places as tell something. */
export function money(micros: number): string {
    return micros > 0 && micros < 10_000 ? fine.format(micros / 1e6) : cents.format(micros / 1e6);
}
