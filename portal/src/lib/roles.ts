/* The roles, from most to least, and what each is for. */
export const ROLES = ['admin', 'manager', 'member', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_WORDS: Record<Role, readonly [name: string, about: string]> = {
    admin: ['Admin', 'Runs the company here: people, keys, safety, and all that managers do.'],
    manager: ['Manager', 'Looks after the employees and sees what happened.'],
    member: ['Member', 'Works with the employees.'],
    viewer: ['Viewer', 'Looks on.'],
};

export const ROLE_OPTIONS = ROLES.map((role) => [role, ROLE_WORDS[role][0]] as const);

export function roleName(role: string): string {
    return ROLE_WORDS[role as Role]?.[0] ?? role;
}
