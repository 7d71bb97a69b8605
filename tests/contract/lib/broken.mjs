// One good input, made wrong in every way that can be told from its schema alone.

const LONG = 'x'.repeat(2000);
const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);

/** Texts that stand for no value of this JSON type: [what it is, the JSON]. */
function wrongTypes(types) {
    const all = {
        string: '"text"', integer: '7', number: '7.5', boolean: 'true', array: '["text"]', object: '{"a":"text"}', null: 'null',
    };
    return Object.entries(all)
        .filter(([type]) => !types.includes(type) && !(type === 'integer' && types.includes('number')))
        .map(([type, json]) => [type, json]);
}

/** What one member may be wrong by: [what it is, the JSON of the value, or undefined to leave it out]. */
function memberFaults(schema, required) {
    const types = [schema.type].flat();
    const faults = wrongTypes(types).map(([type, json]) => [`is ${type}`, json]);
    if (required) faults.push(['is missing', undefined]);
    if (types.includes('string')) {
        const most = schema.maxLength ?? 1_000;
        faults.push(['is too long', JSON.stringify('x'.repeat(most + 1))], ['is empty', '""'], ['is blank', '"   "'],
            ['has a NUL', '"a\\u0000b"'], ['has a control character', '"a\\u0007b"'], ['is half a character', '"\\ud800"'],
            ['is no word of ours', '"no-such-word"'], ['is markup', '"<script>alert(1)</script>"'], ['is SQL', '"\'; DROP TABLE tenant; --"'],
            ['is emoji', JSON.stringify('\u{1f600}'.repeat(9))], ['is a path', '"../../etc/passwd"']);
    }
    if (types.includes('integer') || types.includes('number'))
        faults.push(['is negative', '-1'], ['is huge', '9223372036854775807'], ['is too large for 64 bits', '92233720368547758080'],
            ['is a huge real', '1e400'], ['is a real', '1.5'], ['is over its maximum', `${(schema.maximum ?? 2 ** 53) + 1}`], ['is text', '"7"']);
    faults.push(['is nested deep', deep(40)]);
    return faults;
}

/** Bodies: [what is wrong, the bytes]. `example` is the good one. */
export function brokenBodies(schema, example) {
    const good = Object.fromEntries(Object.entries(example).map(([key, value]) => [key, JSON.stringify(value)]));
    const text = (members) => `{${Object.entries(members).filter(([, json]) => json !== undefined)
        .map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
    const whole = text(good);
    const [first] = Object.entries(good);
    const bodies = [
        ['no body', ''], ['no JSON', 'no JSON'], ['half of it', whole.slice(0, -1)], ['an array', `[${whole}]`], ['a text', '"text"'],
        ['a number', '7'], ['null', 'null'], ['twice', whole + whole], ['an empty object', '{}'],
        ['an extra member', text({ ...good, no_such_member: '1' })],
        ['a member named like a path', text({ ...good, '__proto__': '{}' })],
        ['nested deep', deep(100_000)], ['nested deep in an object', '{"a":'.repeat(1000) + '1' + '}'.repeat(1000)],
        ['bad UTF-8', Buffer.concat([Buffer.from(whole.slice(0, -1)), Buffer.from([0xff, 0xfe, 0x7d])])],
        ['a byte order mark', `\ufeff${whole}`], ['1.5 MB', `{"a":"${'x'.repeat(1_500_000)}"}`],
    ];
    if (first !== undefined) {
        bodies.push(['a member twice', `{${JSON.stringify(first[0])}:${first[1]},${whole.slice(1)}`],
            ['bad UTF-8 in a member', Buffer.concat([Buffer.from(`{${JSON.stringify(first[0])}:"`), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])]);
    }
    for (const [name, member] of Object.entries(schema.properties ?? {}))
        for (const [what, json] of memberFaults(member, schema.required?.includes(name)))
            bodies.push([`${name} ${what}`, text({ ...good, [name]: json })]);
    return bodies;
}

/** Values of a parameter, as they stand in an address: [what is wrong, the value, or undefined to leave it out]. */
export function brokenValues(parameter) {
    const { schema } = parameter;
    const values = [
        ['is long', 'x'.repeat(300)], ['is too long', LONG], ['is bad UTF-8', '%ff%fe'], ['has a NUL', 'a%00b'], ['has a line break', 'a%0d%0aX:%20y'], ['is SQL', '%27%3B%20DROP%20TABLE'],
        ['is a path', '..%2f..%2fetc'], ['is markup', '%3Cscript%3E'], ['is emoji', '%F0%9F%98%80'], ['is half an escape', '%'],
        ['is an unknown id', '01980a5d-ac96-774b-bcce-000000000000'], ['is a word', 'no-such-word'], ['is a negative number', '-1'],
        ['is a huge number', '92233720368547758080'], ['is a real number', '1e400'],
    ];
    if (parameter.in === 'query') {
        values.push(['is empty', '']);
        if (parameter.required) values.push(['is missing', undefined]);
        if (schema.maximum !== undefined) values.push(['is over its maximum', `${BigInt(Math.min(schema.maximum, 2 ** 62)) + 1n}`]);
    }
    return values;
}
