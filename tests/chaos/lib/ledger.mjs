// The account of a run: what people were promised, held against what Slack has, what the model was asked, and every row.
// Gives the faults as sentences, none when every promise was kept, and the figures.
import { createHash } from 'node:crypto';

const tally = (list, key) => {
    const counts = new Map();
    for (const item of list) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
    return counts;
};

/** Of each posted message: whose answer it is. A part's token is its id; a job of its own may carry it. */
async function answersOf(pg) {
    const rows = await pg.rows(`
        SELECT o.id AS token, o.state, o.fault, i.message_key AS key, i.tenant_id AS tenant FROM outbound o
        JOIN job j USING (tenant_id) LEFT JOIN job t ON t.tenant_id = j.tenant_id AND t.id = j.subject_id
        JOIN inbound i ON i.tenant_id = j.tenant_id AND i.id = coalesce(t.subject_id, j.subject_id)
        WHERE j.id = o.job_id`);
    return new Map(rows.map((row) => [row.token, row]));
}

function checkChain(head, entries, faults) {
    let prev = createHash('sha256').digest('hex');
    let seq = 0;

    for (const e of entries) {
        seq++;
        const text = [e.tenant_id, `${seq}`, e.at, e.actor, e.action, e.object, e.body]
            .map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
        const hash = createHash('sha256').update(Buffer.from(prev, 'hex')).update(text).digest('hex');

        if (e.seq !== seq || e.prev !== prev || e.hash !== hash) {
            faults.push(`audit of ${head.tenant_id}: entry ${seq} does not fit`);
            return;
        }
        prev = hash;
    }
    if (head.seq !== seq || head.hash !== prev) faults.push(`audit of ${head.tenant_id}: the head is not the last entry`);
}

async function audit(pg, faults) {
    const heads = await pg.rows("SELECT tenant_id, seq, encode(hash, 'hex') AS hash FROM audit_head");
    const entries = await pg.rows(`
        SELECT tenant_id, seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, actor, action, object, body,
            encode(prev, 'hex') AS prev, encode(hash, 'hex') AS hash FROM audit ORDER BY tenant_id, seq`);

    for (const head of heads) checkChain(head, entries.filter((e) => e.tenant_id === head.tenant_id), faults);
    return entries;
}

/** What people got: each acknowledged message one answer, in the order of the messages. */
async function checkAnswers(plant, crowd, faults) {
    const parts = await answersOf(plant.pg);
    const got = new Map(); // message key to its posts
    let doubled = 0;
    let lost = 0;

    for (const post of plant.slack.posts) {
        const part = parts.get(post.message.metadata?.event_payload?.token);
        const key = part && `${part.tenant} ${part.key}`;

        if (part === undefined || (part.state !== 'sent' && part.fault !== 'job_dead')) faults.push(`posted without a record that it was sent: ${post.message.text}`);
        if (got.has(key)) {
            doubled++;
            const calls = plant.slack.calls.filter((call) => call.part === part?.token).map((call) => `${call.at} ${JSON.stringify(call.mood)}`);
            faults.push(`answered twice: ${key}; posts at ${calls.join(', ')}`);
        }
        got.set(key, post);
    }
    for (const message of crowd.messages) {
        const post = got.get(`${message.tenant.id} ${message.key}`);

        message.answer = post?.message;
        if (message.acked !== undefined && post === undefined) {
            lost++;
            faults.push(`never answered: ${message.name}`);
        }
        if (post !== undefined && post.thread !== message.thread) faults.push(`answered in another thread: ${message.name}`);
    }
    return { answered: got.size, lost, doubled };
}

function checkOrder(crowd, faults) {
    let breaks = 0;

    for (const conversation of new Set(crowd.messages.map((m) => m.conversation))) {
        const stamps = conversation.messages.filter((m) => m.answer !== undefined).map((m) => Number(m.answer.ts));

        for (let i = 1; i < stamps.length; i++)
            if (stamps[i] < stamps[i - 1]) breaks++;
    }
    if (breaks > 0) faults.push(`${breaks} answers before the answer to an earlier message`);
    return breaks;
}

/** Rows: nothing open, one row of usage and one answer a turn, and the dead ones are dead for a reason. */
async function checkRows(pg, faults, { poison = [] }) {
    const say = async (what, query) => {
        for (const row of await pg.rows(query)) faults.push(`${what}: ${JSON.stringify(row)}`);
    };
    const known = poison.map((key) => `'${key}'`).join(', ') || "'-'";

    await say('open job', "SELECT id, kind, state, deaths, errors, last_error FROM job WHERE state NOT IN ('done', 'dead')");
    await say('part not settled', "SELECT id, state, fault FROM outbound WHERE state <> 'sent' AND fault IS DISTINCT FROM 'job_dead'");
    await say('dead, and no worker died of it', `SELECT j.id, kind, deaths, errors, last_error FROM job j
        LEFT JOIN inbound i ON i.tenant_id = j.tenant_id AND i.id = j.subject_id
        WHERE state = 'dead' AND j.kind IN ('turn', 'delivery') AND deaths < 3 AND coalesce(i.message_key, '') NOT IN (${known})`);
    await say('turn without its one answer', `SELECT j.id, count(o.*) FROM job j
        LEFT JOIN job heir ON heir.tenant_id = j.tenant_id AND heir.subject_id = j.id
        LEFT JOIN outbound o ON o.tenant_id = j.tenant_id AND o.job_id IN (j.id, heir.id)
        WHERE j.kind = 'turn' GROUP BY j.id HAVING count(o.*) <> 1`);
    await say('usage is not one row an answered turn', `SELECT j.id, count(u.*) FROM job j
        LEFT JOIN usage u ON u.tenant_id = j.tenant_id AND u.job_id = j.id AND u.step_no = 1
        LEFT JOIN step s ON s.tenant_id = j.tenant_id AND s.job_id = j.id
        WHERE j.kind = 'turn' AND s.result::json ->> 'text' LIKE 'Echo %' GROUP BY j.id HAVING count(u.*) <> 1`);
    await say('numbers of a conversation have a gap', `SELECT conversation_id, count(*), max(seq) FROM message
        GROUP BY conversation_id HAVING count(*) <> max(seq) OR min(seq) <> 1`);
}

/** Nobody is asked again once an answer is stored, except by a worker that was paused before it asked. */
async function checkPaid(plant, crowd, faults, { paused = false }) {
    const stored = await plant.pg.rows(`SELECT i.message_key AS key, i.tenant_id AS tenant, extract(epoch FROM s.created_at) * 1000 AS at
        FROM step s JOIN job j ON j.tenant_id = s.tenant_id AND j.id = s.job_id
        JOIN inbound i ON i.tenant_id = j.tenant_id AND i.id = j.subject_id`);
    const at = new Map(stored.map((row) => [`${row.tenant} ${row.key}`, Number(row.at)]));
    const since = new Map(crowd.messages.map((m) => [m.name, at.get(`${m.tenant.id} ${m.key}`)]));
    const askedLate = plant.model.calls.filter((call) => call.began > (since.get(call.name) ?? Infinity) + 1).length;
    const askedAgain = [...tally(plant.model.calls, (call) => call.name).values()].filter((n) => n > 1).length;

    if (askedLate > 0 && !paused) faults.push(`a model was asked ${askedLate} times although the answer was stored`);
    return { askedAgain, askedLate };
}

export async function settle(plant, crowd, options = {}) {
    const faults = [];
    const answers = await checkAnswers(plant, crowd, faults);
    const order = checkOrder(crowd, faults);
    const odd = tally(crowd.messages.flatMap((m) => m.statuses).filter((s) => ![200, 503, 0].includes(s)), (s) => s);

    for (const [status, count] of odd) faults.push(`${count} deliveries were answered ${status}`);
    if (plant.slack.broken) faults.push(`the Slack of the tests broke: ${plant.slack.broken.stack}`);
    await checkRows(plant.pg, faults, options);
    const paid = await checkPaid(plant, crowd, faults, options);
    const entries = await audit(plant.pg, faults);

    return {
        faults,
        figures: {
            messages: crowd.messages.length,
            acked: crowd.messages.filter((m) => m.acked !== undefined).length,
            deliveries: crowd.events,
            ...answers,
            orderBreaks: order,
            givenUp: await plant.pg.value("SELECT count(*) FROM outbound WHERE fault = 'job_dead'"),
            dead: await plant.pg.rows("SELECT kind, deaths, errors, last_error, count(*) FROM job WHERE state = 'dead' AND kind IN ('turn', 'delivery') GROUP BY 1, 2, 3, 4"),
            ...paid,
            threadsRead: plant.slack.calls.filter((c) => c.method.startsWith('conversations.')).length,
            auditEntries: entries.length,
        },
    };
}
