/* Gives an employee the model whose answers the test lets go piece by piece (see model.mjs). */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { someone, type Person } from './people';

const run = promisify(execFile);
const program = new URL(`../../build/${process.env.KIND ?? 'release'}/konstruct`, import.meta.url)
    .pathname;

/* The command line finds a company by its name, so each has one of its own. */
export function someoneAlone(): Person {
    return { ...someone(), company: `Fern & Field ${randomUUID().slice(0, 8)}` };
}

/* A model that has a price costs it, whatever answers in its name. */
export async function paced({ company }: Person, model = 'paced'): Promise<void> {
    await run(
        program,
        ['employee', 'models', 'Mara', '--primary', `openai:${model}`, '--tenant', company],
        {
            env: { ...process.env, KONSTRUCT_CONF: `${process.env.KONSTRUCT_DIR}/konstruct.conf` },
        },
    );
}

export async function nextPiece(question: string): Promise<void> {
    await fetch(`${process.env.KONSTRUCT_TEST_MODEL}/next`, {
        method: 'POST',
        body: JSON.stringify({ question }),
    });
}

/* Ben joins the company, and a team with Mara: nobody can be hired in the portal yet. */
export async function withColleague({ company }: Person): Promise<void> {
    const tenant = `(SELECT tenant_id FROM tenant WHERE name = '${company}')`;
    const sql = `
        INSERT INTO team (tenant_id, id, name) VALUES (${tenant}, gen_random_uuid(), 'Shop');
        INSERT INTO employee (tenant_id, id, name, role, about, persona, primary_provider, primary_model)
            VALUES (${tenant}, gen_random_uuid(), 'Ben', 'Stock keeper', '', '', 'openai', 'gpt-4o');
        UPDATE employee e SET team_id = t.id FROM team t WHERE t.tenant_id = e.tenant_id AND e.tenant_id = ${tenant}`;
    await run('psql', [process.env.KONSTRUCT_DB_SUPER ?? '', '-qX', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
}
