/* API keys: made, used against the API, refused beyond their scopes, given a new secret, revoked. */
import AxeBuilder from '@axe-core/playwright';
import type { APIRequestContext, APIResponse, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { signUp } from '../lib/people';

async function openKeys(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'API keys' }).click();
    await expect(page.getByRole('heading', { name: 'API keys', level: 1 })).toBeVisible();
}

async function makeKey(page: Page, name: string, scopes: readonly string[]): Promise<string> {
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill(name);
    for (const scope of scopes) await page.getByRole('checkbox', { name: scope }).check();
    await page.getByRole('button', { name: 'Make the key' }).click();
    return secretOf(page, name);
}

async function secretOf(page: Page, name: string): Promise<string> {
    const once = page.getByRole('region', { name: `The secret of ${name}` });
    await expect(once).toContainText('it is not shown again');
    const text = await once.locator('code').innerText();
    expect(text).toMatch(/^kst_[\w-]{49}$/);
    return text;
}

/* As a program asks: its own cookie jar, nothing but the key. */
function use(request: APIRequestContext, key: string, path: string): Promise<APIResponse> {
    return request.get(path, { headers: { authorization: `Bearer ${key}` } });
}

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

test('a key is made, shown once, used, given a new secret, and revoked', async ({ page, context, request }) => {
    await signUp(page);
    await openKeys(page);
    await expect(page.getByRole('region', { name: 'No keys yet' })).toContainText('/api/v1/employees');
    await clean(page);

    /* What is missing is told before anything is sent. */
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('button', { name: 'Make the key' }).click();
    await expect(page.getByText('Say which program it is for.')).toBeVisible();
    await expect(page.getByText('Choose at least one.')).toBeVisible();
    await expect(page.getByLabel('Name')).toBeFocused();
    await clean(page);
    await page.getByRole('button', { name: 'Cancel' }).click();

    const first = await makeKey(page, 'Nightly export', ['employees:read']);
    await clean(page);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy' }).click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(first);

    const list = await use(request, first, '/api/v1/employees');
    expect(list.status()).toBe(200);
    expect(await list.text()).toContain('Mara');
    const refused = await use(request, first, '/api/v1/audit');
    expect(refused.status()).toBe(403);
    expect((await refused.json()).code).toBe('insufficient_scope');
    expect(refused.headers()['www-authenticate']).toContain('scope="audit:read"');

    await page.reload();
    const line = page.getByRole('list', { name: 'API keys' }).getByRole('listitem');
    await expect(line).toContainText(`kst_…${first.slice(-4)}`);
    await expect(line).toContainText('Last used');
    await expect(line).toContainText('by Anna Lindqvist');
    expect(await page.content()).not.toContain(first);

    await page.getByRole('button', { name: 'What to do with Nightly export' }).click();
    await page.getByRole('menuitem', { name: 'New secret' }).click();
    await clean(page);
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    const second = await secretOf(page, 'Nightly export');
    expect(second).not.toBe(first);
    for (const key of [first, second]) expect((await use(request, key, '/api/v1/employees')).status()).toBe(200);
    await expect(line).toContainText('The old secret works as well');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await expect(page.getByText(second)).toHaveCount(0);

    await page.getByRole('button', { name: 'What to do with Nightly export' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Nightly export is revoked.' })).toBeVisible();
    await expect(page.getByRole('region', { name: 'No keys yet' })).toBeVisible();
    for (const key of [first, second]) {
        const over = await use(request, key, '/api/v1/employees');
        expect(over.status()).toBe(401);
        expect((await over.json()).detail).toBe('This API key was revoked.');
    }

    await page.getByRole('link', { name: 'Audit' }).click();
    for (const words of ['API key made', 'API key given a new secret', 'API key revoked'])
        await expect(page.getByRole('row').filter({ hasText: words })).toContainText('Anna Lindqvist');
});

test('a key for models: for some of them only, with a cap from the start', async ({ page, request }) => {
    await signUp(page);
    await openKeys(page);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('Asker');
    await expect(page.getByLabel('Models that it may ask')).toHaveCount(0);
    await page.getByRole('checkbox', { name: 'models:use' }).check();
    await page.getByLabel('Models that it may ask').fill(' starter  gpt-none ');
    await page.getByLabel('They may cost at most').fill('a lot');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await expect(page.getByText('Write an amount in dollars')).toBeVisible();
    await clean(page);
    await page.getByLabel('They may cost at most').fill('12.50');
    await page.getByLabel('In', { exact: true }).selectOption('a day');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = await secretOf(page, 'Asker');
    const line = page.getByRole('list', { name: 'API keys' }).getByRole('listitem');
    await expect(line).toContainText('Models: starter gpt-none');

    const models = async () => (await (await use(request, key, '/v1/models')).json()).data.map(({ id }: { id: string }) => id);
    expect(await models()).toEqual(['starter']);
    const headers = { authorization: `Bearer ${key}` };
    const asked = { model: 'starter', messages: [{ role: 'user', content: 'Hello' }] };
    const answer = await request.post('/v1/chat/completions', { headers, data: asked });
    expect(answer.status()).toBe(200);
    expect((await answer.json()).choices[0].message.content).not.toBe('');

    await page.getByRole('button', { name: 'What to do with Asker' }).click();
    await page.getByRole('menuitem', { name: 'Models' }).click();
    await page.getByLabel('Models that it may ask').fill('gpt-4o');
    await clean(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(line).toContainText('Models: gpt-4o');
    await expect.poll(models).toEqual(['gpt-4o']);
    const refused = await request.post('/v1/chat/completions', { headers, data: asked });
    expect([refused.status(), (await refused.json()).error.code]).toEqual([404, 'model_not_found']);

    await page.getByRole('link', { name: 'Usage' }).click();
    const cap = page.getByRole('list', { name: 'Caps' }).getByRole('listitem').filter({ hasText: 'Asker' });
    await expect(cap).toContainText('$12.50');
});

test('the example of the page works', async ({ page, request }) => {
    await signUp(page);
    await openKeys(page);
    const key = await makeKey(page, 'Example', ['employees:read']);
    const command = await page.locator('pre').innerText();
    const [, address] = / (https:\S+) /.exec(command)!;
    expect(command).toContain('-H "Authorization: Bearer kst_…"');
    expect((await use(request, key, address!)).status()).toBe(200);
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and nothing typed is lost', async ({ page }) => {
        await signUp(page);
        await page.route(/\/api\/v1\/api-keys(\?|$)/, (route) => route.abort());
        await openKeys(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.getByRole('button', { name: 'New key' }).click();
        await page.getByLabel('Name').fill('Nightly export');
        await page.getByRole('checkbox', { name: 'employees:read' }).check();
        await page.getByRole('button', { name: 'Make the key' }).click();
        await expect(page.getByRole('dialog').getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Make the key' }).click();
        await secretOf(page, 'Nightly export');
    });
});
