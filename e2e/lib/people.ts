/* People who sign up, and what they do first. */
import { randomUUID } from 'node:crypto';
import { expect, type Locator, type Page } from '@playwright/test';

export interface Person {
    company: string;
    name: string;
    email: string;
    password: string;
}

export function someone(name = 'Anna Lindqvist'): Person {
    const id = randomUUID().slice(0, 8);
    return {
        company: 'Fern & Field Ltd',
        name,
        email: `${name.split(' ')[0]!.toLowerCase()}.${id}@fernandfield.example`,
        password: 'a quiet green garden',
    };
}

export async function signUp(page: Page, person: Person = someone()): Promise<Person> {
    await page.goto('/signup');
    await page.getByLabel('Company').fill(person.company);
    await page.getByLabel('Your name').fill(person.name);
    await page.getByLabel('E-mail').fill(person.email);
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await expect(page.getByRole('heading', { name: 'Talk to Mara' })).toBeVisible();
    return person;
}

export async function fillLogIn(page: Page, { email, password }: Person): Promise<void> {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
}

export async function logOut(page: Page): Promise<void> {
    await page.getByRole('button', { name: /account$/ }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
}

export function messageBox(page: Page): Locator {
    return page.getByRole('textbox', { name: 'Message to Mara' });
}

/* The messages that the server has; what is on its way or being written is not among them. */
export function stored(page: Page): Locator {
    return page.getByRole('log').locator('> ol > li');
}

export async function ask(page: Page, text: string): Promise<void> {
    await messageBox(page).fill(text);
    await messageBox(page).press('Enter');
}

/* Asks, and waits until the answer to it is complete. */
export async function askAndHear(page: Page, text: string): Promise<Locator> {
    const before = await stored(page).count();
    await ask(page, text);
    await expect(stored(page)).toHaveCount(before + 2);
    await expect(stored(page).nth(before)).toContainText(text);
    const answer = stored(page).nth(before + 1);
    await expect(answer).toContainText('Mara');
    return answer;
}
