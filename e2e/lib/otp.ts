/* The codes that an authenticator app would show (RFC 6238), from the key as the page shows it. */
import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytesOf(key: string): Buffer {
    const bits = [...key.replaceAll(' ', '')]
        .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'))
        .join('');
    return Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
}

const STEP_MS = 30_000;
const ROOM_MS = 8_000;

/* Waits for the next step when this one is nearly over, so that a code is still of its step when it arrives. */
export async function codeOf(key: string, steps = 0): Promise<string> {
    const left = STEP_MS - (Date.now() % STEP_MS);
    if (left < ROOM_MS) await new Promise((done) => setTimeout(done, left));
    return codeAt(key, steps);
}

/* Of so many steps from now. */
function codeAt(key: string, steps: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + steps));
    const mac = createHmac('sha1', bytesOf(key)).update(counter).digest();
    const number = mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff;
    return (number % 1_000_000).toString().padStart(6, '0');
}

export function wrongCode(key: string): string {
    const right = [-2, -1, 0, 1, 2].map((steps) => codeAt(key, steps));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
        (code) => !right.includes(code),
    )!;
}
