import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

async function openUsage(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Usage' }).click();
    await expect(page.getByRole('heading', { name: 'Usage', exact: true })).toBeVisible();
}

const caps = (page: Page) => page.getByRole('list', { name: 'Caps' }).getByRole('listitem');

test('what is asked is counted, and a cap is changed', async ({ page }) => {
    await signUp(page);
    await openUsage(page);
    await expect(page.getByText('Nothing yet.')).toBeVisible();
    await expect(caps(page)).toHaveCount(2);
    await expect(caps(page).first()).toContainText('The company, a day');
    await expect(caps(page).first()).toContainText('$0.00 of $10.00');

    await page.getByRole('button', { name: 'Change The company, a day' }).click();
    const amount = page.getByLabel('At most, in US dollars');
    await amount.fill('a lot');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Write an amount in dollars')).toBeVisible();
    await expect(amount).toBeFocused();
    await amount.fill('25.50');
    await page.keyboard.press('Enter');
    await expect(caps(page).first()).toContainText('of $25.50');

    await page.getByRole('link', { name: 'Mara' }).first().click();
    await askAndHear(page, 'What do you do here?');
    await openUsage(page);
    const row = page.getByRole('region', { name: 'Sums' }).getByRole('row').nth(1);
    await expect(row).toContainText('$0.00');
    await page.getByRole('button', { name: 'By employee' }).click();
    await expect(page).toHaveURL(/by=employee/);
    await expect(row).toContainText('Mara');
    await page.getByRole('button', { name: 'By model' }).click();
    await expect(row).toContainText('starter');

    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        await page.route('**/api/v1/usage?*', (route) => route.abort());
        await openUsage(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(page.getByText('Nothing yet.')).toBeVisible();
    });
});
