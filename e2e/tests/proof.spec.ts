/* Proving an e-mail address, a forgotten password, and changing both. */
import { expect, test } from '../lib/fixtures';
import { linkTo, mailTo } from '../lib/mail';
import { fillLogIn, logOut, signUp, someone } from '../lib/people';

const CONFIRM = 'Confirm your e-mail address';

test('the link of the mail confirms the address, and the banner goes', async ({ page, context }) => {
    const person = await signUp(page);
    const banner = page.getByRole('complementary', { name: CONFIRM });
    await expect(banner).toContainText(person.email);

    const other = await context.newPage();
    await other.goto(await linkTo(person.email, CONFIRM));
    await expect(other.getByText(person.email)).toBeVisible();
    await expect(other.getByText(person.company)).toBeVisible();
    await other.getByRole('button', { name: 'Yes, confirm' }).click();
    await expect(other.getByText('Your address is confirmed.')).toBeVisible();
    await other.getByRole('link', { name: 'Go to Konstruct' }).click();
    await expect(other.getByRole('heading', { level: 1 })).toContainText('Anna');
    await expect(other.getByRole('complementary', { name: CONFIRM })).toHaveCount(0);

    await page.reload();
    await expect(page.getByRole('heading', { name: 'Talk to Mara' })).toBeVisible();
    await expect(banner).toHaveCount(0);
});

test('a second mail can be asked for, until it is enough', async ({ page }) => {
    await signUp(page);
    await page.getByRole('button', { name: 'Send the mail again' }).click();
    await expect(page.getByText(/^Sent again to/)).toBeVisible();
});

test.describe('links that no longer work', () => {
    test.use({ provoked: /status of 400 .*\/api\/v1\/(links|email\/verify|password\/reset)$/ });

    test('a link works once', async ({ page }) => {
        const person = await signUp(page);
        const link = await linkTo(person.email, CONFIRM);
        await page.goto(link);
        await page.getByRole('button', { name: 'Yes, confirm' }).click();
        await expect(page.getByText('Your address is confirmed.')).toBeVisible();
        await page.reload();
        await expect(page.getByRole('alert')).toContainText('This link no longer works.');
        await page.goto('/reset#' + 'x'.repeat(43));
        await expect(page.getByRole('alert')).toContainText('This link no longer works.');
        await page.getByRole('link', { name: 'Ask for a new link' }).click();
        await expect(page).toHaveURL(/\/$/);
    });
});

test.describe('a forgotten password', () => {
    test.use({ provoked: /status of (400|401) .*\/api\/v1\// });

    test('is replaced by the link of a mail, and every session ends', async ({ page, browser }) => {
        const person = await signUp(page);
        const other = await browser.newPage({ ignoreHTTPSErrors: true });
        await other.goto('/login');
        await other.getByRole('link', { name: 'Forgotten your password?' }).click();
        await other.getByLabel('E-mail').fill(person.email);
        await other.getByRole('button', { name: 'Send the link' }).click();
        await expect(other.getByText(/has an account, a mail is on its way/)).toBeVisible();
        await other.goto(await linkTo(person.email, 'Choose a new password'));
        await other.getByLabel('New password').fill('short');
        await other.getByRole('button', { name: 'Change the password' }).click();
        await expect(other.getByText('At least 12 characters; this has 5.')).toBeVisible();
        await other.getByLabel('New password').fill('an even quieter garden');
        await other.getByRole('button', { name: 'Change the password' }).click();
        await expect(other.getByText('Your password is changed')).toBeVisible();
        await mailTo(person.email, 'Your password was changed');

        await page.reload();
        await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
        await fillLogIn(page, person);
        await expect(page.getByRole('alert')).toContainText('E-mail and password don’t match.');
        await fillLogIn(page, { ...person, password: 'an even quieter garden' });
        await expect(page.getByRole('button', { name: /account$/ })).toBeVisible();
        await expect(page.getByRole('complementary', { name: CONFIRM })).toHaveCount(0);
        await other.close();
    });

    test('of somebody unknown is answered in the same words', async ({ page }) => {
        const nobody = someone('Nobody');
        await page.goto('/forgotten');
        await page.getByRole('button', { name: 'Send the link' }).click();
        await expect(page.getByText('Enter your e-mail address.')).toBeVisible();
        await page.getByLabel('E-mail').fill(nobody.email);
        await page.getByRole('button', { name: 'Send the link' }).click();
        await expect(page.getByText(/has an account, a mail is on its way/)).toBeVisible();
    });
});

test.describe('your account', () => {
    test.use({ provoked: /status of (400|401|409) .*\/api\/v1\// });

    test('changes the e-mail address once the new one is confirmed', async ({ page }) => {
        const person = await signUp(page);
        const fresh = someone('Annika').email;
        await page.getByRole('button', { name: /account$/ }).click();
        await page.getByRole('menuitem', { name: 'Your account' }).click();
        const form = page.getByRole('form', { name: 'E-mail address' });
        await form.getByLabel('New e-mail').fill(fresh);
        await form.getByLabel('Your password').fill('not my password');
        await form.getByRole('button', { name: 'Change e-mail' }).click();
        await expect(form.getByText('This is not your password.')).toBeVisible();
        await form.getByLabel('Your password').fill(person.password);
        await form.getByRole('button', { name: 'Change e-mail' }).click();
        await expect(page.getByText(`A mail is on its way to ${fresh}`)).toBeVisible();
        await page.goto(await linkTo(fresh, 'Confirm your new e-mail address'));
        await page.getByRole('button', { name: 'Yes, confirm' }).click();
        await expect(page.getByText('Your address is confirmed.')).toBeVisible();
        await mailTo(person.email, 'Your e-mail address was changed');
        await page.goto('/');
        await logOut(page);
        await fillLogIn(page, { ...person, email: fresh });
        await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
    });

    test('changes the password, and other sessions end', async ({ page, browser }) => {
        const person = await signUp(page);
        const other = await browser.newPage({ ignoreHTTPSErrors: true });
        await other.goto('/login');
        await fillLogIn(other, person);
        await expect(other.getByRole('heading', { level: 1 })).toContainText('Anna');

        await page.goto('/account');
        const form = page.getByRole('form', { name: 'Password' });
        await form.getByLabel('Password until now').fill('not my password');
        await form.getByLabel('New password').fill('an even quieter garden');
        await form.getByRole('button', { name: 'Change password' }).click();
        await expect(form.getByText('This is not your password.')).toBeVisible();
        await form.getByLabel('Password until now').fill(person.password);
        await form.getByRole('button', { name: 'Change password' }).click();
        await expect(page.getByText('Your password is changed.')).toBeVisible();
        await page.reload();
        await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible();

        await other.reload();
        await expect(other.getByRole('heading', { name: 'Log in' })).toBeVisible();
        await fillLogIn(other, { ...person, password: 'an even quieter garden' });
        await expect(other.getByRole('button', { name: /account$/ })).toBeVisible();
        await other.close();
    });
});

test('whoever signs up with somebody’s address is not told, and does not get it', async ({ page }) => {
    const person = await signUp(page);
    await page.goto(await linkTo(person.email, CONFIRM));
    await page.getByRole('button', { name: 'Yes, confirm' }).click();
    await expect(page.getByText('Your address is confirmed.')).toBeVisible();
    await page.goto('/');
    await logOut(page);
    await signUp(page, { ...someone('Bo Berg'), email: person.email, password: 'another long password' });
    await expect(page.getByRole('complementary', { name: CONFIRM })).toBeVisible();
    await logOut(page);
    await fillLogIn(page, person);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
});
