/* The host area: companies made, suspended, resumed and limited, and nothing of them seen. */
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { someoneAlone } from '../lib/brain';
import { expect, test } from '../lib/fixtures';
import { konstruct, signUpAsHost } from '../lib/host';
import { linkTo } from '../lib/mail';
import { askAndHear, logOut, signUp, someone } from '../lib/people';

test.use({ provoked: /ERR_FAILED|status of 403 .*\/api\/v1\// });

async function sound(page: Page): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    }
}

async function toCompany(page: Page, name: string): Promise<Locator> {
    await page.getByRole('link', { name: 'Host' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Host' })).toBeVisible();
    await page.getByRole('searchbox', { name: 'Name' }).fill(name);
    const list = page.getByRole('list', { name: 'Companies' }).getByRole('listitem');
    await expect(list).toHaveCount(1);
    await expect(list).toContainText(name);
    return list;
}

async function choose(page: Page, company: Locator, what: string): Promise<void> {
    await company.getByRole('button', { name: /^What to do with/ }).click();
    await page.getByRole('menuitem', { name: what }).click();
}

test('a company is made, and its first admin is invited', async ({ page, browser }) => {
    await signUpAsHost(page, someoneAlone());
    await page.getByRole('link', { name: 'Host' }).click();
    await expect(page.getByRole('list', { name: 'Companies' })).toBeVisible();
    await sound(page);
    const { company } = someoneAlone();
    const { email } = someone('Berta Olsen');

    await page.getByRole('button', { name: 'Make a company' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a company' });
    await dialog.getByRole('button', { name: 'Make the company' }).click();
    await expect(dialog.getByText('Enter the company’s name.')).toBeVisible();
    await sound(page);
    await dialog.getByLabel('Company').fill(company);
    await dialog.getByLabel('E-mail of its first admin').fill(email);
    await dialog.getByLabel('Plan').selectOption('trial');
    await page.route('**/api/v1/host/tenants', (route) =>
        route.request().method() === 'POST' ? route.abort() : route.fallback(),
    );
    await dialog.getByRole('button', { name: 'Make the company' }).click();
    await expect(dialog.getByRole('alert')).toContainText('Konstruct can’t be reached.');
    await page.unrouteAll();
    await dialog.getByRole('button', { name: 'Make the company' }).click();
    await expect(page.getByText(`An invitation is on its way to ${email}.`)).toBeVisible();
    const line = await toCompany(page, company);
    await expect(line).toContainText('0 people · 1 employee · 0 messages · $0.00 this month');
    await expect(line).toContainText('plan trial');

    const guest = await browser.newPage({ ignoreHTTPSErrors: true });
    await guest.goto(await linkTo(email, 'You are invited to a company on Konstruct'));
    await expect(guest.getByText(company).first()).toBeVisible();
    await guest.close();
});

test('a suspended company waits, and goes on when it is resumed', async ({ page, browser }) => {
    const person = someoneAlone();
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const theirs = await context.newPage();
    await signUp(theirs, person);
    await askAndHear(theirs, 'Our margin is eleven per cent.');
    await signUpAsHost(page, someoneAlone());
    const line = await toCompany(page, person.company);
    await expect(line).toContainText('1 person · 1 employee · 2 messages');
    await expect(page.getByText('eleven per cent')).toHaveCount(0);

    await choose(page, line, 'Suspend…');
    const dialog = page.getByRole('dialog', { name: /^Suspend/ });
    await dialog.getByRole('button', { name: 'Suspend it' }).click();
    await expect(dialog.getByText('Say why. The people of the company read it.')).toBeVisible();
    await sound(page);
    await dialog.getByLabel('Reason').fill('The invoice of May is open.');
    await dialog.getByRole('button', { name: 'Suspend it' }).click();
    await expect(page.getByText(`${person.company} is suspended.`)).toBeVisible();
    await expect(line).toContainText('Suspended');
    await expect(line).toContainText('The invoice of May is open.');
    await sound(page);

    await theirs.goto('/audit');
    await expect(theirs.getByRole('heading', { name: 'Suspended' })).toBeVisible();
    await expect(theirs.getByText('The invoice of May is open.')).toBeVisible();
    await expect(theirs.getByRole('button', { name: 'Export everything' })).toBeVisible();
    await sound(theirs);

    await choose(page, line, 'Resume…');
    await page.getByRole('button', { name: 'Resume it' }).click();
    await expect(page.getByText(`${person.company} goes on.`)).toBeVisible();
    await expect(line).toContainText('Active');
    await theirs.goto('/audit');
    await expect(theirs.getByRole('cell', { name: 'Company suspended' })).toBeVisible();
    await expect(theirs.getByRole('cell', { name: 'Company resumed' })).toBeVisible();
    await context.close();
});

test('a plan is chosen, and a limit goes before it', async ({ page, browser }) => {
    const person = someoneAlone();
    const theirs = await browser.newPage({ ignoreHTTPSErrors: true });
    await signUp(theirs, person);
    await theirs.close();
    await signUpAsHost(page, someoneAlone());
    const line = await toCompany(page, person.company);
    await choose(page, line, 'Plan and limits…');
    const dialog = page.getByRole('dialog', { name: /^Plan and limits/ });
    await dialog.getByLabel('Plan', { exact: true }).selectOption('trial');
    await expect(dialog.getByText('For trying: a small team and one channel')).toBeVisible();
    const messages = dialog.getByRole('listitem').filter({ hasText: 'Messages to all employees' });
    await expect(messages).toContainText('The plan says 120');
    await messages.getByRole('textbox').fill('-1');
    await expect(messages.getByRole('alert')).toContainText('Enter a whole number');
    await sound(page);
    await messages.getByRole('textbox').fill('5');
    await messages.getByRole('button', { name: /^Save/ }).click();
    await expect(messages.getByRole('button', { name: /^Save/ })).toBeDisabled();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(line).toContainText('plan trial');
    await choose(page, line, 'Plan and limits…');
    await expect(messages.getByRole('textbox')).toHaveValue('5');
});

test('it is there for hosts alone, and goes when they are none any more', async ({ page }) => {
    const host = await signUpAsHost(page, someoneAlone());
    await expect(page.getByRole('link', { name: 'Host' })).toBeVisible();
    expect(await konstruct('host', 'list')).toContain(`${host.email}`);
    await konstruct('host', 'remove', host.email);
    await page.goto('/host');
    await expect(page).toHaveURL(/\/$/);
    await expect(page.getByRole('link', { name: 'Host' })).toHaveCount(0);
    await logOut(page);
});
