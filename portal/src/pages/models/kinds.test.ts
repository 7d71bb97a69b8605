import { expect, test } from 'vitest';
import { kindOf } from './kinds';

test.each([
    ['openai', '', '', 'openai'],
    ['openai', 'https://openrouter.ai/api/v1', '', 'like'],
    ['openai', 'https://x.openai.azure.com', '', 'azure'],
    ['openai', 'https://X.OpenAI.Azure.com/openai/v1', '', 'azure'],
    ['openai', 'https://gate.example.com/azure', '2024-10-21', 'azure'],
    ['openai', 'https://x.openai.azure.com.example.org', '', 'like'],
    ['anthropic', 'https://gate.example.com', '', 'anthropic'],
    ['ollama', 'https://ollama.example.com', '', 'ollama'],
] as const)('%s at %s %s is %s', (provider, base_url, api_version, kind) => {
    expect(kindOf({ provider, base_url, api_version })).toBe(kind);
});
