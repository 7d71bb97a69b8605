// Two OpenID providers that we did not write. `Provider` is oidc-provider, which is certified and strict: it checks PKCE,
// the client's secret and the redirect address. `Liar` is oauth2-mock-server, which says whatever a test tells it to.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { Events, OAuth2Server } from 'oauth2-mock-server';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider as OidcProvider } from 'oidc-provider';

export const CLIENT = { id: 'konstruct', secret: `a secret & more: ${randomBytes(12).toString('hex')}` };

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));

async function newKey(alg) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: randomBytes(6).toString('hex') };
}

export class Provider {
    /**
     * `people`: {account: claims}. Whoever comes is asked who they are by a page with a button for each, or, with `quiet`,
     * is the account that `login_hint` names. `settings` go to oidc-provider as they are.
     */
    static async start({ redirect, people, alg = 'RS256', auth = 'client_secret_basic', quiet = true, settings = {} }) {
        const made = new Provider();
        made.people = people;
        made.quiet = quiet;
        made.keys = [await newKey(alg)];
        made.requests = [];
        made.server = http.createServer((request, response) => made.#serve(request, response));
        made.issuer = `http://127.0.0.1:${await listen(made.server)}`;
        made.config = { redirect, alg, auth, settings };
        made.#build();
        return made;
    }

    #build() {
        const { redirect, alg, auth, settings } = this.config;
        this.provider = new OidcProvider(this.issuer, {
            clients: [{
                client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirect], token_endpoint_auth_method: auth,
                id_token_signed_response_alg: alg,
            }],
            jwks: { keys: this.keys },
            claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
            cookies: { keys: ['judge'] },
            enabledJWA: { idTokenSigningAlgValues: [alg] },
            features: { devInteractions: { enabled: false } },
            interactions: { url: (ctx, interaction) => `/ask/${interaction.uid}` },
            pkce: { required: () => true },
            ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
            findAccount: (ctx, id) => this.people[id] && { accountId: id, claims: () => ({ sub: id, ...this.people[id] }) },
            loadExistingGrant: async (ctx) => {
                const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
                grant.addOIDCScope('openid email profile');
                await grant.save();
                return grant;
            },
            ...settings,
        });
        this.answer = this.provider.callback();
    }

    async #serve(request, response) {
        this.requests.push(`${request.method} ${request.url.split('?')[0]}`);
        if (!request.url.startsWith('/ask/')) return this.answer(request, response);
        const { params } = await this.provider.interactionDetails(request, response);
        const chosen = new URL(request.url, this.issuer).searchParams.get('as')
            ?? (this.quiet ? Object.keys(this.people).find((id) => this.people[id].email === params.login_hint) : undefined);
        if (chosen === 'nobody')
            return this.provider.interactionFinished(request, response, { error: 'access_denied', error_description: '<b>No</b>' });
        if (chosen) return this.provider.interactionFinished(request, response, { login: { accountId: chosen } });
        response.setHeader('content-type', 'text/html');
        const buttons = [...Object.keys(this.people), 'nobody'].map((id) => `<button name="as" value="${id}">${id}</button>`);
        return response.end(`<!doctype html><html lang="en"><title>Who are you?</title><form>${buttons.join(' ')}</form></html>`);
    }

    /** From now on signed with a new key; the old one is published no more. */
    async rotate() {
        this.keys = [await newKey(this.config.alg)];
        this.#build();
    }

    /** How often an address was asked for. */
    count(line) {
        return this.requests.filter((one) => one === line).length;
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((done) => this.server.close(done));
    }
}

export class Liar {
    static async start() {
        const made = new Liar();
        made.server = new OAuth2Server();
        await made.server.issuer.keys.generate('RS256');
        await made.server.start(0, '127.0.0.1');
        // The address that it listens on is not the one that it names by itself.
        made.server.issuer.url = `http://127.0.0.1:${made.server.address().port}`;
        made.issuer = made.server.issuer.url;
        made.nonces = [];
        const { service } = made.server;
        service.on(Events.BeforeWellKnownOpenIdConfiguration, (answer) => {
            answer.body.token_endpoint_auth_methods_supported = ['client_secret_basic'];
            made.description?.(answer);
        });
        service.on(Events.BeforeAuthorizeRedirect, (redirect, request) => {
            made.nonce = new URL(request.url, made.issuer).searchParams.get('nonce');
            made.redirect?.(redirect.url.searchParams);
        });
        // Of the access token and the ID token only the latter is meant for us.
        service.on(Events.BeforeTokenSigning, (token) => {
            if (token.payload.aud === undefined && token.payload.nonce === undefined) return;
            Object.assign(token.payload, made.claims);
            made.lie?.(token);
        });
        service.on(Events.BeforeResponse, (answer) => {
            if (made.answer && answer.body.id_token) made.answer(answer);
        });
        return made;
    }

    /** Says the truth again, about this person. */
    honest(claims) {
        Object.assign(this, { claims, lie: undefined, answer: undefined, description: undefined, redirect: undefined });
    }

    stop() {
        return this.server.stop();
    }
}
