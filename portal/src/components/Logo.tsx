/* The mark and the name. */
export function Logo({ wordless = false }: { wordless?: boolean }) {
    return (
        <span className="inline-flex items-center gap-2.5 font-semibold">
            <svg aria-hidden viewBox="0 0 32 32" className="size-6 shrink-0">
                <rect width="32" height="32" rx="8" className="fill-accent" />
                <path
                    d="M10 8v16M22 8l-9 8 9 8"
                    fill="none"
                    className="stroke-on-accent"
                    strokeWidth="3.4"
                    strokeLinecap="round"
                    strokeLinejoin="round"
                />
            </svg>
            {!wordless && <span className="text-[15px] tracking-tight">Konstruct</span>}
        </span>
    );
}
