// Settings of a program that limits nothing: for tests and figures that send more than anybody would be let.
const names = ['ADDRESS', 'READS', 'WRITES', 'KEY', 'MODELS', 'MESSAGES', 'CHANNEL', 'EMPLOYEE'];

export const NO_LIMITS = Object.fromEntries(names.map((name) => [`KONSTRUCT_LIMIT_${name}`, '0']));
