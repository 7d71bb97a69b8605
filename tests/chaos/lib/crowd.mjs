// People who write in Slack, and Slack's deliveries of what they write: tried again until somebody says 200, and often
// delivered more than once, under other event ids and as another kind of event.
import { sleep } from '../../wire/lib/until.mjs';
import { BOT, PERSON } from './slack.mjs';

const RETRY_MS = 150;

export class Crowd {
    constructor(plant) {
        this.plant = plant;
        this.messages = []; // {name, tenant, channel, thread, ts, key, statuses, acked}: acked numbers the 200s
        this.acks = 0;
        this.events = 0;
        this.extra = [];
    }

    /** A new conversation: a thread that a first message will begin. */
    conversation(tenant, channel = 'C0CHAOS') {
        return { tenant, channel, thread: undefined, messages: [] };
    }

    /** A person writes into the conversation; nothing is delivered yet. */
    write(conversation, words = '') {
        const name = `m-${this.messages.length}`;
        const { tenant, channel, thread } = conversation;
        const text = `<@${BOT}> ${name} ${words}`.trim();
        const { ts } = this.plant.slack.say(tenant.workspace, channel, text, thread);
        const message = { name, conversation, tenant, channel, ts, text, thread: thread ?? ts, key: `${channel}:${ts}`, statuses: [] };
        conversation.thread = message.thread;
        conversation.messages.push(message);
        this.messages.push(message);
        return message;
    }

    /** One delivery of a message; gives its status. */
    async deliver(message, type = 'app_mention') {
        const event = { type, channel: message.channel, user: PERSON, text: message.text, ts: message.ts, channel_type: 'channel' };
        if (message.thread !== message.ts) event.thread_ts = message.thread;
        const status = await this.plant.hook(message.tenant.workspace, event, `Ev${this.events++}`);
        message.statuses.push(status);
        if (status === 200 && message.acked === undefined) message.acked = this.acks++;
        return status;
    }

    /** Delivers until somebody says 200, and `more` times at the same time and afterwards. */
    async insist(message, more = 0) {
        for (let i = 0; i < more; i++)
            this.extra.push(sleep(i * 400).then(() => this.deliver(message, i % 2 ? 'app_mention' : 'message')));
        while ((await this.deliver(message)) !== 200) await sleep(RETRY_MS);
        return message;
    }

    async say(conversation, words, more) {
        return await this.insist(this.write(conversation, words), more);
    }

    /** Waits for the deliveries that came on top. */
    async settle() {
        await Promise.all(this.extra.splice(0));
    }
}
