/* Why a post in a channel failed, in words. */
const FAULTS: Record<string, string> = {
    connection_removed: 'the connection was removed. Choose another one.',
    channel_not_found: 'there is no such channel, or your employee is not in it.',
    not_in_channel: 'your employee is not in that channel. Invite it there.',
    is_archived: 'the channel is archived. Choose another one.',
    token_revoked: 'the access was revoked. Connect the workspace again.',
    invalid_auth: 'the access is no longer valid. Connect the workspace again.',
};

/* Why a post failed; a word that only the channel knows is told as it is. */
export function faultWords(fault: string | null | undefined): string {
    if (!fault) return 'nobody knows why.';
    return FAULTS[fault] ?? `the channel answered “${fault}”.`;
}
