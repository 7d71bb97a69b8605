import { describe, expect, it } from 'vitest';
import { Fault, explain, faultFrom, passing, signedOut } from './fault';

describe('a refusal', () => {
    it('keeps what the server says of it', () => {
        const problem = {
            type: 'about:blank',
            title: 'Conflict',
            status: 409,
            code: 'email_taken',
            detail: 'anna@example.com',
            reference: 'r-1',
            field: 'email',
        };
        expect(faultFrom(409, problem)).toMatchObject({
            code: 'email_taken',
            status: 409,
            field: 'email',
            reference: 'r-1',
        });
    });

    it('of a limit says how long to wait', () => {
        const wait = (wait_s: number | undefined) =>
            explain(faultFrom(429, { code: 'limit_reached', wait_s, reference: 'r-1' })).todo;
        expect(wait(1)).toBe('Wait a second, then try again. What you typed is kept.');
        expect(wait(7)).toContain('Wait 7 seconds,');
        expect(wait(3000)).toContain('Wait 50 minutes,');
        expect(wait(undefined)).toContain('Wait 60 seconds,');
    });

    it('is told by its status when something in between answered', () => {
        for (const body of ['<h1>Bad gateway</h1>', '', undefined, null, [], 7])
            expect(faultFrom(502, body)).toMatchObject({ code: 'no_problem', status: 502 });
    });
});

describe('the sentences', () => {
    it('say what happened and what to do, for every kind of failure', () => {
        const all = [
            new Fault('unreachable', 0),
            new Fault('too_slow', 0),
            new Fault('login_wrong', 401),
            new Fault('a_code_of_tomorrow', 418),
            ...[400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503].map(
                (status) => new Fault('no_problem', status),
            ),
            new TypeError('our own mistake'),
            'not even an error',
        ];
        for (const error of all) {
            const { what, todo } = explain(error);
            expect(what).toMatch(/^[A-Z].*\.$/);
            expect(todo).toMatch(/^[A-Z].*\.$/);
        }
    });

    it('prefer the code to the status', () => {
        expect(explain(new Fault('login_wrong', 401)).what).toContain('don’t match');
        expect(explain(new Fault('unauthenticated', 401)).what).toContain('logged out');
    });

    it('carry the reference where somebody must look into the log, and not where the person can mend it', () => {
        expect(explain(new Fault('broken', 500, undefined, 'r-9')).reference).toBe('r-9');
        expect(explain(new Fault('login_wrong', 401, undefined, 'r-9')).reference).toBeUndefined();
    });
});

describe('what follows from a failure', () => {
    it('is another try when the way was blocked, and none when the request was refused', () => {
        expect(passing(new Fault('unreachable', 0))).toBe(true);
        expect(passing(new Fault('no_problem', 503))).toBe(true);
        expect(passing(new Fault('email_taken', 409))).toBe(false);
        expect(passing(new Fault('broken', 500))).toBe(false);
    });

    it('is the log-in page when the log-in ended, and not when a password was wrong', () => {
        expect(signedOut(new Fault('unauthenticated', 401))).toBe(true);
        expect(signedOut(new Fault('login_wrong', 401))).toBe(false);
        expect(signedOut(new Fault('no_problem', 403))).toBe(false);
    });
});
