import { expect, test } from '../lib/fixtures';
import { askAndHear, fillLogIn, logOut, signUp, someone, stored } from '../lib/people';

test('sign up, ask Mara, reload, log out, log in, go on', async ({ page }) => {
    const person = await signUp(page);
    const answer = await askAndHear(page, 'What do you do here?');
    const words = await answer.innerText();

    await expect(page).toHaveURL(/\/employees\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/);
    await page.reload();
    await expect(stored(page)).toHaveCount(2);
    await expect(stored(page).first()).toContainText('What do you do here?');
    expect(await stored(page).nth(1).innerText()).toBe(words);

    const conversation = page.url();
    await logOut(page);
    await page.goto(conversation);
    await expect(page).toHaveURL(/\/login\?next=/);
    await fillLogIn(page, person);
    await expect(page).toHaveURL(conversation);
    await expect(stored(page)).toHaveCount(2);

    await page.getByRole('link', { name: 'Home' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
    await page.getByRole('main').getByRole('link', { name: 'What do you do here?' }).click();
    await expect(stored(page)).toHaveCount(2);
});

test('what was typed is gone after the log-out, and Back shows nothing of it', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'Our margin is eleven per cent.');
    await page.getByRole('textbox').fill('half a thought');
    await logOut(page);
    await page.goBack();
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await expect(page.getByText('eleven per cent')).toHaveCount(0);
    expect(await page.evaluate(() => Object.keys(sessionStorage).join())).not.toContain('kept');
});

test.describe('refused', () => {
    test.use({ provoked: /status of (401|429) .*\/api\/v1\/login$/ });

    test('a wrong password is told in a sentence, and the e-mail stays', async ({ page }) => {
        const person = await signUp(page);
        await logOut(page);
        await fillLogIn(page, { ...person, password: 'not my password' });
        await expect(page.getByRole('alert')).toContainText('E-mail and password don’t match.');
        await expect(page.getByLabel('E-mail')).toHaveValue(person.email);
        await fillLogIn(page, person);
        await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
    });

    test('too many wrong passwords are told, and what to do', async ({ page }) => {
        const person = someone('Guessed');
        await page.goto('/login');
        for (let i = 0; i < 10; i++) {
            const status = await page.evaluate(async (email) => {
                const answer = await fetch('/api/v1/login', {
                    method: 'POST',
                    headers: { 'content-type': 'application/json' },
                    body: JSON.stringify({ email, password: 'a guess' }),
                });
                return answer.status;
            }, person.email);
            expect(status).toBe(401);
        }
        await fillLogIn(page, person);
        await expect(page.getByRole('alert')).toContainText('There were too many wrong attempts.');
    });

    test('an unknown e-mail is told in the same words as a wrong password', async ({ page }) => {
        await page.goto('/login');
        await fillLogIn(page, someone('Nobody'));
        await expect(page.getByRole('alert')).toContainText('E-mail and password don’t match.');
    });
});

test('an empty or wrong field is told before anything is sent', async ({ page }) => {
    const sent: string[] = [];
    page.on('request', (request) => {
        if (request.method() === 'POST') sent.push(request.url());
    });
    await page.goto('/signup');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await expect(page.getByText('Enter your company’s name.')).toBeVisible();
    await expect(page.getByLabel('Company')).toBeFocused();
    await page.getByLabel('Company').fill('Fern & Field Ltd');
    await page.getByLabel('Your name').fill('Anna');
    await page.getByLabel('E-mail').fill('anna(at)example');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await expect(page.getByText('This doesn’t look like an e-mail address.')).toBeVisible();
    await expect(page.getByText('At least 12 characters; this has 5.')).toBeVisible();
    await expect(page.getByLabel('E-mail')).toBeFocused();
    expect(sent).toEqual([]);
});

test('whoever is logged in does not see the log-in page', async ({ page }) => {
    await signUp(page);
    await page.goto('/login');
    await expect(page).toHaveURL(/\/$/);
    await page.goto('/login?next=//elsewhere.example/');
    await expect(page).toHaveURL(/^https:\/\/(localhost|127\.0\.0\.1):\d+\/$/);
});
