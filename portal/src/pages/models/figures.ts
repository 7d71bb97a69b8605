/* What the models of an account cost and can do: what is read of it, the words for it, and what may be typed. */
import { queryOptions } from '@tanstack/react-query';
import { call, http, MOST } from '../../api/client';
import type { components } from '../../api/schema';

export type AccountModel = components['schemas']['AccountModel'];

/* Names beyond this are not looked at: nobody reads so many. */
const NAMES_MOST = 1000;

export const figuresQuery = (id: string) =>
    queryOptions({
        queryKey: ['provider-accounts', id, 'models'],
        queryFn: async ({ signal }) => {
            const all: AccountModel[] = [];
            let after: string | undefined;

            do {
                const { items, next } = await call(
                    http.GET('/api/v1/provider-accounts/{id}/models', {
                        params: { path: { id }, query: { ...MOST, ...(after && { after }) } },
                        signal,
                    }),
                );
                all.push(...items);
                after = next ?? undefined;
            } while (after && all.length < NAMES_MOST);
            return all;
        },
    });

export const isMany = (name: string): boolean => name.endsWith('*');

/* First what stands for many, then what has no price, then all others, each by name. */
export function inOrder(models: readonly AccountModel[]): AccountModel[] {
    const rank = (one: AccountModel): number => {
        if (isMany(one.name)) return 0;
        return one.price_by === 'unknown' ? 1 : 2;
    };
    return models.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

const dollars = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: 2,
    maximumFractionDigits: 6,
});

const WHENCE: Record<AccountModel['price_by'], string> = {
    own: 'your price',
    line: 'your price for all like it',
    list: 'from Konstruct’s list',
    assumed: 'assumed, as for a dear model there',
    unknown: '',
};

/* "$0.15 in, $0.60 out (your price)"; null where no price is known. */
export function priceWords({ holds_input, holds_output, price_by }: AccountModel): string | null {
    if (holds_input === null || holds_output === null) return null;
    const [input, output] = [dollars.format(Number(holds_input)), dollars.format(Number(holds_output))];
    return `${input} in, ${output} out (${WHENCE[price_by]})`;
}

const SIZES: Record<NonNullable<AccountModel['size']>, string> = {
    small: 'for small questions',
    usual: 'for usual questions',
    large: 'for hard questions',
    embeds: 'for embeddings only',
};

const number = new Intl.NumberFormat('en');

/* "uses tools, sees no pictures, reads 32,768 tokens"; '' where nothing is known. */
export function abilityWords(of: AccountModel): string {
    return [
        of.holds_tools && (of.holds_tools === 'yes' ? 'uses tools' : 'uses no tools'),
        of.holds_images && (of.holds_images === 'yes' ? 'sees pictures' : 'sees no pictures'),
        of.holds_context > 0 && `reads ${number.format(of.holds_context)} tokens`,
        of.answer > 0 && `answers ${number.format(of.answer)} at most`,
        of.holds_size && SIZES[of.holds_size],
    ]
        .filter(Boolean)
        .join(', ');
}

/* An amount of dollars as the server wants it; '' for nothing typed, null for what is none. */
export function dollarsOf(text: string): string | null {
    const plain = text.trim().replace(/^\$\s*/, '').replace(',', '.');
    if (plain === '') return '';
    if (!/^\d{1,5}(\.\d{1,6})?$/.test(plain) || Number(plain) > 10_000) return null;
    return plain;
}

/* A number of tokens, "32,768" or "128k"; 0 for nothing typed, null for what is none. */
export function tokensOf(text: string): number | null {
    const [, digits, k] = /^(\d+)\s*(k?)$/i.exec(text.replaceAll(/[\s,.'’]/g, '')) ?? [];
    if (text.trim() === '') return 0;
    const count = Number(digits) * (k ? 1000 : 1);
    return count >= 1 && count <= 100_000_000 ? count : null;
}
