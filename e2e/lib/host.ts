/* Whoever runs the instance: somebody with a proven address, appointed by the command line. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { expect } from './fixtures';
import { linkTo } from './mail';
import { signUp, type Person } from './people';

const run = promisify(execFile);
const program = new URL(`../../build/${process.env.KIND ?? 'release'}/konstruct`, import.meta.url)
    .pathname;

export async function konstruct(...words: string[]): Promise<string> {
    const { stdout } = await run(program, words, {
        env: { ...process.env, KONSTRUCT_CONF: `${process.env.KONSTRUCT_DIR}/konstruct.conf` },
    });
    return stdout;
}

export async function signUpAsHost(page: Page, person?: Person): Promise<Person> {
    const host = await signUp(page, person);
    await page.goto(await linkTo(host.email, 'Confirm your e-mail address'));
    await page.getByRole('button', { name: 'Yes, confirm' }).click();
    await expect(page.getByText('Your address is confirmed.')).toBeVisible();
    await konstruct('host', 'add', host.email);
    await page.goto('/');
    return host;
}
