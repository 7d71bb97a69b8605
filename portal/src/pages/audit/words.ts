/* Entries in words: who, what, and what else is known of it. */
import type { Entry } from './data';

const ACTIONS: Record<string, string> = {
    'tenant.created': 'Company created',
    'tenant.made_by_host': 'Company made by the host',
    'tenant.suspended': 'Company suspended',
    'tenant.resumed': 'Company resumed',
    'tenant.plan_set': 'Plan changed',
    'tenant.limit_set': 'Limit changed',
    'tenant.factor_rule_set': 'Second factor for everybody changed',
    'person.factor_begun': 'Second factor begun',
    'person.factor_on': 'Second factor turned on',
    'person.factor_off': 'Second factor turned off',
    'person.factor_reset': 'Second factor taken away by the host',
    'person.recovery_codes_made': 'New recovery codes',
    'person.code_refused': 'Wrong code at the log-in',
    'person.signed_up': 'Signed up',
    'person.logged_in': 'Logged in',
    'person.logged_out': 'Logged out',
    'person.invited': 'Invited somebody',
    'person.invited_again': 'Invitation sent again',
    'person.invitation_withdrawn': 'Invitation withdrawn',
    'person.joined': 'Joined the company',
    'person.role_changed': 'Role changed',
    'person.removed': 'Removed from the company',
    'person.left': 'Left the company',
    'turn.answered': 'Answered',
    'turn.refused': 'Refused to answer',
    'turn.failed': 'Could not answer',
    'tool.called': 'Used a tool',
    'colleague.asked': 'Asked a colleague',
    'audit.exported': 'Audit exported',
    'key.created': 'API key made',
    'key.changed': 'API key given other models',
    'key.rotated': 'API key given a new secret',
    'key.revoked': 'API key revoked',
    'provider_account.added': 'Account at a provider added',
    'provider_account.changed': 'Account at a provider changed',
    'provider_account.removed': 'Account at a provider removed',
    'provider_account.model_said': 'Price and abilities of a model set',
    'provider_account.model_forgotten': 'Price and abilities of a model removed',
    'provider_account.ordered': 'Order of accounts at providers changed',
    'provider_account.tested': 'Account at a provider tested',
    'employee.models_changed': 'Models of an employee changed',
    'sign_in.changed': 'Sign-in set up or changed',
    'sign_in.removed': 'Sign-in by the provider removed',
    'sign_in.tested': 'Sign-in tested',
    'sign_in.refused': 'Sign-in refused',
    'sign_in_domain.added': 'Domain added to sign-in',
    'sign_in_domain.removed': 'Domain removed from sign-in',
    'subject.erasure_asked': 'Erasure of personal text asked for',
    'audit.place_chosen': 'Place for the anchor chosen',
    'audit.place_removed': 'Place for the anchor removed',
    'delivery.refused': 'Post refused by the channel',
    'delivery.needs_human': 'Post that may not have arrived',
    'tenant.export_asked': 'Export of everything asked for',
    'tenant.export_fetched': 'Export of everything downloaded',
    'tenant.erasure_asked': 'Erasure of the company asked for',
    'tenant.erasure_stopped': 'Erasure of the company stopped',
    'app.registered': 'OAuth app registered',
    'app.changed': 'OAuth app changed',
    'app.secret_rotated': 'OAuth app given a new secret',
    'app.removed': 'OAuth app removed',
    'app.allowed': 'App allowed to act',
    'app.access_ended': 'App’s access ended',
    'app.code_reused': 'App’s code used twice: its access ended',
    'app.refresh_reused': 'App’s refresh token used twice: its access ended',
    'subject.erased': 'Personal text erased',
};

export function actionWords(action: string): string {
    const words = action.replace(/[._]+/g, ' ').trim();
    return ACTIONS[action] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function actorWords(actor: string, name: string | null): string {
    if (name) return name;
    if (actor === 'system') return 'Konstruct';
    if (actor === 'host') return 'Host';
    const [kind = '', id = ''] = actor.split(':');
    const noun = kind.charAt(0).toUpperCase() + kind.slice(1);
    return id ? `${noun} ${id.slice(-6)}` : noun;
}

/* What the entry's own data say, without what is shown elsewhere or sealed. */
export function details({ body, personal, erased }: Pick<Entry, 'body' | 'personal' | 'erased'>): string {
    const parts = [...pairs(body), ...(personal ? pairs(personal) : [])];
    if (erased) parts.push('personal text erased');
    return parts.join(', ');
}

function pairs(json: string): string[] {
    let value: unknown;

    try {
        value = JSON.parse(json);
    } catch {
        return json === '' ? [] : [json];
    }
    if (typeof value !== 'object' || value === null) return [String(value)];
    return Object.entries(value)
        .filter(([name]) => !['subject', 'sealed', 'erased'].includes(name))
        .map(([name, part]) => {
            const text = typeof part === 'object' ? JSON.stringify(part) : String(part);
            return `${name.replaceAll('_', ' ')} ${text}`;
        });
}
