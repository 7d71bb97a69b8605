/* One person in several companies: going from one to the other, also with two tabs; founding, joining, leaving. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { linkTo } from '../lib/mail';
import { askAndHear, fillLogIn, logOut, signUp, someone, stored, type Person } from '../lib/people';

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page })
            /* The library puts an open menu beside the page's regions. */
            .disableRules('region')
            .analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

async function confirmed(page: Page, person: Person): Promise<Person> {
    await signUp(page, person);
    await page.goto(await linkTo(person.email, 'Confirm your e-mail address'));
    await page.getByRole('button', { name: 'Yes, confirm' }).click();
    await expect(page.getByText('Your address is confirmed.')).toBeVisible();
    await page.goto('/');
    return person;
}

function account(page: Page) {
    return page.getByRole('button', { name: /account$/ });
}

async function found(page: Page, company: string): Promise<void> {
    await account(page).click();
    await page.getByRole('menuitem', { name: 'New company' }).click();
    await page.getByRole('textbox', { name: 'Company' }).fill(company);
    await page.getByRole('button', { name: 'Found it and go there' }).click();
    await expect(account(page)).toContainText(company);
}

async function goTo(page: Page, company: string): Promise<void> {
    await account(page).click();
    await page.getByRole('menuitem', { name: company }).click();
    await expect(account(page)).toContainText(company);
}

test.use({ provoked: /status of (400|401|404|409) |ERR_ABORTED/ });

test('a second company is founded, gone to and left, and nothing of the first shows there', async ({ page }) => {
    const anna = await confirmed(page, { ...someone(), company: 'Beech Ltd' });
    await page.getByRole('link', { name: 'Mara' }).first().click();
    await askAndHear(page, 'Our margin is eleven per cent.');
    const conversation = page.url();

    await found(page, 'Ash Ltd');
    await expect(page.getByText('eleven per cent')).toHaveCount(0);
    await page.goto(conversation);
    await expect(page.getByText('eleven per cent')).toHaveCount(0);
    await page.goto('/');

    await account(page).click();
    await expect(page.getByRole('menuitem', { name: /Ash Ltd/ })).toContainText('where you are now');
    await clean(page);
    await page.keyboard.press('Escape');

    /* By the keys. */
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to' }).fill('beech');
    await page.keyboard.press('Enter');
    await expect(account(page)).toContainText('Beech Ltd');
    await page.goto(conversation);
    await expect(stored(page)).toHaveCount(2);

    /* A log-in leads to where one was last. */
    await goTo(page, 'Ash Ltd');
    await logOut(page);
    await fillLogIn(page, anna);
    await expect(account(page)).toContainText('Ash Ltd');

    /* The last admin can't leave. */
    await page.goto('/account');
    const list = page.getByRole('list', { name: 'Companies' });
    await expect(list.getByRole('listitem')).toHaveCount(2);
    await clean(page);
    await list.getByRole('button', { name: 'Leave Ash Ltd' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    await expect(page.getByRole('dialog')).toContainText('The company would be left without an admin.');
});

test('a second tab follows to the other company', async ({ page, context }) => {
    await confirmed(page, { ...someone(), company: 'Beech Ltd' });
    await found(page, 'Ash Ltd');
    const second = await context.newPage();
    await second.goto('/audit');
    await expect(account(second)).toContainText('Ash Ltd');
    await goTo(page, 'Beech Ltd');
    await expect(account(second)).toContainText('Beech Ltd');
    await expect(second).toHaveURL(/\/$/);
    /* And what it does counts there. */
    await second.getByRole('link', { name: 'Mara' }).first().click();
    await askAndHear(second, 'Hello');
});

test('a tab that slept through it notices when it is looked at', async ({ page, context }) => {
    await confirmed(page, { ...someone(), company: 'Beech Ltd' });
    await found(page, 'Ash Ltd');
    const second = await context.newPage();
    await second.addInitScript(() => Reflect.deleteProperty(window, 'BroadcastChannel'));
    await second.goto('/audit');
    await expect(account(second)).toContainText('Ash Ltd');
    await goTo(page, 'Beech Ltd');
    await expect(account(second)).toContainText('Ash Ltd');
    await second.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await expect(account(second)).toContainText('Beech Ltd');
    await expect(second).toHaveURL(/\/$/);
});

test('an account accepts an invitation, and whoever is logged in as somebody else is told', async ({ page, browser }) => {
    const anna = await confirmed(page, { ...someone(), company: 'Beech Ltd' });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const other = await context.newPage();
    const ben = await confirmed(other, { ...someone('Ben Okafor'), company: 'Ash Ltd' });

    await page.goto('/settings/people');
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByLabel('E-mail').fill(ben.email);
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    await expect(page.getByText('A mail is on its way')).toBeVisible();
    const link = await linkTo(ben.email, 'You are invited to a company on Konstruct');

    await page.goto(link);
    await expect(page.getByRole('alert')).toContainText(`You are logged in as ${anna.email}.`);
    await clean(page);
    await page.getByRole('button', { name: 'Log out and go on' }).click();
    await expect(page.getByText('You have an account with this address.')).toBeVisible();

    await other.goto(link);
    await clean(other);
    await other.getByRole('button', { name: 'Accept' }).click();
    await expect(account(other)).toContainText('Beech Ltd');
    await expect(other).toHaveURL(/\/$/);
    await page.getByRole('button', { name: 'Accept' }).click();
    await expect(page.getByRole('alert')).toContainText('This link no longer works.');

    /* Leaving leads back to one's own. */
    await other.goto('/account');
    await other.getByRole('button', { name: 'Leave Beech Ltd' }).click();
    await clean(other);
    await other.getByRole('button', { name: 'Leave it' }).click();
    await expect(account(other)).toContainText('Ash Ltd');
    await context.close();
});

test('whoever can’t go on in one company goes to another', async ({ page }) => {
    await confirmed(page, { ...someone(), company: 'Beech Ltd' });
    await found(page, 'Ash Ltd');
    /* As the server tells it of a company that asks for a second factor. */
    await page.route('**/api/v1/me', async (route) => {
        const response = await route.fetch();
        const me = (await response.json()) as { tenant_name: string };
        const barred = me.tenant_name === 'Ash Ltd' ? 'factor_missing' : '';
        await route.fulfill({ response, json: { ...me, barred } });
    });
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Second factor' })).toBeVisible();
    await clean(page);
    await page.getByRole('button', { name: 'Go to Beech Ltd' }).click();
    await expect(account(page)).toContainText('Beech Ltd');
    await page.unrouteAll();
});
