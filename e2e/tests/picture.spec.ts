import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

test('the picture for the docs can be taken', async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await signUp(page);
    await askAndHear(page, 'What do you do here?');
    await askAndHear(page, 'A customer wants to send a lamp back. What should she know?');
    await page.evaluate(() => document.fonts.ready);
    const path = process.env.KONSTRUCT_SCREENSHOT === '1' ? '../docs/portal.png' : undefined;
    const picture = await page.screenshot(path ? { path } : {});
    expect(picture.length).toBeGreaterThan(20_000);
});
