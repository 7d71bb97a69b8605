import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { signUp, someone } from '../lib/people';

const row = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text });

async function openErase(page: Page): Promise<void> {
    await page.goto('/settings/company');
    await page.getByRole('button', { name: 'Erase the company' }).click();
    await expect(page.getByRole('heading', { name: 'Erase the company?' })).toBeVisible();
}

test.describe('the end of a company', () => {
    test.use({ provoked: /status of 400 .*\/api\/v1\/erasure/ });

    test('takes name and password, and can be stopped', async ({ page }) => {
        const person = await signUp(page);
        await openErase(page);
        const form = page.getByRole('form', { name: 'Erase the company' });
        await form.getByLabel(/^Name of the company/).fill('Fern');
        await form.getByLabel('Your password', { exact: true }).fill('not the right one');
        await form.getByRole('button', { name: /^Erase it in 7 days/ }).click();
        await expect(form.getByText(/Type the name as it stands here/)).toBeVisible();
        await form.getByLabel(/^Name of the company/).fill(person.company);
        await form.getByRole('button', { name: /^Erase it in 7 days/ }).click();
        await expect(form.getByText(/This is not your password/)).toBeVisible();
        await form.getByLabel('Your password', { exact: true }).fill(person.password);
        await form.getByRole('button', { name: /^Erase it in 7 days/ }).click();
        await expect(page.getByText(/Everything will be erased on/)).toBeVisible();
        await page.reload();
        await expect(page.getByText(/Anna Lindqvist asked for it/)).toBeVisible();
        await page.goto('/');
        await page
            .getByRole('complementary', { name: 'The company is going to be erased' })
            .getByRole('link', { name: 'Look, or stop it' })
            .click();
        await page.getByRole('button', { name: 'Stop it, keep the company' }).click();
        await expect(page.getByRole('button', { name: 'Erase the company' })).toBeVisible();
        await expect(page.getByText(/will be erased on/)).toHaveCount(0);
        await page.goto('/audit');
        await expect(row(page, 'Erasure of the company stopped')).toBeVisible();
    });
});

test('personal text is erased from the audit, and the chain stays', async ({ page }) => {
    const person = await signUp(page);
    await page.goto('/audit');
    await expect(row(page, 'Signed up')).toContainText(person.email);
    await row(page, 'Signed up').getByRole('button', { name: /^Erase personal text/ }).click();
    const form = page.getByRole('form', { name: 'Erase personal text' });
    await expect(form).toContainText(person.email);
    await form.getByRole('button', { name: 'Erase for good' }).click();
    await expect(form.getByText('Type the word erase.')).toBeVisible();
    await form.getByLabel(/^Type erase/).fill('erase');
    await form.getByRole('button', { name: 'Erase for good' }).click();
    await expect(form).toBeHidden();
    await expect(row(page, 'Signed up')).toContainText('personal text erased');
    await expect(row(page, 'Signed up')).not.toContainText(person.email);
    await expect(row(page, /^.*Personal text erased/).first()).toBeVisible();
});

test('without a connected channel the anchor stays with the mails', async ({ page }) => {
    await signUp(page);
    await page.goto('/audit');
    await page.getByRole('button', { name: 'Post it in a channel' }).click();
    await expect(page.getByText('No channel is connected yet.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Post it there' })).toBeDisabled();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
});

for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`in ${colorScheme}`, () => {
        test.use({ colorScheme });

        test('nothing keeps anybody out of these panels', async ({ page }, info) => {
            const problems = async (name: string) => {
                const { violations } = await new AxeBuilder({ page }).analyze();
                expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
                await page.screenshot({ path: info.outputPath(`${name}.png`) });
            };

            await signUp(page, someone());
            await openErase(page);
            await problems('erase');
            await page.keyboard.press('Escape');
            await problems('company');
            await page.goto('/audit');
            await row(page, 'Signed up').getByRole('button', { name: /^Erase personal text/ }).click();
            await problems('subject');
            await page.keyboard.press('Escape');
            await page.getByRole('button', { name: 'Post it in a channel' }).click();
            await expect(page.getByText('No channel is connected yet.')).toBeVisible();
            await problems('anchor');
            await page.keyboard.press('Escape');
            await page.setViewportSize({ width: 390, height: 800 });
            await problems('narrow');
        });
    });
}
