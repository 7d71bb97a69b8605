import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

const run = promisify(execFile);
const program = new URL(`../../build/${process.env.KIND ?? 'release'}/konstruct`, import.meta.url)
    .pathname;

async function verify(file: string): Promise<string> {
    const { stdout, stderr } = await run(program, ['audit', 'verify', file], {
        env: { ...process.env, KONSTRUCT_CONF: `${process.env.KONSTRUCT_DIR}/konstruct.conf` },
    }).catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
}

const row = (page: Page, text: string | RegExp) => page.getByRole('row').filter({ hasText: text });

async function openAudit(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Audit' }).click();
    await expect(page.getByRole('heading', { name: 'Audit' })).toBeVisible();
}

test('what happened is found by filters, which stay in the address', async ({ page }) => {
    await signUp(page);
    await askAndHear(page, 'What do you do here?');
    await openAudit(page);
    await expect(row(page, 'Signed up')).toContainText('Anna Lindqvist');
    await expect(row(page, 'Company created')).toContainText('Konstruct');
    await expect(page.getByRole('region', { name: 'State of the chain' })).toContainText(/\d+:[0-9a-f]{64}/);

    const all = await page.getByRole('row').count();
    await page.getByRole('combobox', { name: 'What' }).selectOption({ label: 'Signed up' });
    await expect(page).toHaveURL(/action=person\.signed_up/);
    await expect(page.getByRole('row')).toHaveCount(2);
    await page.reload();
    await expect(page.getByRole('row')).toHaveCount(2);
    await expect(page.getByRole('combobox', { name: 'What' })).toHaveValue('person.signed_up');
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect(page.getByRole('row')).toHaveCount(all);
    await page.getByRole('searchbox', { name: 'Words' }).fill('tenant crea');
    await expect(page.getByRole('row')).toHaveCount(2);
    await expect(row(page, 'Company created')).toBeVisible();
    await page.getByRole('searchbox', { name: 'Words' }).fill('nothing like this');
    await expect(page.getByText('No entry fits these filters.')).toBeVisible();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('To', { exact: true }).fill('2020-01-01');
    await expect(page.getByText('No entry fits these filters.')).toBeVisible();
    await page.getByLabel('To', { exact: true }).fill('');
    await expect(page.getByRole('row')).toHaveCount(all);
});

test('an export is signed, and whoever changes it is found', async ({ page }, info) => {
    await signUp(page);
    await openAudit(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const file = info.outputPath('audit.jsonl');
    await (await download).saveAs(file);
    await expect(page.getByRole('status').filter({ hasText: /Exported \d+ entries/ })).toBeVisible();
    await expect(row(page, 'Audit exported')).toContainText('Anna Lindqvist');
    await expect(page.getByText(/up to entry \d+/)).toBeVisible();
    expect(await verify(file)).toMatch(/^Whole: \d+ entries/);
    await writeFile(file, (await readFile(file, 'utf8')).replace('person.signed_up', 'person.signed_in'));
    expect(await verify(file)).toMatch(/Line \d+: entry \d+ does not fit/);
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        await page.route(/\/api\/v1\/audit(\?|$)/, (route) => route.abort());
        await openAudit(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(row(page, 'Signed up')).toBeVisible();
        await expect(page.getByRole('alert')).toHaveCount(0);

        await page.route('**/api/v1/audit/export', (route) => route.abort());
        await page.getByRole('button', { name: 'Export' }).click();
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        const download = page.waitForEvent('download');
        await page.getByRole('button', { name: 'Try again' }).click();
        await download;
        await expect(page.getByRole('alert')).toHaveCount(0);
    });
});

for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`in ${colorScheme}`, () => {
        test.use({ colorScheme });

        test('nothing keeps anybody out of the audit', async ({ page }) => {
            await signUp(page);
            await openAudit(page);
            await expect(row(page, 'Signed up')).toBeVisible();
            const { violations } = await new AxeBuilder({ page }).analyze();
            expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
        });
    });
}
