/* A table as a file that spreadsheets read. */

/* Text that a spreadsheet would take for a formula is kept from that. */
function cell(value: unknown): string {
    const text = String(value ?? '');
    const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv<Column extends string>(
    columns: readonly Column[],
    rows: readonly Partial<Record<Column, unknown>>[],
): string {
    const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','));
    return [columns.join(','), ...lines].join('\n') + '\n';
}
