import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

const run = promisify(execFile);
const program = new URL(`../../build/${process.env.KIND ?? 'release'}/konstruct`, import.meta.url)
    .pathname;

async function openCompany(page: Page): Promise<void> {
    await page.goto('/settings/company');
    await expect(page.getByRole('heading', { name: 'Company', exact: true })).toBeVisible();
}

const exports = (page: Page) => page.getByRole('list', { name: 'Exports' }).getByRole('listitem');

test('everything is taken out as an archive that is whole', async ({ page }, info) => {
    await signUp(page);
    await askAndHear(page, 'What do you do here?');
    await openCompany(page);
    await page.getByRole('button', { name: 'Export everything' }).click();
    await expect(exports(page)).toHaveCount(1);
    await expect(exports(page)).toContainText('Ready');
    await expect(exports(page)).toContainText('by Anna Lindqvist');
    /* Left and found again. */
    await page.getByRole('link', { name: 'Home' }).click();
    await openCompany(page);
    const download = page.waitForEvent('download');
    await exports(page).getByRole('button', { name: 'Download' }).click();
    const file = info.outputPath('export.tar');
    await (await download).saveAs(file);
    const { stdout } = await run(program, ['export', 'verify', file], {
        env: { ...process.env, KONSTRUCT_CONF: '/dev/null' },
    });
    expect(stdout).toMatch(/^Whole: \d+ files/);
    const messages = await run('tar', ['xOf', file, 'tables/message.jsonl']);
    expect(messages.stdout).toContain('What do you do here?');
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        await page.route('**/api/v1/exports', (route) => route.abort());
        await openCompany(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(page.getByRole('alert')).toHaveCount(0);
        await page.getByRole('button', { name: 'Export everything' }).click();
        await expect(exports(page)).toContainText('Ready');
        await page.route('**/file', (route) => route.abort());
        await exports(page).getByRole('button', { name: 'Download' }).click();
        await expect(exports(page).getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        const download = page.waitForEvent('download');
        await exports(page).getByRole('button', { name: 'Try again' }).click();
        await download;
    });
});

for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`in ${colorScheme}`, () => {
        test.use({ colorScheme });

        test('nothing keeps anybody out of the page of the company', async ({ page }, info) => {
            await signUp(page);
            await openCompany(page);
            await page.getByRole('button', { name: 'Export everything' }).click();
            await expect(exports(page)).toContainText('Ready');
            const { violations } = await new AxeBuilder({ page }).analyze();
            expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
            await page.screenshot({ path: info.outputPath('company.png'), fullPage: true });
        });
    });
}
