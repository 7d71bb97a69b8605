/*
 * Runs the browser tests: a model server of their own, a private Konstruct that may ask it, then Playwright with the
 * arguments given here.
 */
import { spawn } from 'node:child_process';
import { startModel } from './lib/model.mjs';

const model = await startModel();
const top = new URL('..', import.meta.url).pathname;
const child = spawn(
    'scripts/with-konstruct',
    ['e2e/node_modules/.bin/playwright', 'test', '--config', 'e2e', ...process.argv.slice(2)],
    {
        cwd: top,
        stdio: 'inherit',
        env: {
            ...process.env,
            KONSTRUCT_OPENAI_URL: `${model.url}/v1`,
            KONSTRUCT_TEST_MODEL: model.url,
            KONSTRUCT_PRIVATE_ADDRESSES: 'on', // the provider of sign-in.spec.ts is on this machine
        },
    },
);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
    console.error(`scripts/with-konstruct could not be started: ${error.message}`);
    process.exitCode = 1;
    model.stop();
});
child.on('exit', (code) => {
    process.exitCode = code ?? 1;
    model.stop();
});
