/* The mails that an instance without a mail server writes into its folder. */
import { readdir, readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';

const folder = `${process.env.KONSTRUCT_DIR}/mail`;

async function mailsTo(email: string): Promise<string[]> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
    const all = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
    return all.filter((text) => text.includes(`\r\nTo: <${email}>\r\n`));
}

function plain(text: string): string {
    if (!text.includes('quoted-printable')) return text;
    const bytes = text
        .replaceAll('=\r\n', '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
}

/* The text of the mail to this address with that subject, once it is there. */
export async function mailTo(email: string, subject: string): Promise<string> {
    let found: string | undefined;
    await expect(async () => {
        found = (await mailsTo(email)).find((text) => text.includes(`\r\nSubject: ${subject}\r\n`));
        expect(found, `the mail "${subject}" to ${email}`).toBeDefined();
    }).toPass({ timeout: 30_000 });
    return plain(found!);
}

/* The path behind the host, with its token. */
export async function linkTo(email: string, subject: string): Promise<string> {
    const text = await mailTo(email, subject);
    return text.match(/https:\/\/[^/\s]+(\/\w+#[\w-]{43})/)![1]!;
}
