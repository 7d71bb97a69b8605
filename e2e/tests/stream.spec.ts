import { randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import { nextPiece, paced, someoneAlone } from '../lib/brain';
import { expect, test } from '../lib/fixtures';
import { PIECES } from '../lib/model.mjs';
import { ask, askAndHear, signUp, stored } from '../lib/people';

/* Different in each test, since the model tells its questions apart by their words. */
function question(): string {
    return `When do parcels leave? ${randomUUID().slice(0, 8)}`;
}

function upTo(count: number): string {
    return PIECES.slice(0, count).join('').trim();
}

/* An answer has come over the live line, so it stands; from here on the answers come piece by piece. */
async function beginPaced(page: Page): Promise<string> {
    const person = await signUp(page, someoneAlone());
    await askAndHear(page, 'Hello');
    await paced(person);
    return question();
}

function draft(page: Page) {
    return page.locator('[data-streaming]');
}

test('each piece of an answer is on the screen before the model has sent the next', async ({
    page,
}) => {
    const text = await beginPaced(page);
    await ask(page, text);
    await expect(stored(page)).toHaveCount(3);
    await expect(page.getByText('Mara is thinking')).toBeVisible();
    for (let count = 1; count < PIECES.length; count++) {
        await nextPiece(text);
        await expect(draft(page)).toHaveText(upTo(count));
        await expect(stored(page)).toHaveCount(3);
    }
    await expect(page.getByText('Mara is thinking')).toHaveCount(0);
    await nextPiece(text);
    await expect(stored(page)).toHaveCount(4);
    await expect(stored(page).nth(3)).toContainText(upTo(PIECES.length));
    await expect(draft(page)).toHaveCount(0);
});

test('a reload in the middle of an answer loses nothing of it', async ({ page }) => {
    const text = await beginPaced(page);
    await ask(page, text);
    await nextPiece(text);
    await expect(draft(page)).toHaveText(upTo(1));
    for (let count = 2; count < PIECES.length; count++) {
        await page.reload();
        await expect(stored(page)).toHaveCount(3);
        await expect(draft(page)).toHaveText(upTo(count - 1));
        await nextPiece(text);
        await expect(draft(page)).toHaveText(upTo(count));
    }
    await nextPiece(text);
    await expect(stored(page)).toHaveCount(4);
    await expect(stored(page).nth(3)).toContainText(upTo(PIECES.length));
});

test('one may leave in the middle of an answer and find it later', async ({ page }) => {
    const text = await beginPaced(page);
    await ask(page, text);
    await nextPiece(text);
    await expect(draft(page)).toHaveText(upTo(1));
    await page.getByRole('link', { name: 'Home' }).click();
    await nextPiece(text);
    await page.getByRole('main').getByRole('link', { name: 'Hello' }).click();
    await expect(draft(page)).toHaveText(upTo(2));
    for (let count = 2; count < PIECES.length; count++) await nextPiece(text);
    await expect(stored(page)).toHaveCount(4);
    await expect(stored(page).nth(3)).toContainText(upTo(PIECES.length));
});

test('the first question of a conversation is answered piece by piece, too', async ({ page }) => {
    await paced(await signUp(page, someoneAlone()));
    const text = question();
    await ask(page, text);
    for (const _ of PIECES) await nextPiece(text);
    await expect(stored(page)).toHaveCount(2);
    await expect(stored(page).nth(1)).toContainText(upTo(PIECES.length));
});

test('what is being read stays where it is when one’s own message is stored', async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 420 });
    await signUp(page, someoneAlone());
    for (const words of ['one', 'two', 'three']) await askAndHear(page, `Tell me about ${words}`);
    let held = 0;
    let letGo: () => void;
    const released = new Promise<void>((go) => (letGo = go));
    await page.route('**/api/v1/conversations/*/messages*', async (route) => {
        held++;
        await released;
        await route.continue();
    });
    await ask(page, 'Tell me about four');
    await expect.poll(() => held).toBe(1);

    const region = page.getByRole('region', { name: 'Conversation with Mara' });
    await region.evaluate((box) => box.scrollTo({ top: 0 }));
    letGo!();
    await expect(stored(page)).toHaveCount(8);
    expect(await region.evaluate((box) => box.scrollTop)).toBe(0);
});

test('what is being read stays where it is while an answer grows', async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 420 });
    const person = await signUp(page, someoneAlone());
    for (const words of ['one', 'two', 'three']) await askAndHear(page, `Tell me about ${words}`);
    await paced(person);
    const text = question();
    await ask(page, text);
    await expect(page.getByText('Mara is thinking')).toBeInViewport();

    const region = page.getByRole('region', { name: 'Conversation with Mara' });
    await region.evaluate((box) => box.scrollTo({ top: 0 }));
    await nextPiece(text);
    await expect(draft(page)).toHaveText(upTo(1));
    expect(await region.evaluate((box) => box.scrollTop)).toBe(0);
    for (let count = 1; count < PIECES.length; count++) await nextPiece(text);
    await expect(stored(page)).toHaveCount(8);
    await page.getByRole('button', { name: 'Newest' }).click();
    await expect(stored(page).nth(7)).toBeInViewport();
});
