/*
 * Runs before the first paint, so that somebody who chose light or dark never sees a flash of the other. A file of its
 * own, because the content security policy allows no inline script. src/lib/theme.ts writes the choice.
 */
try {
    var chosen = localStorage.getItem('konstruct.theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
    /* Storage is switched off: the system's choice holds. */
}
