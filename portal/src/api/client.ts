/* The one way to the server: paths and bodies are typed by its own description, every failure comes out as a Fault. */
import createClient from 'openapi-fetch';
import { Fault, faultFrom } from './fault';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Me = Schemas['Me'];
export type FactorSetup = Schemas['FactorSetup'];
export type LinkView = Schemas['LinkView'];
export type Tenancy = Schemas['Tenancy'];
export type Session = Schemas['Session'];
export type Employee = Schemas['Employee'];
export type Conversation = Schemas['Conversation'];
export type Message = Schemas['Message'];

/* The largest page, for lists that are shown whole. */
export const MOST = { limit: 200 };

const TIME_LIMIT_MS = 20_000;

export const http = createClient<paths>({
    credentials: 'same-origin',
    fetch: (request) =>
        fetch(request, {
            signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
        }),
});

/*
 * Requests that change something carry what our own pages are told and no other site's can know. It belongs to the
 * session, so it is taken from whatever answer tells of one.
 */
let csrf = '';

http.use({
    onRequest: ({ request }) => {
        if (request.method !== 'GET') request.headers.set('x-csrf', csrf);
        return request;
    },
    onResponse: async ({ response, schemaPath }) => {
        if (response.ok && /\/(me|login|login\/factor|sign-in\/finish|signup)$/.test(schemaPath))
            csrf = ((await response.clone().json()) as Me).csrf;
        return undefined;
    },
});

type Reply<T> = { data?: T; error?: unknown; response: Response };

export async function call<T>(asked: Promise<Reply<T>>): Promise<T> {
    let reply: Reply<T>;

    try {
        reply = await asked;
    } catch (cause) {
        if (cause instanceof DOMException && cause.name === 'TimeoutError')
            throw new Fault('too_slow', 0);
        if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
        throw new Fault('unreachable', 0);
    }
    if (!reply.response.ok) throw faultFrom(reply.response.status, reply.error);
    return reply.data as T;
}
