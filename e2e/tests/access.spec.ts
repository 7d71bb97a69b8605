import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

async function sound(page: Page, what: string): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const grave = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
    expect(grave, `${what}: serious and critical faults`).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`in ${colorScheme}`, () => {
        test.use({ colorScheme, provoked: /ERR_FAILED/ });

        test('nothing keeps anybody out of the pages before the log-in', async ({ page }) => {
            await page.goto('/login');
            await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
            await sound(page, 'log in');
            await page.goto('/signup');
            await page.getByRole('button', { name: 'Sign up' }).click();
            await expect(page.getByText('Enter your name.')).toBeVisible();
            await sound(page, 'sign up with faults');
            await page.goto('/forgotten');
            await expect(page.getByRole('heading', { name: 'Forgotten password' })).toBeVisible();
            await sound(page, 'forgotten password');
        });

        test('nothing keeps anybody out of the pages behind it', async ({ page }) => {
            await signUp(page);
            await sound(page, 'before the first word');
            await askAndHear(page, 'What do you do here?');
            await sound(page, 'a conversation');
            await page.route('**/messages', (route) => route.abort());
            await page.getByRole('textbox').fill('This will not be sent');
            await page.keyboard.press('Enter');
            await expect(page.getByRole('alert')).toContainText('Not sent.');
            await sound(page, 'a message that was not sent');
            await page.unrouteAll();
            await page.getByRole('link', { name: 'Home' }).click();
            await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
            await sound(page, 'home');
            await page.getByRole('button', { name: /account$/ }).click();
            await expect(page.getByRole('menu')).toBeVisible();
            await sound(page, 'the account menu');
            await page.getByRole('menuitem', { name: 'Your account' }).click();
            await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible();
            await sound(page, 'your account');
            await page.keyboard.press('Control+k');
            await expect(page.getByRole('dialog', { name: 'Go to' })).toBeVisible();
            await sound(page, 'go to');
            await page.keyboard.press('Escape');
            await page.keyboard.press('?');
            await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
            await sound(page, 'the keys');
        });

        test('nor of the narrow ones', async ({ page }) => {
            await page.setViewportSize({ width: 390, height: 780 });
            await signUp(page);
            await askAndHear(page, 'Hello');
            await sound(page, 'a conversation');
            await page.getByRole('button', { name: 'About Mara' }).click();
            await expect(page.getByRole('dialog', { name: 'About Mara' })).toBeVisible();
            await sound(page, 'about Mara');
            await page.keyboard.press('Escape');
            await page.getByRole('button', { name: 'Menu' }).click();
            await expect(page.getByRole('dialog', { name: 'Menu' })).toBeVisible();
            await sound(page, 'the menu');
        });
    });
}
