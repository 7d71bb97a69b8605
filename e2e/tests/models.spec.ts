/* An account at a provider of models, from the wrong key to an employee that thinks with it. */
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { KEY, Models } from '../../tests/judges/models.mjs';
import { expect, test } from '../lib/fixtures';
import { askAndHear, signUp } from '../lib/people';

const FIXTURES = [
    { match: { model: 'ours-32b', userMessage: 'Say ok.' }, response: { content: 'ok' } },
    { match: { model: 'gpt-4o', userMessage: 'Say ok.' }, response: { content: 'ok' } },
    {
        match: { model: 'gpt-4o', userMessage: 'When do you open?' },
        response: { content: 'The judge opens at nine.' },
    },
];

/* A company that is seconds old may have no key of its own yet, and says so. */
test.use({ provoked: /status of 503 .*\/api\/v1\/provider-accounts$/ });

async function clean(page: Page): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
}

async function openModels(page: Page): Promise<void> {
    await page.getByRole('link', { name: 'Settings' }).click();
    await page
        .getByRole('navigation', { name: 'Settings' })
        .getByRole('link', { name: 'Models' })
        .click();
    await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
}

const accounts = (page: Page): Locator =>
    page.getByRole('list', { name: 'Accounts' }).getByRole('listitem');

async function choose(page: Page, account: string, deed: string): Promise<void> {
    await page.getByRole('button', { name: `What to do with ${account}` }).click();
    await page.getByRole('menuitem', { name: deed }).click();
}

async function add(page: Page, name: string, address: string, key: string): Promise<void> {
    await page.getByRole('button', { name: 'Add an account' }).click();
    const panel = page.getByRole('dialog');
    await panel.getByLabel('Provider').selectOption({ label: 'Other, in OpenAI’s format' });
    await panel.getByLabel('Name').fill(name);
    await panel.getByLabel('Address').fill(address);
    await panel.getByLabel('API key').fill(key);
    /* Until the company has a key of its own, nothing can be sealed to it. */
    await expect(async () => {
        await panel.getByRole('button', { name: 'Add and test' }).click();
        await expect(panel).toBeHidden({ timeout: 3000 });
    }).toPass();
}

test('an account is added, mended, and thought with', async ({ page }) => {
    const judge = await Models.start(FIXTURES);
    try {
        await signUp(page);
        await openModels(page);
        await expect(page.getByText('There is no account yet.')).toBeVisible();
        await expect(page.getByRole('list', { name: 'Models of employees' })).toContainText(
            'The built-in starter',
        );
        await clean(page);

        await add(page, 'Judge', `${judge.url}/v1`, 'sk-not-the-right-one');
        const first = accounts(page).filter({ hasText: 'Judge' });
        await expect(first).toContainText('Does not work');
        await expect(first).toContainText('The provider does not know this key.');
        await clean(page);

        await choose(page, 'Judge', 'Change…');
        await expect(page.getByText('Leave it empty to keep the one that ends in -one.')).toBeVisible();
        await page.getByLabel('API key').fill(KEY);
        await clean(page);
        await page.getByRole('button', { name: 'Save and test' }).click();
        await expect(first).toContainText('Works');
        await expect(first).toContainText('gpt-4o');
        await expect(first).toContainText('key …cdef');
        expect(await page.content()).not.toContain(KEY);

        await page.getByRole('button', { name: 'Change the models of Mara' }).click();
        await page.getByLabel('Asked first').selectOption({ label: 'OpenAI, or in its format' });
        await page.getByRole('button', { name: 'Save' }).click();
        await expect(page.getByText('Enter the model.')).toBeVisible();
        await expect(page.getByLabel('Model', { exact: true })).toBeFocused();
        await page.getByLabel('Model', { exact: true }).fill('gpt-4o');
        await page.getByLabel('Last of all').selectOption({ label: 'Built-in starter' });
        await clean(page);
        await page.getByRole('button', { name: 'Save' }).click();
        await expect(
            page.getByText('gpt-4o (OpenAI), then the built-in starter'),
        ).toBeVisible();

        await page.getByRole('link', { name: 'Mara' }).first().click();
        await expect(await askAndHear(page, 'When do you open?')).toContainText(
            'The judge opens at nine.',
        );
    } finally {
        await judge.stop();
    }
});

test('accounts are put in order, turned off and removed', async ({ page }) => {
    const judge = await Models.start(FIXTURES);
    try {
        await signUp(page);
        await openModels(page);
        await add(page, 'First', `${judge.url}/v1`, KEY);
        await add(page, 'Second', `${judge.url}/v1`, KEY);
        await expect(accounts(page).nth(1)).toContainText('Works');
        /* The page shows the new order before the server has it; a reload would stop the request. */
        const sorted = page.waitForResponse('**/api/v1/provider-accounts/order');
        await choose(page, 'Second', 'Ask it earlier');
        await expect(accounts(page).first()).toContainText('Second');
        expect((await sorted).ok()).toBe(true);
        await page.reload();
        await expect(accounts(page).first()).toContainText('Second');

        await choose(page, 'Second', 'Turn off');
        await expect(accounts(page).first()).toContainText('Off');
        await page.getByRole('button', { name: 'Test Second' }).click();
        await expect(accounts(page).first()).toContainText('Off');
        await choose(page, 'Second', 'Turn on');
        await expect(accounts(page).first()).toContainText('Works');

        await choose(page, 'Second', 'Remove…');
        await page.getByRole('button', { name: 'Remove it' }).click();
        await expect(accounts(page)).toHaveCount(1);
        await expect(accounts(page)).toContainText('First');

        await page.getByRole('button', { name: 'Change the models of Mara' }).click();
        await page.getByLabel('Asked first').selectOption({ label: 'Whichever suits' });
        await expect(page.getByLabel('Model', { exact: true })).toHaveCount(0);
        await page.getByRole('button', { name: 'Save' }).click();
        await expect(page.getByRole('list', { name: 'Models of employees' })).toContainText(
            'Whichever model suits',
        );
    } finally {
        await judge.stop();
    }
});

test('what nobody else knows of a model is typed in', async ({ page }) => {
    const judge = await Models.start(FIXTURES);
    try {
        await signUp(page);
        await openModels(page);
        await add(page, 'Gateway', `${judge.url}/v1`, KEY);
        await expect(accounts(page)).toContainText('Works');
        await choose(page, 'Gateway', 'Change…');
        await page.getByRole('textbox', { name: 'Models' }).fill('ours-32b gpt-4o');
        await page.getByRole('button', { name: 'Save and test' }).click();
        await expect(accounts(page)).toContainText('The price of one model is not known.');
        await expect(accounts(page)).toContainText('Works');
        await clean(page);

        await page.getByRole('link', { name: 'Usage' }).click();
        await expect(page.getByText('It counts as 0 here and against the caps.')).toBeVisible();
        await clean(page);
        await page.getByRole('link', { name: 'Set prices' }).click();
        await page.getByRole('button', { name: 'Set the price' }).click();
        const panel = page.getByRole('dialog');
        const line = (name: string) => panel.getByRole('listitem').filter({ hasText: name });
        await expect(line('ours-32b')).toContainText('Price not known: counts as 0 against caps.');
        await expect(line('gpt-4o')).toContainText('$2.50 in, $10.00 out (from Konstruct’s list)');
        await clean(page);
        await panel.getByRole('button', { name: 'Set what ours-32b costs and can do' }).click();
        await expect(panel.getByLabel('Input', { exact: true })).toBeFocused();
        await panel.getByLabel('Input', { exact: true }).fill('a little');
        await panel.getByRole('button', { name: 'Save' }).click();
        await expect(panel.getByText('Enter dollars such as 0.15, at most 10000.')).toBeVisible();
        await expect(panel.getByText('Enter this, too.')).toBeVisible();
        await expect(panel.getByLabel('Input', { exact: true })).toBeFocused();
        await clean(page);
        await panel.getByLabel('Input', { exact: true }).fill('0,15');
        await panel.getByLabel('Output', { exact: true }).fill('$0.6');
        await panel.getByLabel('Uses tools').selectOption('Yes');
        await panel.getByLabel('Reads at most').fill('32k');
        await panel.getByRole('button', { name: 'Save' }).click();
        await expect(line('ours-32b')).toContainText('$0.15 in, $0.60 out (your price)');
        await expect(line('ours-32b')).toContainText('uses tools, reads 32,000 tokens');
        await expect(panel.getByRole('button', { name: 'Change what ours-32b' })).toBeFocused();
        await expect(page.getByText('The price of one model is not known.')).toHaveCount(0);

        await panel.getByRole('button', { name: 'Set for another name' }).click();
        await panel.getByLabel('Model', { exact: true }).fill('*');
        await panel.getByLabel('Input', { exact: true }).fill('3');
        await panel.getByLabel('Output', { exact: true }).fill('9');
        await panel.getByRole('button', { name: 'Save' }).click();
        await expect(line('gpt-4o')).toContainText('$3.00 in, $9.00 out (your price for all like it)');

        await panel.getByRole('button', { name: 'Change what ours-32b' }).click();
        await expect(panel.getByLabel('Reads at most')).toHaveValue('32000');
        await panel.getByRole('button', { name: 'Remove' }).click();
        await expect(line('ours-32b')).toContainText('$3.00 in, $9.00 out (your price for all like it)');
        await panel.getByRole('button', { name: 'Close' }).click();
        await expect(panel).toBeHidden();
    } finally {
        await judge.stop();
    }
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the page says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        await page.route('**/api/v1/provider-accounts', (route) => route.abort());
        await openModels(page);
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(page.getByText('There is no account yet.')).toBeVisible();
    });
});
