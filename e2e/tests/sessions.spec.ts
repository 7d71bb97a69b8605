/* The sessions of a person: seen, ended one by one and all at once, also while the server is away. */
import type { Browser, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { fillLogIn, signUp, type Person } from '../lib/people';

async function elsewhere(browser: Browser, person: Person): Promise<Page> {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto('/login');
    await fillLogIn(page, person);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
    return page;
}

test.use({ provoked: /ERR_FAILED/ });

test('one session is ended, then all others', async ({ page, browser }) => {
    const person = await signUp(page);
    const first = await elsewhere(browser, person);
    await page.goto('/account');
    const list = page.getByRole('list', { name: 'Sessions' });
    await expect(list.getByRole('listitem')).toHaveCount(2);
    await expect(list.getByRole('listitem').first()).toContainText('This browser');
    await expect(list.getByRole('listitem').first()).toContainText('Chrome on Linux');

    await page.route('**/api/v1/sessions/*', (route) => route.abort());
    await list.getByRole('button', { name: /^End the session/ }).click();
    await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
    await expect(list.getByRole('listitem')).toHaveCount(2);
    await page.unrouteAll();
    await list.getByRole('button', { name: /^End the session/ }).click();
    await expect(list.getByRole('listitem')).toHaveCount(1);
    await first.reload();
    await expect(first.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await first.close();

    const others = [await elsewhere(browser, person), await elsewhere(browser, person)];
    await page.reload();
    await expect(list.getByRole('listitem')).toHaveCount(3);
    await page.getByRole('button', { name: 'End all others' }).click();
    await expect(list.getByRole('listitem')).toHaveCount(1);
    for (const other of others) {
        await other.reload();
        await expect(other.getByRole('heading', { name: 'Log in' })).toBeVisible();
        await other.close();
    }
});
