/* A company's own provider: set up, wrong and right, people signing in by it, and turned away. */
import AxeBuilder from '@axe-core/playwright';
import { randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import { CLIENT, Provider } from '../../tests/judges/oidc.mjs';
import { expect, test } from '../lib/fixtures';
import { linkTo } from '../lib/mail';
import { fillLogIn, logOut, signUp, someone, type Person } from '../lib/people';

/* Each company has a domain of its own, since one leads to one company. */
function someoneAt(domain: string): Person {
    return { ...someone(), email: `anna@${domain}` };
}

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

async function openSettings(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Sign-in' }).click();
    await expect(page.getByRole('heading', { name: 'Sign-in', level: 1 })).toBeVisible();
}

async function save(page: Page, issuer: string, secret: string): Promise<void> {
    await page.getByLabel('Issuer').fill(issuer);
    await page.getByLabel('Client id').fill(CLIENT.id);
    await page.getByLabel('Client secret').fill(secret);
    await page.getByRole('button', { name: 'Save and test' }).click();
    await expect(page.getByRole('button', { name: 'Save and test' })).toBeEnabled();
}

/* From the log-in page to the provider, which asks who one is. */
async function goAs(page: Page, email: string, who: string): Promise<void> {
    await page.goto('/login');
    await page.getByLabel('E-mail').fill(email);
    await page.getByRole('button', { name: 'Sign in with your company' }).click();
    await page.getByRole('button', { name: who }).click();
}

test.describe('a company’s own provider', () => {
    test.use({ provoked: /status of (40[039])|127\.0\.0\.1/ });

    test('is set up, lets people in, and takes the place of passwords', async ({ page }) => {
        const domain = `${randomUUID()}.example`;
        const anna = await signUp(page, someoneAt(domain));
        await page.goto(await linkTo(anna.email, 'Confirm your e-mail address'));
        await page.getByRole('button', { name: 'Yes, confirm' }).click();
        await page.getByRole('link', { name: 'Go to Konstruct' }).click();
        await openSettings(page);
        const redirect = await page.locator('code').innerText();
        expect(redirect).toMatch(/\/sign-in\/callback$/);

        const provider = await Provider.start({
            redirect,
            quiet: false,
            people: {
                anna: { email: anna.email, email_verified: true, name: anna.name },
                ben: { email: `ben@${domain}`, email_verified: true, name: 'Ben Hall' },
                eve: { email: `eve@${domain}`, email_verified: false, name: 'Eve' },
            },
        });
        try {
            /* What is missing, what is wrong, and what is right. */
            await page.getByRole('button', { name: 'Save and test' }).click();
            await expect(page.getByLabel('Issuer')).toBeFocused();
            await save(page, `${provider.issuer}/nowhere`, CLIENT.secret);
            await expect(page.getByRole('alert')).toContainText('There is no OpenID provider at this address');
            await save(page, provider.issuer, 'not the secret of this client');
            await expect(page.getByRole('alert')).toContainText('does not accept our client id and secret');
            await save(page, provider.issuer, CLIENT.secret);
            await expect(page.getByText('Saved and tested')).toBeVisible();
            await expect(page.getByLabel('Client secret')).toHaveValue('');
            await expect(page.getByText(`ends in ${CLIENT.secret.slice(-4)}`)).toBeVisible();
            await page.getByRole('button', { name: `Add ${domain}` }).click();
            await expect(page.getByRole('list', { name: 'Domains' })).toContainText(domain);
            await expect(page.getByLabel('Passwords')).toBeDisabled();
            await clean(page);
            await logOut(page);

            /* An address of nowhere; somebody new; somebody who is turned away; somebody unverified. */
            await page.getByLabel('E-mail').fill('somebody@nowhere.example');
            await page.getByRole('button', { name: 'Sign in with your company' }).click();
            await expect(page.getByText('leads to no company’s own log-in')).toBeVisible();
            await clean(page);
            await goAs(page, `ben@${domain}`, 'nobody');
            await expect(page.getByRole('heading', { name: 'You are not logged in' })).toBeVisible();
            await expect(page.getByRole('alert')).toContainText('did not let you in');
            await expect(page.getByRole('alert')).toContainText('Reference');
            expect(new URL(page.url()).search).toBe('');
            await clean(page);
            await goAs(page, `eve@${domain}`, 'eve');
            await expect(page.getByRole('alert')).toContainText('not verified');
            await page.context().clearCookies();
            await goAs(page, `ben@${domain}`, 'ben');
            await expect(page.getByRole('button', { name: /^Ben Hall, .*: account$/ })).toBeVisible();
            await logOut(page);

            /* The admin comes in by it; from then on passwords may end. */
            await page.context().clearCookies();
            await goAs(page, anna.email, 'anna');
            await expect(page.getByRole('button', { name: /^Anna Lindqvist, .*: account$/ })).toBeVisible();
            await openSettings(page);
            await expect(page.getByText('An admin logged in this way')).toBeVisible();
            await page.getByLabel('Passwords').selectOption('no');
            await page.getByRole('button', { name: 'Save and test' }).click();
            await expect(page.getByText('Saved and tested')).toBeVisible();
            await logOut(page);
            await fillLogIn(page, anna);
            await expect(page.getByRole('alert')).toContainText('Your company wants its own log-in.');
        } finally {
            await provider.stop();
        }
    });
});
