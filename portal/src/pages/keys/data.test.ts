import { expect, test } from 'vitest';
import { example, lives } from './data';

test('lives end at what is allowed, and no end is offered only where it is', () => {
    expect(lives(0).map(([days]) => days)).toEqual(['7', '30', '90', '180', '365', '0']);
    expect(lives(60).map(([days]) => days)).toEqual(['7', '30', '60']);
    expect(lives(90).map(([days]) => days)).toEqual(['7', '30', '90']);
    expect(lives(3)).toEqual([['3', '3 days']]);
});

test('the example works with the certificate of a local installation', () => {
    expect(example('https://localhost:8443')).toContain('curl --insecure https://localhost:8443/');
    expect(example('https://konstruct.example')).not.toContain('--insecure');
    expect(example('https://localhost.example')).not.toContain('--insecure');
});
