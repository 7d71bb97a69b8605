// An employee asks a colleague, in the running programs: what each one's model gets to see, what the person who waits sees, what
// stands in evidence, usage and audit afterwards, and that a worker which dies while the colleague thinks repeats nothing else.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { Model } from './lib/model.mjs';
import { Portal } from './lib/portal.mjs';
import { until } from './lib/until.mjs';
import { Up } from './lib/up.mjs';

const QUESTION = 'How many lamps are left?';

let model;
let up;
let portal;
let ben;
let cleo;

const isBens = (call) => call.asked.messages[0].content.startsWith('You are Ben, Keeper of the stock.');
const isAfterTool = (call) => call.asked.messages.some(({ role }) => role === 'tool');

/** Mara asks Ben, he says twelve, and she tells it. */
async function usual(call) {
    if (isBens(call)) call.whole('Twelve, says the list.', { prompt_tokens: 50, completion_tokens: 20, total_tokens: 70 });
    else if (!call.asked.tools) {
        call.say('Hi there.');
        call.end();
    } else if (isAfterTool(call)) {
        call.say('There are ');
        call.say('twelve.');
        call.end();
    } else call.wants('ask_colleague', { colleague: 'Ben', question: QUESTION });
}

before(async () => {
    model = await Model.start(usual);
    up = await new Up().start({
        env: {
            KONSTRUCT_OPENAI_URL: model.url, KONSTRUCT_OPENAI_KEY: 'sk-of-nobody-0123456789',
            KONSTRUCT_LEASE_SECONDS: '4', KONSTRUCT_STOP_SECONDS: '1',
        },
    });
    portal = await Portal.signUp(up);
    const hire = async (name, role) => {
        const id = randomUUID();
        await up.sql(`INSERT INTO employee (tenant_id, id, name, role, about, persona)
            SELECT tenant_id, '${id}', '${name}', '${role}', '', 'You count.' FROM employee WHERE id = '${portal.employee.id}'`);
        return id;
    };
    ben = await hire('Ben', 'Keeper of the stock');
    cleo = await hire('Cleo', 'Driver');
    await up.sql(`UPDATE employee SET primary_provider = 'openai', primary_model = 'gpt-4o'`);
    const team = await portal.call('POST', '/teams', { name: 'Shop' });
    for (const id of [ben, cleo, portal.employee.id]) await portal.call('PUT', `/employees/${id}/team`, { team_id: team.id });
});
beforeEach(() => {
    model.calls = [];
    model.answer = usual;
});
after(async () => {
    await up.stop();
    up.remove();
    await model.stop();
});

const usageOf = async (id) => (await portal.call('GET', '/usage?by=employee')).items.find((one) => one.id === id);
const calls = async (answer) => (await portal.call('GET', `/messages/${answer.id}/calls`)).items;

test('the colleague sees the question and nothing else, and the person sees one answer', async () => {
    const events = await portal.watch('My number is 4711. Can a colleague tell how many lamps are left?');
    const answer = events.at(-1).data;
    assert.equal(answer.text, 'There are twelve.');
    const [first, bens, last] = model.calls.map(({ asked }) => asked);
    assert.equal(model.calls.length, 3);
    assert.match(first.tools.find(({ function: { name } }) => name === 'ask_colleague').function.description,
        /Your colleagues: Ben \(Keeper of the stock\), Cleo \(Driver\)\.$/);
    assert.deepEqual(bens.messages.slice(1), [{ role: 'user', content: QUESTION }]);
    assert.match(bens.messages[0].content, /Now Mara, .* asks you/);
    assert.equal(last.messages.at(-1).content, 'Twelve, says the list.');
    const seen = events.filter(({ event }) => event === 'delta').map(({ data }) => data);
    assert.ok(!seen.some(({ text }) => text.includes('list')), 'a word of the colleague was shown as one of the answer');
    assert.equal(seen.slice(seen.findLastIndex(({ at }) => at === 0)).map(({ text }) => text).join(''), answer.text);
});

test('who asked whom what, for how much, stands behind the answer, in the usage of each, and in the audit', async () => {
    const before = await usageOf(ben);
    const answer = await portal.ask('Ask the team how many lamps are left.');
    const told = await calls(answer);
    assert.deepEqual(told.map(({ step, colleague, asker, question, reply, code }) => [step, colleague, asker, question, reply, code]), [
        [1, null, null, null, null, 'tools'],
        [2, 'Ben', 'Mara', QUESTION, 'Twelve, says the list.', 'answered'],
        [3, null, null, null, null, 'answered'],
    ]);
    const whole = await portal.call('GET', `/messages/${answer.id}/evidence`);
    assert.deepEqual([whole.steps, whole.calls, whole.input_tokens, whole.output_tokens], [3, 3, 60, 26]);
    assert.equal(whole.cost_micros, told.reduce((sum, { cost_micros }) => sum + cost_micros, 0));
    const after = await usageOf(ben);
    assert.deepEqual([after.calls - before.calls, after.input_tokens - before.input_tokens], [1, 50]);
    const [entry] = (await portal.call('GET', '/audit?action=colleague.asked')).items;
    assert.equal(entry.actor, `employee:${portal.employee.id}`);
    const { colleague, name, outcome } = JSON.parse(entry.body);
    assert.deepEqual([colleague, name, outcome], [ben, 'Ben', 'answered']);
});

test('"hello" to an employee in a team offers no tool', async () => {
    await portal.ask('hello');
    assert.equal(model.calls.length, 1);
    assert.equal(model.calls[0].asked.tools, undefined);
});

test('a worker is told to end while the colleague thinks: the next one asks the colleague again, and nobody else', async () => {
    let bens = 0;
    model.answer = (call) => (isBens(call) && ++bens === 1 ? undefined : usual(call)); // the first never gets an answer
    const conversation = await portal.begin();
    const { seq } = await portal.call('POST', `/conversations/${conversation}/messages`, { text: 'Ask the team!', key: randomUUID() });
    await until(() => bens === 1, 'the colleague to be asked');
    process.kill(up.children().worker, 'SIGTERM');
    const answer = await until(async () => {
        const { items } = await portal.call('GET', `/conversations/${conversation}/messages?after=${seq}`);
        return items[0];
    }, 'the answer', 60_000);
    assert.equal(answer.text, 'There are twelve.');
    assert.deepEqual(model.calls.map((call) => (isBens(call) ? 'Ben' : 'Mara')), ['Mara', 'Ben', 'Ben', 'Mara']);
    assert.deepEqual(model.calls[1].asked, model.calls[2].asked);
    assert.deepEqual(await up.sql(`SELECT step_no, count(*) FROM usage u JOIN message m ON m.job_id = u.job_id
        WHERE m.id = '${answer.id}' AND step_no IS NOT NULL GROUP BY 1 ORDER BY 1`), ['1|1', '2|1', '3|1']);
    assert.equal((await calls(answer)).length, 3);
});

// Turn n stands still at its n-th question to a model, all of them at once, when the worker dies: in the middle of each stage.
test('a worker dies in each stage of a chain of three: in each turn that one question is asked again, with the same words', async () => {
    const STAGES = ['Mara asks', 'Ben asks', 'Cleo', 'Ben', 'Mara'];
    const asked = STAGES.map(() => []); // of each turn: [stage, body]
    const numberOf = ({ asked: { messages } }) => Number(/#(\d)/.exec(messages.find(({ role }) => role === 'user').content)[1]);
    const stageOf = (call) => {
        const name = /^You are (\w+),/.exec(call.asked.messages[0].content)[1];
        return name === 'Cleo' || isAfterTool(call) ? name : `${name} asks`;
    };
    let still = 0;
    model.answer = (call) => {
        const [number, stage] = [numberOf(call), stageOf(call)];
        asked[number].push([stage, JSON.stringify(call.asked)]);
        if (stage === STAGES[number] && asked[number].filter(([one]) => one === stage).length === 1) still++;
        else if (stage === 'Mara asks') call.wants('ask_colleague', { colleague: 'Ben', question: `Ask Cleo about #${number}.` });
        else if (stage === 'Ben asks') call.wants('ask_colleague', { colleague: 'Cleo', question: `How about #${number}?` });
        else if (stage === 'Mara') {
            call.say(`It is #${number}.`);
            call.end();
        } else call.whole(`#${number}, says ${stage}.`);
    };
    const turns = await Promise.all(STAGES.map(async (_, number) => {
        const conversation = await portal.begin();
        const { seq } = await portal.call('POST', `/conversations/${conversation}/messages`,
            { text: `Ask the team about #${number}.`, key: randomUUID() });
        return { conversation, seq };
    }));
    await until(() => still === STAGES.length, 'every turn to stand still');
    process.kill(up.children().worker, 'SIGKILL');
    for (const [number, { conversation, seq }] of turns.entries()) {
        const [answer, ...more] = await until(async () => {
            const { items } = await portal.call('GET', `/conversations/${conversation}/messages?after=${seq}`);
            return items.length > 0 && items;
        }, 'the answer', 60_000);
        assert.deepEqual([answer.text, more.length], [`It is #${number}.`, 0]);
        assert.deepEqual(asked[number].map(([stage]) => stage), STAGES.flatMap((stage, i) => (i === number ? [stage, stage] : [stage])));
        assert.equal(asked[number][number][1], asked[number][number + 1][1]);
        assert.deepEqual(await up.sql(`SELECT step_no, e.name FROM usage u JOIN message m ON m.job_id = u.job_id
            JOIN employee e ON e.id = u.employee_id WHERE m.id = '${answer.id}' AND step_no IS NOT NULL ORDER BY 1`),
        ['1|Mara', '2|Ben', '3|Cleo', '4|Ben', '5|Mara']);
    }
});
