/* Why a model did not answer, or was not asked: one row for each code that the server may give. */
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
    llm_circuit_open: 'it failed too often just before, or took no more calls, and was left alone',
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
    cap_day: 'what is left of the cap for the day may not be enough',
    cap_month: 'what is left of the cap for the month may not be enough',
    cap_ever: 'what is left of a cap may not be enough',
    no_account: 'there is no account for it',
    no_such_model: 'it has no model for this task',
    not_allowed: 'this model is not allowed here',
    context_too_short: 'it can’t read that much at once',
    no_images: 'it can’t see pictures',
    no_tools: 'it can’t use tools',
    embeds_only: 'it does not write answers',
    does_not_embed: 'it does not embed',
};

/* As the end of a sentence: "it was overloaded"; a code that is new here reads as it is written. */
export function reasonOf(code: string): string {
    return REASONS[code] ?? code.replaceAll('_', ' ');
}
