/* How an answer came about, in words: what was asked of whom, and why nobody else. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../api/client';
import type { components } from '../api/schema';
import { reasonOf } from '../lib/reasons';

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

/* "anthropic · claude-opus-4-5, account Ours"; of a colleague "Ben: openai · gpt-5" */
export function nameOf({
    colleague,
    provider,
    model,
    account,
}: Pick<Call, 'colleague' | 'provider' | 'model' | 'account'>): string {
    const name = provider === 'starter' ? 'Built-in starter' : `${provider} · ${model}`;
    const whose = colleague === null ? '' : `${colleague}: `;
    return account === null ? `${whose}${name}` : `${whose}${name}, account ${account}`;
}

/* "Mara asked Ben: What is left?", where this call is the first of what Ben was asked then. */
export function askedAt(calls: readonly Call[], at: number): string | null {
    const call = calls[at];
    if (!call?.question || calls[at - 1]?.step === call.step) return null;
    return `${call.asker} asked ${call.colleague}: ${call.question}`;
}

export function repliedIn({ colleague, reply }: Pick<Call, 'colleague' | 'reply'>): string | null {
    return reply === null ? null : `${colleague} said: ${reply}`;
}

export function purposeOf({ purpose }: Pick<Call, 'purpose'>): string | null {
    return purpose === null ? null : (PURPOSES[purpose] ?? null);
}

const TASKS: Record<string, string> = {
    chat: 'an ordinary question, so a model of usual size was asked',
    'small-talk': 'small talk, so a small model was asked',
    classify: 'something to classify, so a small model was asked',
    summarise: 'something to summarise, so a small model was asked',
    reason: 'something to reason about, so a large model was asked',
};

/* Null where an admin chose the model, whatever the message. */
export function takenFor(task: string | null): string | null {
    const told = task === null ? undefined : TASKS[task];
    return told === undefined ? null : `Taken for ${told}.`;
}

const TOOLS: Record<string, string> = {
    ask_colleague: 'to ask a colleague',
};

/* "date_and_time order_find" as "date and time, order find", each once */
function toolNames(tools: string | null): string {
    const names = new Set(tools?.split(' ') ?? []);
    if (names.size === 0) return 'a tool';
    return [...names].map((name) => TOOLS[name] ?? name.replaceAll('_', ' ')).join(', ');
}

/* What came of it, as a sentence without its subject. */
export function resultOf({ code, status, ms, asked, tools }: Call): string {
    if (code === 'tools')
        return `Wanted ${toolNames(tools)} first, after ${duration(ms)}.`;
    if (code === 'answered') return `Answered in ${duration(ms)}.`;
    if (code === 'refused') return `Refused to answer, in ${duration(ms)}.`;
    const reason = reasonOf(code);
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
