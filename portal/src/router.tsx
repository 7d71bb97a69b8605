/* All addresses of the portal. Each page is a file of its own that is fetched when it is first needed. */
import type { QueryClient } from '@tanstack/react-query';
import {
    createRootRouteWithContext,
    createRoute,
    createRouter,
    lazyRouteComponent,
    redirect,
} from '@tanstack/react-router';
import { employeeQuery, employeesQuery, meQuery } from './api/queries';
import { Broken, Missing } from './pages/Trouble';
import { wrap } from './pages/apps/request';
import { filtersOf } from './pages/audit/data';
import { callsOf, lookOf } from './pages/usage/look';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
    errorComponent: Broken,
    notFoundComponent: Missing,
});

/* Only a path of our own may be gone to after the log-in. */
function ownPath(next: unknown): { next?: string | undefined } {
    return { next: typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : undefined };
}

const guest = createRoute({
    getParentRoute: () => root,
    id: 'guest',
    validateSearch: (search: Record<string, unknown>) => ownPath(search['next']),
    beforeLoad: async ({ context, search }) => {
        if (await context.client.ensureQueryData(meQuery))
            throw redirect({ href: search.next ?? '/' });
    },
    component: lazyRouteComponent(() => import('./pages/Guest'), 'Guest'),
});

const login = createRoute({
    getParentRoute: () => guest,
    path: '/login',
    component: lazyRouteComponent(() => import('./pages/LogIn'), 'LogIn'),
});

const signup = createRoute({
    getParentRoute: () => guest,
    path: '/signup',
    component: lazyRouteComponent(() => import('./pages/SignUp'), 'SignUp'),
});

const forgotten = createRoute({
    getParentRoute: () => guest,
    path: '/forgotten',
    component: lazyRouteComponent(() => import('./pages/account/Forgotten'), 'Forgotten'),
});

/* Where links of mails lead: whether somebody is logged in here, or who, does not matter. */
const linked = createRoute({
    getParentRoute: () => root,
    id: 'linked',
    component: lazyRouteComponent(() => import('./pages/Guest'), 'Guest'),
});

const verify = createRoute({
    getParentRoute: () => linked,
    path: '/verify',
    component: lazyRouteComponent(() => import('./pages/account/Verify'), 'Verify'),
});

const reset = createRoute({
    getParentRoute: () => linked,
    path: '/reset',
    component: lazyRouteComponent(() => import('./pages/account/Reset'), 'Reset'),
});

const invitation = createRoute({
    getParentRoute: () => linked,
    path: '/invitation',
    component: lazyRouteComponent(() => import('./pages/account/Invitation'), 'Invitation'),
});

const signInCallback = createRoute({
    getParentRoute: () => linked,
    path: '/sign-in/callback',
    component: lazyRouteComponent(() => import('./pages/sign-in/Callback'), 'Callback'),
});

/* Who must do something before anything else works. */
const barredFrame = createRoute({
    getParentRoute: () => root,
    id: 'barred',
    beforeLoad: async ({ context }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (me?.barred) return { me };
        throw redirect({ to: me ? '/' : '/login' });
    },
    component: lazyRouteComponent(() => import('./pages/Guest'), 'Guest'),
});

const barred = createRoute({
    getParentRoute: () => barredFrame,
    path: '/barred',
    component: lazyRouteComponent(() => import('./pages/Barred'), 'Barred'),
});

const inside = createRoute({
    getParentRoute: () => root,
    id: 'inside',
    beforeLoad: async ({ context, location }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (me?.barred) throw redirect({ to: '/barred' });
        if (me) return { me };
        throw redirect({
            to: '/login',
            search: location.href === '/' ? {} : { next: location.href },
        });
    },
    component: lazyRouteComponent(() => import('./shell/Shell'), 'Shell'),
});

const home = createRoute({
    getParentRoute: () => inside,
    path: '/',
    loader: ({ context }) => void context.client.prefetchQuery(employeesQuery),
    component: lazyRouteComponent(() => import('./pages/Home'), 'Home'),
});

const talk = createRoute({
    getParentRoute: () => inside,
    path: '/employees/$employeeId/{-$conversationId}',
    loader: ({ context, params }) =>
        void context.client.prefetchQuery(employeeQuery(params.employeeId)),
    component: lazyRouteComponent(() => import('./pages/Talk'), 'Talk'),
});

const usage = createRoute({
    getParentRoute: () => inside,
    path: '/usage',
    validateSearch: lookOf,
    component: lazyRouteComponent(() => import('./pages/usage/Usage'), 'Usage'),
});

const calls = createRoute({
    getParentRoute: () => inside,
    path: '/usage/calls',
    validateSearch: callsOf,
    component: lazyRouteComponent(() => import('./pages/usage/Calls'), 'Calls'),
});

const teams = createRoute({
    getParentRoute: () => settings,
    path: '/teams',
    component: lazyRouteComponent(() => import('./pages/teams/Teams'), 'Teams'),
});

const audit = createRoute({
    getParentRoute: () => inside,
    path: '/audit',
    validateSearch: filtersOf,
    component: lazyRouteComponent(() => import('./pages/audit/Audit'), 'Audit'),
});

/* Settings alone is its first section that is open. */
const settings = createRoute({
    getParentRoute: () => inside,
    path: '/settings',
    beforeLoad: async ({ context, location }) => {
        if (location.pathname !== '/settings') return;
        /* With its icons: nobody who logs in needs them yet. */
        const { places } = await import('./shell/places');
        throw redirect({ to: places(context.me, 'settings')[0]?.to ?? '/', replace: true });
    },
    component: lazyRouteComponent(() => import('./pages/settings/Settings'), 'Settings'),
});

const people = createRoute({
    getParentRoute: () => settings,
    path: '/people',
    component: lazyRouteComponent(() => import('./pages/people/People'), 'People'),
});

const roles = createRoute({
    getParentRoute: () => settings,
    path: '/roles',
    component: lazyRouteComponent(() => import('./pages/roles/Roles'), 'Roles'),
});

const company = createRoute({
    getParentRoute: () => settings,
    path: '/company',
    component: lazyRouteComponent(() => import('./pages/company/Company'), 'Company'),
});

const isolation = createRoute({
    getParentRoute: () => settings,
    path: '/isolation',
    component: lazyRouteComponent(() => import('./pages/isolation/Isolation'), 'Isolation'),
});

const models = createRoute({
    getParentRoute: () => settings,
    path: '/models',
    component: lazyRouteComponent(() => import('./pages/models/Models'), 'Models'),
});

const apiKeys = createRoute({
    getParentRoute: () => settings,
    path: '/api-keys',
    component: lazyRouteComponent(() => import('./pages/keys/ApiKeys'), 'ApiKeys'),
});

const signIn = createRoute({
    getParentRoute: () => settings,
    path: '/sign-in',
    component: lazyRouteComponent(() => import('./pages/sign-in/SignIn'), 'SignIn'),
});

const oauthApps = createRoute({
    getParentRoute: () => settings,
    path: '/oauth-apps',
    component: lazyRouteComponent(() => import('./pages/apps/OauthApps'), 'OauthApps'),
});

/* Where apps send people: their query, whatever is in it, goes on as one word. */
const authorize = createRoute({
    getParentRoute: () => root,
    path: '/oauth/authorize',
    beforeLoad: () => {
        throw redirect({
            to: '/oauth/consent',
            search: { request: wrap(window.location.search) },
            replace: true,
        });
    },
});

const askedFrame = createRoute({
    getParentRoute: () => root,
    id: 'asked',
    beforeLoad: async ({ context, location }) => {
        const me = await context.client.ensureQueryData(meQuery);
        if (me) return { me };
        throw redirect({ to: '/login', search: { next: location.href } });
    },
    component: lazyRouteComponent(() => import('./pages/Guest'), 'Guest'),
});

const consent = createRoute({
    getParentRoute: () => askedFrame,
    path: '/oauth/consent',
    validateSearch: (search: Record<string, unknown>) => ({
        request: typeof search['request'] === 'string' ? search['request'] : '',
    }),
    component: lazyRouteComponent(() => import('./pages/apps/Consent'), 'Consent'),
});

const host = createRoute({
    getParentRoute: () => inside,
    path: '/host',
    beforeLoad: ({ context }) => {
        if (!context.me.host) throw redirect({ to: '/', replace: true });
    },
    component: lazyRouteComponent(() => import('./pages/host/Host'), 'Host'),
});

const account = createRoute({
    getParentRoute: () => inside,
    path: '/account',
    component: lazyRouteComponent(() => import('./pages/account/Account'), 'Account'),
});

const tree = root.addChildren([
    guest.addChildren([login, signup, forgotten]),
    linked.addChildren([verify, reset, invitation, signInCallback]),
    barredFrame.addChildren([barred]),
    authorize,
    askedFrame.addChildren([consent]),
    inside.addChildren([
        home,
        talk,
        usage,
        calls,
        audit,
        settings.addChildren([people, roles, teams, company, apiKeys, oauthApps, signIn, isolation, models]),
        host,
        account,
    ]),
]);

export function makeRouter(client: QueryClient) {
    return createRouter({
        routeTree: tree,
        context: { client },
        defaultPreload: 'intent',
        defaultPreloadStaleTime: 0,
        scrollRestoration: true,
    });
}
