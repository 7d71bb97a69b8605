import { expect, test } from '../lib/fixtures';
import { ask, askAndHear, fillLogIn, messageBox, signUp, stored } from '../lib/people';

test.use({
    provoked:
        /ERR_(FAILED|INTERNET_DISCONNECTED|NETWORK_CHANGED|CONNECTION)|status of (401|429|503) .*\/api\/v1\/|Fault: /,
});

test('with the server away a message is kept, through a reload too, and sent once', async ({
    page,
}) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    await page.route('**/api/v1/**', (route) => route.abort());
    await ask(page, 'Please keep this');
    await expect(page.getByRole('alert')).toContainText('Not sent. Konstruct can’t be reached.');
    await expect(page.getByText('Please keep this')).toBeVisible();
    await messageBox(page).fill('and half of this');
    await page.unrouteAll();
    await page.reload();
    await expect(page.getByText('Please keep this')).toBeVisible();
    await expect(messageBox(page)).toHaveValue('and half of this');
    await page.getByRole('button', { name: 'Send again' }).click();
    await expect(stored(page)).toHaveCount(4);
    await expect(page.getByText('Please keep this')).toHaveCount(1);
});

test('a reply that got lost on the way does not send the message twice', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    /* The server takes the message; the browser never hears of it. */
    await page.route('**/messages', async (route) => {
        if (route.request().method() !== 'POST') return route.continue();
        await route.fetch();
        await route.abort();
    });
    await ask(page, 'Only once, please');
    await expect(stored(page)).toHaveCount(4);
    await page.unrouteAll();
    await page.reload();
    await expect(stored(page)).toHaveCount(4);
    await expect(page.getByText('Only once, please')).toHaveCount(1);
    await expect(page.getByRole('button', { name: 'Send again' })).toHaveCount(0);
});

test('a message too many is kept, with how long to wait', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    await page.route('**/messages', (route) =>
        route.request().method() === 'POST'
            ? route.fulfill({
                  status: 429,
                  contentType: 'application/problem+json',
                  headers: { 'retry-after': '7' },
                  body: JSON.stringify({
                      type: 'about:blank',
                      title: 'Too much',
                      status: 429,
                      code: 'limit_reached',
                      detail: 'This is more than the limit employee_messages allows.',
                      reference: '01980a5d-ac96-774b-bcce-b302099a8057',
                      limit: 'employee_messages',
                      wait_s: 7,
                  }),
              })
            : route.continue(),
    );
    await ask(page, 'One more');
    await expect(page.getByRole('alert')).toContainText('That was too much at once.');
    await expect(page.getByRole('alert')).toContainText('Wait 7 seconds, then try again.');
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Send again' }).click();
    await expect(stored(page)).toHaveCount(4);
});

test('a message that was not sent can be changed', async ({ page }) => {
    await signUp(page);
    await page.route('**/conversations', (route) => route.abort());
    await ask(page, 'A tpyo');
    await expect(page.getByRole('alert')).toContainText('Not sent.');
    await page.getByRole('button', { name: 'Edit' }).click();
    await expect(messageBox(page)).toHaveValue('A tpyo');
    await page.unrouteAll();
    await askAndHear(page, 'A typo');
    await expect(page.getByText('A tpyo')).toHaveCount(0);
});

test('a lost connection is said, and what came meanwhile appears when it is back', async ({
    page,
    context,
}) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(stored(other)).toHaveCount(2);
    const offline = await context.newCDPSession(page);
    const network = (away: boolean) =>
        offline.send('Network.emulateNetworkConditions', {
            offline: away,
            latency: 0,
            downloadThroughput: -1,
            uploadThroughput: -1,
        });
    await offline.send('Network.enable');
    await network(true);
    await expect(page.getByText('The connection is lost.')).toBeVisible();
    await askAndHear(other, 'Said while one was away');
    await network(false);
    await expect(page.getByText('The connection is lost.')).toHaveCount(0);
    await expect(stored(page)).toHaveCount(4);
    await expect(stored(page).nth(2)).toContainText('Said while one was away');
});

test('when the log-in has ended, one logs in and finds everything as it was', async ({
    page,
    context,
}) => {
    const person = await signUp(page);
    await askAndHear(page, 'Hello');
    const conversation = page.url();
    await context.clearCookies();
    await ask(page, 'Was I logged out?');
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
    await fillLogIn(page, person);
    await expect(page).toHaveURL(conversation);
    await expect(page.getByText('Was I logged out?')).toBeVisible();
    await page.getByRole('button', { name: 'Send again' }).click();
    await expect(stored(page)).toHaveCount(4);
});

test('with the server away the log-in says so and keeps what was typed', async ({ page }) => {
    await page.goto('/login');
    await page.route('**/api/v1/login', (route) => route.abort());
    await page.getByLabel('E-mail').fill('anna@example.com');
    await page.getByLabel('Password', { exact: true }).fill('a quiet green garden');
    await page.getByRole('button', { name: 'Log in' }).click();
    await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('a quiet green garden');
});

test('a page that can’t be built says what to do, and works when the server is back', async ({
    page,
}) => {
    await signUp(page);
    await page.route('**/api/v1/me', (route) =>
        route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify({
                title: 'Unavailable',
                status: 503,
                code: 'database_away',
                reference: 'r-1',
            }),
        }),
    );
    await page.goto('/');
    await expect(page.getByRole('heading')).toContainText('can’t reach its database');
    await expect(page.getByText('Nothing was lost.')).toBeVisible();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
});
