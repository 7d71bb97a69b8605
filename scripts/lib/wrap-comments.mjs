// Brings comments of C files into 100 columns the way the house writes them; clang-format does the code. A comment
// behind code that is too long moves above it. Lists and tables in comments (lines that are indented, or start with a
// mark) keep their shape.
//   node scripts/lib/wrap-comments.mjs FILE ...
import { readFileSync, writeFileSync } from 'node:fs';

const columns = 100;
const tooLong = (line) => line.replace(/\t/g, '    ').length > columns;

function wrap(words, room) {
    const lines = [''];
    for (const word of words) {
        const last = lines.at(-1);
        if (last === '') lines[lines.length - 1] = word;
        else if (last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(word);
    }
    return lines;
}

const wordsOf = (text) => text.trim().split(/\s+/);

function block(indent, text) {
    if (indent.length + text.length + 6 <= columns) return [`${indent}/* ${text} */`];
    const lines = wrap(wordsOf(text), columns - indent.length - 3);
    return [`${indent}/*`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`];
}

// A paragraph inside a block comment: plain lines with one space behind the star, up to an empty or indented one.
function paragraphEnd(lines, from, start) {
    let end = from;
    while (end < lines.length && lines[end].startsWith(start) && /^[^\s*@|\-\d]/.test(lines[end].slice(start.length)) &&
                  !lines[end].includes('*/'))
        end++;
    return end;
}

function wrapFile(source) {
    const lines = source.split('\n');
    const out = [];
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        if (!tooLong(line)) {
            out.push(line);
            continue;
        }
        const alone = /^(\s*)\/\* (.*) \*\/$/.exec(line);
        const behind = /^(\s*)(\S.*?)\s*\/\* (.*) \*\/$/.exec(line);
        const opened = /^(\s*)(\S.*?)\s*\/\* ([^*]*)$/.exec(line);
        const inside = /^(\s*) \*(\s+)(\S.*)$/.exec(line);
        if (alone) {
            out.push(...block(alone[1], alone[2]));
        } else if (behind && !behind[2].includes('"') && !behind[2].startsWith('#') && !behind[2].startsWith('*')) {
            out.push(...block(behind[1], behind[3]), behind[1] + behind[2]);
        } else if (opened && !opened[2].includes('"')) {
            let text = opened[3];
            do text += ` ${lines[++i].trim().replace(/^\*?\s*/, '')}`;
            while (!text.endsWith('*/'));
            out.push(...block(opened[1], text.slice(0, -2).trim()), opened[1] + opened[2]);
        } else if (inside) {
            const start = `${inside[1]} * `;
            const end = inside[2] === ' ' ? paragraphEnd(lines, i, start) : i + 1;
            const last = Math.max(end, i + 1);
            const words = lines.slice(i, last).flatMap((each) => wordsOf(each.trim().slice(1)));
            const prefix = `${inside[1]} *${inside[2]}`;
            out.push(...wrap(words, columns - prefix.length).map((text) => prefix + text));
            i = last - 1;
        } else {
            out.push(line);
        }
    }
    return out.join('\n');
}

for (const file of process.argv.slice(2)) {
    const before = readFileSync(file, 'utf8');
    const after = wrapFile(before);
    if (after !== before) writeFileSync(file, after);
}
