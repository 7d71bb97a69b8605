/* A text as QR code: one path, black on white in the dark look as well, since that is what cameras read. */
import qrcode from 'qrcode-generator';
import { useMemo } from 'react';

const QUIET = 4;

function squares(text: string): { size: number; path: string } {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const size = code.getModuleCount();
    let path = '';
    for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
            if (code.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    return { size: size + 2 * QUIET, path };
}

export function Qr({ text, label }: { text: string; label: string }) {
    const { size, path } = useMemo(() => squares(text), [text]);
    return (
        <svg
            role="img"
            aria-label={label}
            viewBox={`0 0 ${size} ${size}`}
            shapeRendering="crispEdges"
            className="size-48 rounded-lg border border-line"
        >
            <rect width={size} height={size} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}
