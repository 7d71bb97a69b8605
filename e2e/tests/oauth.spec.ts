/* OAuth as people see it: an app is registered, asks, is allowed or denied, and its access is ended. */
import { createHash, randomUUID } from 'node:crypto';
import AxeBuilder from '@axe-core/playwright';
import type { APIRequestContext, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { fillLogIn, logOut, signUp } from '../lib/people';

/* Nobody listens there: the browser's way back is caught before it leaves. */
const BACK = 'https://app.example/back';
const verifier = `${randomUUID()}${randomUUID()}`;
const challenge = createHash('sha256').update(verifier).digest('base64url');

interface App {
    id: string;
    secret: string;
}

async function register(page: Page): Promise<App> {
    await page.goto('/settings/oauth-apps');
    await page.getByRole('button', { name: 'New app' }).click();
    await page.getByLabel('Name').fill('Meeting notes');
    await page.getByLabel('Redirect addresses').fill(BACK);
    await page.getByRole('checkbox', { name: 'tenant:read' }).check();
    await page.getByRole('checkbox', { name: 'employees:read' }).check();
    await page.getByRole('button', { name: 'Register the app' }).click();
    const once = page.getByRole('region', { name: 'The secret of Meeting notes' });
    const secret = await once.locator('code').first().innerText();
    const id = await once.locator('code').last().innerText();
    expect(secret).toMatch(/^kss_/);
    return { id, secret };
}

const ask = (app: App, state: string, more: Record<string, string> = {}) =>
    `/oauth/authorize?${new URLSearchParams({
        client_id: app.id,
        response_type: 'code',
        redirect_uri: BACK,
        scope: 'employees:read',
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...more,
    })}`;

async function caught(page: Page): Promise<() => URL> {
    let way: URL | undefined;
    await page.route('https://app.example/**', (route) => {
        way = new URL(route.request().url());
        return route.fulfill({ contentType: 'text/html', body: '<title>Back</title>Back at the app' });
    });
    return () => way!;
}

async function tokens(request: APIRequestContext, app: App, form: Record<string, string>) {
    return request.post('/oauth/token', {
        form: { ...form, client_id: app.id, client_secret: app.secret },
    });
}

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

test('an app is allowed after the log-in, acts, and its access is ended', async ({ page, request }) => {
    const person = await signUp(page);
    const app = await register(page);
    await clean(page);
    const back = await caught(page);

    await logOut(page);
    /* A state that a router could take for a number. */
    await page.goto(ask(app, '1e3'));
    await fillLogIn(page, person);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Meeting notes wants to use Konstruct in your name');
    await expect(page.getByText(person.company)).toBeVisible();
    await expect(page.getByRole('list', { name: 'What it could do' })).toHaveText('See the employees');
    await expect(page.getByText('https://app.example.')).toBeVisible();
    await clean(page);
    await page.getByRole('button', { name: 'Allow' }).click();
    await expect(page.getByText('Back at the app')).toBeVisible();
    expect(back().searchParams.get('state')).toBe('1e3');
    expect(back().searchParams.get('iss')).toMatch(/^https:\/\//);

    const code = back().searchParams.get('code')!;
    const got = await tokens(request, app, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: BACK,
        code_verifier: verifier,
    });
    expect(got.status()).toBe(200);
    const { access_token: token } = (await got.json()) as { access_token: string };
    const use = (path: string) => request.get(path, { headers: { authorization: `Bearer ${token}` } });
    expect(await (await use('/api/v1/employees')).text()).toContain('Mara');
    expect((await use('/api/v1/me')).status()).toBe(403);

    await page.goto('/account');
    const list = page.getByRole('list', { name: 'Apps with access' });
    await expect(list.getByRole('listitem')).toContainText('Meeting notes');
    await clean(page);
    await list.getByRole('button', { name: 'End the access of Meeting notes' }).click();
    await expect(list.getByRole('listitem')).toHaveCount(0);
    expect((await use('/api/v1/employees')).status()).toBe(401);
});

test('an app is denied, and told so', async ({ page }) => {
    await signUp(page);
    const app = await register(page);
    const back = await caught(page);
    await page.goto(ask(app, 'x y&z'));
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(page.getByText('Back at the app')).toBeVisible();
    expect(back().searchParams.get('error')).toBe('access_denied');
    expect(back().searchParams.get('state')).toBe('x y&z');
    expect(back().searchParams.get('code')).toBeNull();

    /* What is the app's own mistake is told to it at once, and nobody is asked. */
    await page.goto(ask(app, 's', { code_challenge_method: 'plain' }));
    await expect(page.getByText('Back at the app')).toBeVisible();
    expect(back().searchParams.get('error')).toBe('invalid_request');
});

test.describe('refused before anybody is sent anywhere', () => {
    test.use({ provoked: /status of (400|404) .*\/api\/v1\/oauth\/requests$/ });

    test('an unknown app, and a wrong way back', async ({ page }) => {
        await signUp(page);
        const app = await register(page);
        await page.goto(ask({ ...app, id: randomUUID() }, 's'));
        await expect(page.getByRole('alert')).toContainText('Your company knows no such app.');
        await clean(page);
        await page.goto(ask(app, 's', { redirect_uri: 'https://evil.example/' }));
        await expect(page.getByRole('alert')).toContainText('not registered for it');
        await expect(page.getByRole('button', { name: 'Allow' })).toHaveCount(0);
        expect(page.url()).not.toContain('evil.example/?');
    });
});

test('an app is changed, given a new secret, and removed', async ({ page, request }) => {
    await signUp(page);
    const app = await register(page);
    const own = { grant_type: 'client_credentials' };
    expect((await tokens(request, app, own)).status()).toBe(200);
    const menu = page.getByRole('button', { name: 'What to do with Meeting notes' });
    await menu.click();
    await page.getByRole('menuitem', { name: 'Change' }).click();
    await page.getByRole('checkbox', { name: 'audit:read' }).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('list', { name: 'OAuth apps' })).toContainText('audit:read');
    await menu.click();
    await page.getByRole('menuitem', { name: 'New secret' }).click();
    await page.getByLabel('The old secret').selectOption({ label: 'Ends at once' });
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    await expect(page.getByRole('region', { name: 'The secret of Meeting notes' })).toBeVisible();
    expect((await tokens(request, app, own)).status()).toBe(401);
    await menu.click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect(page.getByRole('region', { name: 'No apps yet' })).toBeVisible();
});
