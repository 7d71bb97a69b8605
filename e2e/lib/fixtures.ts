/* The page that all tests use: it fails the test on whatever the browser complains about. */
import { test as base, expect, type ConsoleMessage } from '@playwright/test';

/* The one complaint that belongs to ordinary use: asking who is logged in before anybody is. */
const ORDINARY = /status of 401 .*\/api\/v1\/me$/;

interface Options {
    /* Further complaints, those that a test provokes; matched against "text address". */
    provoked: RegExp | null;
}

function told(message: ConsoleMessage): string {
    return `${message.text()} ${message.location().url}`;
}

export const test = base.extend<Options>({
    provoked: [null, { option: true }],
    page: async ({ page, provoked }, use) => {
        const complaints: string[] = [];
        page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
        page.on('console', (message) => {
            if (message.type() !== 'error' && message.type() !== 'warning') return;
            const text = told(message);
            if (!ORDINARY.test(text) && !provoked?.test(text)) complaints.push(text);
        });
        await page.addInitScript(() => {
            document.addEventListener('securitypolicyviolation', (event) =>
                console.error(`policy breached: ${event.violatedDirective} by ${event.blockedURI}`),
            );
        });
        await use(page);
        expect(complaints, 'what the browser complained about').toEqual([]);
    },
});

export { expect };
