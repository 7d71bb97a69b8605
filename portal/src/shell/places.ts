/* The one table of places. The side bar, the sections of Settings and the go-to panel are made from it. */
import type { LinkProps } from '@tanstack/react-router';
import { BadgeCheck, Blocks, BrainCircuit, Building2, House, KeyRound, LogIn, ScrollText, Server, Settings, ShieldCheck, UserRound, Users, UsersRound, type LucideIcon, ChartColumn } from 'lucide-react';
import type { Me } from '../api/client';

export interface Place {
    to: Exclude<LinkProps['to'], undefined>;
    name: string;
    /* A second line of the go-to panel; its words find the place as well. */
    detail?: string;
    icon: LucideIcon;
    /* The permission without which there is nothing to see; none: for everybody who is logged in. */
    needs?: string;
    /* Only for those who run the instance. */
    host?: true;
    /* Where it is listed; the go-to panel lists all. */
    where: 'bar' | 'settings' | 'panel';
}

export const PLACES: readonly Place[] = [
    { to: '/', name: 'Home', icon: House, where: 'bar' },
    {
        to: '/usage',
        name: 'Usage',
        detail: 'What models cost, and the caps on it',
        icon: ChartColumn,
        needs: 'usage:read',
        where: 'bar',
    },
    { to: '/audit', name: 'Audit', icon: ScrollText, needs: 'audit:read', where: 'bar' },
    {
        to: '/settings/people',
        name: 'People',
        detail: 'Who belongs to the company; invite somebody',
        icon: UsersRound,
        needs: 'people:read',
        where: 'settings',
    },
    {
        to: '/settings/roles',
        name: 'Roles',
        detail: 'Who may do what',
        icon: BadgeCheck,
        needs: 'people:read',
        where: 'settings',
    },
    {
        to: '/settings/models',
        name: 'Models',
        detail: 'Accounts at providers; what employees think with',
        icon: BrainCircuit,
        needs: 'models:read',
        where: 'settings',
    },
    {
        to: '/settings/teams',
        name: 'Teams',
        detail: 'Groups of employees, and caps on what they may cost',
        icon: Users,
        needs: 'teams:manage',
        where: 'settings',
    },
    {
        to: '/settings/api-keys',
        name: 'API keys',
        detail: 'For programs of your company',
        icon: KeyRound,
        needs: 'keys:manage',
        where: 'settings',
    },
    {
        to: '/settings/oauth-apps',
        name: 'OAuth apps',
        detail: 'Programs that act in people’s names',
        icon: Blocks,
        needs: 'apps:manage',
        where: 'settings',
    },
    {
        to: '/settings/sign-in',
        name: 'Sign-in',
        detail: 'By your company’s own provider (OpenID)',
        icon: LogIn,
        needs: 'sign-in:manage',
        where: 'settings',
    },
    {
        to: '/settings/company',
        name: 'Company',
        detail: 'Take everything out, or erase it',
        icon: Building2,
        needs: 'tenant:export',
        where: 'settings',
    },
    {
        to: '/settings/isolation',
        name: 'Isolation',
        detail: 'How companies are kept apart',
        icon: ShieldCheck,
        needs: 'isolation:read',
        where: 'settings',
    },
    {
        to: '/host',
        name: 'Host',
        detail: 'The companies of this instance',
        icon: Server,
        host: true,
        where: 'bar',
    },
    { to: '/account', name: 'Your account', icon: UserRound, where: 'panel' },
];

const SETTINGS: Place = { to: '/settings', name: 'Settings', icon: Settings, where: 'bar' };

/* Whether the role of whoever is logged in has a permission. The server asks again. */
export function may(me: Me, permission: string): boolean {
    return me.may.split(' ').includes(permission);
}

export function places(me: Me, where?: Place['where']): Place[] {
    const open = PLACES.filter(
        ({ needs, host }) => (needs === undefined || may(me, needs)) && (!host || me.host),
    );
    /* Settings is a place when at least one of its sections is. */
    const all = open.some((place) => place.where === 'settings') ? [...open, SETTINGS] : open;
    return all.filter((place) => where === undefined || place.where === where);
}
