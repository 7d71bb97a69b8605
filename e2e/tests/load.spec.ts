import { expect, test } from '../lib/fixtures';
import { signUp } from '../lib/people';

const KIB = 1024;

test('the first page of a stranger and of an employee stay small', async ({ page, browser }) => {
    let bytes = 0;
    const count = async (target: typeof page) => {
        const client = await target.context().newCDPSession(target);
        await client.send('Network.enable');
        client.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
    };

    await count(page);
    await page.goto('/login', { waitUntil: 'networkidle' });
    expect(bytes, 'log in, compressed, with the typeface').toBeLessThan(200 * KIB);

    await signUp(page);
    const state = await page.context().storageState();
    const fresh = await browser.newContext({ ignoreHTTPSErrors: true, storageState: state });
    const other = await fresh.newPage();
    bytes = 0;
    await count(other);
    await other.goto(page.url());
    await expect(other.getByRole('heading', { name: 'Talk to Mara' })).toBeVisible();
    expect(bytes, 'an employee, compressed, with the typeface').toBeLessThan(300 * KIB);
    await fresh.close();
});

test('hashed files are kept by the browser, the page itself is asked for', async ({ request }) => {
    const page = await request.get('/login', { headers: { accept: 'text/html' } });
    const html = await page.text();
    expect(page.headers()['cache-control'] ?? '').not.toContain('immutable');
    expect(page.headers()['content-security-policy']).toContain("default-src 'none'");
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
    const asset = await request.get(script!, { headers: { 'accept-encoding': 'br' } });
    expect(asset.headers()['cache-control']).toContain('immutable');
    expect(asset.headers()['content-encoding']).toBe('br');
    expect(asset.headers()['content-type']).toContain('javascript');
});
