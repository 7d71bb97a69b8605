import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { signUp } from '../lib/people';

const run = promisify(execFile);
const program = new URL(`../../build/${process.env.KIND ?? 'release'}/konstruct`, import.meta.url)
    .pathname;

async function openIsolation(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByRole('link', { name: 'How companies are kept apart' }).click();
    await expect(page.getByRole('heading', { name: 'Isolation' })).toBeVisible();
}

test('the proof is made, read and taken away', async ({ page }, info) => {
    test.setTimeout(180_000);
    await signUp(page);
    await openIsolation(page);
    await expect(page.getByRole('region', { name: 'Latest proof' })).toContainText(
        'konstruct prove isolation',
    );
    const { stdout } = await run(program, ['prove', 'isolation'], {
        env: { ...process.env, KONSTRUCT_CONF: `${process.env.KONSTRUCT_DIR}/konstruct.conf` },
    });
    expect(stdout).toContain('Proven: tenants are sealed off.');
    await page.reload();
    await expect(page.getByText('Proven: companies are sealed off from each other.')).toBeVisible();

    for (const [name, file, holds] of [
        ['Report as JSON', 'isolation.json', '"proven": true'],
        ['Report to read', 'isolation.html', 'What this does not prove'],
    ] as const) {
        const download = page.waitForEvent('download');
        await page.getByRole('link', { name }).click();
        expect((await download).suggestedFilename()).toBe(file);
        await (await download).saveAs(info.outputPath(file));
        expect(await readFile(info.outputPath(file), 'utf8')).toContain(holds);
    }

    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        await page.route('**/api/v1/isolation', (route) => route.abort());
        await openIsolation(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(page.getByRole('region', { name: 'Latest proof' })).toBeVisible();
        await expect(page.getByRole('alert')).toHaveCount(0);
    });
});
