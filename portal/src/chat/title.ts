/* What a conversation is called, and the channel it is held in. */
import type { Conversation } from '../api/client';

const CHANNELS: Record<string, string> = { portal: 'Portal', slack: 'Slack', cli: 'Terminal' };

export function titleOf(conversation: Conversation): string {
    return conversation.title?.trim() || 'Untitled conversation';
}

export function channelOf(conversation: Conversation): string {
    return CHANNELS[conversation.channel] ?? conversation.channel;
}

/* Only what began in the portal goes on in the portal; the rest is read here and answered where it is held. */
export function isOurs(conversation: Conversation): boolean {
    return conversation.channel === 'portal';
}
