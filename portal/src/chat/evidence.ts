/* How an answer came about, in words: what was asked of whom, and why nobody else. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../api/client';
import type { components } from '../api/schema';

export type Evidence = components['schemas']['Evidence'];
export type Call = components['schemas']['EvidenceCall'];

/* What has happened does not change. */
export const evidenceQuery = (id: string) =>
    queryOptions({
        queryKey: ['evidence', id],
        queryFn: async ({ signal }) => {
            const params = { path: { id } };
            const [whole, calls] = await Promise.all([
                call(http.GET('/api/v1/messages/{id}/evidence', { params, signal })),
                call(http.GET('/api/v1/messages/{id}/calls', { params, signal })),
            ]);
            return { whole, calls: calls.items };
        },
        staleTime: Infinity,
    });

const REASONS: Record<string, string> = {
    llm_overloaded: 'it was overloaded',
    llm_rate_limited: 'it had too many requests',
    llm_key_refused: 'it refused the key',
    llm_no_key: 'no key is set',
    llm_no_credit: 'its account has no credit left',
    llm_model_unknown: 'it does not know this model',
    llm_too_long: 'the question was too long for it',
    llm_bad_request: 'it refused the question',
    llm_filtered: 'its safety filter refused',
    llm_broken: 'its answer could not be read',
    llm_torn: 'its answer broke off',
    llm_empty: 'its answer was empty',
    llm_cannot: 'it can’t do what was asked',
    llm_circuit_open: 'it failed too often just before, and was left alone',
    llm_cancelled: 'nobody waited any more',
    http_timeout: 'it took too long',
    http_connect: 'it could not be reached',
    http_tls: 'its certificate was not accepted',
    http_broken: 'the connection broke',
    http_private: 'its address leads into a private network',
    http_too_late: 'it took too long',
    http_too_long: 'its answer was too long',
    http_stopped: 'its answer could not be read',
    http_url: 'its address is no address',
    cap_day: 'the cap for the day is used up',
    cap_month: 'the cap for the month is used up',
    cap_ever: 'a cap is used up',
    no_account: 'there is no account for it',
    no_such_model: 'it has no model for this task',
    not_allowed: 'this model is not allowed here',
    context_too_short: 'it can’t read that much at once',
    no_images: 'it can’t see pictures',
    no_tools: 'it can’t use tools',
    embeds_only: 'it does not write answers',
    does_not_embed: 'it does not embed',
};

const PURPOSES: Record<string, string> = {
    primary: 'first choice',
    fallback: 'fallback',
    local: 'local',
    task: 'suits the task',
};

const seconds = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const number = new Intl.NumberFormat('en');

export function tokens(count: number): string {
    return number.format(count);
}

export function duration(ms: number): string {
    return ms < 1000 ? `${ms} ms` : `${seconds.format(ms / 1000)} s`;
}

/* "anthropic · claude-opus-4-5, account Ours" */
export function nameOf({
    provider,
    model,
    account,
}: Pick<Call, 'provider' | 'model' | 'account'>): string {
    const name = provider === 'starter' ? 'Built-in starter' : `${provider} · ${model}`;
    return account === null ? name : `${name}, account ${account}`;
}

export function purposeOf({ purpose }: Pick<Call, 'purpose'>): string | null {
    return purpose === null ? null : (PURPOSES[purpose] ?? null);
}

/* "date_and_time order_find" as "date and time, order find" */
function toolNames(tools: string | null): string {
    return tools?.split(' ').map((name) => name.replaceAll('_', ' ')).join(', ') ?? 'a tool';
}

/* What came of it, as a sentence without its subject. */
export function resultOf({ code, status, ms, asked, tools }: Call): string {
    if (code === 'tools')
        return `Wanted ${toolNames(tools)} first, after ${duration(ms)}.`;
    if (code === 'answered') return `Answered in ${duration(ms)}.`;
    if (code === 'refused') return `Refused to answer, in ${duration(ms)}.`;
    const reason = REASONS[code] ?? code.replaceAll('_', ' ');
    const told = status > 0 ? `${reason} (${status})` : reason;
    return asked ? `Failed after ${duration(ms)}: ${told}.` : `Not asked: ${told}.`;
}

/* Of what the question was made, in the order in which it is sent. */
export function partsOf(whole: Evidence): readonly [name: string, tokens: number][] {
    return [
        ['Persona', whole.persona_tokens],
        ['Knowledge', whole.knowledge_tokens],
        ['Memory', whole.memory_tokens],
        ['Tools', whole.tools_tokens],
        ['Conversation', whole.history_tokens],
    ];
}
