import { writeFile } from 'node:fs/promises';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

const PLACE = new URL('../../docs/portal.png', import.meta.url);

test('the picture for the docs can be taken', async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await signUp(page);
    await askAndHear(page, 'What do you do here?');
    await askAndHear(page, 'How do I connect Slack?');
    await page.evaluate(() => document.fonts.ready);
    const picture = await page.screenshot();
    if (process.env.KONSTRUCT_SCREENSHOT === '1') await writeFile(PLACE, picture);
    expect(picture.length).toBeGreaterThan(20_000);
});
