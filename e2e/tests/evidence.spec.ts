import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '../lib/fixtures';
import { nextPiece, paced, someoneAlone, withColleague } from '../lib/brain';
import { ask, askAndHear, signUp, stored } from '../lib/people';

const OPEN = { name: 'How was this answered?' };

test('behind an answer stands who gave it, of what, and for how much', async ({ page }) => {
    await signUp(page);
    const answer = await askAndHear(page, 'Hello');
    await answer.getByRole('button', OPEN).click();
    const told = page.getByRole('dialog', { name: 'How this was answered' });
    await expect(told.getByRole('listitem')).toHaveCount(1);
    await expect(told).toContainText('Built-in starter');
    await expect(told).toContainText('Answered in');
    await expect(told.getByRole('row', { name: /^Persona \d+$/ })).toBeVisible();
    await expect(told.getByRole('row', { name: 'Tools none' })).toBeVisible();
    await expect(told).toContainText('$0.00');
    for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
    await page.keyboard.press('Escape');
    await expect(told).toBeHidden();
    await expect(answer.getByRole('button', OPEN)).toBeFocused();
});

test('what a provider has counted is told with its name', async ({ page }) => {
    const person = await signUp(page, someoneAlone());
    await paced(person);
    await ask(page, 'When do parcels leave?');
    for (let i = 0; i < 4; i++) await nextPiece('When do parcels leave?');
    await expect(stored(page)).toHaveCount(2);
    await stored(page).nth(1).getByRole('button', OPEN).click();
    const told = page.getByRole('dialog', { name: 'How this was answered' });
    await expect(told).toContainText('openai · paced');
    await expect(told).toContainText('9 tokens in, 9 out');
});

test('who was asked meanwhile, what, and what came of it', async ({ page }) => {
    const question = 'Can your team tell whether lamps are left?';
    const person = await signUp(page, someoneAlone());
    await paced(person, 'gpt-4o');
    await withColleague(person);
    await ask(page, question);
    for (let i = 0; i < 4; i++) await nextPiece(question);
    await expect(stored(page)).toHaveCount(2);
    await stored(page).nth(1).getByRole('button', OPEN).click();
    const told = page.getByRole('dialog', { name: 'How this was answered' });
    await expect(told.getByRole('listitem')).toHaveCount(3);
    await expect(told.getByRole('listitem').nth(0)).toContainText('Wanted to ask a colleague first');
    const bens = told.getByRole('listitem').nth(1);
    await expect(bens).toContainText('Mara asked Ben: Are there lamps left?');
    await expect(bens).toContainText('Ben: openai · gpt-4o');
    await expect(bens).toContainText('40 tokens in, 6 out, $0.00016');
    await expect(bens).toContainText('Ben said: Twelve, in the back room.');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

test.describe('with the server away', () => {
    test.use({ provoked: /ERR_FAILED/ });

    test('the panel says so, and works when it is back', async ({ page }) => {
        await signUp(page);
        const answer = await askAndHear(page, 'Hello');
        await page.route('**/evidence', (route) => route.abort());
        await answer.getByRole('button', OPEN).click();
        await expect(page.getByRole('alert')).toContainText('Konstruct can’t be reached.');
        await page.unrouteAll();
        await page.getByRole('button', { name: 'Try again' }).click();
        await expect(page.getByRole('dialog')).toContainText('Built-in starter');
    });
});
