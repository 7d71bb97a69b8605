#!/usr/bin/env node
// Writes backend/memory/unicode.def: what the tokenizer of the built-in embedding model must know of Unicode. From the
// tables that Node carries, so that a new Node is all it takes to follow a new Unicode.
//   scripts/lib/unicode-table.mjs > backend/memory/unicode.def
const hex = (n) => `0x${n.toString(16)}`;
const points = [];
for (let c = 0; c < 0x110000; c++) if (c < 0xd800 || c > 0xdfff) points.push(c);

const isMark = (text) => /^\p{Mn}$/u.test(text);
const isHangul = (c) => c >= 0xac00 && c <= 0xd7a3; // taken apart by arithmetic

// What is left of a character without its accents, in lower case; each for itself, so that no neighbour counts.
function plain(c) {
    const bare = [...String.fromCodePoint(c).normalize('NFD')].filter((one) => !isMark(one));
    return [...bare.map((one) => one.toLowerCase()).join('')].map((one) => one.codePointAt(0));
}

// Rows of the same distance, one after the other or every second one, are one row.
function folds() {
    const rows = [];
    const longer = [];
    let last;
    for (const c of points) {
        if (isHangul(c) || isMark(String.fromCodePoint(c))) continue;
        const to = plain(c);
        if (to.length === 1 && to[0] === c) continue;
        if (to.length !== 1) {
            longer.push(`LONGER(${hex(c)}, ${[...to, 0, 0, 0].slice(0, 3).map(hex).join(', ')})`);
            continue;
        }
        const distance = to[0] - c;
        const gap = last && c - last.to;
        if (last?.distance === distance && (gap === last.step || (last.step === 0 && gap <= 2))) {
            last.step = gap;
            last.to = c;
        } else {
            last = { from: c, to: c, step: 0, distance };
            rows.push(last);
        }
    }
    return [rows.map((r) => `FOLD(${hex(r.from)}, ${hex(r.to)}, ${r.step || 1}, ${r.distance})`), longer];
}

function ranges(name, pattern) {
    const rows = [];
    for (const c of points) {
        if (!pattern.test(String.fromCodePoint(c))) continue;
        const last = rows.at(-1);
        if (last && last[1] === c - 1) last[1] = c;
        else rows.push([c, c]);
    }
    return rows.map(([from, to]) => `${name}(${hex(from)}, ${hex(to)})`);
}

function section(about, rows) {
    const lines = [`/* ${about} */`];
    for (const row of rows) {
        const line = lines.at(-1);
        if (!line.startsWith('/*') && line.length + row.length < 118) lines[lines.length - 1] = `${line} ${row}`;
        else lines.push(row);
    }
    return lines.join('\n');
}

const [single, longer] = folds();
console.log(
    [
        `/* Made by scripts/lib/unicode-table.mjs from Unicode ${process.versions.unicode}; not to be edited. All are in order. */`,
        section('FOLD(first, last, step, distance to what is left without accents, in lower case)', single),
        section('LONGER(character, what is left: up to three)', longer),
        section('MARK(first, last): marks without a width of their own, such as accents', ranges('MARK', /^\p{Mn}$/u)),
        section('SIGN(first, last): punctuation', ranges('SIGN', /^\p{P}$/u)),
        section('MUTE(first, last): control, format and private characters', ranges('MUTE', /^[\p{Cc}\p{Cf}\p{Co}]$/u)),
        section('BLANK(first, last): white space', ranges('BLANK', /^\p{White_Space}$/u)),
    ].join('\n'),
);
