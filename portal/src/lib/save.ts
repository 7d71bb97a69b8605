/* Hands a file that this page has made or gathered to the browser, as a download under this name. */
const KEPT_MS = 60_000;

export function save(file: Blob, name: string): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
