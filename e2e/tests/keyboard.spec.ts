import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { askAndHear, messageBox, signUp, someone, stored } from '../lib/people';

const FAR = 40;

/* Walks with Tab until the wanted thing has the focus; everything on the way must show that it has it. */
async function tabTo(page: Page, wanted: Locator, key = 'Tab'): Promise<void> {
    for (let i = 0; i < FAR; i++) {
        await page.keyboard.press(key);
        const shown = await page.evaluate(() => {
            const here = document.activeElement;
            return !here || here === document.body || here.matches(':focus-visible');
        });
        expect(shown, 'the focus can be seen').toBe(true);
        if (await wanted.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`not reached within ${FAR} presses of ${key}`);
}

test('sign up, talk, and log out without a mouse', async ({ page }) => {
    const person = someone();
    await page.goto('/login');
    await expect(page.getByLabel('E-mail')).toBeFocused();
    await tabTo(page, page.getByRole('link', { name: 'Sign up your company' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByLabel('Company')).toBeFocused();
    await page.keyboard.type(person.company);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.name);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');

    await expect(messageBox(page)).toBeFocused();
    await page.keyboard.type('What do you');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('do here?');
    await page.keyboard.press('Enter');
    await expect(stored(page)).toHaveCount(2);
    await expect(stored(page).first()).toContainText('What do you\ndo here?', {
        useInnerText: true,
    });
    await expect(messageBox(page)).toBeFocused();

    await tabTo(page, page.getByRole('button', { name: /account$/ }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitemradio', { name: 'As the system' })).toBeFocused();
    await page.keyboard.press('End');
    await expect(page.getByRole('menuitem', { name: 'Log out' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
});

test('the first Tab leads past the side bar', async ({ page }) => {
    await signUp(page);
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Talk to Mara' })).toBeFocused();
});

test('Ctrl-K goes anywhere, ? shows the keys, j and k walk a list', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'About parcels');
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Go to' })).toBeFocused();
    await page.keyboard.type('hom');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');

    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);

    await expect(page.getByRole('main').getByRole('link', { name: 'About parcels' })).toBeVisible();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect(stored(page)).toHaveCount(2);
});

test('the look is chosen by keyboard, holds after a reload, and shows no flash', async ({
    page,
}) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await signUp(page);
    const ground = () =>
        page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: /account$/ }).focus();
    await page.keyboard.press('Enter');
    // The focus moves a moment after its key: a key that comes before goes from where it was.
    for (const name of ['As the system', 'Light', 'Dark']) {
        await expect(page.getByRole('menuitemradio', { name })).toBeFocused();
        if (name !== 'Dark') await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitemradio', { name: 'Dark' })).toBeChecked();
    await page.keyboard.press('Escape');
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload({ waitUntil: 'commit' });
    await page.waitForLoadState('domcontentloaded');
    expect(await ground()).toBe(dark);
});
