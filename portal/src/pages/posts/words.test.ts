import { expect, test } from 'vitest';
import { faultWords } from './words';

test('why a post failed is said, in the channel’s word where there is no other', () => {
    expect(faultWords('not_in_channel')).toContain('Invite it');
    expect(faultWords('odd_thing')).toContain('odd_thing');
    expect(faultWords(null)).toBe('nobody knows why.');
});
