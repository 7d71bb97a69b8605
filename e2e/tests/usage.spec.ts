import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { nextPiece, paced, someoneAlone } from '../lib/brain';
import { ask, askAndHear, signUp, stored } from '../lib/people';

async function openUsage(page: Page): Promise<void> {
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Usage' }).click();
    await expect(page.getByRole('heading', { name: 'Usage', exact: true })).toBeVisible();
}

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
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
    await expect(page.getByRole('button', { name: 'Change The company, a day' })).toBeFocused();

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

    await page.getByRole('button', { name: 'Last month' }).click();
    await expect(page.getByText('Nothing yet.')).toBeVisible();
    await page.getByRole('button', { name: 'This month' }).click();
    await expect(page.getByRole('region', { name: 'Sums' }).getByRole('row').last()).toContainText('In all');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    expect((await saved).suggestedFilename()).toBe('usage-by-model.csv');

    await row.getByRole('link').click();
    await expect(page.getByRole('heading', { name: 'Calls of models' })).toBeVisible();
    await expect(page).toHaveURL(/days=month/);
    for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        await expect(page.getByRole('columnheader', { name: 'Cost' })).toBeInViewport({ ratio: 1 });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await expect(page.getByRole('region', { name: 'Calls' }).getByRole('row').nth(1)).toContainText(
        'Mara',
    );
    await clean(page);
});

test.describe('teams', () => {
    test.use({ provoked: /409/ });

    test('a team is made, has an employee, and a cap of its own', async ({ page }) => {
        await signUp(page);
        await page.getByRole('link', { name: 'Settings' }).click();
        await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Teams' }).click();
        await page.getByRole('button', { name: 'New team' }).click();
        await page.getByRole('textbox', { name: 'Name' }).fill('Front office');
        await page.keyboard.press('Enter');
        const team = page.getByRole('list', { name: 'Teams' }).getByRole('listitem');
        await expect(team).toContainText('0 employees');
        await page.getByLabel('Team of Mara').selectOption('Front office');
        await expect(team).toContainText('1 employee');
        await page.getByRole('button', { name: 'New team' }).click();
        await page.getByRole('textbox', { name: 'Name' }).fill('front OFFICE');
        await page.keyboard.press('Enter');
        await expect(page.getByRole('alert')).toContainText('a team of this name');
        await page.keyboard.press('Escape');
        await clean(page);

        await openUsage(page);
        await page.getByRole('button', { name: 'Add a cap' }).click();
        const panel = page.getByRole('form', { name: 'Add a cap' });
        await panel.getByLabel('For').selectOption('A team');
        await expect(panel.getByLabel('Which one')).toHaveText('Front office');
        await panel.getByLabel('At most, in US dollars').fill('5');
        await clean(page);
        await page.keyboard.press('Enter');
        await expect(caps(page)).toHaveCount(3);
        await expect(caps(page).last()).toContainText('Front office, a month');
        await page.getByRole('button', { name: 'Remove Front office, a month' }).click();
        await page.getByRole('button', { name: 'Remove', exact: true }).click();
        await expect(caps(page)).toHaveCount(2);
        await expect(page.getByRole('heading', { name: 'Caps' })).toBeFocused();
    });
});

test('a cap at which calls are refused is told on every page, until it is raised', async ({ page }) => {
    const person = await signUp(page, someoneAlone());
    await paced(person, 'gpt-5');
    await ask(page, 'When do parcels leave?');
    for (let piece = 0; piece < 4; piece++) await nextPiece('When do parcels leave?');
    await expect(stored(page).last()).toContainText('on Fridays at ten.');

    await openUsage(page);
    await expect(page.locator('.recharts-bar-rectangle path').first()).toBeVisible();
    const left = (await page.locator('.recharts-surface').first().boundingBox())?.x ?? 0;
    for (const amount of await page.locator('.recharts-yAxis-tick-labels text').all())
        expect((await amount.boundingBox())?.x, await amount.innerHTML()).toBeGreaterThanOrEqual(left);
    expect(await page.locator('.recharts-yAxis-tick-labels text').count()).toBeGreaterThan(2);
    await page.getByRole('button', { name: 'Change The company, a day' }).click();
    await page.getByLabel('At most, in US dollars').fill('0.01');
    await page.keyboard.press('Enter');
    await expect(caps(page).first()).toContainText('of $0.01');

    /* What was leased at the old limit is felt for some seconds. */
    await expect(async () => {
        await page.getByRole('link', { name: 'Mara' }).first().click();
        await ask(page, 'And today?');
        for (let piece = 0; piece < 4; piece++) await nextPiece('And today?');
        await expect(stored(page).last()).toContainText('used up what I may spend', { timeout: 2_000 });
    }).toPass();
    await page.reload();
    const banner = page.getByRole('complementary', { name: 'A cap is used up' });
    await expect(banner).toContainText('could have cost more than what is left of a cap: The company, a day');
    await page.getByRole('button', { name: 'Alerts, 1 unread' }).click();
    const list = page.getByRole('dialog', { name: 'Alerts' });
    await expect(list.getByRole('listitem')).toContainText('of $0.01 a day');
    await clean(page);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'Alerts', exact: true })).toBeVisible();

    await banner.getByRole('link').click();
    await expect(caps(page).first()).toContainText('a call was refused');
    await clean(page);
    await page.getByRole('button', { name: 'Change The company, a day' }).click();
    await page.getByLabel('At most, in US dollars').fill('1');
    await page.keyboard.press('Enter');
    await expect(banner).toBeHidden();
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
