/* The kinds of accounts that people tell apart, and what each of them asks for. The server knows three providers. */
import type { ProviderAccount } from './data';

export interface Kind {
    name: string;
    provider: ProviderAccount['provider'];
    /* An address is asked for, like this one. */
    address?: string;
    addressHint?: string;
    key: 'needed' | 'if any';
    /* The names that requests use have to be typed in, since the provider does not list them. */
    named?: true;
    modelsHint: string;
    apis?: true;
    version?: true;
}

const ANY = 'With blanks between. Empty: all that the account offers.';

export const KINDS = {
    openai: {
        name: 'OpenAI',
        provider: 'openai',
        key: 'needed',
        modelsHint: ANY,
        apis: true,
    },
    anthropic: { name: 'Anthropic', provider: 'anthropic', key: 'needed', modelsHint: ANY },
    azure: {
        name: 'Azure OpenAI',
        provider: 'openai',
        address: 'https://your-resource.openai.azure.com',
        addressHint: 'The endpoint of your resource.',
        key: 'needed',
        named: true,
        modelsHint: 'The names of your deployments, with blanks between.',
        apis: true,
        version: true,
    },
    ollama: {
        name: 'Ollama',
        provider: 'ollama',
        address: 'https://ollama.example.com',
        addressHint: 'Where your server can be reached from here.',
        key: 'if any',
        modelsHint: ANY,
    },
    like: {
        name: 'Other, in OpenAI’s format',
        provider: 'openai',
        address: 'https://models.example.com/v1',
        addressHint: 'OpenRouter, vLLM, LM Studio, a gateway: its address, mostly with /v1 at the end.',
        key: 'if any',
        modelsHint: ANY,
        apis: true,
    },
} satisfies Record<string, Kind>;
export type KindName = keyof typeof KINDS;

export const KIND_OPTIONS = (Object.keys(KINDS) as KindName[]).map(
    (kind) => [kind, KINDS[kind].name] as const,
);

export function kindNamed(name: string): Kind {
    return KINDS[name as KindName];
}

const AZURE = /^https:\/\/[^/]+\.(openai|cognitiveservices|services\.ai)\.azure\.com(\/|\?|$)/i;

export function kindOf({
    provider,
    base_url,
    api_version,
}: Pick<ProviderAccount, 'provider' | 'base_url' | 'api_version'>): KindName {
    if (provider !== 'openai') return provider;
    if (AZURE.test(base_url) || api_version !== '') return 'azure';
    return base_url === '' ? 'openai' : 'like';
}
