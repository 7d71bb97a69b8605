/* What is told of caps: the alerts themselves, and the channel that they are posted to. */
import { queryOptions } from '@tanstack/react-query';
import { call, http } from '../../api/client';
import type { components } from '../../api/schema';
import type { PostTo, PostWords } from '../posts/PostPlace';
import { PERIODS, money, whoseOf } from './data';

export type CapAlert = components['schemas']['CapAlert'];

export const alertsQuery = queryOptions({
    queryKey: ['cap-alerts'],
    queryFn: async ({ signal }) =>
        (await call(http.GET('/api/v1/cap-alerts', { params: { query: { limit: 30 } }, signal })))
            .items,
    refetchInterval: 60_000,
});

export const alertPlace: PostTo = {
    key: ['cap-alerts', 'place'],
    read: (signal) => call(http.GET('/api/v1/cap-alerts/place', { signal })),
    channels: async (signal) =>
        (await call(http.GET('/api/v1/cap-alerts/channels', { signal }))).items,
    choose: (body) => call(http.PUT('/api/v1/cap-alerts/place', { body })),
    drop: () => call(http.DELETE('/api/v1/cap-alerts/place')),
};

export const ALERT_WORDS: PostWords = {
    label: 'Alerts',
    none: 'When a cap is half used, nearly used and used up, that stands under Alerts and goes to the admins by mail. It can be posted in a channel as well.',
    failed: (where) => `What is told of caps could not be posted in ${where}:`,
    sent: (where) => `When a cap is half used, nearly used and used up, that is told by mail, under Alerts and in ${where}.`,
    title: 'Where caps are told of',
    about: 'A line goes there when a cap is half used, nearly used and used up. The mails to the admins go on.',
};

/* "Mara used $8.00 of $10.00 a day" */
export function alertWords(alert: CapAlert): string {
    return `${whoseOf(alert)} used ${money(alert.spent_micros)} of ${money(alert.limit_micros)} ${PERIODS[alert.period]}`;
}

/* What that means, in two words. A call that could cost more than what is left is refused. */
export function stageOf({ percent, spent_micros, limit_micros }: CapAlert): string {
    if (percent >= 100) return spent_micros < limit_micros ? 'A call was refused' : 'Used up';
    return percent >= 80 ? 'Nearly used' : 'Half used';
}
