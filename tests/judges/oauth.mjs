// An OAuth client that we did not write: openid-client, which is certified. It checks what comes back: the issuer, the
// state, the form of answers. Over HTTPS with the certificate of the instance, which nobody else signs.
import https from 'node:https';
import * as client from 'openid-client';

/** `fetch` that trusts this certificate authority. */
export function fetchWith(ca) {
    return async (address, { method = 'GET', headers = {}, body } = {}) => {
        const text = body === undefined || body === null ? undefined : `${body}`;
        const sent = { ...Object.fromEntries(new Headers(headers)), ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }) };
        return new Promise((done, failed) => {
            const request = https.request(address, { method, headers: sent, ca }, (answer) => {
                const parts = [];
                answer.on('data', (part) => parts.push(part)).on('end', () => {
                    const empty = answer.statusCode === 204;
                    done(new Response(empty ? null : Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers }));
                });
            });
            request.on('error', failed).end(text);
        });
    };
}

export class App {
    /** Reads the metadata of the server; an app without a secret proves itself by PKCE alone. */
    static async discover({ origin, ca, id, secret, back, auth }) {
        const app = new App();
        app.fetch = fetchWith(ca);
        app.back = back;
        app.config = await client.discovery(new URL(origin), id, undefined, auth?.(secret) ?? (secret ? client.ClientSecretBasic(secret) : client.None()), {
            algorithm: 'oauth2', [client.customFetch]: app.fetch,
        });
        return app;
    }

    /** Where to send a person; what comes back is checked against it. */
    async begin(more = {}) {
        this.verifier = client.randomPKCECodeVerifier();
        this.state = client.randomState();
        return client.buildAuthorizationUrl(this.config, {
            redirect_uri: this.back, scope: 'employees:read', state: this.state,
            code_challenge: await client.calculatePKCECodeChallenge(this.verifier), code_challenge_method: 'S256', ...more,
        });
    }

    finish = (way, { verifier = this.verifier } = {}) =>
        client.authorizationCodeGrant(this.config, new URL(way), { pkceCodeVerifier: verifier, expectedState: this.state });

    refresh = (token, more) => client.refreshTokenGrant(this.config, token, more);
    own = (more) => client.clientCredentialsGrant(this.config, more);
    revoke = (token) => client.tokenRevocation(this.config, token);
    ask = (token) => client.tokenIntrospection(this.config, token);
    use = (token, path) => client.fetchProtectedResource(this.config, token, new URL(path, this.config.serverMetadata().issuer), 'GET');
}

export const bySecretInForm = client.ClientSecretPost;
