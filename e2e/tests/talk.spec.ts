import { expect, test } from '../lib/fixtures';
import { ask, askAndHear, messageBox, signUp, someone, stored } from '../lib/people';

test('the message is there at once, before the server has said anything', async ({ page }) => {
    await signUp(page);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/conversations', async (route) => {
        await held;
        await route.continue();
    });
    await ask(page, 'Are you there?');
    await expect(page.getByRole('listitem').filter({ hasText: 'Are you there?' })).toBeVisible();
    await expect(page.getByText('Mara is thinking')).toBeVisible();
    await expect(messageBox(page)).toHaveValue('');
    letGo();
    await expect(stored(page)).toHaveCount(2);
});

test('several messages in a row are all answered, in order', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    for (const text of ['first question', 'second question', 'third question'])
        await ask(page, text);
    await expect(stored(page).filter({ hasText: 'Mara' })).toHaveCount(4);
    const mine = (await stored(page).allInnerTexts()).filter((text) => text.includes('question'));
    const order = ['first', 'second', 'third'].map((word) =>
        mine.findIndex((text) => text.startsWith(`${word} question`)),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
});

test('a second window shows the conversation as it happens', async ({ page, context }) => {
    await signUp(page);
    await askAndHear(page, 'Hello');
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(stored(other)).toHaveCount(2);
    await askAndHear(page, 'Do both windows see this?');
    await expect(stored(other)).toHaveCount(4);
    await expect(stored(other).nth(2)).toContainText('Do both windows see this?');
});

test('a new conversation starts empty, and the old one stays', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'The first conversation');
    await page.getByRole('link', { name: 'New conversation' }).click();
    await expect(page.getByRole('heading', { name: 'Talk to Mara' })).toBeVisible();
    await page.getByRole('button', { name: 'What do you do here?' }).click();
    await expect(stored(page)).toHaveCount(2);
    await page.getByRole('link', { name: 'Home' }).click();
    const list = page.getByRole('main').getByRole('list').last();
    await expect(list.getByRole('link')).toHaveCount(2);
    await list.getByRole('link', { name: 'The first conversation' }).click();
    await expect(stored(page).first()).toContainText('The first conversation');
});

test('text with markup is shown as it was typed', async ({ page }) => {
    await signUp(page);
    const text = '<img src=x onerror="document.title=1"> & **bold** {{x}} \u202Eabc';
    await askAndHear(page, text);
    expect(await stored(page).first().locator('p').first().textContent()).toBe(text);
    await expect(page.locator('main img')).toHaveCount(0);
});

test('long text and many lines stay readable on a narrow screen', async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 780 });
    await signUp(page);
    await askAndHear(page, `${'unbreakable'.repeat(30)}\n`.repeat(12).trim());
    const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(wide).toBe(0);
    await expect(stored(page).nth(1)).toBeInViewport();
});

test.describe('what belongs to somebody else', () => {
    test.use({ provoked: /status of 404 .*\/api\/v1\/(employees|conversations)/ });

    test('looks like what does not exist', async ({ page, browser }) => {
        await signUp(page);
        await askAndHear(page, 'Our margin is eleven per cent.');
        const theirs = page.url();
        const other = await browser.newContext({ ignoreHTTPSErrors: true });
        const stranger = await other.newPage();
        await signUp(stranger, someone('Zed Stranger'));
        await stranger.goto(theirs);
        await expect(stranger.getByText('This doesn’t exist, or it isn’t yours.')).toBeVisible();
        await expect(stranger.getByText('eleven per cent')).toHaveCount(0);
        await other.close();
    });
});

test('a long title in the list of conversations is cut, not pushed out of the window', async ({ page }) => {
    const text = 'Where is the parcel that I was told would be here on the day before yesterday?';
    await signUp(page);
    await askAndHear(page, text);
    const title = page.getByRole('link', { name: text.slice(0, 30) });
    const box = await title.boundingBox();
    expect(box && box.x + box.width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
});

test('an address that does not exist says so and leads home', async ({ page }) => {
    await signUp(page);
    await page.goto('/no/such/place');
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
    await page.getByRole('link', { name: 'Go to Home' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Anna');
});
