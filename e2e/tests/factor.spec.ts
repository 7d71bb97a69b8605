/* The second factor: set up, asked for at the log-in, used once, lost, turned off, asked of everybody. */
import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { mailTo } from '../lib/mail';
import { codeOf, wrongCode } from '../lib/otp';
import { fillLogIn, logOut, signUp, type Person } from '../lib/people';

/* Wrong codes and second steps are refusals, which the browser writes down. */
test.use({ provoked: /status of 40[01] .*\/api\/v1\/(login|factor)/ });

/* After half a minute a used code is just a wrong one. */
const USED = /This code (was used already|isn’t right)\./;

async function sound(page: Page): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    }
}

function section(page: Page): Locator {
    return page.getByRole('region', { name: 'Second factor' });
}

interface SetUp {
    key: string;
    used: string;
    codes: string[];
}

/* With the code of now, so that the next one can be used at once. */
async function setUp(page: Page, person: Person, where: Page | Locator): Promise<SetUp> {
    const form = where.getByRole('form', { name: 'Set up the second factor' });
    await form.getByLabel('Your password').fill(person.password);
    await form.getByRole('button', { name: 'Set up' }).click();
    await expect(where.getByRole('img', { name: /^QR code/ })).toBeVisible();
    const key = await where.getByText(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/).innerText();
    await sound(page);
    await where.getByLabel('Code that the app shows').fill(wrongCode(key));
    await where.getByRole('button', { name: 'Turn on' }).click();
    await expect(where.getByText('This code isn’t right.')).toBeVisible();
    const used = codeOf(key);
    await where.getByLabel('Code that the app shows').fill(used);
    await where.getByRole('button', { name: 'Turn on' }).click();
    const list = where.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
    await expect(list).toHaveCount(10);
    await sound(page);
    return { key, used, codes: await list.allInnerTexts() };
}

async function turnOn(page: Page, person: Person): Promise<SetUp> {
    await page.goto('/account');
    const made = await setUp(page, person, section(page));
    await section(page).getByRole('button', { name: 'I have kept them' }).click();
    await expect(section(page)).toContainText('On since');
    return made;
}

async function toSecondStep(page: Page, person: Person): Promise<void> {
    await page.goto('/login');
    await fillLogIn(page, person);
    await expect(page.getByRole('heading', { name: 'Second step' })).toBeVisible();
}

async function enter(page: Page, label: string, code: string): Promise<void> {
    await page.getByLabel(label, { exact: true }).fill(code);
    await page.getByRole('button', { name: 'Go on' }).click();
}

async function home(page: Page): Promise<void> {
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
}

test('set up, then asked for at the log-in; no code works twice', async ({ page }) => {
    const person = await signUp(page);
    const { key, used } = await turnOn(page, person);
    await mailTo(person.email, 'Your second factor was turned on');
    await logOut(page);

    await toSecondStep(page, person);
    await sound(page);
    await enter(page, 'Code', wrongCode(key));
    await expect(page.getByText('This code isn’t right.')).toBeVisible();
    await enter(page, 'Code', used);
    await expect(page.getByText(USED)).toBeVisible();
    const now = codeOf(key, 1);
    await enter(page, 'Code', now);
    await home(page);
    await logOut(page);
    await toSecondStep(page, person);
    await enter(page, 'Code', now);
    await expect(page.getByText(USED)).toBeVisible();
    await page.getByRole('button', { name: 'Back to the log-in' }).click();
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
    /* The password alone has led nowhere. */
    await page.goto('/account');
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
});

test('a recovery code lets in once, and new ones replace the rest', async ({ page }) => {
    const person = await signUp(page);
    await page.goto('/account');
    const { key, codes } = await setUp(page, person, section(page));
    const [file] = await Promise.all([
        page.waitForEvent('download'),
        section(page).getByRole('button', { name: 'Download' }).click(),
    ]);
    const text = await readFile(await file.path(), 'utf8');
    for (const code of codes) expect(text).toContain(code);
    await section(page).getByRole('button', { name: 'I have kept them' }).click();
    await expect(section(page)).toContainText('10 recovery codes are left.');
    await logOut(page);

    await toSecondStep(page, person);
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await enter(page, 'Recovery code', codes[0]!.toUpperCase().replaceAll('-', ' '));
    await home(page);
    await mailTo(person.email, 'A recovery code was used');
    await logOut(page);
    await toSecondStep(page, person);
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await enter(page, 'Recovery code', codes[0]!);
    await expect(page.getByText('This code isn’t right.')).toBeVisible();
    await enter(page, 'Recovery code', codes[1]!);
    await home(page);

    await page.goto('/account');
    await expect(section(page)).toContainText('8 recovery codes are left.');
    await section(page).getByRole('button', { name: 'New recovery codes' }).click();
    await section(page).getByLabel('Your password').fill(person.password);
    await section(page).getByLabel(/^Code of your app/).fill(codeOf(key, 1));
    await sound(page);
    await section(page).getByRole('button', { name: 'Make new codes' }).click();
    const list = section(page).getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
    await expect(list).toHaveCount(10);
    expect(await list.allInnerTexts()).not.toContain(codes[2]);
    await section(page).getByRole('button', { name: 'I have kept them' }).click();
    await expect(section(page)).toContainText('10 recovery codes are left.');
});

test('turned off, it is asked for no more', async ({ page }) => {
    const person = await signUp(page);
    const { key } = await turnOn(page, person);
    await section(page).getByRole('button', { name: 'Turn off' }).click();
    await section(page).getByLabel('Your password').fill('not my password');
    await section(page).getByLabel(/^Code of your app/).fill(codeOf(key, 1));
    await section(page).getByRole('button', { name: 'Turn it off' }).click();
    await expect(section(page).getByText('This is not your password.')).toBeVisible();
    await section(page).getByLabel('Your password').fill(person.password);
    await section(page).getByRole('button', { name: 'Turn it off' }).click();
    await expect(section(page).getByRole('button', { name: 'Set up' })).toBeVisible();
    await logOut(page);
    await fillLogIn(page, person);
    await home(page);
});

test('a company asks everybody for it: nothing else works before', async ({ page }) => {
    const person = await signUp(page);
    const { key } = await turnOn(page, person);
    await section(page).getByRole('button', { name: 'Ask everybody' }).click();
    await expect(section(page)).toContainText('Everybody at Fern & Field Ltd must have');
    await section(page).getByRole('button', { name: 'Turn off' }).click();
    await section(page).getByLabel('Your password').fill(person.password);
    await section(page).getByLabel(/^Code of your app/).fill(codeOf(key, 1));
    await section(page).getByRole('button', { name: 'Turn it off' }).click();
    await expect(section(page).getByRole('button', { name: 'Set up' })).toBeVisible();

    await page.goto('/audit');
    await expect(page).toHaveURL(/\/barred$/);
    await expect(page.getByText('Fern & Field Ltd asks everybody for one')).toBeVisible();
    await sound(page);
    await setUp(page, person, page);
    await page.getByRole('button', { name: 'I have kept them, go on' }).click();
    await home(page);
});
