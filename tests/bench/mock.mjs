// What the mock models of the endpoint's tables say, in OpenAI's format: about as much as a short answer of a real one.
const model = 'gpt-4o-mini-2024-07-18';
const usage = { prompt_tokens: 28, completion_tokens: 50, total_tokens: 78, prompt_tokens_details: { cached_tokens: 0 } };
const made = { id: 'chatcmpl-bench0123456789abcdef', created: 1763614800, model };

export const ANSWER = JSON.stringify({
    ...made, object: 'chat.completion', usage, service_tier: 'default', system_fingerprint: 'fp_0123456789',
    choices: [{ index: 0, logprobs: null, finish_reason: 'stop', message: { role: 'assistant', refusal: null, annotations: [],
        content: 'The office is open from nine to five, and on Fridays until three. Is there anything else that you want to know?' } }],
});

const chunk = (choices, more = {}) => `data: ${JSON.stringify({ ...made, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
const choice = (delta, finish = null) => [{ index: 0, delta, finish_reason: finish }];

export const PIECES = 50;
export const FIRST = chunk(choice({ role: 'assistant', content: '' }));
export const PIECE = chunk(choice({ content: ' token' }));
export const LAST = `${chunk(choice({}, 'stop'))}${chunk([], { usage })}data: [DONE]\n\n`;
export const STREAM = FIRST + PIECE.repeat(PIECES) + LAST;
