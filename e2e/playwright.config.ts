/* How the browser is run. The address comes from scripts/with-konstruct; its certificate is its own. */
import { defineConfig } from '@playwright/test';

const url = process.env.KONSTRUCT_URL;
if (!url)
    throw new Error('KONSTRUCT_URL is not set. Run "make e2e", which starts a Konstruct to test.');

export default defineConfig({
    testDir: 'tests',
    outputDir: '../build/e2e',
    reporter: 'list',
    fullyParallel: true,
    forbidOnly: true,
    workers: 2,
    timeout: 90_000,
    expect: { timeout: 20_000 },
    use: {
        baseURL: url,
        ignoreHTTPSErrors: true,
        viewport: { width: 1280, height: 800 },
        locale: 'en-GB',
        trace: 'retain-on-failure',
        contextOptions: { reducedMotion: 'reduce' },
        launchOptions: {
            executablePath: '/usr/bin/chromium',
            args: [
                '--no-sandbox',
                '--disable-gpu',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
            ],
        },
    },
});
