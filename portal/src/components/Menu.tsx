/*
 * A menu that opens from a button. Not modal: the modal kind of the library writes a style element into the page, which
 * the content security policy forbids.
 */
import { Check } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cx } from '../lib/cx';

const ITEM =
    'flex min-h-8 cursor-pointer items-center gap-2 rounded-md px-2 py-1 outline-none select-none data-highlighted:bg-sunken data-disabled:opacity-60';

interface Props extends Pick<ComponentProps<typeof DropdownMenu.Content>, 'align' | 'side'> {
    /* The button; it takes the menu's wiring, so it must pass on its props. */
    button: ReactNode;
    children: ReactNode;
    className?: string;
}

export function Menu({ button, children, className, align = 'start', side = 'bottom' }: Props) {
    return (
        <DropdownMenu.Root modal={false}>
            <DropdownMenu.Trigger asChild>{button}</DropdownMenu.Trigger>
            <DropdownMenu.Portal>
                <DropdownMenu.Content
                    align={align}
                    side={side}
                    sideOffset={6}
                    collisionPadding={8}
                    className={cx(
                        'z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 animate-appear overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-float',
                        className,
                    )}
                >
                    {children}
                </DropdownMenu.Content>
            </DropdownMenu.Portal>
        </DropdownMenu.Root>
    );
}

export function MenuItem({ className, ...rest }: ComponentProps<typeof DropdownMenu.Item>) {
    return <DropdownMenu.Item {...rest} className={cx(ITEM, className)} />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
    return (
        <DropdownMenu.Label className="px-2 py-1 text-table text-ink-soft">
            {children}
        </DropdownMenu.Label>
    );
}

export function MenuLine() {
    return <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}

interface ChoiceProps<T extends string> {
    label: string;
    value: T;
    options: readonly (readonly [value: T, word: string])[];
    onChoose: (value: T) => void;
}

/* One of a few; choosing leaves the menu open, so that the effect can be seen and changed again. */
export function MenuChoice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
    return (
        <DropdownMenu.RadioGroup
            value={value}
            onValueChange={(chosen) => onChoose(chosen as T)}
            aria-label={label}
        >
            <MenuLabel>{label}</MenuLabel>
            {options.map(([option, word]) => (
                <DropdownMenu.RadioItem
                    key={option}
                    value={option}
                    onSelect={(event) => event.preventDefault()}
                    className={ITEM}
                >
                    <span className="flex-1">{word}</span>
                    <DropdownMenu.ItemIndicator>
                        <Check size={16} className="text-accent-text" />
                    </DropdownMenu.ItemIndicator>
                </DropdownMenu.RadioItem>
            ))}
        </DropdownMenu.RadioGroup>
    );
}
