/* People of a company: invited, joined, given another role, removed; invitations sent again and withdrawn. */
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { linkTo } from '../lib/mail';
import { fillLogIn, signUp, someone, type Person } from '../lib/people';

const INVITED = 'You are invited to a company on Konstruct';

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

async function signUpAndConfirm(page: Page, person?: Person): Promise<Person> {
    const made = await signUp(page, person);
    await page.goto(await linkTo(made.email, 'Confirm your e-mail address'));
    await page.getByRole('button', { name: 'Yes, confirm' }).click();
    await expect(page.getByText('Your address is confirmed.')).toBeVisible();
    await page.goto('/settings/people');
    return made;
}

async function invite(page: Page, email: string, role: string): Promise<void> {
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await page.getByLabel('Role', { exact: true }).selectOption(role);
    await page.getByRole('button', { name: 'Send the invitation' }).click();
}

async function elsewhere(browser: Browser): Promise<Page> {
    return (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
}

function people(page: Page) {
    return page.getByRole('list', { name: 'People' }).getByRole('listitem');
}

function invitations(page: Page) {
    return page.getByRole('list', { name: 'Invitations' }).getByRole('listitem');
}

test.describe('with refusals', () => {
    test.use({ provoked: /status of (400|401|403|409) / });

    test('somebody is invited, joins by the mail, changes role, and is removed', async ({ page, browser }) => {
        const admin = await signUpAndConfirm(page);
        const ben = someone('Ben Okafor');
        await expect(people(page)).toHaveCount(1);
        await expect(people(page).first()).toContainText(admin.email);
        await clean(page);

        await page.getByRole('button', { name: 'Invite somebody' }).click();
        await page.getByRole('button', { name: 'Send the invitation' }).click();
        await expect(page.getByText('Enter your e-mail address.')).toBeVisible();
        await clean(page);
        await page.getByRole('button', { name: 'Cancel' }).click();
        await invite(page, ben.email, 'member');
        await expect(page.getByText(`A mail is on its way to ${ben.email}.`)).toBeVisible();
        await expect(invitations(page)).toHaveCount(1);
        await expect(invitations(page).first()).toContainText('Member');
        await clean(page);

        const other = await elsewhere(browser);
        await other.goto(await linkTo(ben.email, INVITED));
        await expect(other.getByText(`invites ${ben.email} to ${admin.company}, as member.`)).toBeVisible();
        await clean(other);
        await other.getByRole('button', { name: 'Join' }).click();
        await expect(other.getByText('Enter your name.')).toBeVisible();
        await other.getByLabel('Your name').fill(ben.name);
        await other.getByLabel('Password', { exact: true }).fill(ben.password);
        await other.getByRole('button', { name: 'Join' }).click();
        await expect(other.getByRole('heading', { level: 1 })).toContainText('Ben');

        /* The link has done its work. */
        await other.goto(await linkTo(ben.email, INVITED));
        await expect(other.getByRole('alert')).toContainText('This link no longer works.');
        await other.goto('/settings/people');
        await expect(people(other)).toHaveCount(2);
        await expect(other.getByRole('button', { name: 'Invite somebody' })).toHaveCount(0);
        await expect(other.getByRole('link', { name: 'Audit' })).toHaveCount(0);

        await page.reload();
        await expect(invitations(page)).toHaveCount(0);
        await page.getByLabel('Role of Ben Okafor').selectOption('manager');
        await expect(page.getByLabel('Role of Ben Okafor')).toHaveValue('manager');
        await other.reload();
        await expect(other.getByRole('link', { name: 'Audit' })).toBeVisible();

        /* The last admin stays. */
        await page.getByLabel(`Role of ${admin.name}`).selectOption('member');
        await expect(page.getByRole('alert')).toContainText('The company would be left without an admin.');
        await expect(page.getByLabel(`Role of ${admin.name}`)).toHaveValue('admin');

        await page.getByRole('button', { name: 'What to do with Ben Okafor' }).click();
        await page.getByRole('menuitem', { name: 'Remove from the company…' }).click();
        await clean(page);
        await page.getByRole('button', { name: 'Remove them' }).click();
        await expect(page.getByText('Ben Okafor no longer belongs to the company.')).toBeVisible();
        await expect(people(page)).toHaveCount(1);
        await other.reload();
        await expect(other.getByRole('heading', { name: 'Log in' })).toBeVisible();
        await fillLogIn(other, ben);
        await expect(other.getByRole('alert')).toContainText('You no longer belong to any company here.');
        await other.context().close();
    });

    test('whoever has not confirmed the own address is led there', async ({ page }) => {
        await signUp(page);
        await page.goto('/settings/people');
        await invite(page, someone('Cleo Marsh').email, 'viewer');
        await expect(page.getByRole('alert')).toContainText('Confirm your own e-mail address first.');
        await clean(page);
    });

    test('an invitation is sent again and withdrawn, and its link ends with it', async ({ page, browser }) => {
        await signUpAndConfirm(page);
        const dana = someone('Dana Ruiz');
        await invite(page, dana.email, 'viewer');
        await expect(invitations(page)).toHaveCount(1);
        await invite(page, dana.email, 'viewer');
        await expect(page.getByRole('dialog')).toContainText('This address has an open invitation.');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByRole('button', { name: `Send the mail to ${dana.email} again` }).click();
        await expect(page.getByText(`A mail is on its way to ${dana.email} again.`)).toBeVisible();

        const other = await elsewhere(browser);
        const link = await linkTo(dana.email, INVITED);
        await other.goto(link);
        await expect(other.getByLabel('Your name')).toBeVisible();
        await page.getByRole('button', { name: `Withdraw the invitation of ${dana.email}` }).click();
        await page.getByRole('button', { name: 'Withdraw it' }).click();
        await expect(page.getByText(`The invitation of ${dana.email} is withdrawn.`)).toBeVisible();
        await expect(invitations(page)).toHaveCount(0);
        await other.getByLabel('Your name').fill(dana.name);
        await other.getByLabel('Password', { exact: true }).fill(dana.password);
        await other.getByRole('button', { name: 'Join' }).click();
        await expect(other.getByRole('alert')).toContainText('This link no longer works.');
        await other.context().close();
    });
});

test('the roles page prints the table that the gate reads', async ({ page }) => {
    await signUp(page);
    await page.goto('/settings');
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Roles' }).click();
    const table = page.getByRole('table');
    await expect(table).toBeVisible();
    const { items } = (await (await page.request.get('/api/v1/permissions')).json()) as {
        items: Record<string, string | boolean>[];
    };
    expect(items.length).toBeGreaterThan(5);
    for (const item of items) {
        const row = table
            .getByRole('row')
            .filter({ has: page.getByText(String(item.name), { exact: true }) });
        const cells = await row.getByRole('cell').allInnerTexts();
        expect(cells.map((text) => text.includes('yes'))).toEqual(
            ['admin', 'manager', 'member', 'viewer', 'programs'].map((column) => item[column]),
        );
    }
    await clean(page);
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('both pages say so, and work when it is back', async ({ page }) => {
        await signUp(page);
        for (const [path, route] of [
            ['/settings/people', '**/api/v1/people'],
            ['/settings/roles', '**/api/v1/permissions'],
        ] as const) {
            await page.route(route, (request) => request.abort());
            await page.goto(path);
            await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
            await page.unrouteAll();
            await page.getByRole('button', { name: 'Try again' }).click();
            await expect(page.getByRole('alert')).toHaveCount(0);
        }
    });
});
