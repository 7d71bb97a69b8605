/*
 * What went wrong, and the sentences that say so. The server sends a stable code; the words for people live here, so that
 * each says what happened, whether anything was lost, and what to do.
 */
import type { components } from './schema';

export type Problem = components['schemas']['Problem'];

export class Fault extends Error {
    constructor(
        readonly code: string,
        readonly status: number,
        readonly field?: string,
        readonly reference?: string,
        readonly title?: string,
        readonly wait_s?: number,
        /* Opens the second step of a log-in whose first was right. */
        readonly step?: string,
        /* The server's own sentence, for codes whose words live there. */
        readonly said?: string,
    ) {
        super(`${code} (${status})`);
        this.name = 'Fault';
    }
}

export interface Told {
    what: string;
    todo: string;
    reference?: string;
}

/* A refusal as the server wrote it, or what its bare status tells when something in between answered. */
export function faultFrom(status: number, body: unknown): Fault {
    if (typeof body !== 'object' || body === null) return new Fault('no_problem', status);
    const { code, field, reference, title, wait_s, step, detail } = body as Partial<Problem>;
    return new Fault(
        code ?? 'no_problem',
        status,
        field ?? undefined,
        reference ?? undefined,
        title ?? undefined,
        wait_s ?? undefined,
        step ?? undefined,
        detail ?? undefined,
    );
}

type Sentences = readonly [what: string, todo: string];

const BY_CODE: Record<string, Sentences> = {
    unreachable: [
        'Konstruct can’t be reached.',
        'Check your connection and try again. What you typed is kept.',
    ],
    too_slow: [
        'Konstruct took too long to answer.',
        'Try again in a moment. What you typed is kept.',
    ],
    login_wrong: [
        'E-mail and password don’t match.',
        'Check both and try again, or sign up if you have no account yet.',
    ],
    step_over: [
        'This took too long, or there were too many wrong codes.',
        'Go back and log in again.',
    ],
    code_wrong: ['This code isn’t right.', 'Enter the one that the app shows now.'],
    code_used: ['This code was used already.', 'Wait for the next one, half a minute at most.'],
    factor_on: ['Your second factor is on already.', 'Load the page again to see how things stand.'],
    factor_off: ['Your second factor is off.', 'Set it up first.'],
    factor_not_begun: ['This was begun anew somewhere else.', 'Load the page again and begin anew.'],
    team_exists: ['There is a team of this name already.', 'Choose another one.'],
    cap_exists: ['There is a cap for this already.', 'Change its limit instead.'],
    tenant_suspended: [
        'Your company is suspended.',
        'Nothing is lost. Load the page again to read why.',
    ],
    own_tenant: [
        'You are logged in to this company.',
        'Nobody could resume it then. Log in to another one first.',
    ],
    not_suspended: ['This company is not suspended.', 'Load the page again to see how things stand.'],
    factor_missing: [
        'Your company asks everybody for a second factor.',
        'Load the page again to set it up.',
    ],
    email_taken: [
        'Another account has this e-mail address already.',
        'Log in with that one, or use another address.',
    ],
    no_company: [
        'You no longer belong to any company here.',
        'Ask for an invitation, or sign up a company of your own.',
    ],
    email_unverified: [
        'Confirm your own e-mail address first.',
        'Follow the link in the mail to it; the bar at the top sends it again.',
    ],
    last_admin: [
        'The company would be left without an admin.',
        'Make somebody else one first.',
    ],
    role_above_yours: [
        'This is above your own role.',
        'Ask somebody who has that role.',
    ],
    already_member: ['This person belongs to the company already.', 'Change the role in the list.'],
    already_invited: [
        'This address has an open invitation.',
        'Send its mail again, or withdraw it first.',
    ],
    invites_open: [
        'There are as many invitations as a company may have.',
        'Withdraw some that nobody follows.',
    ],
    invites_to_address: [
        'This address was sent many invitations today.',
        'Try again tomorrow, or send somebody there a note.',
    ],
    invites_of_company: ['Your company has sent many invitations today.', 'Try again tomorrow.'],
    companies_founded: ['You have founded several companies today.', 'Try again tomorrow.'],
    link_over: [
        'This link no longer works.',
        'It was used already, or its time is over. Ask for a new one.',
    ],
    password_wrong: ['This is not your password.', 'Check it and try again.'],
    login_limit: [
        'There were too many wrong attempts.',
        'Wait a quarter of an hour and try again, or ask for a new password.',
    ],
    mail_limit: [
        'You were sent many mails already.',
        'Look for them, in the spam folder as well, or try again in an hour.',
    ],
    email_malformed: [
        'This doesn’t look like an e-mail address.',
        'Write it like anna@example.com.',
    ],
    password_common: [
        'This password is one of those that are tried first.',
        'Choose another one. A short sentence works well.',
    ],
    password_short: ['This password is too short.', 'Use at least 12 characters.'],
    app_unknown: [
        'Your company knows no such app.',
        'Whoever sent you here used a wrong client_id, or you are logged in to another company.',
    ],
    redirect_unknown: [
        'The app wants you sent back to an address that is not registered for it.',
        'Nothing was allowed. Tell whoever runs the app.',
    ],
    invalid_request: [
        'The app’s request can’t be read.',
        'Nothing was allowed. Tell whoever runs the app.',
    ],
    redirect_not_allowed: [
        'This is no address that people can be sent back to.',
        'Use full https addresses, or http to 127.0.0.1, [::1] or localhost, with blanks between.',
    ],
    redirects_too_many: ['These are too many addresses.', 'Keep at most ten.'],
    apps_too_many: [
        'Your company has as many apps as it may have.',
        'Remove one that nobody uses, and try again.',
    ],
    keys_too_many: [
        'Your company has as many keys as it may have.',
        'Revoke one that nobody uses, and try again.',
    ],
    days_too_many: ['Keys may not last that long here.', 'Choose a shorter time.'],
    company_wrong: ['This is not the company’s name.', 'Type it as it stands on this page.'],
    erasure_waiting: ['Somebody asked for this already.', 'Load the page again to see when.'],
    erasure_not_waiting: [
        'There is nothing to stop.',
        'It was stopped already, or it has begun. Load the page again.',
    ],
    place_malformed: [
        'This is not the id of a channel.',
        'It stands at the end of the channel’s details and looks like C024BE91L.',
    ],
    not_erased: [
        'It is not erased yet.',
        'It will be as soon as the worker comes to it. Try again in a moment to see.',
    ],
    export_running: ['An export is under way already.', 'Wait until it is ready; you see it here.'],
    export_limit: [
        'There were as many exports today as there may be.',
        'Take the newest one, or try again tomorrow.',
    ],
    export_gone: ['This archive is not there any more.', 'Make a new export.'],
    no_files_dir: [
        'This installation keeps no files, so there can be no export.',
        'Whoever runs it can set KONSTRUCT_FILES_DIR.',
    ],
    oidc_wanted: [
        'Your company wants its own log-in.',
        'Choose “Sign in with your company”.',
    ],
    oidc_not_proven: [
        'No admin has logged in by the provider yet.',
        'Log in that way once, then passwords can end.',
    ],
    issuer_malformed: [
        'This can’t be an issuer.',
        'Enter an address that begins with https://, without ? and #.',
    ],
    domain_taken: [
        'This domain leads to another company already.',
        'Ask whoever runs Konstruct if it is yours.',
    ],
    session_of_company: [
        'You came in by this company’s own log-in, which opens no other company.',
        'Log in with your password for that.',
    ],
    address_malformed: [
        'This can’t be an address.',
        'Enter one that begins with https://, without # and @.',
    ],
    key_malformed: ['This can’t be a key.', 'Paste it again, without blanks and line breaks.'],
    accounts_too_many: [
        'Your company has as many accounts as it may have.',
        'Remove one that nobody uses, and try again.',
    ],
    order_changed: [
        'Accounts have come or gone in the meantime.',
        'Look at the list again, then move the account.',
    ],
    no_key_yet: [
        'Your company’s own key is still being made.',
        'Without it nothing can be sealed. Try again in a moment.',
    ],
    not_tested: [
        'Nobody came to make the test.',
        'The worker is busy or stopped. The test is made as soon as it can; you see it here.',
    ],
    missing: ['This must not be empty.', 'Fill it in and try again.'],
    too_long: ['This is too long.', 'Shorten it and try again.'],
    unauthenticated: ['You are logged out.', 'Log in to go on. What you typed is kept.'],
    origin_foreign: [
        'This page was opened under another address than Konstruct’s own.',
        'Open Konstruct under its own address and try again.',
    ],
    csrf_wrong: [
        'You have logged in again in another tab.',
        'Load this page again. What you typed is kept.',
    ],
    busy: [
        'Konstruct has too much to do right now.',
        'Try again in a moment. What you typed is kept.',
    ],
};

const BY_STATUS: Record<number, Sentences> = {
    400: ['Konstruct didn’t accept this.', 'Change it and try again.'],
    401: BY_CODE['unauthenticated']!,
    403: ['Your role doesn’t allow this.', 'Ask an admin of your company.'],
    404: ['This doesn’t exist, or it isn’t yours.', 'Go back and choose again.'],
    409: ['This can’t be done right now.', 'Load the page again to see how things stand.'],
    413: ['This is too long.', 'Shorten it and send it again.'],
    422: ['Konstruct didn’t accept this.', 'Change it and try again.'],
    429: ['That was too much at once.', 'Wait a minute, then try again. What you typed is kept.'],
    503: [
        'Konstruct can’t reach its database right now.',
        'Nothing was lost. Try again in a moment.',
    ],
};

const OTHERWISE: Sentences = [
    'Something went wrong on our side.',
    'Try again. If it happens again, send the reference to whoever runs Konstruct.',
];

/* A limit that time mends: how long it takes is known. */
function tooMuch({ wait_s: wait = 60 }: Fault): Sentences {
    const time = wait === 1 ? 'a second' : wait < 90 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`;
    return ['That was too much at once.', `Wait ${time}, then try again. What you typed is kept.`];
}

/* What is wrong with a company's provider is one sentence of the server's, and worth a look into the log. */
function providerTold({ code, said, reference }: Fault): Told | null {
    if (!code.startsWith('oidc_') || code in BY_CODE || !said) return null;
    return { what: said, todo: '', ...(reference ? { reference } : {}) };
}

export function explain(error: unknown): Told {
    if (!(error instanceof Fault)) return { what: OTHERWISE[0], todo: OTHERWISE[1] };
    const provider = providerTold(error);
    if (provider) return provider;
    const known = error.code === 'limit_reached' ? tooMuch(error) : BY_CODE[error.code];
    const [what, todo] = known ?? BY_STATUS[error.status] ?? OTHERWISE;
    /* A mistyped password needs nobody to look into the log. */
    return { what, todo, ...(error.reference && !known ? { reference: error.reference } : {}) };
}

/* Worth another try by itself: the way was blocked, not the request refused. */
export function passing(error: unknown): boolean {
    return error instanceof Fault && (error.status === 0 || error.status >= 502);
}

/* Nothing but the own account works until something is done. */
export function barred(error: unknown): boolean {
    return error instanceof Fault && ['factor_missing', 'tenant_suspended'].includes(error.code);
}

/* What a log-in itself is refused with, when nobody was in yet. */
const LOGGING_IN = new Set(['login_wrong', 'factor_needed', 'step_over']);

export function signedOut(error: unknown): boolean {
    return error instanceof Fault && error.status === 401 && !LOGGING_IN.has(error.code);
}
